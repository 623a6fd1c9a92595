"""Scoring files: a prediction, folder or file, against a dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import LabelReadError, OutputError
from sporemetry.evaluation.comparison import draw_comparison, encode_comparison
from sporemetry.evaluation.output import COMPARISON_SUFFIX, write_evaluation
from sporemetry.evaluation.pairing import Pair, find_pairs
from sporemetry.evaluation.scores import PictureScores, SetScores
from sporemetry.evaluation.scoring import evaluate_boxes, evaluate_labels, summarise
from sporemetry.evaluation.settings import EvaluationSettings
from sporemetry.exchange.yolo_boxes import read_boxes
from sporemetry.image import read_image
from sporemetry.label_image import read_labels, read_mask
from sporemetry.storage import remove_temporaries, write_atomic


@dataclass(frozen=True, eq=False)
class LoadedPair:
    """A pair as arrays.

    Attributes
    ----------
    pair : Pair
        Where it came from.
    predicted : (H, W) int32
        Predicted labels.
    truth : (H, W) int32 or (B, 4) float64
        True labels, or boxes as x0, y0, x1, y1 in pixels.
    ignore : (H, W) bool or None
        The ignored pixels.
    notes : tuple of str
        What the user should know of how the files were read.
    """

    pair: Pair
    predicted: NDArray[np.int32]
    truth: NDArray[np.int32] | NDArray[np.float64]
    ignore: NDArray[np.bool_] | None
    notes: tuple[str, ...]


def load_pair(pair: Pair) -> LoadedPair:
    """Read the files of a pair.

    Raises
    ------
    LabelReadError
        When a file holds no labels or boxes, or sizes differ.
    ImageReadError
        When a label picture cannot be read at all.
    """
    predicted = read_labels(pair.predicted)
    notes = [f"prediction: {note}" for note in predicted.notes]
    truth: NDArray[np.int32] | NDArray[np.float64]
    if pair.kind == "boxes":
        boxes = read_boxes(pair.truth)
        truth = boxes.in_pixels(*predicted.labels.shape)
        notes += _class_note(boxes.classes)
    else:
        read = read_labels(pair.truth)
        truth = read.labels
        notes += [f"truth: {note}" for note in read.notes]
        _check_size(pair.predicted, predicted.labels.shape, pair.truth, truth.shape)
    ignore = None
    if pair.ignore is not None:
        ignore = read_mask(pair.ignore)
        _check_size(pair.predicted, predicted.labels.shape, pair.ignore, ignore.shape)
    return LoadedPair(pair, predicted.labels, truth, ignore, tuple(notes))


def _class_note(classes: NDArray[np.int64]) -> list[str]:
    distinct = np.unique(classes)
    if distinct.size < 2:
        return []
    return [f"truth: boxes of the classes {', '.join(map(str, distinct[:10]))} were all taken as spores"]


def _check_size(path: Path, shape: tuple[int, ...], other: Path, other_shape: tuple[int, ...]) -> None:
    if shape != other_shape:
        raise LabelReadError(
            path,
            expected=f"{other_shape[1]} x {other_shape[0]} pixels, as {other.name} in {other.parent.name}/",
            found=f"{shape[1]} x {shape[0]} pixels",
            remedy="Both must show the same picture at its full size.",
        )


def score_pair(loaded: LoadedPair, settings: EvaluationSettings) -> PictureScores:
    """Score a pair that has been read."""
    if loaded.pair.kind == "boxes":
        scores = evaluate_boxes(loaded.predicted, loaded.truth.astype(np.float64), ignore=loaded.ignore)
    else:
        scores = evaluate_labels(
            loaded.predicted, loaded.truth.astype(np.int32), ignore=loaded.ignore, settings=settings
        )
    return replace(scores, name=loaded.pair.name, notes=loaded.notes)


def evaluate_folder(
    pairs: Iterable[Pair], *, settings: EvaluationSettings | None = None, notes: Iterable[str] = ()
) -> SetScores:
    """Read and score pairs of files, one at a time, and summarise them.

    Parameters
    ----------
    pairs : iterable of Pair
        As :func:`sporemetry.evaluation.pairing.find_pairs` finds them; one or more.
    settings : EvaluationSettings, optional
        Tolerance and IoUs.
    notes : iterable of str
        What is to be said of the whole set.

    Raises
    ------
    LabelReadError, ImageReadError
        When a file cannot be used. The score of the others would not be that of the set, so none is given.
    """
    settings = settings or EvaluationSettings()
    pictures = [score_pair(load_pair(pair), settings) for pair in pairs]
    return summarise(pictures, settings=settings, notes=tuple(notes))


def run_evaluation(
    predicted: Path,
    truth: Path,
    output: Path | None,
    *,
    settings: EvaluationSettings | None = None,
    allow_missing: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> SetScores:
    """Score what ``predicted`` names against what ``truth`` names, and write the result.

    Parameters
    ----------
    predicted, truth : Path
        See :func:`sporemetry.evaluation.pairing.find_pairs`.
    output : Path or None
        The folder for tables, plot and compared pictures, made if missing; None writes nothing.
    settings : EvaluationSettings, optional
        Tolerance and IoUs.
    allow_missing : bool
        Score the pictures that both sides have, with a note, where others lack a partner.
    on_progress : callable, optional
        Called with pictures done and pictures in all, after each.

    Returns
    -------
    SetScores
        The same whether or not it is written.

    Raises
    ------
    LabelReadError, ImageReadError
        When partners are missing, sizes differ or a file cannot be used.
    OutputError
        When the output cannot be written.
    """
    settings = settings or EvaluationSettings()
    pairing = find_pairs(predicted, truth, allow_missing=allow_missing)
    if output is not None:
        _make_folder(output)
    pictures = []
    for loaded in _load(pairing.pairs, on_progress):
        pictures.append(score_pair(loaded, settings))
        if output is not None:
            _write_comparison(loaded, output, settings)
    scores = summarise(pictures, settings=settings, notes=pairing.notes)
    if output is not None:
        write_evaluation(scores, output)
    return scores


def _load(pairs: tuple[Pair, ...], on_progress: Callable[[int, int], None] | None) -> Iterator[LoadedPair]:
    """Read one pair after the other, so that only one is in memory, and tell how far it is."""
    for done, pair in enumerate(pairs, start=1):
        yield load_pair(pair)
        if on_progress is not None:
            on_progress(done, len(pairs))


def _make_folder(output: Path) -> None:
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            output, expected="a folder that can be made", found=error.strerror or str(error)
        ) from error
    remove_temporaries(output)


def _write_comparison(loaded: LoadedPair, output: Path, settings: EvaluationSettings) -> None:
    pixels = None
    if loaded.pair.image is not None:
        pixels = read_image(loaded.pair.image).pixels
        _check_size(loaded.pair.predicted, loaded.predicted.shape, loaded.pair.image, pixels.shape[:2])
    drawn = draw_comparison(
        pixels, loaded.predicted, loaded.truth, ignore=loaded.ignore, match_iou=settings.match_iou
    )
    write_atomic(output / f"{loaded.pair.name}{COMPARISON_SUFFIX}", encode_comparison(drawn))
