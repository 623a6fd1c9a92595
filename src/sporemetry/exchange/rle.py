"""Run lengths: COCO's, plain or as text, and CVAT's. All begin with zeros, a run of length 0 if need be."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import SettingsError
from sporemetry.exchange.filling import Patch
from sporemetry.exchange.painting import Runs

# COCO's text has 5 bits a character, the lowest first, from "0" on; bit 5 says that more follow.
_ZERO, _BITS, _MORE, _SIGN = 48, 5, 32, 16
# 30 bits: more than any run in a picture within the budget.
_LONGEST = 6


def run_lengths(flat: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the lengths of the runs of a line of pixels, zeros first.

    Examples
    --------
    >>> run_lengths(np.array([1, 1, 0, 1], dtype=bool))
    array([0, 2, 1, 1])
    """
    if flat.size == 0:
        return np.zeros(0, dtype=np.int64)
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    starts = np.concatenate([[0], [0] if flat[0] else [], changes]).astype(np.int64)
    return np.diff(starts, append=flat.size)


def fill_runs(counts: NDArray[np.int64], lines: int, length: int) -> tuple[int, NDArray[np.bool_]]:
    """Return the lines that hold something, as the number of the first and a mask.

    Parameters
    ----------
    counts : int64 array
        Run lengths, zeros first, over all lines one after another.
    lines, length : int
        How many lines there are, and pixels in each.

    Returns
    -------
    first : int
    mask : bool array, n x length
        Only as many lines as needed, so that a spore does not take the memory of its picture; none if all is
        zero.

    Raises
    ------
    SettingsError
        When a run is negative or the runs are not of ``lines * length`` pixels together.
    """
    starts, stops = _spans(counts, lines * length)
    if starts.size == 0:
        return 0, np.zeros((0, length), dtype=np.bool_)
    first, last = int(starts[0]) // length, (int(stops[-1]) - 1) // length
    steps = np.zeros((last - first + 1) * length + 1, dtype=np.int8)
    np.add.at(steps, starts - first * length, 1)
    np.add.at(steps, stops - first * length, -1)
    return first, np.cumsum(steps[:-1], dtype=np.int8).astype(np.bool_).reshape(-1, length)


def patch_of_columns(counts: NDArray[np.int64], shape: tuple[int, int]) -> Patch:
    """Return the pixels of COCO's runs, which go down the columns of a picture of that height and width.

    Raises
    ------
    SettingsError
        As :func:`fill_runs`.
    """
    height, width = shape
    first, columns = fill_runs(counts, width, height)
    return cropped(0, first, columns.T)


def runs_of_columns(counts: NDArray[np.int64], shape: tuple[int, int]) -> Runs:
    """Return the pixels of COCO's runs without making a mask; errors as :func:`fill_runs`."""
    starts, stops = _spans(counts, shape[0] * shape[1])
    return Runs(starts, stops - starts, down=True)


def columns_of_patch(patch: Patch, shape: tuple[int, int]) -> NDArray[np.int64]:
    """Return COCO's runs of a patch in a picture of that height and width."""
    height, width = shape
    columns = np.zeros((patch.mask.shape[1], height), dtype=np.bool_)
    columns[:, patch.row : patch.row + patch.mask.shape[0]] = patch.mask.T
    counts = run_lengths(columns.ravel())
    before = patch.col * height
    after = (width - patch.col - columns.shape[0]) * height
    if counts.size == 0:
        return np.array([before + after], dtype=np.int64)
    counts[0] += before
    if counts.size % 2:
        counts[-1] += after
    elif after:
        counts = np.append(counts, after)
    return counts


def cropped(row: int, col: int, mask: NDArray[np.bool_]) -> Patch:
    """Return the part of ``mask`` that holds something; ``row`` and ``col`` are its place in the picture."""
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if rows.size == 0:
        return Patch(0, 0, np.zeros((0, 0), dtype=np.bool_))
    part = mask[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
    return Patch(row + int(rows[0]), col + int(cols[0]), part)


def encode_counts(counts: NDArray[np.int64]) -> str:
    """Return run lengths as the text of COCO's compressed form.

    From the fourth on, a run is stored as the difference to the one two before.

    Examples
    --------
    >>> encode_counts(np.array([6, 1, 40, 4, 5, 4, 5, 4, 21]))
    '61X13mN000`0'
    """
    stored = counts.astype(np.int64, copy=True)
    stored[3:] -= counts[1:-2]
    text = bytearray()
    for number in stored.tolist():
        more = True
        while more:
            bits = number & (_MORE - 1)
            number >>= _BITS
            more = number != (-1 if bits & _SIGN else 0)
            text.append(_ZERO + bits + _MORE * more)
    return text.decode("ascii")


def decode_counts(text: str) -> NDArray[np.int64]:
    """Return the run lengths of COCO's compressed form; an empty text gives none.

    Raises
    ------
    SettingsError
        When a character or a number is none that this form can hold.

    Examples
    --------
    >>> decode_counts("61X13mN000`0")
    array([ 6,  1, 40,  4,  5,  4,  5,  4, 21])
    """
    try:
        codes = np.frombuffer(text.encode("ascii"), dtype=np.uint8).astype(np.int64) - _ZERO
    except UnicodeEncodeError as error:
        raise _wrong("compressed run lengths", "characters outside ASCII") from error
    if codes.size == 0:
        return np.zeros(0, dtype=np.int64)
    ends = np.flatnonzero(codes & _MORE == 0)
    if codes.min() < 0 or codes.max() >= 2 * _MORE or ends.size == 0 or ends[-1] != codes.size - 1:
        raise _wrong("compressed run lengths", "characters that are none, or a number cut off")
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts + 1
    if lengths.max() > _LONGEST:
        raise _wrong(f"numbers of at most {_LONGEST} characters", f"one of {lengths.max()}")
    shifts = _BITS * (np.arange(codes.size) - np.repeat(starts, lengths))
    numbers = np.add.reduceat((codes & (_MORE - 1)) << shifts, starts)
    negative = codes[ends] & _SIGN != 0
    numbers[negative] -= np.int64(1) << (_BITS * lengths[negative])
    numbers[1::2] = np.cumsum(numbers[1::2])
    numbers[2::2] = np.cumsum(numbers[2::2])
    return numbers


def _spans(counts: NDArray[np.int64], total: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where the runs of ones begin and end in a line of ``total`` pixels."""
    if counts.size and (counts.min() < 0 or counts.max() > total):
        raise _wrong(f"runs of 0 to {total:,} pixels", f"one of {counts.min():,}, one of {counts.max():,}")
    ends = np.cumsum(counts)
    if (int(ends[-1]) if ends.size else 0) != total:
        raise _wrong(f"runs of {total:,} pixels together", f"{int(ends[-1]) if ends.size else 0:,}")
    starts, stops = ends[:-1:2], ends[1::2]
    kept = stops > starts
    return starts[kept], stops[kept]


def _wrong(expected: str, found: str) -> SettingsError:
    return SettingsError("counts", expected=expected, found=found)
