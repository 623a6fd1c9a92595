"""What a label image can mean beside ids: a mask, grey edges, classes, ignored pixels, no background.

:func:`find_faults` looks at whole numbers and says what is wrong with them. An ``error`` means that no count
can be made of the image; a ``caution`` that the count may be wrong; a ``note`` that the image is a mask,
whose connected components count. Every reader of label images asks it, through
:mod:`sporemetry.label_image`.

A sound label image has each id in one piece, with background around. So most images are done after one pass;
the costlier looks are for those that are not so. A spore that is broken into pieces that lie near each other
is sound.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sporemetry.label_background import background_fault, edge_fault
from sporemetry.label_edges import look_at_edges
from sporemetry.label_fault import LabelFault
from sporemetry.label_ids import (
    core_faults,
    ignore_value,
    mask_note,
    outline_faults,
    scattered_ids,
    spread_faults,
)
from sporemetry.label_pieces import Pieces, find_pieces

# Fewer pixels than 32 x 32 are no image from a microscope, and too few to judge by.
_LEAST_PIXELS = 1024
# Of large images that look like photographs, a middle part of so many pixels across is looked at.
_PART = 512


def find_faults(ids: NDArray[Any], pieces: Pieces | None = None) -> tuple[LabelFault, ...]:
    """Return what is wrong with a label image: at most one error, alone; else cautions and notes.

    Parameters
    ----------
    ids : (H, W) array of whole numbers
        0 is background; none is negative.
    pieces : Pieces, optional
        Those of ``ids``, where they are known.

    Returns
    -------
    tuple of LabelFault
        Empty for sound labels, and for an image without any.

    Examples
    --------
    >>> labels = np.zeros((40, 60), dtype=np.uint8)
    >>> labels[5:15, 5:15] = labels[5:15, 40:50] = 2
    >>> [(fault.kind, fault.severity) for fault in find_faults(labels)]
    [('mask-as-ids', 'note')]
    >>> labels[5:15, 5:15] = 1
    >>> find_faults(labels)
    ()
    """
    pieces = find_pieces(ids) if pieces is None else pieces
    if not len(pieces.ids):
        return ()
    if ids.size < _LEAST_PIXELS:
        return mask_note(pieces) if len(pieces.ids) == 1 else ()
    area = np.bincount(pieces.owner, weights=pieces.area, minlength=len(pieces.ids))
    if (fault := background_fault(ids, pieces, area)) and fault.severity == "error":
        return (fault,)
    found = [fault] if fault else []
    if edges := look_at_edges(ids, pieces):
        return (edge_fault(edges),)
    found += outline_faults(ids, pieces)
    if len(pieces.ids) == 1:
        return (*found, *mask_note(pieces))
    per_id = pieces.per_id
    if ignored := ignore_value(pieces, per_id):
        if ignored.severity == "error":
            return (ignored,)
        found.append(ignored)
    if (per_id > 1).any():
        found += scattered_ids(pieces, per_id) or spread_faults(pieces, ids.shape[1])
    if pieces.touches.any() and not any(each.kind == "class-values" for each in found):
        found += core_faults(ids, pieces)
    errors = [each for each in found if each.severity == "error"]
    return tuple(errors[:1] or found)


def photograph_fault(ids: NDArray[Any]) -> LabelFault | None:
    """Return the fault of a large image that changes from pixel to pixel, told from a part of it.

    A photograph of 12 megapixels has nearly as many pieces, and finding them all takes a minute. None for any
    other image.
    """
    if ids.size <= _PART**2:
        return None
    changes = int(np.count_nonzero(ids[:, 1:] != ids[:, :-1]))
    if changes < ids.size / 4:
        return None
    top, left = (max(0, (side - _PART) // 2) for side in ids.shape)
    part = np.ascontiguousarray(ids[top : top + _PART, left : left + _PART])
    edges = look_at_edges(part, find_pieces(part))
    return None if edges is None else edge_fault(edges)
