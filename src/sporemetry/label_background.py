"""Faults of what lies around and along the objects: backgrounds that are not 0, grey and resized edges."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sporemetry.label_edges import GREY_EDGES, JPEG, PHOTOGRAPH, RESIZED, Edges
from sporemetry.label_fault import LabelFault, many, percent
from sporemetry.label_pieces import Pieces
from sporemetry.label_shapes import field_with_holes

# From this share of ids on, "spores" that cover so much of an image are more likely its background.
_MOST_SPORE_SHARE = 0.9
# A value is the background when it covers most of the image, and most of its border with the corners.
_BACKGROUND_SHARE = 0.5
_BACKGROUND_BORDER = 0.75
# Values that other programs write for pixels to ignore or for borders: -1 as an unsigned number of 8, 16, 32
# bits.
IGNORE_VALUES = (255, 65_535, 4_294_967_295)


def background_fault(ids: NDArray[Any], pieces: Pieces, area: NDArray[Any]) -> LabelFault | None:
    """Tell of a background that is not 0, and of labels that leave no background."""
    empty = ids.size - int(area.sum())
    largest = int(np.argmax(area))
    value, share = int(pieces.ids[largest]), float(area[largest]) / ids.size
    border = np.concatenate([ids[0], ids[-1], ids[1:-1, 0], ids[1:-1, -1]])
    on_border = float(np.mean(border == value))
    corners = sum(int(ids[y, x]) == value for y in (0, -1) for x in (0, -1))
    around = share > _BACKGROUND_SHARE and on_border >= _BACKGROUND_BORDER and corners >= 3
    invert = (
        "Invert the image (Fiji: Edit > Invert)"
        if len(pieces.ids) == 1
        else f"Set the value {value} to 0 where it is background"
    )
    if around and share < 1:
        white = "white: " if value in IGNORE_VALUES else ""
        inside = "what it surrounds is 0" if empty else "no pixel is 0"
        return LabelFault(
            kind="white-background",
            severity="error",
            found=f"a background that seems to be {white}the value {value}, which covers {percent(share)} "
            f"of the image and {percent(on_border)} of its border; {inside}",
            remedy=f"{invert}, so that background is 0 and each object has a value above 0.",
            ids=(value,),
        )
    if not empty:
        one = f", {percent(share)} of them the value {value}" if share > _BACKGROUND_SHARE else ""
        return LabelFault(
            kind="no-background",
            severity="error",
            found=f"no background: no pixel is 0{one}",
            remedy=(f"If {value} is the background, set it to 0. " if one else "")
            + "Save background as 0 and each object with an id of its own.",
        )
    if field := field_with_holes(ids, pieces):
        value, holes, share = field
        return LabelFault(
            kind="white-background",
            severity="caution",
            found=f"one object, the value {value}, covers {percent(share)} of the image and has "
            f"{many(holes, 'hole')}: perhaps it is the field of view, with black and white exchanged inside "
            "(an inverted mask), and the holes are the objects",
            remedy="If so, invert the image inside the field of view, so that the field and what is around "
            "it are 0 and each object has a value above 0.",
            ids=(value,),
        )
    covered = 1 - empty / ids.size
    if covered > _MOST_SPORE_SHARE or (share > _BACKGROUND_SHARE and on_border >= _BACKGROUND_SHARE):
        return LabelFault(
            kind="no-background",
            severity="caution",
            found=f"{percent(covered)} of the pixels belong to objects, the value {value} alone to "
            f"{percent(share)}: perhaps background has an id",
            remedy="Look at the outlines. If background is not 0, invert the image or set its value to 0.",
        )
    return None


def edge_fault(edges: Edges) -> LabelFault:
    """Return the fault of edges that are not sharp, by their kind."""
    if edges.kind == GREY_EDGES:
        half = int(edges.plateau) // 2 + 1
        return LabelFault(
            kind=GREY_EDGES,
            severity="error",
            found=f"grey edges: {many(edges.values, 'value')} between 0 and {edges.plateau} along the "
            "outlines of the objects, as smoothing (anti-aliasing), resizing with interpolation or JPEG "
            "compression leaves on a mask",
            remedy="Export the mask without smoothing, or resize it with nearest neighbour. To mend it, "
            f"set all pixels from {half} on to 255 and the others to 0 (Fiji: Image > Adjust > "
            "Threshold), and save it as PNG or TIFF.",
        )
    if edges.kind == JPEG:
        half = int(edges.plateau) // 2 + 1
        return LabelFault(
            kind=JPEG,
            severity="error",
            found=f"stray values near 0 and near {edges.plateau} around the objects, as JPEG compression "
            "leaves them on a mask (grey edges)",
            remedy="Take the mask from before it was saved as JPEG. To mend it, set all pixels from "
            f"{half} on to 255 and the others to 0 (Fiji: Image > Adjust > Threshold), and save it as PNG "
            "or TIFF.",
        )
    if edges.kind == RESIZED:
        return LabelFault(
            kind=RESIZED,
            severity="error",
            found=f"a rim of other ids along {percent(edges.share)} of the outlines, as resizing or "
            "smoothing labels with interpolation makes it",
            remedy="Resize labels with nearest neighbour (interpolation None), or give them at the size "
            "at which they were drawn.",
        )
    return LabelFault(
        kind=PHOTOGRAPH,
        severity="error",
        found=f"values that change from pixel to pixel ({edges.pieces:,} pieces of {edges.values:,} "
        "values), as in a photograph, a JPEG or a probability map",
        remedy="Give the label image itself: background 0, each object with an id of its own.",
    )
