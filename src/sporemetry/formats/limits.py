"""The pixel budget: what a header may ask for, checked before a decoder allocates anything."""

from __future__ import annotations

from dataclasses import dataclass

from sporemetry.formats.refusal import no_content, too_large

# Counting takes about 60 bytes a pixel beside what reading takes (benchmarks/count.py): 6 GB at this limit.
DEFAULT_MAX_PIXELS = 100_000_000

# RGB and alpha of 16 bit: the widest picture that keeps all its pixels within the budget.
BYTES_PER_PIXEL = 8

# What a small picture may carry besides its pixels: profiles, previews, EXIF.
FILE_ALLOWANCE = 1 << 26


@dataclass(frozen=True, slots=True)
class Budget:
    """How large a picture may be.

    Parameters
    ----------
    max_pixels : int
        Most pixels (width x height) of one plane. The samples of a plane may take 8 bytes for each pixel
        of the budget, so that a plane of wider pixels (float64 RGB: 24 bytes) may have fewer of them.

    Notes
    -----
    Reading then needs at most about 24 bytes of memory for each pixel of the budget, and 128 MiB: the
    encoded data, the plane in the file's own numbers and the RGB picture. A picture uses what its own
    size asks for, not what the budget allows: an 8-bit RGB picture takes 3 to 10 bytes a pixel.
    """

    max_pixels: int = DEFAULT_MAX_PIXELS

    @property
    def plane_bytes(self) -> int:
        """Most bytes of one decoded plane."""
        return self.max_pixels * BYTES_PER_PIXEL

    @property
    def file_bytes(self) -> int:
        """Most bytes of a PNG, JPEG or BMP file, which is read whole."""
        return self.plane_bytes + FILE_ALLOWANCE

    def check(self, width: int, height: int, bytes_per_pixel: float) -> None:
        """Refuse a picture without pixels, or with more than the budget allows.

        Parameters
        ----------
        width, height : int
            As the header states them, in pixels.
        bytes_per_pixel : float
            All samples of a pixel, decoded, and whatever is kept beside them.

        Raises
        ------
        Refusal
            ImageContentError for a zero size, ImageTooLargeError above the budget.
        """
        if width <= 0 or height <= 0:
            raise no_content("a picture with pixels", f"a size of {width} x {height} pixels")
        pixels = width * height
        if pixels > self.max_pixels or pixels * bytes_per_pixel > self.plane_bytes:
            raise too_large(
                f"at most {self.max_pixels:,} pixels and {self.plane_bytes:,} bytes of them",
                f"a header that asks for {width:,} x {height:,} pixels of {bytes_per_pixel:g} bytes",
                "Crop the picture, or raise the budget with --max-pixels if the memory is there.",
            )
