"""From the samples of a file to one whole number a pixel, or an error that says why there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import LabelReadError
from sporemetry.image import Plane
from sporemetry.label_edges import GREY_EDGES, JPEG, look_at_edges
from sporemetry.label_pieces import find_pieces

_LARGEST_ID = np.iinfo(np.uint32).max
# A drawing of labels has few colours; a photograph has more.
_COLOURS_OF_A_DRAWING = 4096
_SAVE = "Give the label image itself (background 0, each object with an id of its own), saved as PNG or TIFF."


def whole_numbers(plane: Plane, path: Path) -> tuple[NDArray[np.integer], tuple[str, ...]]:
    """Return the ids of a plane, (H, W) and none negative, with notes on how they were read.

    Raises
    ------
    LabelReadError
        For JPEG, colours, transparency that varies, fractions, and values outside 0 to 4,294,967,295.
    """
    if plane.lossy:
        raise LabelReadError(
            path,
            expected="a label image saved without loss",
            found="a JPEG, whose compression changes values and leaves grey edges",
            remedy="Save the label image as PNG or TIFF from the program that made it. If only the JPEG "
            "of a mask is left, set all pixels from 128 on to 255 and the others to 0, and save that as "
            "PNG.",
        )
    array, notes = _one_channel(plane, path)
    if array.dtype == np.bool_:
        return array.astype(np.uint8), notes
    if np.issubdtype(array.dtype, np.floating) and not np.array_equal(array, np.rint(array)):
        raise _fractions(array, path)
    least, largest = array.min().item(), array.max().item()
    if least < 0:
        raise LabelReadError(
            path,
            expected="ids from 0 on",
            found=f"values from {least:g} to {largest:g}",
            remedy="Other programs write -1 for pixels to ignore or for borders: set them to 0, and mark "
            "pixels to ignore in an image of their own in ignore/.",
        )
    if largest > _LARGEST_ID:
        raise LabelReadError(
            path,
            expected=f"ids from 0 to {_LARGEST_ID:,}",
            found=f"values from {least:g} to {largest:g}",
            remedy="Number the instances anew.",
        )
    return (array if np.issubdtype(array.dtype, np.integer) else array.astype(np.int64)), notes


def _one_channel(plane: Plane, path: Path) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Return the one channel: of equal channels any, of a grey palette what it shows."""
    array = plane.array
    if array.ndim == 2:
        return _shown(plane), ()
    colours = array
    if plane.coding.alpha != "none" and array.shape[2] > 1:
        colours, alpha = array[:, :, :-1], array[:, :, -1]
        if alpha.min() != alpha.max():
            raise LabelReadError(
                path,
                expected="one channel whose values are instance ids",
                found="transparency that differs from pixel to pixel",
                remedy="Put the image on black (Fiji: Image > Type > 8-bit), and save it as PNG or TIFF.",
            )
    first = colours[:, :, 0]
    if plane.coding.colour in ("grey", "rgb") and all(
        np.array_equal(first, colours[:, :, channel]) for channel in range(1, colours.shape[2])
    ):
        many = colours.shape[2] > 1
        return np.ascontiguousarray(first), (
            "Its equal colour channels were read as one grey.",
        ) if many else ()
    number = _colours(colours)
    drawing = number <= _COLOURS_OF_A_DRAWING
    raise LabelReadError(
        path,
        expected="one channel whose values are instance ids",
        found=f"{array.shape[2]} channels of {number:,} colours, as of a "
        + ("coloured drawing of labels" if drawing else "photograph"),
        remedy=_SAVE
        + (" Colours of a look-up table are no ids: two objects may share one." if drawing else ""),
    )


def _shown(plane: Plane) -> NDArray[Any]:
    """Return the indices of a palette; of a palette of greys out of order, the greys that it shows."""
    array, palette = plane.array, plane.coding.palette
    if palette is None or not array.size or int(array.max()) >= len(palette):
        return array
    used = np.unique(array)
    colours = palette[used].astype(np.int64)
    grey = colours[:, 0]
    is_grey = bool((colours[:, :3] == grey[:, None]).all())
    distinct = len(np.unique(grey)) == len(used)
    if not is_grey or not distinct or bool((np.diff(grey) > 0).all()):
        return array
    return np.asarray(palette[:, 0][array])


def _colours(colours: NDArray[Any]) -> int:
    flat = np.ascontiguousarray(colours.reshape(-1, colours.shape[2]))
    packed = np.zeros(len(flat), dtype=np.float64)
    for channel in range(flat.shape[1]):
        packed = packed * 65536 + flat[:, channel] if channel < 3 else packed
    return int(np.unique(packed).size)


def _fractions(array: NDArray[Any], path: Path) -> LabelReadError:
    """Say what fractions come from: grey edges of a mask, scaled ids, interpolation, or a probability map."""
    largest = float(array.max())
    expected, found = "whole numbers", f"{array.dtype} with fractions, from {array.min():g} to {largest:g}"
    for scale in (255, 65_535):
        if 0 < largest <= 1 and np.allclose(array * scale, np.rint(array * scale), rtol=0, atol=1e-3):
            steps = np.rint(np.clip(array, 0, None) * scale).astype(np.int64)
            if look_at_edges(steps, find_pieces(steps)) is None:
                return LabelReadError(
                    path,
                    expected=expected,
                    found=f"{found}: whole numbers divided by {scale:,}",
                    remedy=f"Multiply the values by {scale:,} and save them as whole numbers.",
                )
    levels = np.rint(np.clip(array, 0, None) * (255 / largest)).astype(np.int64) if largest > 0 else None
    edges = None if levels is None else look_at_edges(levels, find_pieces(levels))
    if edges is not None and edges.kind in (GREY_EDGES, JPEG) and largest <= 1.5:
        cause = f"grey edges along the outlines of a mask of 0 and {largest:g}, or a probability map"
        remedy = (
            f"Set what is above {largest / 2:g} to 255 and the rest to 0; a probability map must be turned "
        )
        return LabelReadError(
            path, expected=expected, found=f"{found}: {cause}", remedy=remedy + "into labels."
        )
    if edges is not None and largest > 1.5:
        cause = "grey edges or interpolated ids, as smoothing or resizing with interpolation makes them"
        remedy = "Resize labels with nearest neighbour (interpolation None), or give them as they were drawn."
        return LabelReadError(path, expected=expected, found=f"{found}: {cause}", remedy=remedy)
    return LabelReadError(
        path, expected=expected, found=found, remedy="A probability map must be turned into labels first."
    )
