"""Many small things from a few prints: the fine dust and granules that cover a real slide.

A slide holds thousands of particles of a few pixels. Each by itself would cost a profile and a distance;
nobody can tell two hundred different ones from two thousand. So some dozens of *prints* are made once a
picture, and copies of them, turned, mirrored and more or less strong, are multiplied onto the canvas.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sporemetry.dataset.synthesis.canvas import Canvas, Lens
from sporemetry.dataset.synthesis.clutter import Bodies, Threads, scatter
from sporemetry.dataset.synthesis.debris import Blob, Thread, random_waves, wander
from sporemetry.dataset.synthesis.optics import make_profile
from sporemetry.dataset.synthesis.samples import gamma_factor
from sporemetry.errors import SettingsError

PictureArray = NDArray[np.float32]

MOST_PRINTS = 256
_MOST_PRINT_PX = 257  # side of a print; a larger thing is cut off there


@dataclass(frozen=True, slots=True, kw_only=True)
class Flock:
    """Settings of many things of one kind.

    Attributes
    ----------
    kind : Bodies or Threads
        What they are, how many and where. ``branches`` and ``aligned`` of threads are not used.
    prints : int
        How many different ones are made, 1 to :data:`MOST_PRINTS`; each is seen in eight positions.
    variation : float
        Standard deviation, from picture to picture, of the factor on the mean number (gamma distributed), in
        place of the kind's own.

    Raises
    ------
    SettingsError
        For a number of prints outside those bounds, or a negative variation.
    """

    kind: Bodies | Threads
    prints: int = 40
    variation: float = 0.0

    def __post_init__(self) -> None:
        if not (1 <= self.prints <= MOST_PRINTS and self.variation >= 0):
            raise SettingsError(
                "flock",
                expected=f"1 to {MOST_PRINTS} prints and a variation of 0 or more",
                found=f"{self.prints} prints, variation {self.variation}",
            )


@dataclass(frozen=True, slots=True, eq=False)
class Print:
    """What one thing changes about the light, ready to be copied.

    Attributes
    ----------
    changes : tuple of float32 arrays, channels x h x w
        Transmission less 1 in eight positions (one for a thing that is a circle), the thing in the middle.
    """

    changes: tuple[PictureArray, ...]

    def press(self, canvas: Canvas, y_um: float, x_um: float, strength: float, position: int = 0) -> None:
        """Multiply a copy onto the canvas, its middle on the nearest pixel; what lies outside is left out."""
        change = self.changes[position % len(self.changes)]
        scale = canvas.lens.um_per_px
        # Red and blue land beside green by whole pixels: a print has no finer place.
        shifts = canvas.lens.shifts(y_um, x_um) if len(change) == 3 else ((0.0, 0.0),)
        for channel, (down, right) in enumerate(shifts):
            top = round((y_um + down) / scale) - change.shape[1] // 2
            left = round((x_um + right) / scale) - change.shape[2] // 2
            window = canvas.transmission[channel, max(top, 0) : max(top + change.shape[1], 0)]
            window = window[:, max(left, 0) : max(left + change.shape[2], 0)]
            if window.size:
                first, across = max(-top, 0), max(-left, 0)
                part = change[channel, first : first + window.shape[0], across : across + window.shape[1]]
                window *= np.maximum(np.float32(1) + np.float32(strength) * part, np.float32(0))


def stamp_flock(canvas: Canvas, flock: Flock, rng: np.random.Generator) -> None:
    """Scatter copies of a few prints over the picture and its surroundings; none at a density of 0."""
    kind = flock.kind
    density = kind.per_mm2 * gamma_factor(flock.variation, rng)
    prints = make_prints(kind, flock.prints, canvas, rng)
    margin = 0.5 * max(one.changes[0].shape[1] for one in prints) * canvas.lens.um_per_px
    height, width = (size * canvas.lens.um_per_px for size in canvas.shape)
    places, _ = scatter(rng, density, (-margin, -margin, height + margin, width + margin), kind)
    strengths = kind.strength.draw(rng, len(places))
    picks = rng.integers(len(prints), size=len(places))
    positions = rng.integers(8, size=len(places))
    for (y, x), strength, pick, position in zip(places, strengths, picks, positions, strict=True):
        prints[int(pick)].press(canvas, float(y), float(x), float(strength), int(position))


def make_prints(kind: Bodies | Threads, count: int, canvas: Canvas, rng: np.random.Generator) -> list[Print]:
    """Return ``count`` prints of things of one kind, of strength 1, for a canvas."""
    channels, scale = len(canvas.transmission), canvas.lens.um_per_px
    if isinstance(kind, Bodies):
        return [_print_body(kind, channels, scale, rng) for _ in range(count)]
    return [_print_thread(kind, channels, scale, rng) for _ in range(count)]


def _print_body(kind: Bodies, channels: int, um_per_px: float, rng: np.random.Generator) -> Print:
    radius, blur = kind.radius_um.one(rng), kind.blur_um.one(rng)
    waves = random_waves(rng, kind.irregularity * radius / (radius + 2.0 * blur))
    profile = make_profile(kind.look, half_width_um=radius, blur_um=blur)
    blob = Blob(0.0, 0.0, radius, waves)
    reach = blob.bounds()[3] + profile.reach_um
    paper, middle = _paper(reach, channels, um_per_px)
    paper.stamp(Blob(middle, middle, radius, waves), profile)
    return positions(paper.transmission - np.float32(1), turn=bool(waves))


def _print_thread(kind: Threads, channels: int, um_per_px: float, rng: np.random.Generator) -> Print:
    width, blur, length = kind.width_um.one(rng), kind.blur_um.one(rng), kind.length_um.one(rng)
    heading = float(rng.uniform(0.0, 2 * math.pi))
    pieces = wander(rng, (0.0, 0.0), heading, length=length, step=kind.step_um, waviness=kind.waviness)
    profile = make_profile(kind.look, half_width_um=0.5 * width, blur_um=blur)
    corners = pieces.reshape(-1, 2)
    corners = corners - 0.5 * (corners.min(axis=0) + corners.max(axis=0))
    reach = float(np.abs(corners).max()) + 0.5 * width + profile.reach_um
    paper, middle = _paper(reach, channels, um_per_px)
    paper.stamp(Thread((corners + middle).reshape(-1, 4), width, profile.reach_um), profile)
    return positions(paper.transmission - np.float32(1), turn=True)


def _paper(reach_um: float, channels: int, um_per_px: float) -> tuple[Canvas, float]:
    """Return a small canvas for one print, and where its middle lies in µm."""
    side = min(2 * math.ceil(reach_um / um_per_px) + 1, _MOST_PRINT_PX)
    return Canvas((side, side), channels, Lens(um_per_px, (0.0, 0.0))), (side // 2) * um_per_px


def positions(change: PictureArray, *, turn: bool) -> Print:
    """Return the print of a change, channels x n x n, in eight positions; in one if it need not be turned."""
    if not turn:
        return Print((change,))
    turned = [np.rot90(change, times, axes=(1, 2)) for times in range(4)]
    mirrored = [one[:, :, ::-1] for one in turned]
    return Print(tuple(np.ascontiguousarray(one) for one in (*turned, *mirrored)))
