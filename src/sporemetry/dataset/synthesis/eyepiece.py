"""The view through an eyepiece: a bright circle in a dark surround, often with a pointer needle.

A phone held to the eyepiece sees the field stop as the edge of a bright disc. The eyepiece magnifies red and
blue a little differently, so the edge is coloured; stray light in the tube lifts the dark surround above
black. The needle stands in the plane of the field stop and is as sharp and as black.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sporemetry.dataset.synthesis.draws import Spread
from sporemetry.dataset.synthesis.light import noise_surface
from sporemetry.dataset.synthesis.optics import Colour

FloatArray = NDArray[np.float64]
PictureArray = NDArray[np.float32]
MaskArray = NDArray[np.bool_]

EVEN: Colour = (1.0, 1.0, 1.0)
_VEILS = (
    (-0.655, 0.055, 1.0),
    (0.60, 0.06, 0.6),
)  # where from the middle, how wide (in diameters), how bright


@dataclass(frozen=True, slots=True, kw_only=True)
class Eyepiece:
    """Settings of the view through an eyepiece; lengths as shares of the picture's width.

    Attributes
    ----------
    centre_y, centre_x : Spread
        Middle of the circle as shares of the picture's height and width.
    radius : Spread
        Radius of the circle.
    softness_px : float
        Width of the edge from bright to dark.
    fringe_px : float
        How much farther out than green the edge of blue lies, and farther in that of red.
    rim : float
        Added light at the edge's inner side, as a share.
    stray : Colour
        Grey value that stray light adds everywhere.
    needle_width : float
        Full width of the needle; 0 is an eyepiece without one.
    needle_taper : float
        Length of its pointed part.
    red_magnified, blue_magnified : float
        Red and blue are enlarged about the circle's middle by one and this share more than green; green is
        where the labels are.
    left, right : Colour
        The light at the circle's left and right end as a share of what it would be; even in the middle.
    veil : float
        Light of the reflections in the tube: broad rings of glow around the circle, as a share of ``stray``.
    """

    centre_y: Spread
    centre_x: Spread
    radius: Spread
    softness_px: float
    fringe_px: float
    rim: float
    stray: Colour
    needle_width: float = 0.0
    needle_taper: float = 0.05
    red_magnified: float = 0.0
    blue_magnified: float = 0.0
    left: Colour = EVEN
    right: Colour = EVEN
    veil: float = 0.0


@dataclass(frozen=True, slots=True)
class View:
    """An eyepiece as it stands in one picture, in pixels.

    Attributes
    ----------
    y, x, radius : float
        The circle.
    tip_y, tip_x, angle : float
        Tip of the needle, and its lean from the vertical in radians.
    width, taper : float
        Of the needle; width 0 where there is none.
    """

    y: float
    x: float
    radius: float
    tip_y: float
    tip_x: float
    angle: float
    width: float
    taper: float


def draw_view(eyepiece: Eyepiece, shape: tuple[int, int], rng: np.random.Generator) -> View:
    """Return where circle and needle stand in a picture of ``shape``."""
    height, width = shape
    y, x = eyepiece.centre_y.one(rng) * height, eyepiece.centre_x.one(rng) * width
    radius = eyepiece.radius.one(rng) * width
    lean, tip = rng.uniform(-0.03, 0.03), rng.uniform(-0.03, 0.03, size=2) * width
    return View(
        y=y,
        x=x,
        radius=radius,
        tip_y=y + float(tip[0]),
        tip_x=x + float(tip[1]),
        angle=float(lean),
        width=eyepiece.needle_width * width,
        taper=eyepiece.needle_taper * width,
    )


def field_mask(view: View, shape: tuple[int, int]) -> MaskArray:
    """Return the pixels whose centres lie in the bright circle; the needle is part of the field."""
    return np.asarray(_from_edge(view, shape) <= 0)


def needle_mask(view: View, shape: tuple[int, int]) -> MaskArray:
    """Return the pixels whose centres the needle covers; none without a needle."""
    covered = np.zeros(shape, dtype=bool)
    if view.width > 0:
        columns = _needle_columns(view, shape)
        covered[:, columns] = _from_needle(view, shape, columns) <= 0
    return covered


def look_through(
    eyepiece: Eyepiece, view: View, light: PictureArray, rng: np.random.Generator
) -> PictureArray:
    """Return the light that leaves the eyepiece.

    Parameters
    ----------
    eyepiece, view : Eyepiece, View
        Settings, and where circle and needle stand.
    light : float32 array, 1 or 3 x H x W
        What the slide sends; changed in place.
    rng : numpy.random.Generator
        Of the part ``eyepiece``, for the glow in the surround.
    """
    shape = (light.shape[1], light.shape[2])
    from_edge = _from_edge(view, shape)
    glow = 1.0 + np.float32(0.25) * noise_surface(rng, max(8, shape[1] // 5), shape)
    # The glow fades away from the circle, towards the tube's black wall.
    glow *= 1.0 / (1.0 + np.maximum(from_edge, np.float32(0)) * np.float32(4.0 / shape[1]))
    if eyepiece.veil > 0:
        glow += np.float32(eyepiece.veil) * _veil(view, shape)
    needle = _needle_share(view, shape)
    if len(light) == 3:
        _cast(eyepiece, view, light)
        for channel, more in ((0, eyepiece.red_magnified), (2, eyepiece.blue_magnified)):
            if more != 0:
                light[channel] = magnified(light[channel], 1.0 + more, (view.y, view.x))
    for channel in range(len(light)):
        outward = eyepiece.fringe_px * (channel - 1) if len(light) == 3 else 0.0
        depth = (np.float32(outward) - from_edge) * np.float32(1.0 / eyepiece.softness_px)
        open_share = np.clip(depth + np.float32(0.5), np.float32(0), np.float32(1))
        rim = np.clip(np.float32(1) - np.abs(depth - np.float32(1.2)), np.float32(0), np.float32(1))
        light[channel] *= open_share * (np.float32(1) + np.float32(eyepiece.rim) * rim) * needle
        light[channel] += np.float32(eyepiece.stray[channel]) * glow
    return light


def magnified(values: PictureArray, factor: float, centre_yx: tuple[float, float]) -> PictureArray:
    """Return a channel enlarged about a point, bilinear; beyond the picture its border goes on.

    >>> magnified(np.array([[0.0, 1.0, 2.0, 3.0]], dtype=np.float32), 2.0, (0.0, 0.0)).tolist()
    [[0.0, 0.5, 1.0, 1.5]]
    """
    above, share = _sources(values.shape[0], factor, centre_yx[0])
    rows = values.take(above, axis=0)
    rows += (values.take(above + 1, axis=0, mode="clip") - rows) * share[:, None]
    left, share = _sources(values.shape[1], factor, centre_yx[1])
    columns = rows.take(left, axis=1)
    columns += (rows.take(left + 1, axis=1, mode="clip") - columns) * share[None, :]
    return columns


def _sources(size: int, factor: float, centre: float) -> tuple[NDArray[np.intp], PictureArray]:
    """Return for each pixel of a line the one before its source, and how far past it the source lies."""
    source = np.clip(centre + (np.arange(size) - centre) / factor, 0.0, size - 1.0)
    before = np.floor(source).astype(np.intp)
    return before, (source - before).astype(np.float32)


def _cast(eyepiece: Eyepiece, view: View, light: PictureArray) -> None:
    """Colour the light from side to side, in place: even in the middle, squared towards either end."""
    if eyepiece.left == EVEN and eyepiece.right == EVEN:
        return
    place = np.clip((np.arange(light.shape[2]) - view.x) / view.radius, -1.0, 1.0)
    for channel in range(3):
        ends = np.where(place < 0, eyepiece.left[channel], eyepiece.right[channel])
        light[channel] *= (1.0 + (ends - 1.0) * place**2).astype(np.float32)[None, :]


def _veil(view: View, shape: tuple[int, int]) -> PictureArray:
    """Return the reflections: broad upright bands, bent around the circle, none of them within it."""
    veil = np.zeros(shape, dtype=np.float32)
    bow = 0.25 * ((np.arange(shape[0]) - view.y) / shape[1]) ** 2
    across = (np.arange(shape[1]) - view.x) / (2.0 * view.radius)
    for at, wide, bright in _VEILS:
        apart = (across[None, :] - at + math.copysign(1.0, at) * bow[:, None]) / wide
        veil += (bright * np.maximum(1.0 - apart * apart, 0.0)).astype(np.float32)
    return veil


def _from_edge(view: View, shape: tuple[int, int]) -> PictureArray:
    """Return the signed distance to the circle in pixels, negative in the field."""
    down = (np.arange(shape[0]) - view.y).astype(np.float32)[:, None]
    right = (np.arange(shape[1]) - view.x).astype(np.float32)[None, :]
    return np.sqrt(down * down + right * right) - np.float32(view.radius)


def _needle_columns(view: View, shape: tuple[int, int]) -> slice:
    sway = abs(math.tan(view.angle)) * shape[0] + view.width + 8.0
    return slice(max(int(view.tip_x - sway), 0), max(min(int(view.tip_x + sway) + 1, shape[1]), 0))


def _from_needle(view: View, shape: tuple[int, int], columns: slice) -> FloatArray:
    """Return the distance to the needle's side, in pixels, within some columns; it comes from below."""
    down = (np.arange(shape[0]) - view.tip_y)[:, None]
    right = (np.arange(columns.start, columns.stop) - view.tip_x)[None, :]
    along = down * math.cos(view.angle) + right * math.sin(view.angle)
    across = right * math.cos(view.angle) - down * math.sin(view.angle)
    ready = np.clip(along / view.taper, 0.0, 1.0)
    # A parabola: blunt at the tip, and running smoothly into the straight sides.
    half = 0.5 * view.width * ready * (2.0 - ready)
    return np.asarray(np.maximum(np.abs(across) - half, -along))


def _needle_share(view: View, shape: tuple[int, int]) -> PictureArray:
    """Return the share of light that passes beside the needle, with a bright line along its sides."""
    share = np.ones(shape, dtype=np.float32)
    if view.width > 0:
        columns = _needle_columns(view, shape)
        distance = _from_needle(view, shape, columns)
        line = np.clip(1.0 - np.abs(distance - 2.4) / 2.0, 0.0, 1.0)
        share[:, columns] = np.clip(0.5 + distance / 2.5, 0.02, 1.0) + 0.17 * line
    return share
