"""How files of labels and outlines are called, and which image each of them is of."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from sporemetry.pipeline.outline_files import LABEL_SUFFIXES, MASKS_ENDING, OUTLINES

# Ours, Cellpose's, Fiji's and the common ones. Longer ones first.
_MARKED = re.compile(r"[ _.-](cp_masks|labels?|masks?|seg|rois?|roi_?set)$", re.IGNORECASE)
# What Fiji's ROI Manager proposes for a set, and its saved successors.
_SET_NAME = re.compile(r"(rois?|roi_?set)[ _()\d-]*", re.IGNORECASE)
_SEG = "_seg.npy"
_ALWAYS_OUTLINES = frozenset({".roi", ".geojson"})


def may_be_labels(path: Path) -> bool:
    """Tell whether a file of a folder may hold labels or outlines, by its name.

    >>> [may_be_labels(Path(name)) for name in ("a.png", "a_seg.npy", "a.npy", "a_rois.zip", "a.csv")]
    [True, True, False, True, False]
    """
    suffix = path.suffix.lower()
    if suffix == ".json":  # mostly something else
        return False
    return suffix in LABEL_SUFFIXES or suffix in OUTLINES or path.name.lower().endswith(_SEG)


def is_marked(path: Path) -> bool:
    """Tell whether a file's name says that it holds labels or outlines of another image.

    >>> [is_marked(Path(name)) for name in ("a.png", "a_labels.tif", "RoiSet.zip", "photos.zip", "a.geojson")]
    [False, True, True, False, True]
    """
    suffix = path.suffix.lower()
    if suffix in _ALWAYS_OUTLINES or suffix == MASKS_ENDING:
        return True
    if suffix == ".zip" and _SET_NAME.fullmatch(path.stem):
        return True
    return bool(_MARKED.search(path.stem))


def names_no_image(path: Path) -> bool:
    """Tell whether a file is called as Fiji proposes, ``RoiSet.zip``: that does not say what it is of."""
    return path.suffix.lower() in (".zip", ".roi") and bool(_SET_NAME.fullmatch(path.stem))


def image_stems(name: PurePosixPath | Path) -> list[str]:
    """Return what the image of a file of labels may be called, without ending, likeliest first.

    Examples
    --------
    >>> image_stems(Path("T1_rep1_sq1_labels.tif"))
    ['T1_rep1_sq1', 'T1_rep1_sq1_labels']
    >>> image_stems(Path("leaf_labels_rois.zip"))
    ['leaf', 'leaf_labels', 'leaf_labels_rois']
    >>> image_stems(Path("leaf.png"))
    ['leaf']
    """
    stems = [name.stem]
    while shorter := _MARKED.sub("", stems[0]):
        if shorter == stems[0]:
            break
        stems.insert(0, shorter)
    return stems


def photograph_stem(labels: PurePosixPath) -> str:
    """Return the stem that a file of labels shares with its photograph.

    >>> photograph_stem(PurePosixPath("leaf_1_cp_masks.png"))
    'leaf_1'
    >>> photograph_stem(PurePosixPath("leaf_1.png"))
    'leaf_1'
    """
    return image_stems(labels)[0]
