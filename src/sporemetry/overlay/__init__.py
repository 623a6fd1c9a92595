"""Pictures to check by eye: the pixels with every spore outlined and numbered.

    pixels, labels -> display (8 bits) -> outlines -> numbers -> scale bar -> JPEG

:func:`draw_overlay` draws, :func:`encode_jpeg` packs the result for the disk and the report.
"""

from sporemetry.overlay.display import to_display
from sporemetry.overlay.drawing import draw_overlay
from sporemetry.overlay.encoding import encode_jpeg

__all__ = ["draw_overlay", "encode_jpeg", "to_display"]
