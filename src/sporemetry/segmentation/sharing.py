"""One scale for images of one kind: agreed by a few that estimate theirs, and when an image is unlike them.

Images of one size, scale and camera mostly show spores of one length. A few of them are looked at; where
they agree, the median of their lengths is taken for all. Lengths are rounded to 2 ** (k / 8), so that one
more image seldom moves them.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from sporemetry.segmentation.scale import Scale

AGREE_WITHIN = 1.4
"""Lengths agree that are up to so many times as long or as short as their median."""
UNLIKE_FROM = 1.6
"""An image is unlike the others where its spores are more than so many times as long or as short."""
LEAST_UNLIKE = 5
"""Of so many spores at least, of which the network is sure: a few specks are no reason."""
_LEAST_FOUND = 2  # images; one alone may have found dirt
_LEAST_SHARE = 2 / 3  # of the images that found something
_STEPS_AN_OCTAVE = 8  # twice as fine as factors: outlines and what counts as a spore follow the length


def shared_scale(estimates: Sequence[Scale]) -> Scale | None:
    """Return the scale that images of one kind share; None where too few found spores, or they disagree.

    Parameters
    ----------
    estimates : sequence of Scale
        Of some of the images, each by itself. Those that found nothing say nothing.

    Examples
    --------
    >>> lengths = (21.0, 19.5, None, 20.2)
    >>> shared = shared_scale([Scale(1.0, length, "") for length in lengths])
    >>> round(shared.spore_length_px, 1), shared.factor
    (20.7, 1.0)
    >>> shared_scale([Scale(1.0, 20.0, ""), Scale(0.25, 120.0, "")]) is None
    True
    """
    found = [(each.spore_length_px, each.factor) for each in estimates if each.spore_length_px is not None]
    if len(found) < _LEAST_FOUND:
        return None
    middle = math.exp(statistics.median(math.log(length) for length, _ in found))
    factors = [factor for length, factor in found if not are_unlike(length, middle, AGREE_WITHIN)]
    if len(factors) < _LEAST_SHARE * len(found):
        return None
    return as_shared(statistics.median_low(factors), rounded_length(middle))


def as_shared(factor: float, spore_length_px: float) -> Scale:
    """Return a scale with the note that it is of several images."""
    how = "as it is" if factor == 1 else f"at {factor:.2f} times its size"
    note = (
        f"Spores were taken to be {spore_length_px:.0f} px long, as estimated from images of this size and "
        f"scale together; the image was looked at {how}"
    )
    return Scale(factor, spore_length_px, note)


def all_agree(estimates: Sequence[Scale]) -> bool:
    """Tell whether each of some images found spores, the longest not much longer than the shortest."""
    lengths = [each.spore_length_px for each in estimates if each.spore_length_px is not None]
    return 0 < len(lengths) == len(estimates) and not are_unlike(max(lengths), min(lengths), AGREE_WITHIN)


def are_unlike(length: float, other: float, ratio: float = UNLIKE_FROM) -> bool:
    """Tell whether two lengths differ by more than a ratio."""
    return not 1 / ratio <= length / other <= ratio


def rounded_length(length: float) -> float:
    """Return the nearest of the lengths 2 ** (k / 8)."""
    return float(2.0 ** (round(_STEPS_AN_OCTAVE * math.log2(length)) / _STEPS_AN_OCTAVE))
