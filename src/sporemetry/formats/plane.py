"""What a decoder hands on: the samples in the file's own numbers, and what they mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from numpy.typing import NDArray

Colour = Literal["grey", "rgb", "palette", "cmyk", "ycbcr", "lab"]
Alpha = Literal["none", "straight", "associated", "unused"]


@dataclass(frozen=True, slots=True, eq=False)
class Coding:
    """What the samples of a plane mean.

    Parameters
    ----------
    colour : str
        ``grey``, ``rgb``, ``palette`` (the samples are indices), ``cmyk`` (the maximum is full ink),
        ``ycbcr`` (BT.601, full range) or ``lab`` (CIE L*a*b* of 8 bit, a and b as signed bytes).
    bits : int
        Significant bits of an unsigned sample: its full scale is ``2**bits - 1``. 0 for other types.
    inverted : bool
        Zero is white (TIFF's WhiteIsZero, an inverting look-up table in ImageJ).
    alpha : str
        Whether the last sample is alpha: ``none``, ``straight`` or ``associated`` (already multiplied);
        ``unused`` for a fourth sample beside RGB of which nothing is stated.
    palette : array of shape (n, 3) or (n, 4), optional
        Colours of a palette, uint8 or uint16, with alpha where there is a fourth column.
    transparent : tuple of int, optional
        The one grey value or colour that is wholly transparent (PNG's tRNS).
    """

    colour: Colour = "grey"
    bits: int = 8
    inverted: bool = False
    alpha: Alpha = "none"
    palette: NDArray[Any] | None = None
    transparent: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """One decoded plane, before any conversion: what a reader of label pictures needs.

    Parameters
    ----------
    array : array of shape (H, W) or (H, W, C)
        In the file's own numbers and dtype: palette indices stay indices, 1-bit pictures are 0 and 1,
        4-bit grey is 0..15, WhiteIsZero is not inverted. Float planes are finite. EXIF orientation is
        applied.
    coding : Coding
        What the samples mean.
    um_per_px : float, optional
        Micrometres a pixel, or None where the file states no scale that can be trusted.
    scale_source : str
        Where it comes from: ``none``, ``--um-per-px``, ``ImageJ metadata``, ``OME metadata``,
        ``TIFF resolution``.
    notes : tuple of str
        What was done or left out, in plain sentences.
    path : Path, optional
        The file.
    lossy : bool
        Whether JPEG compression has changed the samples.
    software : str
        The program that a TIFF says it was written by.
    """

    array: NDArray[Any]
    coding: Coding = field(default_factory=Coding)
    um_per_px: float | None = None
    scale_source: str = "none"
    notes: tuple[str, ...] = ()
    path: Path | None = None
    lossy: bool = False
    software: str = ""

    @property
    def height(self) -> int:
        """Rows of pixels."""
        return int(self.array.shape[0])

    @property
    def width(self) -> int:
        """Columns of pixels."""
        return int(self.array.shape[1])


def full_scale(bits: int) -> int:
    """Return the largest sample of ``bits`` bits.

    Examples
    --------
    >>> full_scale(12)
    4095
    """
    return (1 << bits) - 1
