"""A packaged network on labelled pictures, exactly as `sporemetry count` would run it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sporemetry.dataset.folder import DatasetItem, read_item_ignore, read_item_labels
from sporemetry.evaluation import (
    PictureScores,
    evaluate_boxes,
    evaluate_labels,
    find_overlaps,
    match,
    match_boxes,
    summarise,
)
from sporemetry.exchange.yolo_boxes import read_boxes
from sporemetry.field import find_field
from sporemetry.image import read_image
from sporemetry.model import features_of
from sporemetry.segmentation import ModelSegmenter, ModelSettings, SegmentationSettings, segmenter

MATCH_IOU = 0.5


@dataclass(frozen=True, eq=False)
class Scored:
    """One picture.

    Attributes
    ----------
    name : str
    scores : PictureScores
    sure : (N,) float array
        The score of each predicted spore that counts.
    true : (N,) bool array
        Whether it is one.
    features : (N, K) float array
        What the judge looks at, of each.
    notes : tuple of str
        What was assumed of the picture, its scale above all.
    areas : (M,) float array
        Found area over true area of each spore that was found; none where the truth is boxes.
    """

    name: str
    scores: PictureScores
    sure: NDArray[np.float64]
    true: NDArray[np.bool_]
    features: NDArray[np.float64]
    notes: tuple[str, ...]
    areas: NDArray[np.float64]


def score_picture(model: Path, item: DatasetItem, settings: ModelSettings | None = None) -> Scored:
    """Count one picture and hold it against its labels, or its boxes."""
    model_settings = settings or ModelSettings(model_file=str(model))
    # As sporemetry.pipeline.count_picture does; here the network's outputs are looked at too.
    image = read_image(item.image)
    find = segmenter("model", SegmentationSettings(), model_settings)
    found = find(image.pixels, find_field(image.pixels, "auto").mask, um_per_px=image.um_per_px)
    detections = find.detect(found)
    labels = detections.labels
    if not isinstance(find, ModelSegmenter):
        raise TypeError("only networks are scored here")
    features, sure = features_of(find.observed(found, labels)), detections.scores
    if sure is None:
        raise ValueError("a network gives scores")
    ignore = read_item_ignore(item, labels.shape)
    areas = np.zeros(0)
    if item.labels is None and item.boxes is not None:
        boxes = read_boxes(item.boxes).in_pixels(*labels.shape)
        pairs = match_boxes(labels, boxes, ignore)
        scores = evaluate_boxes(labels, boxes, ignore=ignore, name=item.name)
        counted, matched = pairs.ids, pairs.ids[pairs.rows]
    else:
        truth = read_item_labels(item).labels
        scores = evaluate_labels(labels, truth, ignore=ignore, name=item.name)
        overlaps = find_overlaps(labels, truth, ignore)
        pairs_found = match(overlaps, MATCH_IOU)
        rows, columns = overlaps.rows[pairs_found], overlaps.columns[pairs_found]
        counted, matched = overlaps.predicted.ids, overlaps.predicted.ids[rows]
        areas = overlaps.predicted.areas[rows] / overlaps.truth.areas[columns]
    right = np.isin(counted, matched)
    return Scored(item.name, scores, sure[counted - 1], right, features[counted - 1], found.notes, areas)


def set_summary(scored: Sequence[Scored]) -> dict[str, Any]:
    """Return the scores of a set, pooled and by picture, as plain values."""
    scores = summarise([each.scores for each in scored])
    report = scores.to_dict()
    errors = [abs(each.predicted - each.truth) / each.truth for each in scores.pictures if each.truth]
    predicted = sum(each.predicted for each in scores.pictures)
    truth = sum(each.truth for each in scores.pictures)
    return {
        "pictures": len(scored),
        "true": truth,
        "predicted": predicted,
        "count_error": (predicted - truth) / truth if truth else None,
        "count_error_per_picture": float(np.mean(errors)) if errors else None,
        **report["pooled"],
        **report["pooled_numbers"],
    }
