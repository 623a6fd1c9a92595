"""Which part of a picture can be counted: all of it, or the bright circle of an eyepiece.

A phone at the eyepiece gives a bright disc in a dark surround, and the disc alone is the area that a
density refers to. The circle is fitted in two steps: a random-sample consensus over the outline of the
bright region finds it in a small copy of the picture, and a robust fit to the steps of brightness along
its radii places it in the full picture. Dirt, spores and a pointer needle at the rim are outliers to both.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sporemetry.errors import SettingsError

MaskArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
Pixels = NDArray[np.uint8] | NDArray[np.uint16]

WHOLE, CIRCLE = "whole picture", "eyepiece circle"
FIELD_MODES = ("auto", "whole", "circle")

_SMALL_SIDE_PX = 400  # longest side of the copy in which the circle is sought
_SAMPLES = 400  # with half the outline outliers, all fail with a probability of 1e-23
_SEED = 20191112
_RADIUS_RANGE = (0.15, 2.0)  # of the longest side
_RAYS = 720
_LEAST_ARC = 0.6  # of the circle's length within the picture, where the step must be seen
_LEAST_ARC_ANGLE = 90.0  # degrees of circle within the picture; less does not fix a circle
_SURROUND_DARKNESS = 0.5  # the surround is darker than this part of the disc's brightness
_LEAST_SURROUND = 0.01  # of the picture
_LEAST_AGREEMENT = 0.9  # of the pixels: bright inside, dark outside
_LEAST_CONTRAST = 0.1  # of the brightest level, between disc and surround


@dataclass(frozen=True)
class Circle:
    """A circle in pixel coordinates; the centre of the top left pixel is (0, 0)."""

    centre_y: float
    centre_x: float
    radius: float


@dataclass(frozen=True, eq=False)
class Field:
    """The part of a picture that can be counted.

    Attributes
    ----------
    mask : (H, W) bool array
        True where a pixel's centre belongs to the field.
    kind : str
        ``"whole picture"`` or ``"eyepiece circle"``.
    circle : Circle or None
        The circle, which may reach beyond the picture.
    """

    mask: MaskArray
    kind: str
    circle: Circle | None

    @property
    def area_px(self) -> int:
        """The field's area in pixels."""
        return int(np.count_nonzero(self.mask))


def find_field(pixels: Pixels, mode: str = "auto") -> Field:
    """Find the part of a picture that can be counted.

    Parameters
    ----------
    pixels : (H, W, 3) uint8 or uint16 array
        The picture.
    mode : {"auto", "whole", "circle"}
        ``"auto"`` takes the whole picture unless a bright disc in a dark surround is clearly there.

    Returns
    -------
    Field
        A dark or blank picture is a whole picture.

    Raises
    ------
    SettingsError
        When ``mode`` is none of the three, ``pixels`` is no such array, or ``"circle"`` is asked for and
        none is there.

    Examples
    --------
    >>> import numpy as np
    >>> y, x = np.mgrid[:200, :300]
    >>> disc = np.hypot(y - 100, x - 150) < 90
    >>> field = find_field(np.repeat(np.uint8(20 + 180 * disc)[..., None], 3, axis=2))
    >>> field.kind, round(field.circle.radius)
    ('eyepiece circle', 90)
    """
    _check(pixels, mode)
    circle = None if mode == "whole" else _find_circle(pixels)
    if circle is not None:
        return Field(circle_mask(circle, (pixels.shape[0], pixels.shape[1])), CIRCLE, circle)
    if mode == "circle":
        raise SettingsError(
            "field",
            expected="a bright disc in a dark surround",
            found="none in this picture",
            remedy='Use "auto" or "whole" for pictures without an eyepiece circle.',
        )
    return Field(np.ones(pixels.shape[:2], dtype=np.bool_), WHOLE, None)


def circle_mask(circle: Circle, shape: tuple[int, int]) -> MaskArray:
    """Return a bool array of ``shape``, true for pixels whose centre is on or within the circle."""
    y = np.arange(shape[0])[:, None] - circle.centre_y
    x = np.arange(shape[1])[None, :] - circle.centre_x
    return np.asarray(y * y + x * x <= circle.radius**2)


def _check(pixels: Pixels, mode: str) -> None:
    if mode not in FIELD_MODES:
        raise SettingsError("field", expected=f"one of {', '.join(FIELD_MODES)}", found=repr(mode))
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype not in (np.uint8, np.uint16):
        raise SettingsError(
            "pixels",
            expected="a uint8 or uint16 array of shape (height, width, 3)",
            found=f"{pixels.dtype} of shape {pixels.shape}",
        )


def _find_circle(pixels: Pixels) -> Circle | None:
    """Find, refine and check the circle; None when there is none."""
    if min(pixels.shape[:2]) < 32:
        return None
    light = _brightness(pixels)
    scale = max(1.0, max(light.shape) / _SMALL_SIDE_PX)
    size = (round(light.shape[1] / scale), round(light.shape[0] / scale))
    small = cv2.resize(light, size, interpolation=cv2.INTER_AREA) if scale > 1 else light
    bright = _bright_region(small)
    if bright is None:
        return None
    rough = _consensus(_outline(bright), max(small.shape))
    if rough is None:
        return None
    circle = Circle(
        (rough.centre_y + 0.5) * scale - 0.5, (rough.centre_x + 0.5) * scale - 0.5, rough.radius * scale
    )
    for width in (4 * scale + 4, 6.0):
        refined = _refine(light, circle, width)
        if refined is None:
            return None
        circle = refined
    return circle if _is_field(light, circle) else None


def _brightness(pixels: Pixels) -> NDArray[np.float32]:
    """Return the brightest channel, a little smoothed, as a part of the brightest level there is.

    The brightest channel, since a coloured rim is no dark surround; relative to the brightest level, since
    cameras store 12 bits in 16. The highest thousandth of the levels does not count.
    """
    # Faster than the maximum along the axis.
    levels = np.maximum(np.maximum(pixels[..., 0], pixels[..., 1]), pixels[..., 2]).astype(np.float32)
    if pixels.dtype == np.uint16:
        levels /= np.float32(257)  # exact: 8-bit levels times 257 give the circle of 8-bit levels
    top = np.partition(levels.ravel(), -(levels.size // 1000) - 1)[-(levels.size // 1000) - 1]
    smooth = cv2.GaussianBlur(levels, (0, 0), 1.0) / max(float(top), 1e-6)
    return np.asarray(np.minimum(smooth, 1), dtype=np.float32)


def _bright_region(light: NDArray[np.float32]) -> MaskArray | None:
    """Return the largest bright region without its holes, None when the picture has not two levels.

    Otsu's threshold on the logarithm: light that is uneven within the disc stays on one side of it.
    """
    level = np.log(np.maximum(light, np.float32(1 / 255)))
    low, high = float(level.min()), float(level.max())
    if high - low < np.log(1 / _SURROUND_DARKNESS):
        return None
    steps = np.round((level - low) / (high - low) * 255).astype(np.uint8)
    bright = cv2.threshold(steps, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1]
    _, regions, stats, _ = cv2.connectedComponentsWithStats(bright, connectivity=4)
    if len(stats) < 2:
        return None
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    return np.asarray(ndimage.binary_fill_holes(regions == largest))


def _outline(region: MaskArray) -> FloatArray:
    """Return n x 2 (y, x): the region's border pixels that do not lie at the picture's border."""
    inner = cv2.erode(region.astype(np.uint8), np.ones((3, 3), np.uint8), borderType=cv2.BORDER_REPLICATE)
    rim = region & (inner == 0)
    rim[[0, -1]] = False
    rim[:, [0, -1]] = False
    return np.argwhere(rim).astype(np.float64)


def _consensus(points: FloatArray, side: int) -> Circle | None:
    """Fit circles through random triples of points; return the one that most points agree with.

    M. A. Fischler, R. C. Bolles, Commun. ACM 24(6), 1981, doi:10.1145/358669.358692. The seed is fixed.
    """
    if len(points) < 30:
        return None
    rng = np.random.default_rng(_SEED)
    triples = points[rng.integers(0, len(points), (_SAMPLES, 3))]
    centres, radii = _circles_through(triples)
    usable = (radii >= _RADIUS_RANGE[0] * side) & (radii <= _RADIUS_RANGE[1] * side)
    if not usable.any():
        return None
    centres, radii = centres[usable], radii[usable]
    thinned = points[:: max(1, len(points) // 800)]
    # candidates x points
    distance = np.hypot(thinned[None, :, 0] - centres[:, :1], thinned[None, :, 1] - centres[:, 1:])
    agreeing = (np.abs(distance - radii[:, None]) <= 1.5).sum(axis=1)
    best = int(np.argmax(agreeing))
    return Circle(float(centres[best, 0]), float(centres[best, 1]), float(radii[best]))


def _circles_through(triples: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the centres (n x 2) and radii (n) of circles through n x 3 x 2 points; NaN for lines."""
    first, second, third = triples[:, 0], triples[:, 1] - triples[:, 0], triples[:, 2] - triples[:, 0]
    cross = 2 * (second[:, 0] * third[:, 1] - second[:, 1] * third[:, 0])
    cross = np.where(np.abs(cross) < 1e-9, np.nan, cross)
    b, c = (second**2).sum(axis=1), (third**2).sum(axis=1)
    y = (third[:, 1] * b - second[:, 1] * c) / cross
    x = (second[:, 0] * c - third[:, 0] * b) / cross
    return first + np.stack([y, x], axis=1), np.hypot(y, x)


def _refine(light: NDArray[np.float32], circle: Circle, width: float) -> Circle | None:
    """Fit the circle to the half-way points of the steps of brightness within ``width`` px of it."""
    angles, radii, steps = _ray_steps(light, circle, width)
    found = steps >= 0.5 * max(float(np.median(steps)) if steps.size else 0.0, _LEAST_CONTRAST)
    if np.count_nonzero(found) < 30:
        return None
    y = circle.centre_y + radii[found] * np.sin(angles[found])
    x = circle.centre_x + radii[found] * np.cos(angles[found])
    return _fit_circle(y, x, circle)


def _ray_steps(
    light: NDArray[np.float32], circle: Circle, width: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Sample the brightness along rays across the circle, for rays wholly within the picture.

    Returns
    -------
    angles, radii, steps : (n,) float64 arrays
        The ray, where it passes the half level from outside, and how much darker it is outside.
    """
    angles = np.arange(_RAYS) * (2 * np.pi / _RAYS)
    offsets = np.arange(-width, width + 0.25, 0.5)
    y = circle.centre_y + np.sin(angles)[:, None] * (circle.radius + offsets)
    x = circle.centre_x + np.cos(angles)[:, None] * (circle.radius + offsets)
    within = ((y >= 0) & (y <= light.shape[0] - 1) & (x >= 0) & (x <= light.shape[1] - 1)).all(axis=1)
    if not within.any():
        return np.empty(0), np.empty(0), np.empty(0)
    profiles = ndimage.map_coordinates(light, [y[within], x[within]], order=1).astype(np.float64)
    quarter = max(1, len(offsets) // 4)
    inner = np.median(profiles[:, :quarter], axis=1)
    outer = np.median(profiles[:, -quarter:], axis=1)
    half = (inner + outer)[:, None] / 2
    # The last sample that is still bright, and how far beyond it the half level is reached.
    last = len(offsets) - 1 - np.argmax(profiles[:, ::-1] > half, axis=1)
    last = np.minimum(last, len(offsets) - 2)
    rows = np.arange(len(profiles))
    here, beyond = profiles[rows, last], profiles[rows, last + 1]
    part = np.clip((here - half[:, 0]) / np.maximum(here - beyond, 1e-9), 0, 1)
    return angles[within], circle.radius + offsets[last] + 0.5 * part, inner - outer


def _fit_circle(y: FloatArray, x: FloatArray, start: Circle) -> Circle:
    """Fit by least geometric distance, reweighted by Tukey's biweight (20 Gauss-Newton steps)."""
    centre_y, centre_x, radius = start.centre_y, start.centre_x, start.radius
    for _ in range(20):
        dy, dx = y - centre_y, x - centre_x
        distance = np.maximum(np.hypot(dy, dx), 1e-9)
        residual = distance - radius
        scale = max(4.685 * 1.4826 * float(np.median(np.abs(residual - np.median(residual)))), 0.5)
        root = np.clip(1 - (residual / scale) ** 2, 0, None)  # the square root of the weight
        if np.count_nonzero(root) < 3:
            root = np.ones_like(residual)
        jacobian = np.stack([dy / distance, dx / distance, np.ones_like(dy)], axis=1)
        step = np.linalg.lstsq(jacobian * root[:, None], residual * root, rcond=None)[0]
        centre_y, centre_x, radius = centre_y + step[0], centre_x + step[1], radius + step[2]
    return Circle(float(centre_y), float(centre_x), float(radius))


def _is_field(light: NDArray[np.float32], circle: Circle) -> bool:
    """Tell whether the circle parts a bright disc from a dark surround by a sharp step."""
    side = max(light.shape)
    if not _RADIUS_RANGE[0] * side <= circle.radius <= _RADIUS_RANGE[1] * side:
        return False
    inside = circle_mask(Circle(circle.centre_y, circle.centre_x, circle.radius - 6), light.shape)
    outside = ~circle_mask(Circle(circle.centre_y, circle.centre_x, circle.radius + 6), light.shape)
    if not inside.any() or outside.mean() < _LEAST_SURROUND:
        return False
    bright, dark = float(np.median(light[inside])), float(np.median(light[outside]))
    if dark > _SURROUND_DARKNESS * bright or bright - dark < _LEAST_CONTRAST:
        return False
    middle = (bright + dark) / 2
    if min((light[inside] > middle).mean(), (light[outside] < middle).mean()) < _LEAST_AGREEMENT:
        return False
    _, radii, steps = _ray_steps(light, circle, 6.0)
    sharp = (steps >= 0.4 * (bright - dark)) & (np.abs(radii - circle.radius) <= 3)
    enough = len(radii) * 360 / _RAYS >= _LEAST_ARC_ANGLE
    return bool(enough and sharp.mean() >= _LEAST_ARC)
