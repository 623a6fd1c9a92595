"""The eight symmetries of the square: the turns and mirrorings under which a picture of spores stays one.

Each is a mirroring (or none) followed by a number of quarter turns anticlockwise, so that their composition
is arithmetic on two small numbers. Points and boxes follow the pixels exactly.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import SettingsError

# Name -> (mirrored left to right first, quarter turns anticlockwise after it).
_PARTS = {
    "identity": (False, 0),
    "rot90": (False, 1),
    "rot180": (False, 2),
    "rot270": (False, 3),
    "flip": (True, 0),
    "flip-rot90": (True, 1),
    "flip-rot180": (True, 2),
    "flip-rot270": (True, 3),
}
_NAMES = {parts: name for name, parts in _PARTS.items()}
SYMMETRIES = tuple(_PARTS)
MARK = "__"


def apply(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """Return a view of ``array`` under a symmetry; nothing is copied.

    Parameters
    ----------
    name : str
        One of :data:`SYMMETRIES`.
    array : array of shape (H, W) or (H, W, C)
        Picture, labels or mask, of any dtype.

    Returns
    -------
    array of shape (H, W, ...) or (W, H, ...)
        A view, in general not contiguous.

    Raises
    ------
    SettingsError
        For an unknown name.

    Examples
    --------
    >>> apply("rot90", np.array([[1, 2, 3], [4, 5, 6]]))
    array([[3, 6],
           [2, 5],
           [1, 4]])
    >>> apply("flip-rot90", np.array([[1, 2, 3], [4, 5, 6]]))
    array([[1, 4],
           [2, 5],
           [3, 6]])
    """
    mirrored, turns = _parts(name)
    return np.rot90(array[:, ::-1] if mirrored else array, turns)


def apply_to_points(
    name: str, points: NDArray[np.float64], shape: tuple[float, float]
) -> NDArray[np.float64]:
    """Move points with the picture.

    Parameters
    ----------
    name : str
        One of :data:`SYMMETRIES`.
    points : (N, 2) float64
        x, y; (0, 0) is the top left corner of the picture, (0.5, 0.5) the centre of its first pixel. May be
        empty.
    shape : (float, float)
        Height and width before, in the unit of the points: pixels, or (1, 1) for fractions.

    Examples
    --------
    >>> apply_to_points("rot90", np.array([[0.5, 1.5]]), (2, 3))  # the 4 above
    array([[1.5, 2.5]])
    """
    mirrored, turns = _parts(name)
    height, width = shape
    x, y = points[:, 0], points[:, 1]
    if mirrored:
        x = width - x
    for _ in range(turns):
        x, y = y, width - x
        height, width = width, height
    return np.stack([x, y], axis=1)


def apply_to_boxes(name: str, boxes: NDArray[np.float64], shape: tuple[float, float]) -> NDArray[np.float64]:
    """Move boxes with the picture.

    Parameters
    ----------
    name : str
        One of :data:`SYMMETRIES`.
    boxes : (B, 4) float64
        x0, y0, x1, y1 as of :func:`apply_to_points`. May be empty.
    shape : (float, float)
        Height and width before, in the unit of the boxes.

    Examples
    --------
    >>> apply_to_boxes("rot90", np.array([[0.0, 1.0, 2.0, 2.0]]), (2, 3))  # round the 4 and the 5
    array([[1., 1., 2., 3.]])
    """
    first = apply_to_points(name, boxes[:, :2], shape)
    second = apply_to_points(name, boxes[:, 2:], shape)
    return np.concatenate([np.minimum(first, second), np.maximum(first, second)], axis=1)


def apply_to_fractions(name: str, fractions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Move YOLO boxes (B, 4): centre x, centre y, width, height, as fractions of the picture.

    Examples
    --------
    >>> apply_to_fractions("flip-rot90", np.array([[0.25, 0.5, 0.5, 0.125]]))
    array([[0.5  , 0.25 , 0.125, 0.5  ]])
    """
    sizes = fractions[:, 2:]
    if _parts(name)[1] % 2:
        sizes = sizes[:, ::-1]
    return np.concatenate([apply_to_points(name, fractions[:, :2], (1.0, 1.0)), sizes], axis=1)


def inverse(name: str) -> str:
    """Return the symmetry that undoes ``name``.

    >>> inverse("rot90"), inverse("flip-rot90")
    ('rot270', 'flip-rot90')
    """
    mirrored, turns = _parts(name)
    return name if mirrored else _NAMES[False, -turns % 4]


def compose(second: str, first: str) -> str:
    """Return the symmetry that does ``first`` and then ``second``.

    >>> compose("rot90", "flip"), compose("flip", "rot90")
    ('flip-rot90', 'flip-rot270')
    """
    (mirrored, turns), (first_mirrored, first_turns) = _parts(second), _parts(first)
    # A mirroring that is moved past a turn reverses it.
    total = turns + (-first_turns if mirrored else first_turns)
    return _NAMES[mirrored != first_mirrored, total % 4]


def copy_name(name: str, symmetry: str) -> str:
    """Return the name of a picture's copy; the identity keeps the name.

    >>> copy_name("plot 3/leaf7_1", "rot90"), copy_name("leaf7_1", "identity")
    ('plot 3/leaf7_1__rot90', 'leaf7_1')
    """
    _parts(symmetry)
    return name if symmetry == "identity" else f"{name}{MARK}{symmetry}"


def source_name(name: str) -> str:
    """Return the name without the mark of a copy.

    >>> source_name("leaf7_1__rot90"), source_name("leaf7_1__x")
    ('leaf7_1', 'leaf7_1__x')
    """
    source, mark, symmetry = name.rpartition(MARK)
    return source if mark and symmetry in _PARTS else name


def _parts(name: str) -> tuple[bool, int]:
    if name not in _PARTS:
        raise SettingsError("symmetry", expected=f"one of {', '.join(SYMMETRIES)}", found=repr(name))
    return _PARTS[name]
