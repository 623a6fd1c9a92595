"""Scoring one picture against labels, boxes or points, and summing up a set."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import SettingsError
from sporemetry.evaluation.boundaries import compare_boundaries
from sporemetry.evaluation.boxes import match_boxes
from sporemetry.evaluation.counts import count_agreement
from sporemetry.evaluation.instances import tally_instances
from sporemetry.evaluation.overlaps import Overlaps, find_overlaps
from sporemetry.evaluation.pixels import confusion
from sporemetry.evaluation.points import PointTruth, match_points
from sporemetry.evaluation.ratios import spread
from sporemetry.evaluation.scores import DetectionScores, LabelScores, PictureScores, SetScores
from sporemetry.evaluation.settings import EvaluationSettings, check_ignore, check_labels, check_same_size


def evaluate_labels(
    predicted: NDArray[np.integer],
    truth: NDArray[np.integer],
    *,
    ignore: NDArray[np.bool_] | None = None,
    settings: EvaluationSettings | None = None,
    name: str = "",
) -> PictureScores:
    """Score predicted labels against true ones.

    Parameters
    ----------
    predicted, truth : (H, W) int
        Labels, 0 = background; the ids themselves do not matter. Either may hold no spore: a measure with
        nothing to divide by is then undefined (NaN), never 0 or 1.
    ignore : (H, W) bool, optional
        Pixels that neither count nor err. A spore of either side with more than half of its area in them is
        left out of spores and counts, and its other pixels are ignored with it.
    settings : EvaluationSettings, optional
        Tolerance and IoUs.
    name : str
        The picture's name.

    Raises
    ------
    SettingsError
        When sizes differ or the arrays are no labels.

    Examples
    --------
    >>> truth = np.zeros((20, 20), dtype=np.int32)
    >>> truth[2:8, 2:8] = 1
    >>> truth[12:18, 2:8] = 2
    >>> predicted = np.where(truth == 1, 1, 0)
    >>> measures = evaluate_labels(predicted, truth).found.measures()
    >>> measures["spore_iou"], measures["precision"], measures["recall"]
    (0.5, 1.0, 0.5)
    """
    settings = settings or EvaluationSettings()
    check_labels("predicted", predicted)
    check_labels("truth", truth)
    check_same_size(predicted, truth)
    check_ignore(ignore, predicted.shape)
    mask, true_mask = predicted > 0, truth > 0
    overlaps = find_overlaps(predicted, truth, ignore)
    hidden = _with_dropped(ignore, overlaps, predicted, truth)
    found = LabelScores(
        confusion(mask, true_mask, hidden),
        compare_boundaries(mask, true_mask, hidden, tolerance_px=settings.tolerance_px),
        tally_instances(overlaps, settings),
    )
    return PictureScores(found, name)


def evaluate_boxes(
    predicted: NDArray[np.integer],
    boxes: NDArray[np.float64],
    *,
    ignore: NDArray[np.bool_] | None = None,
    name: str = "",
) -> PictureScores:
    """Score predicted labels against true boxes: found is who has a centroid in a box of his own.

    Parameters
    ----------
    predicted : (H, W) int
        Labels, 0 = background.
    boxes : (B, 4) float64
        x0, y0, x1, y1 in pixels, as :func:`sporemetry.evaluation.boxes.match_boxes` takes them.
    ignore : (H, W) bool, optional
        Spores and boxes with more than half of their area in these pixels are left out.
    name : str
        The picture's name.

    Raises
    ------
    SettingsError
        When the arrays are no labels or no boxes.

    Examples
    --------
    >>> predicted = np.array([[1, 1, 0, 2, 2]])
    >>> evaluate_boxes(predicted, np.array([[0.0, 0.0, 2.0, 1.0]])).found.measures()
    {'precision': 0.5, 'recall': 1.0, 'f1': 0.6666666666666666}
    """
    check_labels("predicted", predicted)
    check_ignore(ignore, predicted.shape)
    return PictureScores(DetectionScores(match_boxes(predicted, boxes, ignore).tally()), name)


def evaluate_points(
    predicted: NDArray[np.integer],
    truth: PointTruth,
    *,
    tolerance_px: float,
    ignore: NDArray[np.bool_] | None = None,
    name: str = "",
) -> PictureScores:
    """Score predicted labels against true points: found is who has a point of his own near his centroid.

    Parameters
    ----------
    predicted : (H, W) int
        Labels, 0 = background.
    truth : PointTruth
        Points of spores, points to be ignored, and the annotated region; see
        :func:`sporemetry.evaluation.points.match_points` for what each does.
    tolerance_px : float
        How far a centroid may be from its point.
    ignore : (H, W) bool, optional
        Spores with more than half of their area in these pixels, and points on them, are left out.
    name : str
        The image's name.

    Raises
    ------
    SettingsError
        When the array is no labels, or the tolerance outside of its range.

    Examples
    --------
    >>> truth = PointTruth(spores=np.array([[1.0, 0.5]]), ignore=np.zeros((0, 2)))
    >>> evaluate_points(np.array([[1, 1, 0, 2, 2]]), truth, tolerance_px=1).found.measures()
    {'precision': 0.5, 'recall': 1.0, 'f1': 0.6666666666666666}
    """
    check_labels("predicted", predicted)
    check_ignore(ignore, predicted.shape)
    tally = match_points(predicted, truth, tolerance_px, ignore).tally()
    return PictureScores(DetectionScores(tally, "points"), name)


def summarise(
    pictures: Sequence[PictureScores],
    *,
    settings: EvaluationSettings | None = None,
    notes: Sequence[str] = (),
) -> SetScores:
    """Pool the scores of pictures, and average them over pictures.

    Parameters
    ----------
    pictures : sequence of PictureScores
        One or more, all with one kind of truth: labels, boxes or points.
    settings : EvaluationSettings, optional
        The settings they were scored with; they are only recorded.
    notes : sequence of str
        What is to be said of the whole set.

    Raises
    ------
    SettingsError
        When there is no picture, or kinds of truth are mixed.

    Examples
    --------
    >>> blank, spore = np.zeros((4, 4), dtype=int), np.eye(4, dtype=int)
    >>> scores = summarise([evaluate_labels(spore, spore), evaluate_labels(blank, blank)])
    >>> scores.pooled.measures()["spore_iou"], scores.per_picture["spore_iou"].undefined
    (1.0, 1)
    """
    kinds = {picture.found.kind for picture in pictures}
    if len(kinds) != 1:
        raise SettingsError(
            "pictures",
            expected="the scores of one picture or more, all against one kind of truth",
            found=" and ".join(sorted(kinds)) or "none",
        )
    pooled = reduce(add, [picture.found for picture in pictures])
    values = [picture.found.measures() for picture in pictures]
    own_notes = [f"{picture.name}: {note}" for picture in pictures for note in picture.notes]
    return SetScores(
        pictures=tuple(pictures),
        pooled=pooled,
        per_picture={
            name: spread([each[name] for each in values]).clipped(0, 1) for name in pooled.measures()
        },
        counts=count_agreement([each.predicted for each in pictures], [each.truth for each in pictures]),
        settings=settings or EvaluationSettings(),
        notes=(*notes, *own_notes),
    )


def _with_dropped(
    ignore: NDArray[np.bool_] | None,
    overlaps: Overlaps,
    predicted: NDArray[np.integer],
    truth: NDArray[np.integer],
) -> NDArray[np.bool_] | None:
    """Add the spores that were dropped to the ignored pixels.

    A doubtful spore that was found but drawn a pixel wider than the ignored area would otherwise leave a
    false ring, and finding it would score less than missing it.
    """
    for labels, side in ((predicted, overlaps.predicted), (truth, overlaps.truth)):
        if ignore is not None and side.dropped.size:
            ignore = ignore | np.isin(labels, side.dropped)
    return ignore
