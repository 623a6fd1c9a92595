"""Pictures to check a score by eye: found, missed, false and ignored spores in outlines of four colours."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import SettingsError
from sporemetry.evaluation.boundaries import boundary
from sporemetry.evaluation.boxes import match_boxes
from sporemetry.evaluation.overlaps import find_overlaps, match
from sporemetry.evaluation.points import PointTruth, match_points
from sporemetry.evaluation.settings import check_ignore, check_labels, check_same_size

RGB = tuple[int, int, int]
# Okabe and Ito's colours (https://jfly.uni-koeln.de/color/), told apart with any colour vision.
COLOURS: dict[str, RGB] = {
    "found": (0, 158, 115),
    "missed": (213, 94, 0),
    "false": (0, 114, 178),
    "ignored": (120, 120, 120),
}
_PAPER = 235  # grey level of the ground where there is no photograph
_PIXELS_PER_LINE_WIDTH = 1000  # a line is thin, yet visible when the whole picture is on a screen
_JPEG_QUALITY = 88

# The outlines of one picture by their kind: pixels of lines.
Lines = dict[str, NDArray[np.bool_]]


def draw_comparison(
    pixels: NDArray[np.uint8] | NDArray[np.uint16] | None,
    predicted: NDArray[np.integer],
    truth: NDArray[np.integer] | NDArray[np.float64] | PointTruth,
    *,
    ignore: NDArray[np.bool_] | None = None,
    match_iou: float = 0.5,
    tolerance_px: float | None = None,
) -> NDArray[np.uint8]:
    """Draw what was found, missed and invented over the picture, with a line of legend below.

    Parameters
    ----------
    pixels : (H, W, 3) uint8 or uint16, or None
        The photograph; without it the ground is plain grey.
    predicted : (H, W) int
        Predicted labels. Green outlines: matched; blue: false; grey: ignored.
    truth : (H, W) int labels, (B, 4) float64 boxes, or PointTruth
        Orange: missed, the true outline, the box, or a circle around the point. Boxes and points that were
        found are drawn in green, ignored points and the border of the annotated region in grey.
    ignore : (H, W) bool, optional
        Ignored pixels; their border is drawn in grey.
    match_iou : float
        IoU from which labels match.
    tolerance_px : float, optional
        How far a spore may be from its point; points need it.

    Returns
    -------
    (H + legend, W, 3) uint8
        RGB. Without a spore on either side, the picture and a legend of zeros.

    Raises
    ------
    SettingsError
        When sizes differ or the arrays are no labels.
    """
    check_labels("predicted", predicted)
    check_ignore(ignore, predicted.shape)
    width = max(1, round(max(predicted.shape) / _PIXELS_PER_LINE_WIDTH))
    if isinstance(truth, PointTruth):
        lines, numbers = _point_lines(predicted, truth, tolerance_px or 0.0, ignore)
    elif truth.dtype.kind == "f":
        lines, numbers = _box_lines(predicted, truth.astype(np.float64), ignore)
    else:
        labels = truth.astype(np.int64)
        check_same_size(predicted, labels)
        lines, numbers = _label_lines(predicted, labels, ignore, match_iou)
    if ignore is not None:
        lines["ignored"] |= boundary(ignore)
    canvas = _ground(pixels, predicted.shape)
    kernel = np.ones((width, width), dtype=np.uint8)
    for kind in ("ignored", "found", "false", "missed"):  # the errors on top
        thick = cv2.dilate(lines[kind].view(np.uint8), kernel)
        canvas[np.asarray(thick) > 0] = COLOURS[kind]
    return np.concatenate([canvas, _legend(numbers, canvas.shape[1])])


def encode_comparison(rgb: NDArray[np.uint8]) -> bytes:
    """Return the picture as a JPEG file, colour at full resolution; same pixels, same bytes."""
    options = [
        cv2.IMWRITE_JPEG_QUALITY,
        _JPEG_QUALITY,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    ]
    return bytes(cv2.imencode(".jpg", np.ascontiguousarray(rgb[..., ::-1]), options)[1].tobytes())


def _label_lines(
    predicted: NDArray[np.integer],
    truth: NDArray[np.integer],
    ignore: NDArray[np.bool_] | None,
    match_iou: float,
) -> tuple[Lines, dict[str, int]]:
    """Outline predicted labels, and the true ones that were missed."""
    overlaps = find_overlaps(predicted, truth, ignore)
    pairs = match(overlaps, match_iou)
    found = overlaps.predicted.ids[overlaps.rows[pairs]]
    false = np.setdiff1d(overlaps.predicted.ids, found)
    missed = np.setdiff1d(overlaps.truth.ids, overlaps.truth.ids[overlaps.columns[pairs]])
    lines = _outlines(predicted, {"found": found, "false": false, "ignored": overlaps.predicted.dropped})
    lines |= _outlines(truth, {"missed": missed})
    ignored = overlaps.predicted.dropped.size
    return lines, {"found": found.size, "missed": missed.size, "false": false.size, "ignored": ignored}


def _box_lines(
    predicted: NDArray[np.integer],
    boxes: NDArray[np.float64],
    ignore: NDArray[np.bool_] | None,
) -> tuple[Lines, dict[str, int]]:
    """Outline predicted labels and draw the boxes."""
    matched = match_boxes(predicted, boxes, ignore)
    found = matched.ids[matched.rows]
    false = np.setdiff1d(matched.ids, found)
    missed = np.setdiff1d(np.arange(matched.truths.size), matched.columns)
    lines = _outlines(predicted, {"found": found, "false": false, "ignored": matched.dropped_ids})
    lines["missed"] = np.zeros(predicted.shape, dtype=np.bool_)
    _rectangles(lines["found"], boxes[matched.truths[matched.columns]])
    _rectangles(lines["missed"], boxes[matched.truths[missed]])
    ignored = matched.dropped_ids.size
    return lines, {"found": found.size, "missed": missed.size, "false": false.size, "ignored": ignored}


def _point_lines(
    predicted: NDArray[np.integer],
    truth: PointTruth,
    tolerance_px: float,
    ignore: NDArray[np.bool_] | None,
) -> tuple[Lines, dict[str, int]]:
    """Outline predicted labels and draw a circle as large as the tolerance around each point."""
    matched = match_points(predicted, truth, tolerance_px, ignore)
    found = matched.ids[matched.rows]
    false = np.setdiff1d(matched.ids, found)
    missed = np.setdiff1d(np.arange(matched.truths.size), matched.columns)
    lines = _outlines(predicted, {"found": found, "false": false, "ignored": matched.dropped_ids})
    lines["missed"] = np.zeros(predicted.shape, dtype=np.bool_)
    dropped = np.concatenate([truth.ignore, truth.spores[matched.dropped_truths]])
    for kind, points in (
        ("found", truth.spores[matched.truths[matched.columns]]),
        ("missed", truth.spores[matched.truths[missed]]),
        ("ignored", dropped),
    ):
        for x, y in np.floor(points).astype(int).tolist():
            cv2.circle(lines[kind].view(np.uint8), (x, y), max(1, round(tolerance_px)), 1)
    if truth.region is not None:
        _rectangles(lines["ignored"], np.array([truth.region]))
    ignored = matched.dropped_ids.size
    return lines, {"found": found.size, "missed": missed.size, "false": false.size, "ignored": ignored}


def _outlines(labels: NDArray[np.integer], kinds: dict[str, NDArray[np.int64]]) -> Lines:
    """Return the outline pixels of the labels of each kind; touching labels each have their own."""
    edge = np.zeros(labels.shape, dtype=np.bool_)
    for axis in (0, 1):
        view, away = np.moveaxis(labels, axis, 0), np.moveaxis(edge, axis, 0)
        differs = view[1:] != view[:-1]
        away[1:] |= differs
        away[:-1] |= differs
    y, x = np.nonzero(edge & (labels > 0))
    ids = labels[y, x]
    lines: Lines = {}
    for kind, members in kinds.items():
        lines[kind] = np.zeros(labels.shape, dtype=np.bool_)
        of_kind = np.isin(ids, members)
        lines[kind][y[of_kind], x[of_kind]] = True
    return lines


def _rectangles(line: NDArray[np.bool_], boxes: NDArray[np.float64]) -> None:
    """Draw boxes into a plane of line pixels, in place."""
    for x0, y0, x1, y1 in np.rint(boxes - [0, 0, 1, 1]).astype(int).tolist():
        cv2.rectangle(line.view(np.uint8), (x0, y0), (x1, y1), 1)


def _ground(
    pixels: NDArray[np.uint8] | NDArray[np.uint16] | None, shape: tuple[int, ...]
) -> NDArray[np.uint8]:
    """Return the photograph in 8 bits to draw on, 16 bits stretched between their extremes."""
    if pixels is None:
        return np.full((*shape, 3), _PAPER, dtype=np.uint8)
    if pixels.shape != (*shape, 3):
        raise SettingsError("pixels", expected=f"shape {(*shape, 3)}", found=f"{pixels.shape}")
    if pixels.dtype == np.uint8:
        return np.array(pixels, dtype=np.uint8)
    low, high = float(pixels.min()), float(pixels.max())
    return np.asarray((pixels - low) * (255 / max(high - low, 1)), dtype=np.uint8)


def _legend(numbers: dict[str, int], width: int) -> NDArray[np.uint8]:
    """Return a strip that explains the colours and gives the numbers, (height, width, 3)."""
    size = max(0.35, width / 1900)  # OpenCV's unit: capitals of about 21 px at 1
    height = round(44 * size)
    strip = np.full((height, width, 3), 255, dtype=np.uint8)
    x = height // 3
    for kind, number in numbers.items():
        text = f"{kind} {number}"
        cv2.rectangle(strip, (x, height // 4), (x + height // 2, 3 * height // 4), COLOURS[kind], -1)
        x += round(0.7 * height)
        cv2.putText(
            strip, text, (x, round(0.72 * height)), cv2.FONT_HERSHEY_SIMPLEX, size, (0, 0, 0),
            max(1, round(2 * size)), cv2.LINE_AA,
        )  # fmt: skip
        x += cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, max(1, round(2 * size)))[0][0] + height
    return strip
