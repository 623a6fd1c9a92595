"""One value of a document together with where it stands, so that every error names its place."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import LabelReadError
from sporemetry.exchange.annotation import PictureSize
from sporemetry.formats.limits import DEFAULT_MAX_PIXELS

_NUMBERS = {int, float}
_LISTS = {list}
# Beyond this, numbers have no halves, and no picture is as large.
_LARGEST_NUMBER = 1e15


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A value read from a JSON or XML document.

    Attributes
    ----------
    path : Path
        The file.
    where : str
        ``annotations[3].segmentation``; empty for the whole document.
    value : object
        As the parser gave it.

    Examples
    --------
    >>> document = Entry(Path("a.json"), "", {"images": [{"width": 4}, {"width": "4"}]})
    >>> [image.field("width").where for image in document.field("images").items()]
    ['images[0].width', 'images[1].width']
    """

    path: Path
    where: str
    value: object

    def error(self, expected: str, *, found: str | None = None, remedy: str = "") -> LabelReadError:
        """Return the error of this value; ``found`` is the value itself unless given."""
        place = f"{self.where}: " if self.where else ""
        stated = _described(self.value) if found is None else found
        return LabelReadError(self.path, expected=expected, found=f"{place}{stated}", remedy=remedy)

    def get(self, key: str) -> Entry | None:
        """Return the value at ``key`` of an object, None where it is absent or null."""
        if not isinstance(self.value, dict):
            raise self.error("an object")
        found = self.value.get(key)
        return None if found is None else Entry(self.path, f"{self.where}.{key}".lstrip("."), found)

    def field(self, key: str) -> Entry:
        """Return the value at ``key`` of an object; a missing or null one is an error."""
        found = self.get(key)
        if found is None:
            raise self.error(f"an object with {key!r}", found=f"none: {_described(self.value)}")
        return found

    def items(self) -> Iterator[Entry]:
        """Yield the values of a list."""
        if not isinstance(self.value, list):
            raise self.error("a list")
        for index, item in enumerate(self.value):
            yield Entry(self.path, f"{self.where}[{index}]", item)

    def list_of(self, key: str) -> list[Entry]:
        """Return the values of the list at ``key``; an absent list is empty."""
        found = self.get(key)
        return [] if found is None else list(found.items())

    def text(self) -> str:
        """Return a text."""
        if not isinstance(self.value, str):
            raise self.error("a text")
        return self.value

    def identity(self) -> int | str:
        """Return a whole number or a text, by which objects are told apart."""
        value = self.value
        if isinstance(value, float) and value.is_integer():  # tables write 7.0 where a column has gaps
            return int(value)
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise self.error("a whole number or a text that identifies something")
        return value

    def number(self) -> float:
        """Return a number below 10^15; a text that is one will do, as attributes of XML are."""
        if isinstance(self.value, int | float | str) and not isinstance(self.value, bool):
            try:
                number = float(self.value)
            except (ValueError, OverflowError):
                number = math.nan
            if abs(number) <= _LARGEST_NUMBER:
                return number
        raise self.error("a number of ordinary size")

    def whole(self, lowest: int, highest: int) -> int:
        """Return a whole number between the two, inclusive."""
        number = self.number()
        if number != int(number) or not lowest <= number <= highest:
            raise self.error(f"a whole number from {lowest} to {highest:,}")
        return int(number)

    def flat_points(self) -> NDArray[np.float64]:
        """Return ``[x, y, x, y, ...]`` as N x 2; an empty list gives none."""
        if not isinstance(self.value, list) or len(self.value) % 2:
            raise self.error("a list of an even number of coordinates")
        return self.numbers().reshape(-1, 2)

    def pairs(self) -> NDArray[np.float64]:
        """Return ``[[x, y], [x, y], ...]`` as N x 2; an empty list gives none."""
        pairs = self.value
        if (
            not isinstance(pairs, list)
            or not set(map(type, pairs)) <= _LISTS
            or not set(map(len, pairs)) <= {2}
        ):
            raise self.error("a list of pairs of coordinates")
        return self._numbers(list(chain.from_iterable(pairs))).reshape(-1, 2)

    def positions(self) -> NDArray[np.float64]:
        """Return positions of GeoJSON as N x 2: pairs, or triples of which the height is not used."""
        values = self.value
        if (
            not isinstance(values, list)
            or not set(map(type, values)) <= _LISTS
            or not {3} & set(map(len, values))
        ):
            return self.pairs()
        if not set(map(len, values)) <= {2, 3}:
            raise self.error("a list of pairs of coordinates")
        self._numbers(list(chain.from_iterable(values)))  # the heights too: one that is none is a fault
        return self._numbers([number for each in values for number in each[:2]]).reshape(-1, 2)

    def counts(self) -> NDArray[np.int64]:
        """Return a list of whole numbers."""
        numbers = self.numbers()
        if (numbers != np.rint(numbers)).any() or (np.abs(numbers) > 2.0**53).any():
            raise self.error("a list of whole numbers")
        return numbers.astype(np.int64)

    def numbers(self) -> NDArray[np.float64]:
        """Return a list of finite numbers."""
        return self._numbers(self.value)

    def _numbers(self, values: object) -> NDArray[np.float64]:
        # numpy would take texts and null for numbers.
        if not isinstance(values, list) or not set(map(type, values)) <= _NUMBERS:
            raise self.error("a list of numbers")
        numbers = np.array(values, dtype=np.float64)
        if not np.isfinite(numbers).all():
            raise self.error("finite numbers")
        return numbers


def picture_size(
    entry: Entry, name: str, stated: tuple[int, int] | None, size: PictureSize
) -> tuple[int, int]:
    """Return height and width of a picture, before anything of that size is made.

    Parameters
    ----------
    entry : Entry
        Named in errors.
    name : str
        The picture's name, which ``size`` is asked for.
    stated : (int, int) or None
        Height and width as the file has them.
    size : PictureSize
        What is known of the picture itself.

    Raises
    ------
    LabelReadError
        When neither knows, when they differ, when there is no pixel, or when there are more than 100 million.
    """
    known = size(name)
    shape = known or stated
    if shape is None:
        raise entry.error(
            "the size of the picture",
            found=f"none in the file, and no picture {name!r}",
            remedy="Name the folder of the pictures as well.",
        )
    if stated is not None and stated != shape:
        raise entry.error(
            f"the size of the picture {name!r}, {shape[1]} x {shape[0]} pixels",
            found=f"{stated[1]} x {stated[0]}",
            remedy="The picture was scaled or turned after it was annotated: use the one that was annotated.",
        )
    if min(shape) < 1 or shape[0] * shape[1] > DEFAULT_MAX_PIXELS:
        raise entry.error(
            f"a picture of 1 to {DEFAULT_MAX_PIXELS:,} pixels", found=f"{shape[1]:,} x {shape[0]:,} pixels"
        )
    return shape


def ring_of(entry: Entry, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a ring of at least three different vertices; ``entry`` is named in the error for fewer.

    A last vertex that repeats the first is dropped.
    """
    if len(points) > 3 and (points[0] == points[-1]).all():
        points = points[:-1]
    if len(points) < 3:
        raise entry.error("an outline of three points or more", found=f"{len(points)}")
    return points


def _described(value: object) -> str:
    if isinstance(value, dict):
        return f"an object with {', '.join(map(repr, list(value)[:5])) or 'nothing in it'}"[:120]
    if isinstance(value, list):
        return _listed(value)
    return f"{value[:60]!r}" if isinstance(value, str) else f"{value!r}"


def _listed(values: list[object]) -> str:
    """Return the first values of a list, and how many there are where that is not seen."""
    shown = ", ".join(
        repr(each)[:20] if isinstance(each, int | float | str) or each is None else "..."
        for each in values[:6]
    )
    return f"[{shown}]" if len(values) <= 6 else f"a list of {len(values):,}: [{shown}, ...]"
