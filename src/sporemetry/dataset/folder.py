"""The folder format of a data set, and opening one.

    DATASET/
      images/<name>.<png|jpg|tif|bmp>   the pictures; subfolders are allowed and belong to the name
      labels/<name>.<png|tif|bmp>       instance ids, 0 background, 1..n spores; or a mask
      boxes/<name>.txt                  or, for counting only, YOLO boxes
      ignore/<name>.<png|tif|bmp>       optional: where not zero, a pixel counts neither way
      dataset.toml                      optional: the card, see :mod:`sporemetry.dataset.card`

A label picture may carry one of the usual endings (``_labels``, ``_masks``, ``_cp_masks``) after the name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sporemetry.dataset.card import CARD_NAME, DatasetCard, read_card
from sporemetry.dataset.whole_folder import check_finished
from sporemetry.errors import LabelReadError
from sporemetry.image import PICTURE_SUFFIXES, ReadSettings
from sporemetry.label_image import LabelImage, inspect_labels, read_labels, read_mask
from sporemetry.label_jpegs import jpeg_files
from sporemetry.label_pieces import numbered_anew
from sporemetry.names import name_key

LABEL_SUFFIXES = frozenset({".png", ".tif", ".tiff", ".bmp"})
_LARGEST_ID = np.iinfo(np.uint16).max
_MARK = re.compile(r"_(labels|cp_masks|masks)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetItem:
    """The files of one picture.

    Attributes
    ----------
    name : str
        The picture's path below ``images/`` without its ending, with ``/`` between folders; composed
        (NFC), whatever the disk has.
    group : str
        Pictures of one sample share it; a split never parts them.
    image : Path
        The picture.
    labels, boxes, ignore : Path or None
        What there is beside it.
    """

    name: str
    group: str
    image: Path
    labels: Path | None = None
    boxes: Path | None = None
    ignore: Path | None = None

    @property
    def flat_name(self) -> str:
        """The name as that of a file in one folder: ``__`` stands for the ``/`` between folders."""
        return self.name.replace("/", "__")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A data set folder, listed but not read.

    Attributes
    ----------
    root : Path
        The folder.
    items : tuple of DatasetItem
        One for each picture, in the order of their names.
    card : DatasetCard
        What ``dataset.toml`` says; all empty without one.
    orphans : tuple of Path
        Files in ``labels/``, ``boxes/`` and ``ignore/`` that belong to no picture.
    doubles : tuple of Path
        Files that claim a name which another file of the same kind has.
    jpegs : tuple of Path
        JPEG files in ``labels/`` without labels of their name: they cannot be labels.
    """

    root: Path
    items: tuple[DatasetItem, ...]
    card: DatasetCard
    orphans: tuple[Path, ...] = ()
    doubles: tuple[Path, ...] = ()
    jpegs: tuple[Path, ...] = ()

    @property
    def labelled(self) -> tuple[DatasetItem, ...]:
        """The items that have a label picture."""
        return tuple(item for item in self.items if item.labels is not None)


def open_dataset(root: str | Path) -> Dataset:
    """List a data set folder.

    Parameters
    ----------
    root : str or Path
        The folder that holds ``images/``.

    Returns
    -------
    Dataset
        An empty ``images/`` gives a data set without items.

    Raises
    ------
    LabelReadError
        When there is no such folder, or it holds no ``images/``, or the command that writes it was
        interrupted, or its card cannot be read, or two files
        have names that differ in the form of their letters only: which labels belong to which image
        cannot be told then.
    """
    root = Path(root)
    images = root / "images"
    check_finished(root)
    if not images.is_dir():
        raise LabelReadError(
            root,
            expected="a data set folder with images/ in it (and labels/ or boxes/)",
            found="a folder without images/" if root.is_dir() else "no such folder",
            remedy="Name the folder above images/, or bring labels of other programs in with "
            "`sporemetry dataset import`.",
        )
    card = read_card(root / CARD_NAME)
    doubles: list[Path] = []
    pictures = _by_name(images, PICTURE_SUFFIXES, doubles, marked=False)
    parts = {
        "labels": _by_name(root / "labels", LABEL_SUFFIXES, doubles, marked=True),
        "boxes": _by_name(root / "boxes", {".txt"}, doubles, marked=False),
        "ignore": _by_name(root / "ignore", LABEL_SUFFIXES, doubles, marked=False),
    }
    items = tuple(
        DatasetItem(
            name=name,
            group=card.group_of(name),
            image=image,
            labels=parts["labels"].get(name),
            boxes=parts["boxes"].get(name),
            ignore=parts["ignore"].get(name),
        )
        for name, image in sorted(pictures.items())
    )
    orphans = [path for files in parts.values() for name, path in files.items() if name not in pictures]
    return Dataset(
        root=root,
        items=items,
        card=card,
        orphans=tuple(sorted(orphans)),
        doubles=tuple(doubles),
        jpegs=tuple(
            path
            for path in jpeg_files(root / "labels", recursive=True)
            if item_name(path, root / "labels", marked=True) not in parts["labels"]
        ),
    )


def read_item_labels(item: DatasetItem, settings: ReadSettings | None = None) -> LabelImage:
    """Read the labels of an item; a mask becomes its connected components, and a note says so.

    Ids beyond 65,535 are numbered anew from 1, with a note: of a data set only counts which pixels have one
    id, and what is made of it holds 16 bits.

    Raises
    ------
    LabelReadError
        When the item has none, or the file is no label image; see :func:`sporemetry.label_image.read_labels`.
    ImageReadError
        When the file cannot be read.
    """
    read = read_labels(_labels_of(item), settings)
    if read.labels.max(initial=0) <= _LARGEST_ID:
        return read
    note = f"Its ids go beyond {_LARGEST_ID:,}; they were numbered anew from 1 in rising order."
    return replace(read, labels=numbered_anew(read.labels), notes=(*read.notes, note))


def inspect_item_labels(item: DatasetItem) -> LabelImage:
    """Read the labels of an item with all faults that they have; see :func:`read_item_labels`."""
    return inspect_labels(_labels_of(item))


def _labels_of(item: DatasetItem) -> Path:
    if item.labels is None:
        raise LabelReadError(
            item.image,
            expected="a label picture of the same name in labels/",
            found="none",
            remedy="Label the picture, or take it out of the data set.",
        )
    return item.labels


def read_item_ignore(item: DatasetItem, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return where pixels count neither way, H x W; nowhere for an item without such a mask.

    Raises
    ------
    LabelReadError
        When the mask's size is not ``shape``.
    ImageReadError
        When the file cannot be read.
    """
    if item.ignore is None:
        return np.zeros(shape, dtype=bool)
    mask = read_mask(item.ignore)
    if mask.shape != shape:
        raise LabelReadError(
            item.ignore,
            expected=f"the size of its picture, {shape[1]} x {shape[0]}",
            found=f"{mask.shape[1]} x {mask.shape[0]}",
            remedy="Draw the mask on the picture itself.",
        )
    return mask


def item_name(path: Path, folder: Path, *, marked: bool) -> str:
    """Return the name that a file in ``folder`` has in the data set, composed (NFC).

    >>> item_name(Path("labels/leaf/S82_4_1_labels.tif"), Path("labels"), marked=True)
    'leaf/S82_4_1'
    """
    relative = path.relative_to(folder).with_suffix("")
    return name_key((relative.with_name(_MARK.sub("", relative.name)) if marked else relative).as_posix())


def _by_name(folder: Path, suffixes: Iterable[str], doubles: list[Path], *, marked: bool) -> dict[str, Path]:
    """List a folder's files of these endings by name; hidden files and links out of it are left out."""
    if not folder.is_dir():
        return {}
    wanted = {suffix.lower() for suffix in suffixes}
    files: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if hidden or path.suffix.lower() not in wanted or not path.is_file():
            continue
        name = item_name(path, folder, marked=marked)
        if folder.name == "boxes" and path.name == "classes.txt":
            continue
        if name in files:
            _check_alike(files[name], path, folder)
            doubles.append(path)
        else:
            files[name] = path
    return files


def _check_alike(first: Path, second: Path, folder: Path) -> None:
    """Raise where two names look the same and are not: composed and decomposed letters."""
    one, other = (path.relative_to(folder).with_suffix("").as_posix() for path in (first, second))
    if one != other and name_key(one) == name_key(other):
        raise LabelReadError(
            second,
            expected="names that differ by more than the form of their letters",
            found=f"{second.name!a} beside {first.name!a}, which look the same",
            remedy="Rename one of the two, together with its labels.",
        )
