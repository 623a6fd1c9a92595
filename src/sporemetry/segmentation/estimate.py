"""How long an image's spores are, by evidence: the scale at which a network finds most of what it is sure of.

The evidence of a scale is the sum of area times score of the objects found there. A network that is shown
large spores at too large a scale finds specks and parts; shown small ones at too small a scale it finds
nothing, or clumps. At the right scale it finds most area and is most sure of it.

1. a ladder of scales, an octave apart, from the image itself (or as large as one look may be) to 1/16;
2. larger scales than one look may have: in windows where the image is not empty;
3. from the best scale follows the length of spores, and from that the scale to look at;
4. its neighbours, half an octave larger and smaller, in windows: where there is clearly more evidence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from sporemetry.model.card import ModelCard
from sporemetry.segmentation.multiscale import Multiscale, SureObjects, Window, windows_at
from sporemetry.segmentation.scale import (
    LEAST_FACTOR,
    MOST_FACTOR,
    Scale,
    factor_for,
    rounded,
    scale_at,
)
from sporemetry.segmentation.sharing import LEAST_UNLIKE, are_unlike

FIRST_PASS_PIXELS = 2_600_000
"""A larger image is shrunk to this for the first look."""
_LEAST_SPORES = 3  # of which a length is taken; with fewer, one piece of debris would decide
_LEAST_SIDE = 48  # px at the working scale; what is smaller holds no three spores of the trained length
_FIRST_BY = 2.0  # times the evidence of the first scale another must have: it is right most often
_OF_ONE_LENGTH = 1.7  # times the typical length, or less by as much
_CLEARLY = 1.25  # times the evidence that a neighbour must have
_FURTHER = 1.1  # and the next one beyond it
_HALF_AN_OCTAVE = 2.0**0.5
_SIDE, _WINDOWS = 512, 3  # px at the larger of two scales; 0.8 megapixels together


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a scale.

    Attributes
    ----------
    length : float
        Of the objects, px of the image: the median of those of about their typical length.
    total : float
        Sum of area times score, px²; 0 with fewer than three objects of one length.
    """

    length: float
    total: float


def estimated_scale(card: ModelCard, image: Multiscale) -> Scale:
    """Estimate the scale of an image by looking at it.

    Parameters
    ----------
    card : ModelCard
    image : Multiscale
        With fewer than three spores at any scale it is looked at as it is.
    """
    ladder = list(_ladder(image.shape))
    found = {factor: evidence_of(image.objects(factor)) for factor in ladder}
    best = max(ladder, key=lambda each: found[each].total * (_FIRST_BY if each == ladder[0] else 1.0))
    seen, evidence = image.objects(best), found[best]
    factor = ladder[0] * 2
    while factor <= 1.0 or (not evidence.total and factor <= 2.0):
        windows = _windows_with_content(image, factor)
        finer = image.objects(factor, windows=windows)
        if evidence_of(finer).total > _FIRST_BY * evidence_of(image.objects(best, windows=windows)).total:
            best, seen, evidence = factor, finer, evidence_of(finer)
        factor *= 2
    if not evidence.total:
        return Scale(1.0, None, _unknown(card))
    length = evidence.length
    factor = _climbed(image, factor_for(card, length), length, seen)
    at_last = evidence_of(image.objects(factor, length))
    length = at_last.length if at_last.total else length
    return scale_at(
        factor, length, f"Spores were estimated to be {length:.0f} px long, from the picture itself"
    )


def is_unlike_others(image: Multiscale, factor: float, length: float) -> bool:
    """Tell whether an image's spores seem to be of another length than those of images beside it.

    Parameters
    ----------
    image : Multiscale
    factor, length : float
        The scale and the length, px, that images beside it share. What speaks against them is that the spores
        found there are of another length, or that a quarter of the scale holds twice as much evidence.
    """
    found = image.objects(factor, length)
    evidence = evidence_of(found)
    if evidence.total and len(found.length) >= LEAST_UNLIKE and are_unlike(evidence.length, length):
        return True
    quarter = factor / 4
    if quarter < LEAST_FACTOR or min(image.shape) * quarter < _LEAST_SIDE:
        return False
    larger = image.objects(quarter)
    return len(larger.length) >= LEAST_UNLIKE and evidence_of(larger).total > _FIRST_BY * evidence.total


def evidence_of(found: SureObjects) -> Evidence:
    """Return what the objects found at a scale say for it.

    What is more than twice as large as most counts as twice: one large stain is not worth many spores.
    """
    if len(found.length) < _LEAST_SPORES:
        return Evidence(0.0, 0.0)
    weight = found.area * found.score
    order = np.argsort(found.length)
    sums = np.cumsum(weight[order])
    typical = found.length[order][np.searchsorted(sums, sums[-1] / 2)]
    near = (found.length > typical / _OF_ONE_LENGTH) & (found.length < typical * _OF_ONE_LENGTH)
    if np.count_nonzero(near) < _LEAST_SPORES:
        return Evidence(0.0, 0.0)
    whole = near & found.whole
    lengths = found.length[whole if np.count_nonzero(whole) >= _LEAST_SPORES else near]
    area = np.minimum(found.area[near], 2 * np.median(found.area[near]))
    return Evidence(float(np.median(lengths)), float((area * found.score[near]).sum()))


def _ladder(shape: tuple[int, int]) -> Iterator[float]:
    """Go through the scales of step 1, from the largest; the first always."""
    most = (FIRST_PASS_PIXELS / max(1, shape[0] * shape[1])) ** 0.5
    factor = 1.0 if most >= 1 else rounded(most)
    yield factor
    while (factor := factor / 2) >= LEAST_FACTOR and min(shape) * factor >= _LEAST_SIDE:
        yield factor


def _climbed(image: Multiscale, factor: float, length: float, seen: SureObjects) -> float:
    """Go to the neighbouring scales as long as there is clearly more evidence."""
    best, gain = factor, 1.0
    for step in (1 / _HALF_AN_OCTAVE, _HALF_AN_OCTAVE):
        here, gained, clearly = factor, 1.0, _CLEARLY
        while LEAST_FACTOR <= (there := rounded(here * step)) <= MOST_FACTOR:
            side = round(_SIDE / max(here, there))
            windows = windows_at(image.shape, side, _WINDOWS, seen.y, seen.x, seen.area * seen.score)
            more = evidence_of(image.objects(there, length, windows)).total
            less = evidence_of(image.objects(here, length, windows)).total
            if more <= clearly * less:
                break
            here, gained, clearly = there, gained * (more / less if less else np.inf), _FURTHER
        if gained > gain:
            best, gain = here, gained
    return best


def _windows_with_content(image: Multiscale, factor: float) -> list[Window] | None:
    """Return windows where the brightness changes most over the length of a small spore."""
    grey = image.grey
    if not min(grey.shape):
        return None
    step = max(1, round(4 / factor))
    small = cv2.resize(grey, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA)
    change = np.abs(small - cv2.GaussianBlur(small, (0, 0), 6.0))
    change = np.maximum(change - 3 * np.median(change), 0)
    rows, columns = np.nonzero(change)
    y, x = ((each.astype(np.float64) + 0.5) * step for each in (rows, columns))
    return windows_at(image.shape, round(_SIDE / factor), _WINDOWS, y, x, change[rows, columns])


def _unknown(card: ModelCard) -> str:
    lengths = card.spore_length_px
    return (
        "Too few spores were found to estimate their length, so the picture was looked at as it is; spores "
        f"that are not {lengths.least:.0f} to {lengths.most:.0f} px long need --spore-length-px"
    )
