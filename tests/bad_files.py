"""Bad pictures, each with the error that it must end in: name -> (bytes, error class).

The parts, one kind each, are in ``tests/formats``; this module puts them together.
"""

from __future__ import annotations

from functools import cache

from tests.formats.bad_metadata import bad_metadata
from tests.formats.bad_other import bad_other
from tests.formats.bad_raster import bad_bmps, bad_jpegs, bad_pngs
from tests.formats.bad_tiffs import bad_tiffs

from sporemetry.errors import ImageReadError

BadFiles = dict[str, tuple[bytes, type[ImageReadError]]]


@cache
def bad_files() -> BadFiles:
    """All bad files; the name ends in the suffix that the file is given."""
    kinds = (bad_other(), bad_pngs(), bad_jpegs(), bad_bmps(), bad_tiffs(), bad_metadata())
    files = {name: bad for kind in kinds for name, bad in kind.items()}
    if len(files) != sum(len(kind) for kind in kinds):
        raise ValueError("two bad files have one name")
    return files
