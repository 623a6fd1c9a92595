"""How much memory an image takes, told from its header before it is read."""

from __future__ import annotations

from sporemetry.image import pixels_in_header
from sporemetry.pipeline.inputs import PictureTask
from sporemetry.segmentation import MODEL

# Measured as the peak of one process (images of 15 and 33 megapixels, 8 bit): 59 bytes a pixel, and with a
# network up to 1 GB more for its tiles; 16 bit take some more.
_OF_PROCESS = 300_000_000
_A_PIXEL = 70
_OF_TILES, _TILES_A_PIXEL = 1_000_000_000, 70


def memory_of(task: PictureTask, *, method: str) -> int:
    """Return about how many bytes a process takes for one image.

    Parameters
    ----------
    task : PictureTask
        The image. One whose header cannot be read will be refused, and takes what a process takes.
    method : str
        How spores are found; empty where they are only measured.
    """
    pixels = pixels_in_header(task.source) or 0
    tiles = min(_OF_TILES, _TILES_A_PIXEL * pixels) if method == MODEL else 0
    return _OF_PROCESS + _A_PIXEL * pixels + tiles
