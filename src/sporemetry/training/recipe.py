"""What a training run does, as one frozen object: read from TOML, where an unknown key is an error."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from sporemetry.errors import SettingsError
from sporemetry.guarded_file import read_file
from sporemetry.training.recipe_tables import (
    AugmentSettings,
    CropSettings,
    LossSettings,
    NetworkSettings,
    OptimizerSettings,
)
from sporemetry.training.settings_table import (
    LARGEST_TEXT,
    check,
    check_choices,
    parse_toml,
    settings_of,
    shown,
)

BUILT_IN = ("paper", "modern")
MOST_STEPS = 99_999_999  # what the names of checkpoints have room for
MOST_CROPS = 65_536
MOST_TURNS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A training run.

    Attributes
    ----------
    steps : int
        Optimizer steps.
    batch : int
        Crops a step, over all processes and accumulated passes.
    accumulate : int
        Passes whose gradients are added up to one step; for batches that memory does not hold.
    seed : int
        Of the random weights, the order, the crops and the dropout.
    precision : str
        ``auto``: ``bf16-mixed`` where the device multiplies bfloat16 in hardware, else ``32-true``; or one of
        these, or ``64-true`` to compare. A run goes on only in what it began with.
    layout : str
        How arrays lie in memory: ``channels_last`` is faster on CPUs and GPUs that multiply bfloat16, and
        slower on others; ``auto``: the faster one. A run keeps what it began with.
    ema : float
        Decay of the running mean of weights that is validated and exported; 0: none.
    validate_every, save_every, preview_every : int
        Steps; 0: only at the end (previews: never).
    keep : tuple of int
        Steps whose weights are kept for good, to look at later.
    patience : int
        Validations without a better one after which training ends; 0: it goes on to the end.
    test_flips : bool
        Whether validation and prediction average over flips.
    balance : str
        ``pictures``: each is drawn equally often; ``sets``: each set of a merged data set, the part of a
        picture's name before the first ``/``, is.
    turns : mapping of str to int
        Of sets that are to be drawn more often than once a round, how often.
    network, loss, crop, augment, optimizer
        See :mod:`sporemetry.training.recipe_tables`.
    """

    steps: int = 18_200
    batch: int = 2
    accumulate: int = 1
    seed: int = 0
    precision: Literal["auto", "32-true", "bf16-mixed", "64-true"] = "32-true"
    layout: Literal["auto", "channels_first", "channels_last"] = "channels_first"
    ema: float = 0.0
    validate_every: int = 1000
    save_every: int = 500
    preview_every: int = 0
    keep: tuple[int, ...] = ()
    patience: int = 0
    test_flips: bool = False
    balance: Literal["pictures", "sets"] = "pictures"
    turns: Mapping[str, int] = field(default_factory=dict)
    network: NetworkSettings = field(default_factory=NetworkSettings)
    loss: LossSettings = field(default_factory=LossSettings)
    crop: CropSettings = field(default_factory=CropSettings)
    augment: AugmentSettings = field(default_factory=AugmentSettings)
    optimizer: OptimizerSettings = field(default_factory=OptimizerSettings)

    def __post_init__(self) -> None:
        check_choices(self, "")
        check("steps", self.steps, 1 <= self.steps <= MOST_STEPS, f"1 to {MOST_STEPS:,}")
        check("seed", self.seed, 0 <= self.seed < 1 << 63, "0 to 2^63 - 1")
        for name in ("batch", "accumulate"):
            check(name, getattr(self, name), 1 <= getattr(self, name) <= MOST_CROPS, f"1 to {MOST_CROPS:,}")
        for name in ("validate_every", "save_every", "preview_every", "patience"):
            check(name, getattr(self, name), getattr(self, name) >= 0, "0 or more")
        check("keep", self.keep, all(step >= 1 for step in self.keep), "steps from 1 on")
        check("ema", self.ema, 0 <= self.ema < 1, "from 0 to below 1")
        check("batch", self.batch, self.batch % self.accumulate == 0, "a multiple of accumulate")
        for name, turns in self.turns.items():
            check(f"turns.{name}", turns, 1 <= turns <= MOST_TURNS, f"1 to {MOST_TURNS}")
        sets = self.balance == "sets" or not self.turns
        check("balance", self.balance, sets, "sets, where some of them have turns")

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as nested dictionaries of plain values; :func:`recipe_of` reads them back."""
        return json.loads(json.dumps(dataclasses.asdict(self)))  # type: ignore[no-any-return]


def find_recipe(name: str, changes: Mapping[str, Any] | None = None) -> Recipe:
    """Return a built-in recipe, or the one in a TOML file.

    Parameters
    ----------
    name : str
        ``paper``, ``modern``, or the path of a TOML file.
    changes : mapping, optional
        Values that replace the recipe's, as nested mappings. Another loss does not keep the options of the
        one that it replaces.

    Raises
    ------
    SettingsError
        When there is no such recipe, a key is unknown, or a value cannot be used.

    Examples
    --------
    >>> find_recipe("paper").optimizer.learning_rate
    0.007
    """
    changes = changes or {}
    return recipe_of(_merged(_without_other_options(_read(name), changes), changes))


def recipe_of(table: Mapping[str, Any]) -> Recipe:
    """Return the recipe that a table states; what it leaves out keeps its default.

    Raises
    ------
    SettingsError
        When a key is unknown, or a value cannot be used.
    """
    return settings_of(Recipe, table)


def _read(name: str) -> dict[str, Any]:
    if name in BUILT_IN:
        text = resources.files("sporemetry.training.recipes").joinpath(f"{name}.toml").read_text("utf-8")
        return parse_toml(text, name)
    path = Path(name)
    if "\0" in name or not _is_file(path):
        raise SettingsError("--recipe", expected=f"{', '.join(BUILT_IN)} or a TOML file", found=shown(name))
    try:
        text = read_file(path, 4 * LARGEST_TEXT).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            "--recipe", expected="a TOML file", found=f"{name}: {getattr(error, 'strerror', None) or error}"
        ) from error
    return parse_toml(text, name)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that no file can have
        return False


def _without_other_options(table: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the options of a loss that the changes replace by another one: it has its own."""
    old, new = table.get("loss"), changes.get("loss")
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return table
    if new.get("name", old.get("name")) == old.get("name"):
        return table
    return table | {"loss": {key: value for key, value in old.items() if key != "options"}}


def _merged(table: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(table)
    for key, value in changes.items():
        old = merged.get(key)
        merged[key] = (
            _merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
        )
    return merged
