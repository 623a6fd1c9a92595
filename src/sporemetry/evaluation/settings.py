"""The settings of an evaluation and their defaults, and the checks of the arrays that go in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import SettingsError
from sporemetry.evaluation.points import LARGEST_TOLERANCE_PX

LARGEST_LABEL = np.iinfo(np.int32).max
SWEEP = tuple(step / 20 for step in range(10, 20))  # 0.50, 0.55 ... 0.95, each the nearest double


@dataclass(frozen=True)
class EvaluationSettings:
    """What counts as near and as found.

    Attributes
    ----------
    tolerance_px : float
        Distance in pixels up to which two boundary pixels agree.
    point_tolerance_px : float or None
        With points as truth: how far the centroid of a spore may be from its point. None: as the set states
        it, else half the median length of the predicted spores.
    match_iou : float
        IoU from which a predicted spore is the true one: for precision, recall, F1 and the qualities.
    sweep_ious : tuple of float
        The IoUs over which the mean F1 is taken.

    Raises
    ------
    SettingsError
        When a value is outside its range.
    """

    tolerance_px: float = 2.0
    match_iou: float = 0.5
    sweep_ious: tuple[float, ...] = SWEEP
    point_tolerance_px: float | None = None

    def __post_init__(self) -> None:
        for name, distance in (
            ("tolerance_px", self.tolerance_px),
            ("point_tolerance_px", self.point_tolerance_px),  # 0 is refused where points are matched
        ):
            if distance is not None and not 0 <= distance <= LARGEST_TOLERANCE_PX:
                raise SettingsError(
                    name, expected=f"a distance of 0 to {LARGEST_TOLERANCE_PX:g} px", found=f"{distance}"
                )
        if not self.sweep_ious:
            raise SettingsError("sweep_ious", expected="at least one IoU", found="none")
        for name, ious in (("match_iou", (self.match_iou,)), ("sweep_ious", self.sweep_ious)):
            for iou in ious:
                if not 0 < iou <= 1:
                    raise SettingsError(name, expected="an IoU above 0 and up to 1", found=f"{iou}")


def check_labels(name: str, labels: NDArray[np.integer]) -> None:
    """Raise :class:`SettingsError` unless ``labels`` is a plane of ids from 0 to 2**31 - 1."""
    if labels.ndim != 2 or labels.dtype.kind not in "iu":
        raise SettingsError(
            name,
            expected="labels: height x width whole numbers, 0 = background",
            found=f"an array of {labels.dtype} with shape {labels.shape}",
            remedy="A mask becomes labels by connected components (sporemetry.label_image does it).",
        )
    if labels.size and (labels.min() < 0 or labels.max() > LARGEST_LABEL):
        raise SettingsError(
            name, expected=f"ids from 0 to {LARGEST_LABEL}", found=f"{labels.min()} to {labels.max()}"
        )


def check_same_size(predicted: NDArray[np.generic], truth: NDArray[np.generic]) -> None:
    """Raise :class:`SettingsError` unless both cover the same pixels."""
    if predicted.shape != truth.shape:
        raise SettingsError(
            "predicted, truth",
            expected="two arrays of one size",
            found=f"{predicted.shape} and {truth.shape}",
        )


def check_ignore(ignore: NDArray[np.bool_] | None, shape: tuple[int, ...]) -> None:
    """Raise :class:`SettingsError` unless ``ignore`` is absent or a bool mask of that shape."""
    if ignore is not None and (ignore.shape != shape or ignore.dtype != np.bool_):
        raise SettingsError(
            "ignore",
            expected=f"a bool mask of shape {shape}",
            found=f"{ignore.dtype} of shape {ignore.shape}",
        )
