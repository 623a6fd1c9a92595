"""Scoring files: a prediction, folder or file, against a dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import LabelReadError, OutputError, SettingsError
from sporemetry.evaluation.comparison import draw_comparison, encode_comparison
from sporemetry.evaluation.output import COMPARISON_SUFFIX, write_evaluation
from sporemetry.evaluation.pairing import Pair, find_pairs
from sporemetry.evaluation.point_rules import RULES_FILE
from sporemetry.evaluation.points import LARGEST_TOLERANCE_PX, PointTruth
from sporemetry.evaluation.scores import PictureScores, SetScores
from sporemetry.evaluation.scoring import evaluate_boxes, evaluate_labels, evaluate_points, summarise
from sporemetry.evaluation.settings import EvaluationSettings
from sporemetry.exchange.points import read_points
from sporemetry.exchange.yolo_boxes import read_boxes
from sporemetry.image import read_image
from sporemetry.label_image import read_labels, read_mask
from sporemetry.measurement import measure_sizes
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
    truth : (H, W) int32, (B, 4) float64, or PointTruth
        True labels, boxes as x0, y0, x1, y1 in pixels, or points.
    ignore : (H, W) bool or None
        The ignored pixels.
    notes : tuple of str
        What the user should know of how the files were read.
    """

    pair: Pair
    predicted: NDArray[np.int32]
    truth: NDArray[np.int32] | NDArray[np.float64] | PointTruth
    ignore: NDArray[np.bool_] | None
    notes: tuple[str, ...]


def load_pair(pair: Pair) -> LoadedPair:
    """Read the files of a pair.

    Raises
    ------
    LabelReadError
        When a file holds no labels, boxes or points, or sizes differ.
    ImageReadError
        When a label picture cannot be read at all.
    """
    predicted = read_labels(pair.predicted)
    notes = [f"prediction: {note}" for note in predicted.notes]
    truth: NDArray[np.int32] | NDArray[np.float64] | PointTruth
    if pair.kind == "boxes":
        boxes = read_boxes(pair.truth)
        truth = boxes.in_pixels(*predicted.labels.shape)
        notes += _class_note(boxes.classes)
    elif pair.kind == "points":
        points = read_points(pair.truth, predicted.labels.shape, pair.rows)
        truth = PointTruth(points.spores, points.ignore, pair.region)
        notes += [f"truth: {note}" for note in points.notes]
    else:
        read = read_labels(pair.truth)
        truth = read.labels
        notes += [f"truth: {note}" for note in read.notes]
        _check_size(pair.predicted, predicted.labels.shape, pair.truth, read.labels.shape)
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
    """Score a pair that has been read; for points the settings must have a tolerance."""
    if isinstance(loaded.truth, PointTruth):
        tolerance = settings.point_tolerance_px
        if tolerance is None:
            raise SettingsError("point_tolerance_px", expected="a distance in px", found="none")
        scores = evaluate_points(loaded.predicted, loaded.truth, tolerance_px=tolerance, ignore=loaded.ignore)
    elif loaded.pair.kind == "boxes":
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
    pairs = tuple(pairs)
    settings, said = with_tolerance(pairs, settings or EvaluationSettings())
    pictures = [score_pair(load_pair(pair), settings) for pair in pairs]
    return summarise(pictures, settings=settings, notes=(*notes, *said))


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
    pairing = find_pairs(predicted, truth, allow_missing=allow_missing)
    settings, said = with_tolerance(pairing.pairs, settings or EvaluationSettings())
    if output is not None:
        _make_folder(output)
    pictures = []
    for loaded in _load(pairing.pairs, on_progress):
        pictures.append(score_pair(loaded, settings))
        if output is not None:
            _write_comparison(loaded, output, settings)
    scores = summarise(pictures, settings=settings, notes=(*pairing.notes, *said))
    if output is not None:
        write_evaluation(scores, output)
    return scores


def _load(pairs: tuple[Pair, ...], on_progress: Callable[[int, int], None] | None) -> Iterator[LoadedPair]:
    """Read one pair after the other, so that only one is in memory, and tell how far it is."""
    for done, pair in enumerate(pairs, start=1):
        yield load_pair(pair)
        if on_progress is not None:
            on_progress(done, len(pairs))


def with_tolerance(
    pairs: Sequence[Pair], settings: EvaluationSettings
) -> tuple[EvaluationSettings, tuple[str, ...]]:
    """Return the settings with the tolerance of points, and a note that says where it comes from.

    Parameters
    ----------
    pairs : sequence of Pair
        Of one set. Unless points are its truth, nothing changes and there is no note.
    settings : EvaluationSettings
        Its own tolerance goes before that of the set; without either it is half the median length of all
        predicted spores, whose files are read for it. With no predicted spore, where none can match, it is
        one pixel.

    Raises
    ------
    LabelReadError, ImageReadError
        When a predicted label image cannot be used.
    """
    if not any(pair.kind == "points" for pair in pairs):
        return settings, ()
    if settings.point_tolerance_px is not None:
        return settings, (tolerance_note(settings.point_tolerance_px, "as given"),)
    stated = next((pair.tolerance_px for pair in pairs if pair.tolerance_px is not None), None)
    if stated is not None:
        return replace(settings, point_tolerance_px=stated), (
            tolerance_note(stated, f"as {RULES_FILE} states"),
        )
    return _estimated_tolerance((read_labels(pair.predicted).labels for pair in pairs), settings)


def _estimated_tolerance(
    predicted: Iterable[NDArray[np.int32]], settings: EvaluationSettings
) -> tuple[EvaluationSettings, tuple[str, ...]]:
    lengths = np.concatenate([measure_sizes(labels)[0] for labels in predicted])
    if not lengths.size:
        return replace(settings, point_tolerance_px=1.0), (
            "no spore was predicted, so no tolerance was needed for the points",
        )
    tolerance = float(np.clip(np.median(lengths) / 2, 0.5, LARGEST_TOLERANCE_PX))
    why = "half the median length of the predicted spores; --tolerance states another"
    return replace(settings, point_tolerance_px=tolerance), (tolerance_note(tolerance, why),)


def tolerance_note(tolerance_px: float, why: str) -> str:
    """Return how far detections may be from their points, and why so."""
    return f"detections are matched to points at most {tolerance_px:.4g} px away: {why}"


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
        pixels,
        loaded.predicted,
        loaded.truth,
        ignore=loaded.ignore,
        match_iou=settings.match_iou,
        tolerance_px=settings.point_tolerance_px,
    )
    write_atomic(output / f"{loaded.pair.name}{COMPARISON_SUFFIX}", encode_comparison(drawn))
