"""Projections of a stack: many planes -> one, with never more than one plane and one sum in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Planes = Iterable[NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Projection:
    """A way to make one plane of many.

    Parameters
    ----------
    reduce : callable
        Planes of one shape and dtype, at least one -> a plane of the same.
    sum_bytes : callable
        Bytes of a sample -> bytes of a sample in what is kept between planes.
    mirrored : str
        The projection that does the same where zero is white.
    """

    reduce: Callable[[Planes], NDArray[Any]]
    sum_bytes: Callable[[int], int]
    mirrored: str


def _largest(planes: Planes) -> NDArray[Any]:
    return _fold(planes, np.maximum)


def _smallest(planes: Planes) -> NDArray[Any]:
    return _fold(planes, np.minimum)


def _fold(planes: Planes, pick: np.ufunc) -> NDArray[Any]:
    rest = iter(planes)
    result = next(rest).copy()
    for plane in rest:
        pick(result, plane, out=result)
    return result


def _mean(planes: Planes) -> NDArray[Any]:
    """Return the mean; of whole numbers rounded, a half upwards."""
    rest = iter(planes)
    first = next(rest)
    whole = first.dtype.kind in "iu" and first.dtype.itemsize < 8
    total: NDArray[Any] = first.astype(np.int64 if whole else np.float64)
    number = 1
    with np.errstate(over="ignore"):  # a sum of floats may be infinite; the reader refuses it
        for plane in rest:
            total += plane
            number += 1
        if whole:
            total += number // 2
            total //= number
        else:
            total /= number
            if first.dtype.kind in "iu":
                np.rint(total, out=total)
        return total.astype(first.dtype)


PROJECTIONS = {
    "max": Projection(_largest, lambda size: size, "min"),
    "min": Projection(_smallest, lambda size: size, "max"),
    "mean": Projection(_mean, lambda _size: 8, "mean"),
}


def project(name: str, planes: Planes) -> NDArray[Any]:
    """Return the projection ``name`` (a key of :data:`PROJECTIONS`) of planes of one shape and dtype.

    Parameters
    ----------
    name : str
    planes : iterable of arrays
        At least one.

    Examples
    --------
    >>> import numpy as np
    >>> project("mean", [np.array([[1, 2]], np.uint8), np.array([[2, 200]], np.uint8)])
    array([[  2, 101]], dtype=uint8)
    """
    return PROJECTIONS[name].reduce(planes)
