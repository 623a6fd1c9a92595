"""How a small transparent thing looks in bright field, as transmission over the distance to its contour.

A spore in water absorbs little light; it bends it. It is seen for two reasons:

- Near its contour the wall slopes steeply, so that light is bent out of the objective's aperture: a *dark
  rim* just inside the contour.
- At a boundary between two refractive indices a bright line appears on one side, the *Becke line*. With the
  objective focused below the thing the line lies in the medium with the lower index, above it in that with
  the higher. So focused a little low a spore wears a *bright halo* in the water around it; focused a little
  high it glows in the middle like a rod lens (a *bright core*) and has hardly a halo.

Both are functions of the signed distance to the contour, so a thing's look is one :class:`Profile`. Depth out
of focus spreads it: the cone of light that the aperture lets in has the radius ``|depth| * slope`` there, and
we blur the profile by half of that, across the contour as if it were straight. This is a model of what is
seen, not a solution of the wave equation: no interference between neighbours. Strong defocus surrounds a
thing with alternating rings, as it does an Airy disc; a look may have them as a damped wave that grows with
the blur. The constants are read off the mean grey over distance in real pictures (see
:mod:`~sporemetry.dataset.synthesis.presets`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

FloatArray = NDArray[np.float64]
Colour = tuple[float, float, float]

NONE: Colour = (0.0, 0.0, 0.0)
_SAMPLES = 192
_TAIL = 3.2  # standard deviations after which a Gaussian's part of the profile is left out
_DEEP = 5.0  # the same towards the inside, where the profile goes on as it is and no ramp hides a rest
_EVEN = np.arange(_SAMPLES) / (_SAMPLES - 1.0)
_RAMP = np.minimum(np.arange(_SAMPLES)[::-1] / 12.0, 1.0)


def grey(value: float) -> Colour:
    """Return the colour with the same value in red, green and blue."""
    return value, value, value


@dataclass(frozen=True, slots=True)
class Look:
    """What a thing does to the light, at the depth that is in focus.

    Colours are shares of the light behind, for red, green and blue; lengths are in µm, distances positive
    outside the contour.

    Attributes
    ----------
    body : Colour
        Taken away inside: pigment and scattering.
    body_edge_um : float
        Softness of the body's edge, a standard deviation.
    rim : Colour
        Taken away at the dark rim.
    rim_at_um, rim_um : float
        Where the rim is darkest, and its standard deviation.
    halo : Colour
        Added at the bright halo.
    halo_at_um, halo_um : float
        Where the halo is brightest, and its standard deviation.
    ring : Colour
        Taken away at the faint second ring outside the halo.
    ring_at_um, ring_um : float
        Where that ring is darkest, and its standard deviation.
    core : Colour
        Added in the middle, by the lens that the thing is.
    core_from, core_soft : float
        The depth inside, as a share of the half-width, at which the core is half as bright as in the
        middle, and the softness of that step.
    waves : Colour
        Height of the rings of strong defocus, first bright then dark; they start at the contour.
    wave_um, fade_um : float
        From one bright ring to the next, and the distance over which they fade by a factor of e.
    wave_blur_um : float
        The blur at which the rings have half their height; without blur there are none.
    """

    body: Colour = NONE
    body_edge_um: float = 0.3
    rim: Colour = NONE
    rim_at_um: float = -0.5
    rim_um: float = 0.4
    halo: Colour = NONE
    halo_at_um: float = 0.7
    halo_um: float = 0.4
    ring: Colour = NONE
    ring_at_um: float = 2.0
    ring_um: float = 0.4
    core: Colour = NONE
    core_from: float = 0.7
    core_soft: float = 0.15
    waves: Colour = NONE
    wave_um: float = 1.4
    fade_um: float = 1.4
    wave_blur_um: float = 0.4


UNSEEN = Look()


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """Transmission, tabulated over the signed distance to the contour.

    Attributes
    ----------
    distance_um : float64 array, n
        Evenly spaced, rising; deeper inside than the first, all is as at the first.
    transmission : float64 array, 3 x n
        The share of light let through, in red, green and blue; above 1 where light is gathered.
    """

    distance_um: FloatArray
    transmission: FloatArray

    @property
    def reach_um(self) -> float:
        """The distance outside the contour past which nothing is changed."""
        return float(self.distance_um[-1])

    def at(self, distance_um: FloatArray, channel: int) -> NDArray[np.float32]:
        """Return the transmission of one channel at these distances, by linear interpolation."""
        values = np.interp(distance_um, self.distance_um, self.transmission[channel])
        return np.asarray(values, dtype=np.float32)


def make_profile(look: Look, *, half_width_um: float, blur_um: float = 0.0, strength: float = 1.0) -> Profile:
    """Return the profile of a thing of this look.

    Parameters
    ----------
    look : Look
        Its look in focus.
    half_width_um : float
        Greatest depth inside the contour: the core scales with it.
    blur_um : float
        Standard deviation of the blur across the contour.
    strength : float
        Multiplies every change to the light; 0 gives a thing that cannot be seen.

    Returns
    -------
    Profile
        It ends with 1.

    Examples
    --------
    >>> profile = make_profile(Look(body=grey(0.5), body_edge_um=0.1), half_width_um=2.0)
    >>> profile.at(np.array([-2.0, 2.0]), 0).round(4).tolist()
    [0.5, 1.0]
    """
    parts = _parts(look, half_width_um, blur_um)
    low = min((part.at - _DEEP * part.spread for part in parts), default=-1.0)
    high = max((part.at + _TAIL * part.spread for part in parts), default=1.0)
    waves = _wave_height(look, blur_um)
    if any(waves):
        high = max(high, _TAIL * look.fade_um)
    distance = low + (high - low) * _EVEN
    change = np.zeros((3, _SAMPLES))
    for part in parts:
        scaled = (distance - part.at) / part.spread
        shape = ndtr(-scaled) if part.is_step else np.exp(-0.5 * scaled * scaled)
        change += part.colour[:, None] * shape
    if any(waves):
        out = np.maximum(distance, 0.0)
        damped = np.sin(2 * math.pi * out / look.wave_um) * np.exp(-out / look.fade_um)
        change += np.array(waves)[:, None] * damped
    # A straight ramp over the last samples, so that no step is left where the profile ends.
    change *= _RAMP
    return Profile(distance, np.maximum(1.0 + strength * change, 0.0))


def mixed_look(first: Look, second: Look, share: float) -> Look:
    """Return the look between two: 0 is the first, 1 the second, each number in proportion.

    >>> mixed_look(Look(body=grey(0.1)), Look(body=grey(0.3)), 0.5).body
    (0.2, 0.2, 0.2)
    """
    if share == 0:
        return first
    values: dict[str, Any] = {}
    for each in fields(Look):
        one, other = getattr(first, each.name), getattr(second, each.name)
        if isinstance(one, tuple):
            values[each.name] = tuple(a + share * (b - a) for a, b in zip(one, other, strict=True))
        else:
            values[each.name] = one + share * (other - one)
    return Look(**values)


def defocus_blur_um(depth_um: float, aperture_slope: float) -> float:
    """Return the blur of a thing ``depth_um`` out of focus under a cone of this slope (radius over depth)."""
    return 0.5 * abs(depth_um) * aperture_slope


def _wave_height(look: Look, blur: float) -> Colour:
    if blur <= 0 or not any(look.waves):
        return NONE
    share = blur / (blur + look.wave_blur_um)
    red, green, blue = look.waves
    return red * share, green * share, blue * share


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """One term of a profile: a step down from inside to outside, or a bump."""

    colour: FloatArray
    at: float
    spread: float
    is_step: bool


def _parts(look: Look, half_width: float, blur: float) -> list[_Part]:
    """Return the terms of a look, blurred; a Gaussian blurred by a Gaussian is a wider, lower one."""
    middle = ndtr((1.0 - look.core_from) / look.core_soft)  # so much of the core's step is reached
    steps = (
        (look.body, -1.0, 0.0, look.body_edge_um),
        (look.core, 1.0 / middle, -look.core_from * half_width, look.core_soft * half_width),
    )
    bumps = (
        (look.rim, -1.0, look.rim_at_um, look.rim_um),
        (look.halo, 1.0, look.halo_at_um, look.halo_um),
        (look.ring, -1.0, look.ring_at_um, look.ring_um),
    )
    parts = []
    for terms, is_step in ((steps, True), (bumps, False)):
        for colour, sign, at, spread in terms:
            if any(colour):
                wide = math.sqrt(spread * spread + blur * blur)
                height = sign if is_step else sign * spread / wide
                parts.append(_Part(height * np.array(colour), at, wide, is_step))
    return parts
