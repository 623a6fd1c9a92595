"""Several files of one image: which of them its spores are measured from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sporemetry.pipeline.outline_files import LABEL_SUFFIXES
from sporemetry.pipeline.recorded_image import RecordedImage


def choose_file(files: Sequence[Path], recorded: RecordedImage | None) -> tuple[Path, bool, tuple[Path, ...]]:
    """Choose among the files of one image.

    Parameters
    ----------
    files : sequence of Path
        One or more.
    recorded : RecordedImage or None
        What the count recorded of the image.

    Returns
    -------
    Path
        The file to measure: of a counted image the one that was edited or added since, else labels as pixels.
    bool
        Whether it is not as the count wrote it.
    tuple of Path
        Others that could be meant as well. Of a counted image they were all edited; else they may hold the
        same.
    """
    ranked = sorted(files, key=lambda path: (path.suffix.lower() not in LABEL_SUFFIXES, path.name))
    if recorded is None:
        return ranked[0], False, tuple(ranked[1:])
    edited = [path for path in ranked if not recorded.is_unchanged(path)]
    if edited:
        return edited[0], True, tuple(edited[1:])
    return ranked[0], False, ()


def same_objects(one: NDArray[np.int32], other: NDArray[np.int32]) -> bool:
    """Tell whether two label arrays have the same objects, whatever their numbers.

    >>> same_objects(np.array([[0, 1, 1, 2]], dtype=np.int32), np.array([[0, 7, 7, 3]], dtype=np.int32))
    True
    >>> same_objects(np.array([[0, 1, 1, 2]], dtype=np.int32), np.array([[0, 7, 7, 7]], dtype=np.int32))
    False
    """
    if one.shape != other.shape or not np.array_equal(one != 0, other != 0):
        return False
    inside = one != 0
    pairs = np.unique(np.stack([one[inside], other[inside]]), axis=1)
    return all(np.unique(side).size == pairs.shape[1] for side in pairs)
