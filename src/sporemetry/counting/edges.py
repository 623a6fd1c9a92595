"""Which of the spores that touch the picture's or the field's edge are counted.

A spore cut by the edge belongs to this picture or to its neighbour, and an unbiased count takes it in one
of the two. The rule is Gundersen's [1]_: two sides of the frame are *including*, the two others are
*forbidden*, and whatever touches a forbidden side is not counted, even when it touches an including one
as well. So of the four corners only the one between the including sides counts.

Gundersen's forbidden line does not end at the corners: it runs on, straight, beyond the two corners where a
forbidden side meets an including one, so that it parts the plane in two. With those extensions a plane of
frames counts each object in exactly one frame, whatever its shape. A picture shows nothing outside
itself, so a spore that leaves through an including side and meets an extension out there cannot be told
from one that does not, and both are counted. ``docs/counting.md`` says how little that is.

References
----------
.. [1] H. J. G. Gundersen (1977), Notes on the estimation of the numerical density of arbitrary
   profiles: the edge effect, Journal of Microscopy 111, 219-223, doi:10.1111/j.1365-2818.1977.tb00062.x
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import SettingsError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class EdgeRule:
    """One rule for spores on the edge.

    Attributes
    ----------
    description : str
        The rule in one sentence, for reports.
    including : callable
        Takes the outward normals (``normal_y`` downwards, ``normal_x`` to the right; float64 arrays) of
        places on the edge, and says for each whether a spore that touches it there may be counted.
    """

    description: str
    including: Callable[[Floats, Floats], Bools]


EDGE_RULES: dict[str, EdgeRule] = {
    "top-left": EdgeRule(
        "Spores on the top or left edge are counted, spores on the bottom or right edge are not.",
        lambda normal_y, normal_x: normal_y + normal_x < 0,
    ),
    "top-right": EdgeRule(
        "Spores on the top or right edge are counted, spores on the bottom or left edge are not.",
        lambda normal_y, normal_x: normal_y - normal_x < 0,
    ),
    "bottom-left": EdgeRule(
        "Spores on the bottom or left edge are counted, spores on the top or right edge are not.",
        lambda normal_y, normal_x: normal_x - normal_y < 0,
    ),
    "bottom-right": EdgeRule(
        "Spores on the bottom or right edge are counted, spores on the top or left edge are not.",
        lambda normal_y, normal_x: -normal_y - normal_x < 0,
    ),
    "all": EdgeRule(
        "All spores are counted, those cut by the edge too; densities come out too high.",
        lambda normal_y, _: np.ones(normal_y.shape, dtype=np.bool_),
    ),
    "exclude": EdgeRule(
        "No spore that touches the edge is counted; densities come out too low.",
        lambda normal_y, _: np.zeros(normal_y.shape, dtype=np.bool_),
    ),
}
DEFAULT_EDGE_RULE = "top-left"

# The field's outline is a staircase of pixels. Its direction is read from the field within this part of the
# picture's shorter side, and at least within so many pixels. A circle of R px has stairs of exactly 45
# degrees over about sqrt(1.4 R) px to each side of where the rule changes; with a shorter reach all of them
# would fall on one side.
_NORMAL_REACH = 1 / 24
_LEAST_REACH_PX = 12


@dataclass(frozen=True)
class EdgeResult:
    """What the edge rule says of each spore; the arrays have one entry a label.

    Attributes
    ----------
    labels : int32 array
        The labels present, ascending.
    touches_edge : bool array
        The spore has a pixel on the picture's border or beside a pixel outside the field.
    counted : bool array
        The spore is counted. A label wholly outside the field never is.
    """

    labels: NDArray[np.int32]
    touches_edge: Bools
    counted: Bools


def apply_edge_rule(
    labels: NDArray[np.int32], field_mask: Bools | None = None, rule: str = DEFAULT_EDGE_RULE
) -> EdgeResult:
    """Say which spores touch the edge, and which are counted.

    On the picture's border the outward normal is the side's. On the edge of a field inside the picture, such
    as an eyepiece's circle, it is the local direction of the field's outline; with the rule ``top-left`` a
    place with the normal n includes when ``n_y + n_x < 0``, which is the upper left half of a circle. Where
    the picture cuts the circle, the picture's side holds. A spore that touches an including and a forbidden
    place is not counted.

    Parameters
    ----------
    labels : int32 array, H x W
        0 background, each positive number one connected spore. Gaps in the numbers are allowed.
    field_mask : bool array, H x W, or None
        Where the picture can be counted; None for the whole picture.
    rule : str
        A key of :data:`EDGE_RULES`.

    Returns
    -------
    EdgeResult
        Without labels its arrays are empty.

    Raises
    ------
    SettingsError
        An unknown rule; labels that are not a two-dimensional array of whole numbers of 0 or more; a field
        mask that is not bool or has another shape.

    Examples
    --------
    Spore 1 touches the left border, 2 none, 3 the right one, 4 the bottom and left ones:

    >>> labels = np.array([[0, 0, 0, 0, 0],
    ...                    [1, 0, 2, 0, 3],
    ...                    [1, 0, 0, 0, 3],
    ...                    [0, 0, 0, 0, 0],
    ...                    [4, 0, 0, 0, 0]], dtype=np.int32)
    >>> result = apply_edge_rule(labels)
    >>> result.touches_edge.tolist()
    [True, False, True, True]
    >>> result.counted.tolist()
    [True, True, False, False]
    """
    chosen = _find_rule(rule)
    _check(labels, field_mask)
    present = _labels_present(labels)
    touching, normal_y, normal_x = _contacts(labels, field_mask)
    touches_edge = np.isin(present, touching)
    counted = ~np.isin(present, touching[~chosen.including(normal_y, normal_x)])
    if field_mask is not None:
        counted &= np.isin(present, _labels_present(np.where(field_mask, labels, 0)))
    return EdgeResult(present, touches_edge, counted)


def _find_rule(name: str) -> EdgeRule:
    if name not in EDGE_RULES:
        raise SettingsError("edge rule", expected=f"one of {', '.join(EDGE_RULES)}", found=repr(name))
    return EDGE_RULES[name]


def _check(labels: NDArray[np.int32], field_mask: Bools | None) -> None:
    if labels.ndim != 2 or labels.dtype.kind not in "iu":
        raise SettingsError(
            "labels",
            expected="an H x W array of whole numbers",
            found=f"{labels.dtype} of shape {labels.shape}",
        )
    if labels.size and labels.min() < 0:
        raise SettingsError("labels", expected="numbers of 0 or more", found=str(labels.min()))
    if field_mask is not None and (field_mask.dtype != np.bool_ or field_mask.shape != labels.shape):
        raise SettingsError(
            "field mask",
            expected=f"bool of the labels' shape {labels.shape}",
            found=f"{field_mask.dtype} of shape {field_mask.shape}",
        )


def _labels_present(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the labels above 0 that occur, ascending."""
    # Spores are a small part of a picture: faster than np.unique of all pixels.
    return np.unique(labels[labels > 0]).astype(np.int32)


def _contacts(
    labels: NDArray[np.int32], field_mask: Bools | None
) -> tuple[NDArray[np.int32], Floats, Floats]:
    """Return label, normal_y and normal_x of each place where a label inside the field touches its edge."""
    found = []
    for side, normal_y, normal_x in (
        (np.s_[:1, :], -1.0, 0.0),
        (np.s_[-1:, :], 1.0, 0.0),
        (np.s_[:, :1], 0.0, -1.0),
        (np.s_[:, -1:], 0.0, 1.0),
    ):
        line = labels[side] if field_mask is None else np.where(field_mask[side], labels[side], 0)
        touching = _labels_present(line)
        found.append((touching, np.full(touching.size, normal_y), np.full(touching.size, normal_x)))
    if field_mask is not None and labels.size:
        found.append(_field_contacts(labels, field_mask))
    touching, normals_y, normals_x = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return touching, normals_y, normals_x


def _field_contacts(labels: NDArray[np.int32], field_mask: Bools) -> tuple[NDArray[np.int32], Floats, Floats]:
    """Return the contacts with the field's own edge, one a pixel; the picture's border is not one."""
    field = field_mask.view(np.uint8)
    # All eight neighbours, so that no 8-connected spore slips out between two diagonal pixels. Outside the
    # picture OpenCV's erosion sees field.
    inner = cv2.erode(field, np.ones((3, 3), np.uint8))
    rows, columns = np.nonzero((field > inner) & (labels > 0))
    normal_y, normal_x = _outward_normals(field, rows, columns)
    return labels[rows, columns].astype(np.int32), normal_y, normal_x


def _outward_normals(
    field: NDArray[np.uint8], rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> tuple[Floats, Floats]:
    """Return the field's outward normal (not of unit length) at each of the pixels.

    It is minus the slope of the plane that fits the field best (least squares) in a square around the
    pixel. The square is cut off at the picture's border, where the slope of a straight edge stays right.
    """
    reach = max(_LEAST_REACH_PX, round(min(field.shape) * _NORMAL_REACH))
    height, width = field.shape
    top, bottom = np.maximum(rows - reach, 0), np.minimum(rows + reach + 1, height)
    left, right = np.maximum(columns - reach, 0), np.minimum(columns + reach + 1, width)

    def total(values: NDArray[np.floating]) -> Floats:
        # The table of sums gives the sum over any rectangle from its corners, exactly: all are whole numbers.
        sums = cv2.integral(values, sdepth=cv2.CV_64F)
        return np.asarray(
            sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left], dtype=np.float64
        )

    share = field.astype(np.float32)
    mass = total(share)
    covariance_y = 2 * total(share * np.arange(height, dtype=np.float32)[:, None]) - mass * (top + bottom - 1)
    covariance_x = 2 * total(share * np.arange(width, dtype=np.float32)) - mass * (left + right - 1)
    # The variance of k consecutive whole numbers is (k² - 1) / 12; a picture one pixel high or wide has none.
    variance_y = np.maximum((bottom - top) ** 2 - 1, 1)
    variance_x = np.maximum((right - left) ** 2 - 1, 1)
    return -covariance_y / variance_y, -covariance_x / variance_x
