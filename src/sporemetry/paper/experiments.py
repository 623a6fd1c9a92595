"""Which trials each table and figure of the paper needs, the most telling ones first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from sporemetry.errors import SettingsError
from sporemetry.paper import published
from sporemetry.paper.scale import Scale
from sporemetry.paper.trial import (
    BCE_A,
    CE,
    MODERN_RECIPE,
    Trial,
    bce,
    cfl,
    cfl_star,
    focal,
    focal_alpha,
)

BETAS = (2.0, 1.0, 1.5, 2.5, 3.0, 4.0, 5.0, 6.0)
ALPHAS = (0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
BCE_ALPHA = 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of a table.

    Attributes
    ----------
    label : str
    trials : tuple of Trial
        The trial; of several, the one with the best mean IoU on the validation part is shown.
    published : float or None
        The paper's mean IoU in %, where it has this row.
    """

    label: str
    trials: tuple[Trial, ...]
    published: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """A table or figure of the paper.

    Attributes
    ----------
    name : str
        As on the command line.
    title : str
    rows : tuple of Row
        In the order in which they are shown.
    baseline : Trial or None
        What the other rows are compared with, seed by seed.
    note : str
        What a reader should know of it.
    """

    name: str
    title: str
    rows: tuple[Row, ...]
    baseline: Trial | None = CE
    note: str = ""

    @property
    def trials(self) -> tuple[Trial, ...]:
        """Every trial once, in the order of the rows."""
        return tuple(dict.fromkeys(trial for row in self.rows for trial in row.trials))


def find_experiments(names: Iterable[str], scale: Scale) -> tuple[Experiment, ...]:
    """Return experiments by their names; ``all`` stands for every one.

    Raises
    ------
    SettingsError
        For an unknown name; the choices are listed.
    """
    chosen: dict[str, Experiment] = {}
    for name in names:
        if name != "all" and name not in EXPERIMENTS:
            expected = f"one of {', '.join(EXPERIMENTS)}, all"
            raise SettingsError("WHAT", expected=expected, found=repr(name))
        for each in EXPERIMENTS if name == "all" else (name,):
            chosen.setdefault(each, EXPERIMENTS[each](scale))
    return tuple(chosen.values())


def label(trial: Trial) -> str:
    """Return how the paper writes a loss.

    >>> label(focal_alpha(2.5, 0.3)), label(cfl_star(2.0))
    ('FL#, γ 2.5, α 0.3', 'CFL*, β 2')
    """
    if trial == MODERN_RECIPE:
        return "modern recipe, same time"
    shown = [f"{_LETTERS[name]} {value:g}" for name, value in trial.options if (name, value) != ("radius", 3)]
    return ", ".join([_LABELS.get(trial.loss, trial.loss), *shown])


_LABELS = {
    "ce": "CE",
    "bce": "BCE",
    "bce_a": "BCE_A",
    "focal": "FL",
    "focal_alpha": "FL#",
    "cfl": "CFL",
    "cfl_star": "CFL*",
    "dice_ce": "Dice + CE",
    "unified_focal": "Unified Focal",
}
_LETTERS = {"alpha": "α", "gamma": "γ", "beta": "β", "radius": "ring"}


def _rows(
    trials: Iterable[Trial], numbers: Mapping[Trial, float] | None = None, network: str | None = None
) -> tuple[Row, ...]:
    numbers = numbers or {}
    return tuple(
        Row(
            label=label(trial),
            trials=(trial if network is None else replace(trial, network=network),),
            published=numbers.get(trial),
        )
        for trial in trials
    )


def _losses(scale: Scale) -> Experiment:
    del scale
    seven = (CE, bce(BCE_ALPHA), BCE_A, focal(2.0), focal_alpha(2.0, 0.25), cfl(2.0), cfl_star(2.0))
    return Experiment(
        name="losses",
        title="Seven losses side by side, DeepLabv3+",
        rows=_rows((*seven, MODERN_RECIPE), {**published.TABLE_4, **published.TABLE_7_SMALL}),
        note="The modern recipe has another loss (Dice + CE), optimizer, schedule and augmentation on the "
        "same network.",
    )


EXPERIMENTS: Mapping[str, Callable[[Scale], Experiment]] = {
    "losses": _losses,
}
"""Name to what it needs at a scale, in the order of ``all``."""
