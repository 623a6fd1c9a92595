"""Many shapes at once -> labels: outlines and masks become runs of pixels, which are painted in order.

    rings, masks, run lengths -> Runs -> Canvas -> labels

One shape costs some microseconds, whatever the size of the image, so that a file of 200,000 is read in
seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sporemetry.exchange.filling import Patch, fill_patch

Points = NDArray[np.float64]
Piece = Sequence[Points]
Whole = NDArray[np.int64]

# Held at one time: crossings of edges with pixel rows (32 MB), pixels to be painted (64 MB), vertices.
_CROSSINGS_AT_ONCE = 1 << 20
_PIXELS_AT_ONCE = 1 << 21
_VERTICES_AT_ONCE = 1 << 19
_SHAPES_AT_ONCE = 1 << 14
# Corners are often half a pixel or one beyond the image by rounding; that is no fault to speak of.
_ROUNDING_PX = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Pixels of an image as runs along its rows.

    Attributes
    ----------
    starts, lengths : int64 arrays, n
        The first pixel of each run in the flattened image, and how many follow one another. The runs lie
        inside.
    down : bool
        Whether the image is flattened column by column, as COCO does.
    """

    starts: Whole
    lengths: Whole
    down: bool = False


Pixels = Patch | Runs


@dataclass(frozen=True, slots=True, eq=False)
class PieceRuns:
    """The pixels of many pieces.

    Attributes
    ----------
    pieces : int64 array, n
        Which piece each run belongs to, in rising order.
    starts, lengths : int64 arrays, n
        As in :class:`Runs`.
    far : bool array, one a piece
        Pieces with a vertex so far outside that it cannot be meant; they have no runs.
    beyond : bool array, one a piece
        Pieces that reach more than a pixel over the image's edge; they are cut off there.
    """

    pieces: Whole
    starts: Whole
    lengths: Whole
    far: NDArray[np.bool_]
    beyond: NDArray[np.bool_]


def farthest(size: tuple[int, int]) -> float:
    """Return how far from the image a vertex may lie: ten times its longer side, 1,000 px at least."""
    return 10.0 * max(*size, 100)


def piece_runs(pieces: Sequence[Piece], size: tuple[int, int]) -> PieceRuns:
    """Return the pixels whose centres lie inside each piece, by the even-odd rule over its rings.

    Parameters
    ----------
    pieces : sequence of sequences of float arrays, N x 2
        The rings of each piece, finite numbers; of three vertices at least, or they enclose nothing. No
        pieces give no runs.
    size : (int, int)
        Height and width of the image.

    Examples
    --------
    >>> square = np.array([[1.0, 0.0], [3.0, 0.0], [3.0, 2.0], [1.0, 2.0]])
    >>> found = piece_runs([[square], [square + 1]], (3, 4))
    >>> found.pieces.tolist(), found.starts.tolist(), found.lengths.tolist()
    ([0, 0, 1, 1], [1, 5, 6, 10], [2, 2, 2, 2])
    """
    far = np.zeros(len(pieces), dtype=np.bool_)
    beyond = np.zeros(len(pieces), dtype=np.bool_)
    rings = [ring for piece in pieces for ring in piece if len(ring)]
    owners = np.array([n for n, piece in enumerate(pieces) for ring in piece if len(ring)], dtype=np.int64)
    nothing = np.zeros(0, dtype=np.int64)
    if not rings:
        return PieceRuns(nothing, nothing, nothing, far, beyond)
    vertices = np.concatenate(rings)
    lengths = np.array([len(ring) for ring in rings], dtype=np.int64)
    begins = np.cumsum(lengths) - lengths
    low = np.minimum.reduceat(vertices, begins, axis=0)
    high = np.maximum.reduceat(vertices, begins, axis=0)
    limit, sides = farthest(size), np.array([size[1], size[0]])
    far[owners[((low < -limit) | (high > sides + limit)).any(axis=1)]] = True
    beyond[owners[((low < -_ROUNDING_PX) | (high > sides + _ROUNDING_PX)).any(axis=1)]] = True
    beyond &= ~far
    owner = np.repeat(owners, lengths)
    following = np.arange(1, len(vertices) + 1)
    following[begins + lengths - 1] = begins
    near = ~far[owner]
    edges = _Edges.of(vertices[near], vertices[following[near]], owner[near], size[0])
    parts = list(edges.runs(pieces, size))
    found = [np.concatenate(column) for column in zip(*parts, strict=True)] if parts else [nothing] * 3
    return PieceRuns(found[0], found[1], found[2], far, beyond)


@dataclass(frozen=True, slots=True, eq=False)
class _Edges:
    """Edges from top to bottom with the pixel rows whose centres they cross."""

    upper: Points
    lower: Points
    owner: Whole
    first: Whole
    counts: Whole

    @classmethod
    def of(cls, starts: Points, ends: Points, owner: Whole, height: int) -> _Edges:
        # From top to bottom whichever way the ring runs: two polygons must compute a common edge alike.
        down = (starts[:, 1] < ends[:, 1])[:, None]
        upper, lower = np.where(down, starts, ends), np.where(down, ends, starts)
        first = np.clip(np.ceil(upper[:, 1] - 0.5), 0, height).astype(np.int64)
        counts = np.clip(np.ceil(lower[:, 1] - 0.5), 0, height).astype(np.int64) - first
        crossing = np.flatnonzero(counts > 0)
        return cls(upper[crossing], lower[crossing], owner[crossing], first[crossing], counts[crossing])

    def runs(self, pieces: Sequence[Piece], size: tuple[int, int]) -> Iterator[tuple[Whole, Whole, Whole]]:
        """Yield pieces, starts and lengths; pieces are taken as many at a time as memory allows."""
        done = np.concatenate([[0], np.cumsum(self.counts)])
        ends = (
            np.flatnonzero(np.append(np.diff(self.owner) != 0, True)) + 1 if self.owner.size else self.owner
        )
        begin, place = 0, 0
        while begin < self.owner.size:
            stop = int(np.searchsorted(done[ends], done[begin] + _CROSSINGS_AT_ONCE, side="right"))
            if stop <= place:  # one piece that alone has too many
                owner = int(self.owner[begin])
                runs = runs_of(fill_patch(pieces[owner], size), size)
                yield np.full(runs.starts.size, owner, dtype=np.int64), runs.starts, runs.lengths
                stop = place + 1
            else:
                yield self._crossed(begin, int(ends[stop - 1]), size)
            begin, place = int(ends[stop - 1]), stop

    def _crossed(self, begin: int, end: int, size: tuple[int, int]) -> tuple[Whole, Whole, Whole]:
        height, width = size
        counts = self.counts[begin:end]
        edges = np.repeat(np.arange(begin, end), counts)
        rows = np.arange(edges.size) - np.repeat(np.cumsum(counts) - counts, counts) + self.first[edges]
        (x0, y0), (x1, y1) = self.upper[edges].T, self.lower[edges].T
        x = x0 + (rows + 0.5 - y0) * ((x1 - x0) / (y1 - y0))
        columns = np.clip(np.ceil(x - 0.5), 0, width).astype(np.int64)
        base = int(self.owner[begin])
        keys = ((self.owner[edges] - base) * height + rows) * (width + 1) + columns
        keys.sort()
        # A closed ring crosses a row an even number of times: inside is from the first crossing to the
        # second.
        entering, leaving = keys[0::2], keys[1::2]
        kept = leaving > entering
        entering, lengths = entering[kept], (leaving - entering)[kept]
        line, column = np.divmod(entering, width + 1)
        piece, row = np.divmod(line, height)
        return piece + base, row * width + column, lengths


def runs_of(pixels: Pixels, size: tuple[int, int]) -> Runs:
    """Return the runs of a patch; runs are returned as they are."""
    if isinstance(pixels, Runs):
        return pixels
    mask = pixels.mask
    first, last = mask.copy(), mask.copy()
    first[:, 1:] &= ~mask[:, :-1]
    last[:, :-1] &= ~mask[:, 1:]
    begins, ends = np.flatnonzero(first), np.flatnonzero(last)
    rows, cols = np.divmod(begins, max(mask.shape[1], 1))
    starts = (rows + pixels.row) * size[1] + cols + pixels.col
    return Runs(starts.astype(np.int64), (ends - begins + 1).astype(np.int64))


def flat_pixels(runs: Runs, size: tuple[int, int]) -> Iterator[Whole]:
    """Yield the pixels of runs as places in the image flattened row by row, some at a time."""
    owners = np.zeros(runs.starts.size, dtype=np.int32)
    down = np.full(runs.starts.size, runs.down)
    for _, flat in _expanded(owners, runs.starts, runs.lengths, down, size):
        yield flat


class Canvas:
    """A label image on which instances are painted one above another.

    Parameters
    ----------
    size : (int, int)
        Height and width.
    instances : int
        How many there will be; they have the numbers 1 to this one.

    Attributes
    ----------
    labels : int32 array, height * width
        What has been painted; complete after :meth:`finish`.
    claimed : int64 array, instances + 1
        Pixels that each instance has asked for.
    shared : bool array, height * width, or None
        Pixels that several have asked for; None if there is none.
    involved, beyond, far : bool arrays, instances + 1
        Which of them share pixels, were cut off at the edge, or lie too far outside to be meant.
    """

    def __init__(self, size: tuple[int, int], instances: int) -> None:
        self.size = size
        self.labels = np.zeros(size[0] * size[1], dtype=np.int32)
        self.claimed = np.zeros(instances + 1, dtype=np.int64)
        self.shared: NDArray[np.bool_] | None = None
        self.involved = np.zeros(instances + 1, dtype=np.bool_)
        self.beyond = np.zeros(instances + 1, dtype=np.bool_)
        self.far = np.zeros(instances + 1, dtype=np.bool_)
        self._pieces: list[Piece] = []
        self._piece_numbers: list[int] = []
        self._pixels: list[Runs] = []
        self._pixel_numbers: list[int] = []
        self._vertices = 0

    def add_piece(self, number: int, rings: Piece) -> None:
        """Take one piece of an instance; numbers must not fall."""
        self._pieces.append(rings)
        self._piece_numbers.append(number)
        self._vertices += sum(map(len, rings))
        if self._vertices > _VERTICES_AT_ONCE or len(self._pieces) >= _SHAPES_AT_ONCE:
            self._flush()

    def add_pixels(self, number: int, pixels: Pixels) -> None:
        """Take pixels of an instance; numbers must not fall."""
        runs = runs_of(pixels, self.size)
        self._pixels.append(runs)
        self._pixel_numbers.append(number)
        self._vertices += runs.starts.size
        if self._vertices > _VERTICES_AT_ONCE or len(self._pixels) >= _SHAPES_AT_ONCE:
            self._flush()

    def finish(self) -> NDArray[np.int32]:
        """Paint what is left and return the labels, height x width."""
        self._flush()
        return self.labels.reshape(self.size)

    def _flush(self) -> None:
        found = piece_runs(self._pieces, self.size)
        owners = np.array(self._piece_numbers, dtype=np.int32)
        self.far[owners[found.far]] = True
        self.beyond[owners[found.beyond]] = True
        numbers, starts, lengths = [owners[found.pieces]], [found.starts], [found.lengths]
        down = [np.zeros(found.starts.size, dtype=np.bool_)]
        for owner, runs in zip(self._pixel_numbers, self._pixels, strict=True):
            numbers.append(np.full(runs.starts.size, owner, dtype=np.int32))
            starts.append(runs.starts)
            lengths.append(runs.lengths)
            down.append(np.full(runs.starts.size, runs.down))
        self._pieces, self._piece_numbers, self._pixels, self._pixel_numbers = [], [], [], []
        self._vertices = 0
        number, start, length = np.concatenate(numbers), np.concatenate(starts), np.concatenate(lengths)
        columns = np.concatenate(down)
        # A shape that is not whole is not drawn in part.
        order = np.argsort(number, kind="stable")
        order = order[~self.far[number[order]]]
        number, start, length, columns = number[order], start[order], length[order], columns[order]
        np.add.at(self.claimed, number, length)
        for claimants, flat in _expanded(number, start, length, columns, self.size):
            self._paint(claimants, flat)

    def _paint(self, number: NDArray[np.int32], flat: Whole) -> None:
        before = self.labels[flat]
        self.labels[flat] = number  # of places that come several times the last counts
        after = self.labels[flat]
        covered = (before != 0) & (before != number)
        clash = covered | (after != number)
        if clash.any():
            if self.shared is None:
                self.shared = np.zeros(self.labels.size, dtype=np.bool_)
            self.shared[flat[clash]] = True
            for ids in (number[clash], after[clash], before[covered]):
                self.involved[ids] = True


def _expanded(
    numbers: NDArray[np.int32],
    starts: Whole,
    lengths: Whole,
    down: NDArray[np.bool_],
    size: tuple[int, int],
) -> Iterator[tuple[NDArray[np.int32], Whole]]:
    """Yield the number and the place of each pixel, row by row, at most two million at a time."""
    if lengths.size and int(lengths.max()) > _PIXELS_AT_ONCE:
        numbers, starts, lengths, down = _halved(numbers, starts, lengths, down)
    done = np.concatenate([[0], np.cumsum(lengths)])
    begin = 0
    while begin < lengths.size:
        end = max(int(np.searchsorted(done, done[begin] + _PIXELS_AT_ONCE, side="right")) - 1, begin + 1)
        count = lengths[begin:end]
        flat = np.arange(int(done[end] - done[begin])) + np.repeat(
            starts[begin:end] - (done[begin:end] - done[begin]), count
        )
        if down[begin:end].any():
            columns = np.repeat(down[begin:end], count)
            col, row = np.divmod(flat[columns], size[0])
            flat[columns] = row * size[1] + col
        yield np.repeat(numbers[begin:end], count), flat
        begin = end


def _halved(
    numbers: NDArray[np.int32], starts: Whole, lengths: Whole, down: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], Whole, Whole, NDArray[np.bool_]]:
    """Cut runs that are too long into several."""
    parts = -(-lengths // _PIXELS_AT_ONCE)
    which = np.repeat(np.arange(lengths.size), parts)
    place = np.arange(which.size) - np.repeat(np.cumsum(parts) - parts, parts)
    offset = place * _PIXELS_AT_ONCE
    cut = np.minimum(lengths[which] - offset, _PIXELS_AT_ONCE)
    return numbers[which], starts[which] + offset, cut, down[which]
