"""A finished run on its test part: at the threshold 0.5, at the tuned one, and at every other.

Pixels are scored as the network finds them, as in the paper; boundaries, spores and counts as
``sporemetry evaluate`` scores them, after specks are left out and touching spores are parted.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from sporemetry.dataset.folder import DatasetItem, open_dataset, read_item_ignore, read_item_labels
from sporemetry.errors import LabelReadError
from sporemetry.evaluation import PictureScores, evaluate_labels, summarise
from sporemetry.evaluation.pixels import Confusion, confusion
from sporemetry.evaluation.ratios import spread
from sporemetry.image import read_image
from sporemetry.storage import bytes_sha256, write_atomic
from sporemetry.training.evaluate import UNTUNED, spore_labels
from sporemetry.training.parts import TEST, choose_items
from sporemetry.training.pictures import IGNORED, to_eight_bits
from sporemetry.training.run_folder import RESULT_NAME, RUN_NAME, VALIDATION_NAME, RunCard, read_result
from sporemetry.training.threshold import ThresholdCurve
from sporemetry.training.trained import TrainedNetwork, load_trained

_FORMAT = 2
_LARGEST = 16 << 20
MEASURES = ("mean_iou", "spore_iou", "picture_mean_iou", "picture_sd", "boundary_f1", "f1", "count_error")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunScores:
    """What a run scores on its test part.

    Attributes
    ----------
    step : int
        Of the state that was scored, the best validated one.
    threshold : float or None
        Tuned on the validation part; None where that holds no spore: then ``tuned`` is at 0.5.
    validation : float
        Mean IoU at 0.5 on the validation part, by which trials are chosen.
    half, tuned : mapping of str to float
        The measures :data:`MEASURES` at 0.5 and at the tuned threshold; NaN where undefined.
    curve : tuple of Confusion
        Of the test part at the thresholds 0, 1/1000, ... 1.
    identity : str
        SHA-256 of the run's card and result: scores of another run are not taken for this one's.
    card : RunCard
        What was trained on what. With it the scores tell all that tables need, without the run's folder.
    learning : tuple of (int, float)
        Step and mean IoU of each validation.
    """

    step: int
    threshold: float | None
    validation: float
    half: Mapping[str, float]
    tuned: Mapping[str, float]
    curve: tuple[Confusion, ...]
    identity: str
    card: RunCard
    learning: tuple[tuple[int, float], ...] = ()

    @property
    def best(self) -> float:
        """The best mean IoU of any threshold on the test part itself; NaN where none is defined."""
        return max((each.mean_iou for each in self.curve if each.mean_iou >= 0), default=math.nan)

    def encode(self) -> bytes:
        """Return the scores as JSON; undefined is null."""
        spores, background = (self.curve[0].tp, self.curve[0].fp) if self.curve else (0, 0)
        content = {
            "format": _FORMAT,
            "identity": self.identity,
            "step": self.step,
            "threshold": self.threshold,
            "validation": _plain(self.validation),
            "learning": [[step, _plain(value)] for step, value in self.learning],
            "half": {name: _plain(value) for name, value in self.half.items()},
            "tuned": {name: _plain(value) for name, value in self.tuned.items()},
            "run": json.loads(self.card.encode()),
            "spore_pixels": spores,
            "background_pixels": background,
            "curve_tp": [each.tp for each in self.curve],
            "curve_fp": [each.fp for each in self.curve],
        }
        return (json.dumps(content, ensure_ascii=False) + "\n").encode()


@dataclass(slots=True)
class _Scored:
    """Pictures scored at one threshold."""

    threshold: float
    pixels: list[Confusion] = field(default_factory=list)
    spores: list[PictureScores] = field(default_factory=list)

    def add(
        self, probability: NDArray[np.float32], truth: NDArray[np.int32], ignore: NDArray[np.bool_]
    ) -> None:
        mask = probability >= self.threshold
        self.pixels.append(confusion(mask, truth > 0, ignore))
        self.spores.append(evaluate_labels(spore_labels(mask), truth, ignore=ignore))

    def measures(self) -> dict[str, float]:
        pooled, each = reduce(add, self.pixels), spread(found.mean_iou for found in self.pixels)
        spores = summarise(self.spores)
        found = spores.pooled.measures()
        return {
            "mean_iou": pooled.mean_iou,
            "spore_iou": pooled.spore_iou,
            "picture_mean_iou": each.mean,
            "picture_sd": each.sd,
            "boundary_f1": found["boundary_f1"],
            "f1": found["f1"],
            "count_error": abs(spores.counts.relative_error),
        }


def run_identity(run: Path) -> str:
    """Return what changes when a run does: the SHA-256 of its card and its result."""
    return bytes_sha256((run / name).read_bytes() for name in (RUN_NAME, RESULT_NAME))


def score_run(run: Path, data: Path, *, device: str | None = None) -> RunScores:
    """Score a finished run on its test part, with one pass of the network over each picture.

    Parameters
    ----------
    run, data : Path
        The run's folder, and the data set that it was trained on.
    device : str, optional
        None: a GPU where there is one.

    Raises
    ------
    SettingsError
        When the run has no test part.
    FileError
        When a file cannot be read.
    """
    result = read_result(run)
    if result is None:
        raise LabelReadError(run, expected="a finished run", found="one without result.json")
    trained = load_trained(run, device=device)
    tuned = result.threshold if result.threshold_step == trained.step else None
    curve = ThresholdCurve()
    half, other = _Scored(UNTUNED), _Scored(UNTUNED if tuned is None else tuned)
    for item in choose_items(open_dataset(data), trained.card, TEST):
        probability, truth, ignore = _look(trained, item)
        target = np.where(ignore, IGNORED, truth > 0).astype(np.uint8)
        curve.add(torch.from_numpy(probability), torch.from_numpy(target))
        for scored in (half, other):
            scored.add(probability, truth, ignore)
    return RunScores(
        step=trained.step,
        threshold=tuned,
        validation=float(result.best.get("mean_iou", math.nan)),
        half=half.measures(),
        tuned=other.measures(),
        curve=tuple(curve.confusions()),
        identity=run_identity(run),
        card=trained.card,
        learning=_learning(run),
    )


def write_scores(path: Path, scores: RunScores) -> None:
    """Write scores, complete or not at all."""
    write_atomic(path, scores.encode())


def read_scores(path: Path) -> RunScores:
    """Read scores that :func:`write_scores` has written.

    Raises
    ------
    LabelReadError
        When the file cannot be read or is none.
    """
    try:
        with path.open("rb") as file:
            content = json.loads(file.read(_LARGEST))
        if content["format"] != _FORMAT:
            raise ValueError(f"format {content['format']!r}")
        spores, background = int(content["spore_pixels"]), int(content["background_pixels"])
        pairs = zip(content["curve_tp"], content["curve_fp"], strict=True)
        return RunScores(
            step=int(content["step"]),
            threshold=None if content["threshold"] is None else float(content["threshold"]),
            validation=_number(content["validation"]),
            half={name: _number(content["half"][name]) for name in MEASURES},
            tuned={name: _number(content["tuned"][name]) for name in MEASURES},
            curve=tuple(
                Confusion(tp=int(tp), fp=int(fp), fn=spores - int(tp), tn=background - int(fp))
                for tp, fp in pairs
            ),
            identity=str(content["identity"]),
            card=RunCard.decode(json.dumps(content["run"]).encode()),
            learning=tuple((int(step), _number(value)) for step, value in content["learning"]),
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        found = f"{type(error).__name__}: {str(error)[:200]}"
        remedy = "Delete it: the same command scores the run again."
        raise LabelReadError(path, expected="the scores of a run", found=found, remedy=remedy) from error


def _look(
    trained: TrainedNetwork, item: DatasetItem
) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.bool_]]:
    """Return the probability, the true labels and the ignored pixels of a picture."""
    pixels = to_eight_bits(read_image(item.image).pixels)
    truth = read_item_labels(item).labels
    return trained.probability(pixels), truth, read_item_ignore(item, truth.shape)


def _learning(run: Path) -> tuple[tuple[int, float], ...]:
    table = pd.read_csv(run / VALIDATION_NAME)
    return tuple(zip(table["step"].astype(int).tolist(), table["mean_iou"].tolist(), strict=True))


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else value


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)
