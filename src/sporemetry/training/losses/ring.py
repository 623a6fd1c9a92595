"""The ring of CFL*: background next to spores, which weighs like them.

Zhao et al. 2019, eq. 11 and 12, doi 10.1109/ACCESS.2019.2953085. The ring stays within its picture, never
reaches into another one of the batch, and neither starts on ignored pixels nor covers them.
"""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor

from sporemetry.errors import SettingsError
from sporemetry.training.losses.options import IGNORE_INDEX, check_choice, check_number, spores_of

RING_SHAPES: Final = ("cross", "disc", "square")
"""``cross`` (the paper's): shifts by 1 to r px up, down, left and right. ``disc``: distance at most r px.
``square``: at most r px in either direction."""

LARGEST_RADIUS: Final = 256


def check_ring(radius: int, shape: str) -> None:
    """Raise SettingsError for a radius or shape that is none."""
    if isinstance(radius, bool) or not isinstance(radius, int):
        raise SettingsError("radius", expected="whole pixels", found=repr(radius))
    check_number("radius", radius, least=0, most=LARGEST_RADIUS)
    check_choice("shape", shape, RING_SHAPES)


def dilate(mask: Tensor, radius: int, shape: str = "cross") -> Tensor:
    """Return masks grown by a radius, each within its own picture.

    Parameters
    ----------
    mask : bool tensor, (..., H, W)
        Where there is a spore.
    radius : int
        Pixels, 0 to 256; 0 returns a copy.
    shape : {"cross", "disc", "square"}
        One of :data:`RING_SHAPES`.

    Returns
    -------
    bool tensor, (..., H, W)

    Examples
    --------
    >>> spot = torch.zeros(9, 9, dtype=torch.bool)
    >>> spot[4, 4] = True
    >>> [int(dilate(spot, 3, shape).sum()) for shape in RING_SHAPES]
    [13, 29, 49]
    """
    check_ring(radius, shape)
    if radius == 0 or mask.numel() == 0:
        return mask.clone()
    grown = _dilate_bytes(mask.view(torch.uint8), radius, shape)
    # Of bools shifted in place, torch.compile (2.14) makes C++ that does not compile; a view is one for it.
    return grown.bool() if torch.compiler.is_compiling() else grown.view(torch.bool)


def _dilate_bytes(mask: Tensor, radius: int, shape: str) -> Tensor:
    if shape == "square":
        return _widen(_widen(mask, radius, -1), radius, -2)
    if shape == "cross":
        return _widen(mask, radius, -1).bitwise_or_(_widen(mask, radius, -2))
    grown = torch.zeros_like(mask)
    for offset in range(-radius, radius + 1):
        half_width = math.isqrt(radius * radius - offset * offset)
        _or_shifted(grown, _widen(mask, half_width, -1), offset, -2)
    return grown


def _widen(mask: Tensor, radius: int, dim: int) -> Tensor:
    """Return the union of a mask with its shifts by up to a radius along one dimension."""
    grown = mask.clone()
    size = mask.shape[dim]
    reach, rest = 0, min(radius, size - 1)
    while rest:
        # What reaches r px so far reaches 2r + 1 px when it is shifted by r + 1 and r either way.
        step = min(reach + 1, rest)
        before = grown.clone() if reach else mask
        _or_shifted(grown, before, step, dim)
        _or_shifted(grown, before, -step, dim)
        reach, rest = reach + step, rest - step
    return grown


def _or_shifted(into: Tensor, mask: Tensor, shift: int, dim: int) -> None:
    """Unite ``into`` with a mask shifted along a dimension; what leaves the picture is lost."""
    length = into.shape[dim] - abs(shift)
    if length <= 0:
        return
    to, start = max(shift, 0), max(-shift, 0)
    into.narrow(dim, to, length).bitwise_or_(mask.narrow(dim, start, length))


def grown_label(
    target: Tensor, radius: int, shape: str = "cross", *, ignore_index: int | None = IGNORE_INDEX
) -> Tensor:
    """Return y*: the spores and their ring, without ignored pixels.

    Parameters
    ----------
    target : tensor, (..., H, W)
        0 background, 1 spore, ``ignore_index``.
    radius, shape
        As in :func:`dilate`.
    ignore_index : int or None
        The value of pixels that neither grow a ring nor are part of one.

    Returns
    -------
    bool tensor, (..., H, W)

    Examples
    --------
    >>> grown_label(torch.tensor([[1, 0, 0, 0, 255]]), 2).int()
    tensor([[1, 1, 1, 0, 0]], dtype=torch.int32)
    """
    grown = dilate(spores_of(target), radius, shape)
    if ignore_index is not None:
        grown.logical_and_(target != ignore_index)
    return grown
