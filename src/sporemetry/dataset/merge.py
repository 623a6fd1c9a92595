"""Several data sets as one, their spores brought to one length: what a network for all of them is trained on.

OUTPUT/images/<set>/<name>.png   labels/<set>/<name>.png   ignore/<set>/<name>.png   dataset.toml
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sporemetry.dataset.box_labels import labels_from_boxes
from sporemetry.dataset.card import CARD_NAME, DatasetCard, format_card
from sporemetry.dataset.folder import Dataset, DatasetItem, open_dataset, read_item_ignore, read_item_labels
from sporemetry.dataset.whole_folder import is_free, unfinished
from sporemetry.errors import SettingsError
from sporemetry.exchange.yolo_boxes import read_boxes
from sporemetry.formats.encode import encode_png
from sporemetry.formats.limits import DEFAULT_MAX_PIXELS
from sporemetry.image import read_image
from sporemetry.measurement import measure
from sporemetry.storage import make_folder, write_atomic

DEFAULT_LENGTH_PX = 28.0

_LARGEST_LENGTH_PX = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedSet:
    """What became of one of the sets.

    Attributes
    ----------
    name : str
        Its folder in the merged set.
    pictures, spores : int
        How many there are.
    length_px : float
        The median spore length in its own pictures.
    factor : float
        What they were scaled by.
    """

    name: str
    pictures: int
    spores: int
    length_px: float
    factor: float


@dataclass(frozen=True, slots=True, eq=False)
class _Content:
    pixels: NDArray[np.uint8]
    labels: NDArray[np.int32]
    ignore: NDArray[np.bool_]


def merge_datasets(
    sources: Sequence[str | Path],
    output: str | Path,
    *,
    length_px: float = DEFAULT_LENGTH_PX,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[MergedSet]:
    """Write several data sets as one, scaled so that the median spore of each has the same length.

    Pictures with boxes only get labels from them, see :mod:`sporemetry.dataset.box_labels`; those with
    neither are left out. Files that are there already are kept: a call that was interrupted goes on.

    Parameters
    ----------
    sources : sequence of str or Path
        Data set folders; the folder's name becomes the set's.
    output : str or Path
        The merged set's folder.
    length_px : float
        The median spore length of each set afterwards.
    on_progress : callable, optional
        Pictures done, and in all.

    Returns
    -------
    list of MergedSet
        One for each source, in their order.

    Raises
    ------
    SettingsError
        When two sources have one name, one has no spores to measure, the length is not above 4, or the folder
        holds another set.
    FileError
        When a file cannot be read or written.
    """
    if not 4 < length_px <= _LARGEST_LENGTH_PX:
        raise SettingsError(
            "--spore-length-px",
            expected=f"a length above 4 and up to {_LARGEST_LENGTH_PX:,} px",
            found=f"{length_px:g}",
        )
    opened = {Path(source).resolve().name: open_dataset(source) for source in sources}
    if len(opened) != len(sources):
        raise SettingsError(
            "sources", expected="folders of different names", found=", ".join(map(str, sources))
        )
    output = Path(output)
    items = {name: _usable(dataset) for name, dataset in opened.items()}
    result = [_measured(name, each, length_px) for name, each in items.items()]
    _check_card(output, card := _card(items, result, length_px))
    done = 0
    with unfinished(output, "merge"):
        write_atomic(output / CARD_NAME, card.encode("utf-8"))
        for merged, each in zip(result, items.values(), strict=True):
            for item in each:
                _write(item, merged.name, output, merged.factor)
                done += 1
                if on_progress is not None:
                    on_progress(done, sum(map(len, items.values())))
    return result


def _measured(name: str, items: Sequence[DatasetItem], length_px: float) -> MergedSet:
    """Measure the spores of a set."""
    lengths = [length for item in items for length in _lengths(item)]
    if not lengths:
        raise SettingsError("sources", expected=f"spores in {name}", found="none")
    median = statistics.median(lengths)
    return MergedSet(
        name=name, pictures=len(items), spores=len(lengths), length_px=median, factor=length_px / median
    )


def _card(items: Mapping[str, Sequence[DatasetItem]], merged: Sequence[MergedSet], length_px: float) -> str:
    groups = {
        _literal(f"{name}/{item.name}"): f"{name}/{item.group}"
        for name, each in items.items()
        for item in each
    }
    scales = "; ".join(f"{each.name} x {each.factor:.6g}" for each in merged)
    note = f"Median spore length {length_px:g} px: {scales}"
    return format_card(DatasetCard(name="merged", note=note, groups=groups))


def _check_card(output: Path, text: str) -> None:
    """Refuse a folder of another merger, or of anything else: nothing is mixed with what is there."""
    path = output / CARD_NAME
    there = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    strange = not there and not is_free(output, "merge")
    if strange or (there and there != text):
        raise SettingsError(
            "--output",
            expected="an empty folder, or the merger of the same sets at the same length",
            found=f"another set in {output}",
            remedy="Choose another folder.",
        )


def _literal(name: str) -> str:
    """Return a pattern that fits this name alone."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _usable(dataset: Dataset) -> list[DatasetItem]:
    return [item for item in dataset.items if item.labels is not None or item.boxes is not None]


def _lengths(item: DatasetItem) -> list[float]:
    """Return the length of every spore of a picture, px."""
    return [float(length) for length in measure(_read(item).labels)["feret_diameter_max"]]


def _read(item: DatasetItem) -> _Content:
    pixels = read_image(item.image).pixels
    eight = pixels.astype(np.uint8) if pixels.dtype == np.uint8 else (pixels // 257).astype(np.uint8)
    if item.labels is not None:
        labels = read_item_labels(item).labels
        return _Content(eight, labels, read_item_ignore(item, labels.shape))
    if item.boxes is None:
        raise ValueError(f"{item.name} has neither labels nor boxes")
    found = labels_from_boxes(eight, read_boxes(item.boxes).in_pixels(*eight.shape[:2]))
    return _Content(eight, found.labels, found.ignore | read_item_ignore(item, found.labels.shape))


def _write(item: DatasetItem, name: str, output: Path, factor: float) -> None:
    paths = {part: output / part / name / f"{item.name}.png" for part in ("images", "labels", "ignore")}
    # The labels are written last, so that a picture whose labels are there is whole.
    if paths["labels"].exists():
        return
    content = _read(item)
    size = (round(content.labels.shape[1] * factor), round(content.labels.shape[0] * factor))
    if size[0] * size[1] > DEFAULT_MAX_PIXELS:
        raise SettingsError(
            "--spore-length-px",
            expected=f"images of at most {DEFAULT_MAX_PIXELS:,} pixels once they are scaled",
            found=f"{size[0]:,} x {size[1]:,} pixels of {item.name}",
            remedy="Ask for shorter spores.",
        )
    pixels = cv2.resize(content.pixels, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC)
    # Numbers to 2^24 are exact in float32, which OpenCV can scale.
    labels = cv2.resize(content.labels.astype(np.float32), size, interpolation=cv2.INTER_NEAREST_EXACT)
    ignore = cv2.resize(content.ignore.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST_EXACT)
    for path in paths.values():
        make_folder(path.parent)
    write_atomic(paths["images"], encode_png(pixels))
    write_atomic(paths["ignore"], encode_png(ignore * np.uint8(255)))
    write_atomic(paths["labels"], encode_png(labels.astype(np.uint16)))
