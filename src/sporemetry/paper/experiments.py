"""Which trials each table and figure of the paper needs, the most telling ones first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from sporemetry.errors import SettingsError
from sporemetry.paper import published
from sporemetry.paper.scale import KEPT_TRIALS, Scale
from sporemetry.paper.trial import (
    BCE_A,
    BORDER_TRIALS,
    CE,
    DEEPLAB,
    DICE_CE,
    MODERN_RECIPE,
    UNET,
    UNIFIED_FOCAL,
    Trial,
    bce,
    cfl,
    cfl_star,
    focal,
    focal_alpha,
)

BETAS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0)
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
    tuned : bool
        Whether the row is of the tuned threshold alone, beside one of the same runs at 0.5.
    """

    label: str
    trials: tuple[Trial, ...]
    published: float | None = None
    tuned: bool = False


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
    def first(self) -> tuple[Trial, ...]:
        """The trials whose runs tell of data, steps and network: the baseline before the others."""
        return self.trials if self.baseline is None else (self.baseline, *self.trials)

    @property
    def trials(self) -> tuple[Trial, ...]:
        """Every trial once: those that tell most, then in the order of the rows."""
        every = dict.fromkeys(trial for row in self.rows for trial in row.trials)
        return tuple(sorted(every, key=_rank))


def find_experiments(names: Iterable[str], scale: Scale) -> tuple[Experiment, ...]:
    """Return experiments by their names; ``all`` stands for every one.

    Raises
    ------
    SettingsError
        For an unknown name; the choices are listed.
    """
    chosen: dict[str, Experiment] = {}
    for name in names:
        if name not in (*EXPERIMENTS, *ALIASES, "all"):
            expected = f"one of {', '.join((*EXPERIMENTS, *ALIASES))}, all"
            raise SettingsError("WHAT", expected=expected, found=repr(name))
        for each in EXPERIMENTS if name == "all" else (ALIASES.get(name, name),):
            chosen.setdefault(each, EXPERIMENTS[each](scale))
    return tuple(chosen.values())


def _rank(trial: Trial) -> int:
    first = [(each.loss, each.options) for each in (CE, cfl(2.0), cfl_star(2.0), focal(2.0))]
    mine = (trial.loss, trial.options)
    return first.index(mine) if mine in first else len(first)


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


def _tuned(trial: Trial) -> Row:
    """Return the baseline that the paper lacks: a loss that differs from another one by its threshold."""
    return Row(label=f"{label(trial)}, threshold tuned", trials=(trial,), tuned=True)


def _losses(scale: Scale) -> Experiment:
    del scale
    others = (
        bce(BCE_ALPHA),
        BCE_A,
        focal(2.0),
        focal_alpha(2.0, 0.25),
        cfl(2.0),
        cfl_star(2.0),
        MODERN_RECIPE,
    )
    numbers = {**published.TABLE_4, **published.TABLE_7_SMALL}
    return Experiment(
        name="losses",
        title="Seven losses side by side, DeepLabv3+",
        rows=(*_rows([CE], numbers), _tuned(CE), *_rows(others, numbers)),
        note="The modern recipe has another loss (Dice + CE), optimizer, schedule and augmentation on the "
        "same network.",
    )


def _quantitative(network: str, numbers: Mapping[Trial, float]) -> tuple[Row, ...]:
    """Return the rows of Table 4 or 5, and those that they lack."""
    sweep = _rows([focal_alpha(2.0, alpha) for alpha in ALPHAS], network=network)
    best = Row(label="FL#, best α on validation", trials=tuple(row.trials[0] for row in sweep))
    added = (cfl_star(2.0), bce(BCE_ALPHA), DICE_CE, UNIFIED_FOCAL)
    lacks = _rows(added, published.TABLE_7_SMALL if network == DEEPLAB else {}, network)
    return (*_rows(numbers, numbers, network), best, _tuned(replace(CE, network=network)), *lacks)


_SWEEP_NOTE = (
    "FL#, best α: of the α tried, the one with the best mean IoU at 0.5 on the validation part, averaged "
    "over the seeds; nothing was chosen on the test part."
)


def _table4(scale: Scale) -> Experiment:
    del scale
    rows = _quantitative(DEEPLAB, published.TABLE_4)
    return Experiment(name="table4", title="Table 4: losses on DeepLabv3+", rows=rows, note=_SWEEP_NOTE)


def _table5(scale: Scale) -> Experiment:
    del scale
    rows = _quantitative(UNET, published.TABLE_5)
    baseline = replace(CE, network=UNET)
    return Experiment(
        name="table5", title="Table 5: losses on U-Net", rows=rows, note=_SWEEP_NOTE, baseline=baseline
    )


def _table6(scale: Scale) -> Experiment:
    del scale
    trials = [loss(beta) for loss in (cfl, cfl_star) for beta in BETAS]
    return Experiment(
        name="table6",
        title="Table 6: CFL and CFL* over β, DeepLabv3+",
        rows=_rows([CE, *trials], published.TABLE_6),
        note="The paper has 86.1 for CFL with β 2.5 here and 87.3 in its Table 4.",
    )


def _fig6(scale: Scale) -> Experiment:
    unet = _rows([CE, *(cfl(beta) for beta in BETAS)], network=UNET)
    rows = (*_table6(scale).rows, *(replace(row, label=f"U-Net, {row.label}") for row in unet))
    return Experiment(name="fig6", title="Figure 6: mean IoU over β", rows=rows)


def _table7(scale: Scale) -> Experiment:
    smallest, largest = min(scale.grid_shares), max(scale.grid_shares)
    fewest, most = min(scale.grid_steps), max(scale.grid_steps)
    corners = {(largest, most): published.TABLE_7_LARGE, (smallest, fewest): published.TABLE_7_SMALL}
    rows = [
        Row(
            label=f"{label(trial)}; {share:.0%} of the pictures, {steps:,} steps",
            trials=(scale.sized(trial, share, steps),),
            published=corners.get((share, steps), {}).get(trial),
        )
        for trial in GRID_LOSSES
        for share in scale.grid_shares
        for steps in scale.grid_steps
    ]
    return Experiment(
        name="table7",
        title="Table 7: pictures and steps, DeepLabv3+",
        rows=tuple(rows),
        baseline=scale.sized(CE, largest, most),
        note="The last two columns compare with CE on all pictures for all steps. Smaller shares of the "
        "pictures are whole groups within larger ones; validation and test part are the same for all.",
    )


def _claims(scale: Scale) -> Experiment:
    few = scale.sized(cfl_star(2.0), min(scale.grid_shares), min(scale.grid_steps))
    base = scale.sized(CE, max(scale.grid_shares), max(scale.grid_steps))
    poor = scale.sized(CE, min(scale.grid_shares), min(scale.grid_steps))
    rows = _rows(dict.fromkeys((CE, cfl_star(2.0), cfl(2.0), focal(2.0), few, base, poor)))
    return Experiment(name="claims", title="The abstract, claim by claim", rows=rows)


def _hard(scale: Scale) -> Experiment:
    del scale
    return Experiment(name="hard", title="Tables 1 to 3: hard examples in training", rows=_rows(KEPT_TRIALS))


def _classes(scale: Scale) -> Experiment:
    del scale
    title = "Three classes: spore, border between touching spores, background"
    return Experiment(name="classes", title=title, rows=_rows(BORDER_TRIALS), baseline=None)


def _shown(name: str, title: str, trials: Iterable[Trial]) -> Callable[[Scale], Experiment]:
    """Return an experiment that draws runs which other experiments have too."""

    def make(scale: Scale) -> Experiment:
        del scale
        return Experiment(name=name, title=title, rows=_rows(trials))

    return make


GRID_LOSSES = (CE, cfl_star(2.0), focal(2.0), focal_alpha(2.0, 0.25))
SIX = (CE, BCE_A, focal(2.0), focal_alpha(2.0, 0.25), cfl(2.0), cfl_star(2.0))
CONSTRAINED = (cfl(2.0), cfl_star(2.0))
EXPERIMENTS: Mapping[str, Callable[[Scale], Experiment]] = {
    "claims": _claims,
    "losses": _losses,
    "table4": _table4,
    "table5": _table5,
    "table6": _table6,
    "table7": _table7,
    "hard": _hard,
    "fig3": _shown("fig3", "Figure 3: probability of the own class in training", KEPT_TRIALS),
    "fig4": _shown("fig4", "Figure 4: what each loss finds", SIX),
    "fig5": _shown("fig5", "Figure 5: spores that CE loses", (CE, cfl(2.0))),
    "fig6": _fig6,
    "fig7": _shown("fig7", "Figure 7: CFL and CFL*", CONSTRAINED),
    "fig8": _shown("fig8", "Figure 8: adherent spores", CONSTRAINED),
    "fig9": _shown("fig9", "Figure 9: mean IoU in training", SIX),
    "threshold": _shown("threshold", "What the weight does: a shift of the threshold", (CE, *CONSTRAINED)),
    "classes": _classes,
    "calibration": _shown("calibration", "What the weight does to probabilities", (CE, *CONSTRAINED)),
}
"""Name to what it needs at a scale, in the order of ``all``."""

ALIASES: Mapping[str, str] = dict.fromkeys(("table1", "table2", "table3", "tables1-3"), "hard")
