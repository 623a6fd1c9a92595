"""A large array in overlapping tiles, so that what is made of each is what would be made of the whole.

A tile has a core, which is its own, and around it as much of the picture as the core's result depends on.
Tiles begin at multiples of the network's stride, so that each sees its pixels in the same phase as in the
whole picture; at the picture's border the tile ends where the picture does. All tiles have the same size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sporemetry.errors import SettingsError

Box = tuple[slice, slice]


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile.

    Attributes
    ----------
    window : (slice, slice)
        What is read: rows and columns of the picture.
    core : (slice, slice)
        What of it is kept, as rows and columns of the picture.
    """

    window: Box
    core: Box

    @property
    def kept(self) -> Box:
        """The core within the window."""
        rows, columns = (
            slice(core.start - window.start, core.stop - window.start)
            for core, window in zip(self.core, self.window, strict=True)
        )
        return rows, columns


def plan_tiles(
    shape: tuple[int, int], core: int, *, halo: int, stride: int = 1, offset: tuple[int, int] = (0, 0)
) -> Iterator[Tile]:
    """Go through the tiles of a picture; their cores cover each pixel once.

    Parameters
    ----------
    shape : (int, int)
        Height and width, multiples of ``stride``. A picture without pixels has no tiles.
    core : int
        Height and width of cores, rounded up to a multiple of ``stride``; those at the border may be smaller.
    halo : int
        How far the result at a pixel depends on others, px.
    stride : int
        What tiles begin at multiples of.
    offset : (int, int)
        How far up and left of the picture's corner the first core begins; rounded down to multiples of
        ``stride``.

    Raises
    ------
    SettingsError
        When ``shape`` is no multiple of ``stride``, or a number is out of range.

    Examples
    --------
    >>> for tile in plan_tiles((8, 24), 8, halo=3, stride=4):
    ...     print(tile.window[1], tile.core[1])
    slice(0, 16, None) slice(0, 8, None)
    slice(4, 20, None) slice(8, 16, None)
    slice(8, 24, None) slice(16, 24, None)
    """
    if core < 1 or halo < 0 or stride < 1:
        raise SettingsError(
            "tiles",
            expected="core and stride of 1 or more, halo of 0 or more",
            found=f"{core}, {stride}, {halo}",
        )
    if shape[0] % stride or shape[1] % stride:
        raise SettingsError("shape", expected=f"multiples of {stride}", found=f"{shape}")
    core, context = _up(core, stride), _up(halo, stride)
    # At the border a core may see less than it needs on one side, and the window is moved inwards.
    rows, columns = (
        list(_spans(length, core, context, start // stride * stride % core))
        for length, start in zip(shape, offset, strict=True)
    )
    for window_rows, core_rows in rows:
        for window_columns, core_columns in columns:
            yield Tile((window_rows, window_columns), (core_rows, core_columns))


def _spans(length: int, core: int, context: int, offset: int) -> Iterator[tuple[slice, slice]]:
    """Go through one side: (window, core) each."""
    window = min(length, core + 2 * context)
    for start in range(-offset, length, core):
        first, last = max(start, 0), min(start + core, length)
        begin = min(max(start - context, 0), length - window)
        yield slice(begin, begin + window), slice(first, last)


def _up(number: int, multiple: int) -> int:
    return -(-number // multiple) * multiple
