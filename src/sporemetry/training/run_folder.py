"""A run on disk: what was trained on what, so that it can go on, be evaluated and be exported.

RUN/run.json       recipe, parts of the data set, normalisation, versions
RUN/steps.csv      loss and learning rate of every step
RUN/validation.csv scores on the validation part
RUN/tensorboard/   the same for TensorBoard
RUN/previews/      pictures with predicted and true outlines
RUN/checkpoints/   the newest two states; best/ is the best validated one
RUN/result.json    how it ended
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sporemetry.dataset.split import Split
from sporemetry.errors import LabelReadError, SettingsError
from sporemetry.guarded_file import read_file
from sporemetry.storage import make_folder, write_atomic
from sporemetry.training.pictures import PictureStatistics
from sporemetry.training.recipe import Recipe, recipe_of

RUN_NAME = "run.json"
RESULT_NAME = "result.json"
VALIDATION_NAME = "validation.csv"
_FORMAT = 1
_LARGEST_RUN = 256 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCard:
    """What a run is made of.

    Attributes
    ----------
    recipe : Recipe
    dataset : str
        The data set's name.
    parts : mapping of str to str
        Picture name to ``train``, ``val`` or another part.
    groups : mapping of str to str
        Picture name to group.
    statistics : PictureStatistics
        Of the training part: normalisation and n_b / n_o.
    um_per_px : float or None
        The data set's scale.
    """

    recipe: Recipe
    dataset: str
    parts: Mapping[str, str]
    groups: Mapping[str, str]
    statistics: PictureStatistics
    um_per_px: float | None = None

    @classmethod
    def decode(cls, content: bytes) -> RunCard:
        """Return the card that :meth:`encode` made.

        Raises
        ------
        ValueError
            When the content is no card.
        """
        try:
            fields = json.loads(content)
            if fields["format"] != _FORMAT:
                raise ValueError(f"format {fields['format']!r}")
            scale = fields["um_per_px"]
            card = cls(
                recipe=recipe_of(fields["recipe"]),
                dataset=str(fields["dataset"]),
                parts={str(name): str(part) for name, part in fields["parts"].items()},
                groups={str(name): str(group) for name, group in fields["groups"].items()},
                statistics=_statistics(fields["statistics"]),
                um_per_px=None if scale is None else float(scale),
            )
            Split(parts=card.parts, groups=card.groups)  # raises where they do not fit
            return card
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise ValueError(f"{type(error).__name__}: {str(error)[:200]}") from error

    @property
    def split(self) -> Split:
        """The parts as a split."""
        return Split(parts=self.parts, groups=self.groups)

    def encode(self) -> bytes:
        """Return the content of ``run.json``; the same card gives the same bytes."""
        content = {
            "format": _FORMAT,
            "recipe": self.recipe.to_dict(),
            "dataset": self.dataset,
            "um_per_px": self.um_per_px,
            "statistics": asdict(self.statistics),
            "parts": dict(sorted(self.parts.items())),
            "groups": dict(sorted(self.groups.items())),
        }
        return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode("utf-8")


def is_run(path: Path) -> bool:
    """Return whether a folder is a training run."""
    return (path / RUN_NAME).is_file()


def begin_run(output: Path, card: RunCard) -> None:
    """Write a run's card into its folder, or see that the one there is the same.

    Raises
    ------
    SettingsError
        When the folder holds a run of another recipe or other pictures.
    OutputError
        When it cannot be written.
    """
    check_run(output, card)
    make_folder(output)
    if not is_run(output):
        write_atomic(output / RUN_NAME, card.encode())


def check_run(output: Path, card: RunCard) -> None:
    """See that a folder holds no run, or the run of the same card.

    Raises
    ------
    SettingsError
        When it holds a run of another recipe or other pictures.
    LabelReadError
        When the card there cannot be read.
    """
    if not (output / RUN_NAME).exists():
        return
    content = card.encode()
    there = read_run(output)
    if there.encode() != content:
        differs = _first_difference(json.loads(there.encode()), json.loads(content))
        raise SettingsError(
            "--output",
            expected="an empty folder, or the run of the same recipe on the same pictures",
            found=f"another {differs} in {output}",
            remedy="Choose another folder with -o, or give the recipe and data set that this run began with.",
        )


def read_run(folder: Path) -> RunCard:
    """Read what a run is made of.

    Raises
    ------
    LabelReadError
        When there is no run, or its card cannot be read.
    """
    path = folder / RUN_NAME
    try:
        return RunCard.decode(read_file(path, _LARGEST_RUN))
    except (OSError, ValueError) as error:
        found = str(error)[:250]
        if isinstance(error, OSError):
            found = "no such file" if isinstance(error, FileNotFoundError) else error.strerror or found
        raise LabelReadError(
            path, expected="a training run, as `sporemetry train` makes it", found=found
        ) from error


def _statistics(measured: Mapping[str, Any]) -> PictureStatistics:
    mean, std = (tuple(map(float, measured[name])) for name in ("mean", "std"))
    if len(mean) != 3 or len(std) != 3 or not all(map(math.isfinite, mean + std)) or min(std) <= 0:
        raise ValueError("statistics that are none of three channels")
    return PictureStatistics(
        mean=mean,
        std=std,
        spore_pixels=int(measured["spore_pixels"]),
        background_pixels=int(measured["background_pixels"]),
    )


def _first_difference(one: Mapping[str, Any], other: Mapping[str, Any], where: str = "") -> str:
    for key in {**one, **other}:
        if one.get(key) != other.get(key):
            name = f"{where}{key}"
            if isinstance(one.get(key), Mapping) and isinstance(other.get(key), Mapping):
                return _first_difference(one[key], other[key], f"{name}.")
            return name
    return where


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """How a finished run ended.

    Attributes
    ----------
    steps : int
        Steps done.
    best_step : int
        The step of the best validation, 0 without one.
    best : mapping of str to float
        Its scores.
    threshold : float or None
        From which probability a pixel is spore, tuned on the validation part; None where that has no spore.
    threshold_step : int
        The step whose network it was tuned for.
    """

    steps: int
    best_step: int
    best: Mapping[str, float]
    threshold: float | None = None
    threshold_step: int = 0

    def encode(self) -> bytes:
        """Return the content of ``result.json``."""
        return (json.dumps(asdict(self), indent=1) + "\n").encode("utf-8")


def read_result(folder: Path) -> RunResult | None:
    """Return how a run ended; None while it goes on.

    Raises
    ------
    LabelReadError
        When the file cannot be read.
    """
    path = folder / RESULT_NAME
    if not path.is_file():
        return None
    try:
        result = RunResult(**json.loads(path.read_bytes()))
        if result.threshold is not None and not 0 <= result.threshold <= 1:
            raise ValueError(f"threshold {result.threshold!r}")
        return result
    except (OSError, ValueError, TypeError, RecursionError) as error:
        found = f"{type(error).__name__}: {str(error)[:200]}"
        raise LabelReadError(path, expected="the result of a run", found=found) from error
