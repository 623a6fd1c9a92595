"""TIFF, BigTIFF, ImageJ TIFF and OME-TIFF.

    directory    header and chain of image file directories -> tags, each read checked
    layout       the tags of one page -> sizes, sample type, where its strips or tiles lie
    codecs       the compressions that may be called, each bounded
    segments     strips or tiles -> array
    metadata     what ImageJ, OME and tifffile wrote into the description: axes, planes, scale
    stack        the pages -> the planes that a user can choose from
    reader       all of it composed: a file -> Plane

Source: TIFF Revision 6.0 (Adobe, 1992) with Technical Notes 1 to 3, and the BigTIFF design of libtiff.
"""
