"""The picture formats: how bytes become planes, guarded at every step.

:mod:`sporemetry.image` is the public way in. The parts, in the order in which a file meets them::

    source       an open regular file; every read is checked against the file's size
    sniff        the first bytes -> the kind of file, by content and not by name
    limits       the pixel budget, asked before anything is allocated
    png, jpeg, bmp, tiff    one kind each: bytes -> Plane, in the file's own numbers
    orientation  EXIF and TIFF orientation
    convert      Plane -> H x W x 3, uint8 or uint16
    refusal      how all of them say no, without knowing the file's name

TIFF is parsed here and not by tifffile, which is the oracle of the tests: tifffile allocates before it
checks, opens other files that an OME-TIFF names, reads planes that are missing as zeros, and reads a
half-written file as fewer pages. The decoders called are zlib of the standard library and libjpeg-turbo,
libpng, LZW, PackBits and Zstandard through imagecodecs; nothing else is ever reached.
"""
