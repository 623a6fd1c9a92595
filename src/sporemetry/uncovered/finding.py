"""Whether a count is probably wrong: the rule, of three signals that know nothing of the scale.

1. Compact, sharp objects of one size outweigh everything that is outlined.
2. Strong foreground falls into pieces of one size, and outlines cover less than half of it.
3. The network is not confident of what it outlined: then less of either is enough. Where it is, the second
   is not asked. Far below, that alone is enough.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import SettingsError
from sporemetry.uncovered.objects import heaviest_kind
from sporemetry.uncovered.pieces import uncovered_pieces
from sporemetry.uncovered.scene import scene_of

_SHARE, _SHARE_UNSURE = 0.5, 0.3  # of the weight, by objects without an outline
_AREA, _AREA_UNSURE = 0.035, 0.015  # of the field, by pieces without an outline
_UNSURE, _SURE = 0.75, 0.9  # confidence: below, and from here on pieces of halos and debris say nothing
_LEAST = 0.5  # confidence: below, most of what the network saw is no object to it
_LEAST_SCORES = 5  # of fewer a mean says nothing

UNCOVERED_OBJECTS, LOW_CONFIDENCE = "uncovered objects", "low confidence"
COUNT_FAULTS = (UNCOVERED_OBJECTS, LOW_CONFIDENCE)
"""Why a count is probably wrong."""


@dataclass(frozen=True, eq=False)
class Uncovered:
    """Strong objects of one size without an outline, where there are too many for the count to be right.

    Attributes
    ----------
    places : (n, 3) float64 array
        Row, column and length of each, px of the image; no row where the count may be right.
    """

    places: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 3)))

    @property
    def objects(self) -> int:
        """How many there are."""
        return len(self.places)

    @property
    def length_px(self) -> float | None:
        """Their median length, px of the image; of touching objects their width; None without any."""
        return float(np.median(self.places[:, 2])) if len(self.places) else None


def find_uncovered(
    pixels: NDArray[np.uint8] | NDArray[np.uint16],
    field_mask: NDArray[np.bool_],
    labels: NDArray[np.int32],
    *,
    confidence: float | None = None,
) -> Uncovered:
    """Find strong objects of one size that have no outline, where they outweigh what has one.

    Specks without an outline beside outlined spores are nothing; spores without an outline beside outlined
    specks are. Faint, blurred or ragged things, and fewer than eight alike, are what any slide has.

    Parameters
    ----------
    pixels : (H, W, 3) uint8 or uint16 array
        The image.
    field_mask : (H, W) bool array
        Where it was counted; nothing is found outside.
    labels : (H, W) int32 array
        What was outlined; 0 background.
    confidence : float, optional
        Of the method in what it outlined, from 0 to 1, see :func:`confidence`; None: not known.

    Returns
    -------
    Uncovered
        Without objects where the count may be right.

    Raises
    ------
    SettingsError
        When the arrays have other shapes.

    Examples
    --------
    >>> y, x = np.mgrid[:240, :320]
    >>> discs = (np.hypot(y % 60 - 30, x % 80 - 40) < 12).astype(np.int32)
    >>> image = np.repeat((200 - 90 * discs).astype(np.uint8)[..., None], 3, axis=2)
    >>> everywhere = np.ones(discs.shape, dtype=bool)
    >>> found = find_uncovered(image, everywhere, np.zeros_like(discs))
    >>> found.objects, 22 < found.length_px < 28
    (16, True)
    >>> find_uncovered(image, everywhere, discs).objects
    0
    """
    if pixels.shape != (*labels.shape, 3) or field_mask.shape != labels.shape:
        raise SettingsError(
            "labels and field_mask",
            expected=f"the height and width of the pixels, {pixels.shape}",
            found=f"{labels.shape} and {field_mask.shape}",
        )
    if not field_mask.any():
        return Uncovered()
    scene = scene_of(pixels, field_mask, labels)
    unsure = confidence is not None and confidence < _UNSURE
    objects = heaviest_kind(scene)
    if objects.share > (_SHARE_UNSURE if unsure else _SHARE):
        return Uncovered(objects.places / scene.factor)
    if confidence is not None and confidence >= _SURE:
        return Uncovered()
    pieces = uncovered_pieces(scene)
    if pieces.share > (_AREA_UNSURE if unsure else _AREA):
        return Uncovered(pieces.places / scene.factor)
    return Uncovered()


@dataclass(frozen=True, slots=True)
class CountCheck:
    """What speaks against a count.

    Attributes
    ----------
    fault : str
        Why it is probably wrong, one of :data:`COUNT_FAULTS`; empty where it may be right.
    confidence : float or None
        As :func:`confidence` gives it.
    objects : int
        Strong objects alike without an outline.
    length_px : float or None
        Their median length; None without any.
    """

    fault: str = ""
    confidence: float | None = None
    objects: int = 0
    length_px: float | None = None


NOT_CHECKED = CountCheck()
"""Nothing is known against a count."""


def check_count(uncovered: Uncovered, confidence: float | None) -> CountCheck:
    """Return what speaks against a count.

    Parameters
    ----------
    uncovered : Uncovered
        As :func:`find_uncovered` gives it.
    confidence : float or None
        As :func:`confidence` gives it.

    Examples
    --------
    >>> check_count(Uncovered(), 0.9).fault, check_count(Uncovered(), 0.3).fault
    ('', 'low confidence')
    """
    fault = LOW_CONFIDENCE if confidence is not None and confidence < _LEAST else ""
    if uncovered.objects:
        fault = UNCOVERED_OBJECTS
    return CountCheck(fault, confidence, uncovered.objects, uncovered.length_px)


def confidence(
    labels: NDArray[np.int32], scores: NDArray[np.float64] | None, left_out_share: float
) -> float | None:
    """Return how confident a method is of its mask: the mean score over its pixels, of those left out 0.

    Parameters
    ----------
    labels : (H, W) int32 array
        The outlined objects, 1..n.
    scores : (n,) float64 array or None
        Of each.
    left_out_share : float
        Of the method's mask, what became no object.

    Returns
    -------
    float or None
        From 0 to 1; None without scores, or with fewer than five.
    """
    if scores is None or len(scores) < _LEAST_SCORES:
        return None
    areas = np.bincount(labels.ravel(), minlength=len(scores) + 1)[1:]
    return (1 - left_out_share) * float(np.average(scores, weights=areas))
