"""At which scale a network looks at a picture: so that spores are as long as those that it was trained on.

How long spores are in the picture is, in this order: stated in px; stated in µm, where the picture's scale
is known; measured on an example; given by the scale that the network was trained at, where both scales are
known; or estimated from the picture: see :mod:`sporemetry.segmentation.estimate`. What was taken is said in
a note.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import SettingsError
from sporemetry.model.card import ModelCard
from sporemetry.segmentation.example import Example

KEPT = (0.7, 1.4)
"""Within these factors of the trained length a picture is not resampled."""
_STEPS_AN_OCTAVE = 4  # factors are rounded, so that rounding errors in logits change none
LEAST_FACTOR, MOST_FACTOR = 1 / 16, 4.0
"""An image is looked at at no smaller scale than the first, and at no larger than the second."""


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
    look : (K, h, w) float32 array or None
        The logits of the image's field at this scale, where the network has looked at it so already.
    """

    factor: float
    spore_length_px: float | None
    note: str
    look: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)


def stated_scale(
    card: ModelCard,
    *,
    um_per_px: float | None,
    spore_length_px: float | None,
    spore_length_um: float | None,
    example: Example | None = None,
) -> Scale | None:
    """Return the scale where it follows from what was stated; None where it must be estimated.

    Parameters
    ----------
    card : ModelCard
    um_per_px : float or None
        Of the picture.
    spore_length_px, spore_length_um : float or None
        As the user stated them.
    example : Example, optional
        The spore that the user pointed at.

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
    if example is not None:
        length = example.length_in(um_per_px)
        return _scale(
            card,
            length,
            f"Spores were taken to be {length:.0f} px long, as measured on the example at {example.point}",
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


def _scale(card: ModelCard, spores: float, note: str) -> Scale:
    return scale_at(factor_for(card, spores), spores, note)


def scale_at(factor: float, spores: float, note: str) -> Scale:
    """Return a scale whose note also says at which size the image was looked at."""
    how = "as it is" if factor == 1 else f"at {factor:.2f} times its size"
    return Scale(factor, spores, f"{note}; the picture was looked at {how}")


def factor_for(card: ModelCard, spores: float) -> float:
    """Return at which scale an image is looked at whose spores are so long, px."""
    wanted = card.spore_length_px.median / spores
    if KEPT[0] <= wanted <= KEPT[1]:
        return 1.0
    return min(max(rounded(wanted), LEAST_FACTOR), MOST_FACTOR)


def rounded(factor: float) -> float:
    """Return the nearest of the factors 2 ** (k / 4)."""
    return float(2.0 ** (round(_STEPS_AN_OCTAVE * float(np.log2(factor))) / _STEPS_AN_OCTAVE))
