"""At which scale a network looks at a picture: so that spores are as long as those that it was trained on.

How long spores are in the picture is, in this order: stated in px; stated in µm, where the picture's scale
is known; given by the scale that the network was trained at, where both scales are known; or estimated by a
first pass over the picture. What was taken is said in a note.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from sporemetry.errors import SettingsError
from sporemetry.instances import LabelArray
from sporemetry.measurement import measure_sizes
from sporemetry.model.card import ModelCard

FIRST_PASS_PIXELS = 2_600_000
"""A larger picture is shrunk to this for the first pass."""
KEPT = (0.7, 1.4)
"""Within these factors of the trained length a picture is not resampled."""
_LEAST_SPORES = 3  # of which a length is taken; with fewer, one piece of debris would decide
_LADDER = (1.0, 0.5, 0.25)
_STEPS_AN_OCTAVE = 4  # factors are rounded, so that rounding errors in logits change none
_LEAST_FACTOR, _MOST_FACTOR = 1 / 16, 4.0
_PASSES = 3


@dataclass(frozen=True, slots=True)
class Scale:
    """The scale at which a picture is looked at.

    Attributes
    ----------
    factor : float
        Times the picture's height and width.
    spore_length_px : float or None
        How long spores are in the picture, px; None where it is not known.
    note : str
        How this was found, in plain words.
    """

    factor: float
    spore_length_px: float | None
    note: str


def stated_scale(
    card: ModelCard,
    *,
    um_per_px: float | None,
    spore_length_px: float | None,
    spore_length_um: float | None,
) -> Scale | None:
    """Return the scale where it follows from what was stated; None where it must be estimated.

    Parameters
    ----------
    card : ModelCard
    um_per_px : float or None
        Of the picture.
    spore_length_px, spore_length_um : float or None
        As the user stated them.

    Raises
    ------
    SettingsError
        When a length in µm was stated and the picture has no scale.
    """
    if spore_length_px is not None:
        return _scale(
            card, spore_length_px, f"Spores were taken to be {spore_length_px:g} px long, as stated"
        )
    if spore_length_um is not None:
        if um_per_px is None:
            raise SettingsError(
                "--spore-length-um",
                expected="a picture with a scale",
                found="none",
                remedy="State it with --um-per-px, or the length in pixels with --spore-length-px.",
            )
        length = spore_length_um / um_per_px
        return _scale(
            card, length, f"Spores were taken to be {length:.0f} px long: {spore_length_um:g} µm, as stated"
        )
    if um_per_px is not None and card.um_per_px is not None:
        length = card.spore_length_px.median * card.um_per_px / um_per_px
        return _scale(
            card,
            length,
            f"The network was trained at {card.um_per_px:g} µm per px, at which this picture would have "
            f"spores of {length:.0f} px",
        )
    return None


def estimated_scale(
    card: ModelCard, shape: tuple[int, int], confident_labels: Callable[[float], LabelArray]
) -> Scale:
    """Estimate the scale of a picture by looking at it.

    Parameters
    ----------
    card : ModelCard
    shape : (int, int)
        Height and width of what is looked at.
    confident_labels : callable
        Factor -> labels, at that scale, of spores of which the network is sure. With none of them at any
        scale the picture is looked at as it is.
    """
    for factor in _first_factors(shape):
        length = median_length(confident_labels(factor))
        if length is not None:
            break
    else:
        return Scale(1.0, None, _unknown(card))
    spores = length / factor
    for _ in range(_PASSES - 1):
        wanted = _factor(card, spores)
        if wanted == factor:
            break
        factor = wanted
        again = median_length(confident_labels(factor))
        if again is None:
            break
        spores = again / factor
        if KEPT[0] <= again / card.spore_length_px.median <= KEPT[1]:
            break
    return _at(factor, spores, f"Spores were estimated to be {spores:.0f} px long, from the picture itself")


def _unknown(card: ModelCard) -> str:
    lengths = card.spore_length_px
    return (
        "Too few spores were found to estimate their length, so the picture was looked at as it is; spores "
        f"that are not {lengths.least:.0f} to {lengths.most:.0f} px long need --spore-length-px"
    )


def _first_factors(shape: tuple[int, int]) -> Iterator[float]:
    """Go through the scales at which spores are looked for first."""
    most = (FIRST_PASS_PIXELS / max(1, shape[0] * shape[1])) ** 0.5
    for step in _LADDER:
        yield step if most >= 1 else _rounded(step * most)


def median_length(labels: LabelArray) -> float | None:
    """Return the median length of spores, px; None of fewer than three, of which none is taken."""
    if labels.max(initial=0) < _LEAST_SPORES:
        return None
    return float(np.median(measure_sizes(labels)[0]))


def _scale(card: ModelCard, spores: float, note: str) -> Scale:
    return _at(_factor(card, spores), spores, note)


def _at(factor: float, spores: float, note: str) -> Scale:
    how = "as it is" if factor == 1 else f"at {factor:.2f} times its size"
    return Scale(factor, spores, f"{note}; the picture was looked at {how}")


def _factor(card: ModelCard, spores: float) -> float:
    wanted = card.spore_length_px.median / spores
    if KEPT[0] <= wanted <= KEPT[1]:
        return 1.0
    return min(max(_rounded(wanted), _LEAST_FACTOR), _MOST_FACTOR)


def _rounded(factor: float) -> float:
    """Return the nearest of the factors 2 ** (k / 4)."""
    return float(2.0 ** (round(_STEPS_AN_OCTAVE * float(np.log2(factor))) / _STEPS_AN_OCTAVE))
