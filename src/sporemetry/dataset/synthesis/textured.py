"""Things with an inner structure: pollen grains, crystals, flakes of cuticle, heaps of granules.

A :class:`Textured` thing has a contour with a look like everything else. Within it the light varies from
place to place: smooth noise of one grain, as it is (granules) or folded (wrinkles with sharp dark creases);
and there may be a body within it, the cell of a pollen grain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sporemetry.dataset.synthesis.canvas import Canvas, Placed, pixel_window
from sporemetry.dataset.synthesis.clutter import Bodies, scatter
from sporemetry.dataset.synthesis.debris import Blob, Shard, random_corners, random_waves
from sporemetry.dataset.synthesis.draws import Spread
from sporemetry.dataset.synthesis.light import noise_surface
from sporemetry.dataset.synthesis.optics import UNSEEN, Look, make_profile
from sporemetry.dataset.synthesis.samples import gamma_factor

FloatArray = NDArray[np.float64]
PictureArray = NDArray[np.float32]

_KERNEL = Spread(0.6, 0.1, 0.4, 0.75)
_FOLDS = 1.6  # creases a standard deviation of the noise


@dataclass(frozen=True, slots=True, kw_only=True)
class Textured:
    """Settings of things of one kind.

    Attributes
    ----------
    outer : Bodies
        Their number, sizes, contours, looks and blur.
    variation : float
        Standard deviation, from picture to picture, of the factor on their number (gamma distributed).
    form : {"round", "shard"}
        Contour: a circle with bumps, or straight edges between corners.
    grain_um : Spread
        Distance of the knots of the texture, one draw a thing.
    contrast : float
        Standard deviation (granules) or half the range (creases) of the texture, as a share of the light.
    creased : bool
        Folded noise, wrinkles, instead of granules.
    gaps : float
        0 fills the contour with texture; 1 leaves about half of it clear, in patches.
    edge_um : float
        Width over which the texture fades at the contour.
    kernel : Look
        Of the body within; none is drawn for a look that is unseen.
    kernel_share : Spread
        Its radius as a share of the whole's.
    """

    outer: Bodies
    grain_um: Spread
    contrast: float
    variation: float = 0.0
    form: Literal["round", "shard"] = "round"
    creased: bool = False
    gaps: float = 0.0
    edge_um: float = 0.6
    kernel: Look = UNSEEN
    kernel_share: Spread = _KERNEL


def stamp_textured(canvas: Canvas, kind: Textured, rng: np.random.Generator) -> None:
    """Scatter things of one kind over the picture and its surroundings; none at a density of 0."""
    outer = kind.outer
    height, width = (size * canvas.lens.um_per_px for size in canvas.shape)
    margin = outer.radius_um.high
    box = (-margin, -margin, height + margin, width + margin)
    density = outer.per_mm2 * gamma_factor(kind.variation, rng)
    places, _ = scatter(rng, density, box, outer)
    for y, x in places:
        _stamp_one(canvas, kind, float(y), float(x), rng)


def folded(values: PictureArray) -> PictureArray:
    """Return a surface folded into creases: 1 on the crests, -1 in the sharp valleys between.

    >>> folded(np.array([0.0, 0.5, 1.0, 2.0], dtype=np.float32)).tolist()
    [1.0, 0.5, -1.0, 1.0]
    """
    wave = values - np.float32(2) * np.rint(values * np.float32(0.5))
    return np.asarray(np.float32(1) - np.float32(2) * wave * wave)


def _stamp_one(canvas: Canvas, kind: Textured, y: float, x: float, rng: np.random.Generator) -> None:
    outer = kind.outer
    radius, strength, blur = outer.radius_um.one(rng), outer.strength.one(rng), outer.blur_um.one(rng)
    thing = _form(kind, y, x, radius, rng)
    canvas.stamp(thing, make_profile(outer.look, half_width_um=radius, blur_um=blur, strength=strength))
    _texture(canvas, kind, thing, strength, blur, rng)
    if kind.kernel != UNSEEN:
        within = radius * kind.kernel_share.one(rng)
        room = 0.6 * (radius - within) * rng.uniform(-1.0, 1.0, 2)
        kernel = Blob(y + float(room[0]), x + float(room[1]), within, random_waves(rng, 0.2))
        canvas.stamp(kernel, make_profile(kind.kernel, half_width_um=within, blur_um=blur, strength=strength))


def _form(kind: Textured, y: float, x: float, radius: float, rng: np.random.Generator) -> Placed:
    if kind.form == "shard":
        return Shard(random_corners(rng, y, x, radius, kind.outer.irregularity))
    return Blob(y, x, radius, random_waves(rng, kind.outer.irregularity))


def _texture(
    canvas: Canvas, kind: Textured, thing: Placed, strength: float, blur: float, rng: np.random.Generator
) -> None:
    scale = canvas.lens.um_per_px
    grain = kind.grain_um.one(rng) + blur  # blur leaves only the coarser part
    rows, columns = pixel_window(thing.bounds(), scale, canvas.shape)
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    if min(shape) < 1:
        return
    cell = max(2, round(grain / scale))
    pattern = noise_surface(rng, cell, shape)
    if kind.creased:
        pattern = folded(pattern * np.float32(_FOLDS))
    if kind.gaps > 0:
        patches = noise_surface(rng, 4 * cell, shape) * np.float32(1.5) + np.float32(1 - kind.gaps)
        pattern = pattern * np.clip(patches, np.float32(0), np.float32(1))
    y = np.arange(rows.start, rows.stop)[:, None] * scale
    x = np.arange(columns.start, columns.stop)[None, :] * scale
    inside = np.clip(-thing.distance(y, x) / max(kind.edge_um, 1e-9), 0.0, 1.0).astype(np.float32)
    change = np.float32(kind.contrast * strength) * pattern * inside
    canvas.transmission[:, rows, columns] *= np.maximum(np.float32(1) + change, np.float32(0))
