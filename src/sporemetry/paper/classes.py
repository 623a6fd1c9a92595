"""Three classes on real labels: spore, the border between touching spores, and background; CFL against CE.

Borders are far rarer than spores, which is where a loss for rare classes should gain most. Each pixel has one
class, and the losses are the many-class forms of CE, CFL and CFL*.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from sporemetry.dataset.folder import open_dataset
from sporemetry.errors import LabelReadError
from sporemetry.evaluation import PictureScores, evaluate_labels, summarise
from sporemetry.evaluation.ratios import spread
from sporemetry.instances.learned import LearnedSeparation, separate_by_borders
from sporemetry.paper.experiments import label
from sporemetry.paper.found import Found
from sporemetry.paper.table import percent
from sporemetry.paper.trial import BORDER_TRIALS, Trial, run_name
from sporemetry.paper.views import read_view
from sporemetry.storage import make_folder, write_atomic
from sporemetry.training.criterion import exclusive_target
from sporemetry.training.evaluate import DEFAULT_MIN_AREA
from sporemetry.training.heads import border_map
from sporemetry.training.parts import TEST, choose_items
from sporemetry.training.trained import available_steps, load_trained

BACKGROUND, SPORE, BORDER = range(3)
FOLDER = "classes"
_LEVEL = 0.5
_LARGEST = 1 << 20
_NOTE = (
    "In %, means over the seeds ± standard deviation, of pixels pooled over the test part; each pixel takes "
    "its likeliest class, no threshold is tuned. Border recall: share of the border pixels that is found. "
    "Spore F1, at an IoU of 0.5, and merges, objects that hold several spores (by seed), after parting along "
    "the borders found."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassScores:
    """What one run scores on its test part.

    Attributes
    ----------
    counts : (3, 3) int64 array
        Pixels by true class (rows) and found class: background, spore, border.
    f1 : float
        Of spores, parted along the borders found.
    merges : int
        Found objects that hold several spores.
    """

    counts: NDArray[np.int64]
    f1: float
    merges: int

    @property
    def ious(self) -> tuple[float, ...]:
        """IoU of background, spore and border; NaN of a class that is neither there nor found."""
        right = np.diag(self.counts)
        union = self.counts.sum(axis=0) + self.counts.sum(axis=1) - right
        pairs = zip(right.tolist(), union.tolist(), strict=True)
        return tuple(hit / all_ if all_ else math.nan for hit, all_ in pairs)

    @property
    def recall(self) -> float:
        """The share of the border pixels that is found; NaN without borders."""
        there = int(self.counts[BORDER].sum())
        return int(self.counts[BORDER, BORDER]) / there if there else math.nan


def likeliest(maps: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the class of each pixel from the outputs (2, H, W) of a network with exclusive classes.

    An output is the logistic function of the odds against the background, whose own would be 0.5.

    >>> likeliest(np.array([[[0.4, 0.9, 0.6]], [[0.1, 0.2, 0.7]]], dtype=np.float32)).tolist()
    [[0, 1, 2]]
    """
    background = np.full_like(maps[:1], 0.5)
    return np.asarray(np.concatenate([background, maps]).argmax(axis=0), dtype=np.uint8)


def true_classes(labels: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Return the class of each pixel of instance labels (H, W), as networks are taught it."""
    target = np.stack([(labels > 0).astype(np.uint8), border_map(labels)])
    return np.asarray(exclusive_target(torch.from_numpy(target)[None])[0].numpy(), dtype=np.uint8)


def score_classes(run: Path, data: Path, *, device: str | None = None) -> ClassScores:
    """Score a finished run with exclusive classes on its test part.

    Raises
    ------
    FileError
        When a file cannot be read.
    """
    trained = load_trained(run, device=device)
    counts = np.zeros((3, 3), dtype=np.int64)
    spores: list[PictureScores] = []
    for item in choose_items(open_dataset(data), trained.card, TEST):
        view = read_view(item)
        truth, ignore = view.truth, view.ignore
        found = likeliest(trained.maps(view.pixels))
        both = 3 * true_classes(truth)[~ignore].astype(np.int64) + found[~ignore]
        counts += np.bincount(both, minlength=9).reshape(3, 3)
        parting = LearnedSeparation(level=_LEVEL, min_area=DEFAULT_MIN_AREA)
        border = (found == BORDER).astype(np.float32)
        parted = separate_by_borders(found != BACKGROUND, border, parting)
        spores.append(evaluate_labels(parted, truth, ignore=ignore))
    pooled = summarise(spores).to_dict()
    merges = pooled["pooled_numbers"]["merges"]
    return ClassScores(counts=counts, f1=float(pooled["pooled"]["f1"]), merges=int(merges))


def measure_classes(
    found: Found, data: Path, output: Path, *, device: str | None = None
) -> dict[tuple[Trial, int], ClassScores]:
    """Return the scores of all runs with exclusive classes, measured once and kept below ``output``.

    A run whose weights are gone before it was measured is left out.

    Raises
    ------
    FileError
        When a file cannot be read or written.
    """
    measured = {}
    for trial in BORDER_TRIALS:
        for seed in found.seeds_of(trial):
            run, identity = found.runs[trial, seed], found.scores[trial, seed].identity
            path = output / FOLDER / f"{run_name(trial, seed)}.json"
            kept = _read(path) if path.is_file() else None
            if kept is None or kept[0] != identity:
                if not available_steps(run):
                    continue
                kept = identity, score_classes(run, data, device=device)
                make_folder(path.parent)
                write_atomic(path, _encode(*kept))
            measured[trial, seed] = kept[1]
    return measured


def _encode(identity: str, scores: ClassScores) -> bytes:
    content = {
        "identity": identity,
        "counts": scores.counts.tolist(),
        "f1": None if math.isnan(scores.f1) else scores.f1,
        "merges": scores.merges,
    }
    return (json.dumps(content) + "\n").encode()


def _read(path: Path) -> tuple[str, ClassScores]:
    try:
        with path.open("rb") as file:
            content = json.loads(file.read(_LARGEST))
        counts = np.array(content["counts"], dtype=np.int64).reshape(3, 3)
        f1 = math.nan if content["f1"] is None else float(content["f1"])
        return str(content["identity"]), ClassScores(counts=counts, f1=f1, merges=int(content["merges"]))
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        found = f"{type(error).__name__}: {str(error)[:200]}"
        remedy = "Delete it: the same command scores the run again."
        raise LabelReadError(
            path, expected="the scores of three classes", found=found, remedy=remedy
        ) from error


def classes_markdown(scores: Mapping[tuple[Trial, int], ClassScores]) -> str:
    """Return the table; a trial that was not run is empty."""
    heads = ["", "seeds", "mean IoU of the three", "background", "spore", "border", "border recall"]
    heads += ["spore F1", "merges"]
    lines = ["| " + " | ".join(heads) + " |", "|---|" + "---:|" * (len(heads) - 1)]
    for trial in BORDER_TRIALS:
        each = [value for (mine, _), value in scores.items() if mine == trial]
        cells = [label(trial), str(len(each) or "")]
        cells.append(percent(spread(float(np.mean(one.ious)) for one in each)))
        cells += [percent(spread(one.ious[place] for one in each)) for place in (BACKGROUND, SPORE, BORDER)]
        cells += [percent(spread(one.recall for one in each)), percent(spread(one.f1 for one in each))]
        cells.append(", ".join(str(one.merges) for one in each))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", _rarity(scores), _NOTE, ""])


def _rarity(scores: Mapping[tuple[Trial, int], ClassScores]) -> str:
    rows = {seed: one.counts.sum(axis=1) for (_, seed), one in scores.items()}
    if not rows:
        return "Nothing was run yet."
    total = np.sum(list(rows.values()), axis=0).tolist()
    return (
        f"In the test parts one pixel of {sum(total) / max(1, total[SPORE]):,.0f} is spore and one of "
        f"{sum(total) / max(1, total[BORDER]):,.0f} is border."
    )
