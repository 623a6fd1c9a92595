"""A picture looked at turned and mirrored, and the mean of what a network says: it turns with the picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
MaskArray = NDArray[np.bool_]

_MIRRORED = ((False, False), (False, True), (True, False), (True, True))
TURNS: Mapping[int, tuple[tuple[bool, bool, bool], ...]] = {
    1: ((False, False, False),),
    4: tuple((False, *each) for each in _MIRRORED),
    8: tuple((across, *each) for across in (False, True) for each in _MIRRORED),
}
"""Number of looks -> whether each swaps rows and columns, and then mirrors rows, and columns.

4 are all mirror images: half a turn is among them. 8 are these and their quarter turns.
"""


def mean_over_turns(
    look: Callable[[FloatArray, MaskArray], FloatArray],
    made: FloatArray,
    field_mask: MaskArray,
    turns: int,
) -> FloatArray:
    """Return the mean logits (K, H, W) of a normalised picture, looked at so many times.

    With 8 turns the result of a turned or mirrored picture is the result, turned or mirrored,
    but for rounding.

    Parameters
    ----------
    look : callable
        (1, 3, H, W) float32 and its field (H, W) to logits (K, H, W), for any H and W.
    made : (1, 3, H, W) float32 array
    field_mask : (H, W) bool array
    turns : int
        A key of :data:`TURNS`; with 1 it is looked at once, as it is.
    """
    if turns == 1:
        return look(made, field_mask)
    total: FloatArray | None = None
    for across, rows, columns in TURNS[turns]:
        steps = (slice(None, None, -1 if rows else 1), slice(None, None, -1 if columns else 1))
        seen, inside = (each.swapaxes(-1, -2) if across else each for each in (made, field_mask))
        logits = look(np.ascontiguousarray(seen[..., *steps]), np.ascontiguousarray(inside[steps]))
        logits = logits[..., *steps]
        logits = logits.swapaxes(-1, -2) if across else logits
        if total is None:
            total = np.array(
                logits, dtype=np.float32, order="C"
            )  # its own: what was looked at stays as it is
        else:
            total += logits
    assert total is not None
    total /= np.float32(turns)
    return total
