"""A data set under the symmetries of the square: on the fly, or written out with where each copy comes from.

On the fly is the default everywhere in this package; files are for programs that need them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sporemetry.csv_table import csv_rows
from sporemetry.dataset.card import CARD_NAME, format_card
from sporemetry.dataset.folder import Dataset, DatasetItem, read_item_ignore, read_item_labels
from sporemetry.dataset.symmetries import SYMMETRIES, apply, apply_to_fractions, copy_name
from sporemetry.dataset.whole_folder import MARKER_NAME, is_free, unfinished
from sporemetry.errors import OutputError, SettingsError
from sporemetry.exchange.yolo_boxes import read_boxes
from sporemetry.formats.encode import encode_png
from sporemetry.guarded_file import real_path
from sporemetry.image import read_image
from sporemetry.label_image import encode_labels
from sporemetry.storage import file_sha256, make_folder, remove_temporaries, write_atomic

MANIFEST_NAME = "augmented.csv"
MANIFEST_COLUMNS = ("name", "source", "symmetry", "group", "source_sha256")


@dataclass(frozen=True, slots=True)
class Augmented:
    """Items under symmetries, none of them written: entry ``k`` is item ``k // n`` under symmetry ``k % n``.

    Attributes
    ----------
    items : sequence of DatasetItem
        The items; an entry keeps its item's group, so that a split by group never parts copies.
    names : sequence of str
        Which symmetries; all eight if not given.

    Examples
    --------
    >>> item = DatasetItem(name="a_1", group="a", image=Path("a_1.png"))
    >>> augmented = Augmented([item] * 1600)
    >>> len(augmented), augmented[9][1]
    (12800, 'rot90')
    """

    items: Sequence[DatasetItem]
    names: Sequence[str] = SYMMETRIES

    def __len__(self) -> int:
        return len(self.items) * len(self.names)

    def __getitem__(self, index: int) -> tuple[DatasetItem, str]:
        """Return entry ``index`` from 0; past the end is an IndexError."""
        if not 0 <= index < len(self):
            raise IndexError(f"entry {index} of {len(self)}")
        item, name = divmod(index, len(self.names))
        return self.items[item], self.names[name]

    def __iter__(self) -> Iterator[tuple[DatasetItem, str]]:
        """Go through all entries in order."""
        return (self[index] for index in range(len(self)))


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentResult:
    """What :func:`augment_dataset` has done.

    Attributes
    ----------
    written, kept : int
        Copies written now, and copies that were there.
    manifest : Path
        The table of where each comes from.
    """

    written: int
    kept: int
    manifest: Path


def augment_dataset(
    dataset: Dataset,
    output: Path,
    *,
    names: Sequence[str] = SYMMETRIES,
    on_progress: Callable[[int, int], None] | None = None,
) -> AugmentResult:
    """Write every picture with its labels, boxes and ignore mask under each symmetry, as a data set.

    Pictures are written as PNG, 8 or 16 bits, without loss (of a JPEG, its decoded pixels). Copies of a
    picture carry ``__`` and the symmetry's name, by which they stay in its group.
    ``augmented.csv`` tells the source and the symmetry of each. Called again, it goes on where it stopped.

    Parameters
    ----------
    dataset : Dataset
        One without pictures gives one without pictures.
    output : Path
        The folder; made if missing.
    names : sequence of str
        Of :data:`~sporemetry.dataset.symmetries.SYMMETRIES`, each once.
    on_progress : callable, optional
        Called with (done, all).

    Raises
    ------
    SettingsError
        For unknown or repeated names, or a folder that lies in the data set or holds other things.
    FileError
        When a picture or what belongs to it cannot be read.
    OutputError
        When a file cannot be written.
    """
    _check(dataset, output, names)
    with unfinished(output, "augment"):
        return _augment(dataset, output, names, on_progress)


def _augment(
    dataset: Dataset,
    output: Path,
    names: Sequence[str],
    on_progress: Callable[[int, int], None] | None,
) -> AugmentResult:
    for folder in ("images", "labels", "boxes", "ignore"):
        remove_temporaries(output / folder)
    rows: list[tuple[str, ...]] = []
    written = 0
    total = len(dataset.items) * len(names)
    for item in dataset.items:
        source = _Source(item, dataset.root, output)
        for name in names:
            written += source.write(name)
            rows.append(source.row(name))
            if on_progress is not None:
                on_progress(len(rows), total)
    make_folder(output / "images")
    write_atomic(output / CARD_NAME, format_card(dataset.card).encode("utf-8"))
    manifest = output / MANIFEST_NAME
    write_atomic(manifest, _table(rows))
    return AugmentResult(written=written, kept=len(rows) - written, manifest=manifest)


class _Source:
    """One picture and what belongs to it; read when the first copy is missing."""

    def __init__(self, item: DatasetItem, root: Path, output: Path) -> None:
        self.item = item
        self.root = root
        self.output = output
        self._content: _Content | None = None
        self._digest = ""

    def row(self, symmetry: str) -> tuple[str, ...]:
        """Return the line of the manifest."""
        self._digest = self._digest or file_sha256(self.item.image)
        source = self.item.image.relative_to(self.root).as_posix()
        return (copy_name(self.item.name, symmetry), source, symmetry, self.item.group, self._digest)

    def write(self, symmetry: str) -> bool:
        """Write the files of one copy, the picture last; return False where they were there already."""
        files = self._files(copy_name(self.item.name, symmetry))
        if all(path.exists() for path in files.values()):
            return False
        content = self._content = self._content or _Content.read(self.item)
        for path in files.values():
            make_folder(path.parent)
        if "boxes" in files and content.boxes is not None:
            write_atomic(files["boxes"], _box_text(content.boxes, symmetry))
        if "labels" in files and content.labels is not None:
            turned = np.ascontiguousarray(apply(symmetry, content.labels))
            write_atomic(files["labels"], encode_labels(turned, um_per_px=content.um_per_px))
        if "ignore" in files and content.ignore is not None:
            write_atomic(files["ignore"], encode_png(apply(symmetry, content.ignore)))
        write_atomic(files["images"], encode_png(apply(symmetry, content.pixels)))
        return True

    def _files(self, name: str) -> dict[str, Path]:
        files = {"images": self.output / "images" / f"{name}.png"}
        for kind, path, ending in (
            ("labels", self.item.labels, "tif"),
            ("boxes", self.item.boxes, "txt"),
            ("ignore", self.item.ignore, "png"),
        ):
            if path is not None:
                files[kind] = self.output / kind / f"{name}.{ending}"
        return files


@dataclass(frozen=True, slots=True, eq=False)
class _Content:
    """A picture and what belongs to it, decoded."""

    pixels: NDArray[np.uint8] | NDArray[np.uint16]
    labels: NDArray[np.int32] | None
    um_per_px: float | None
    boxes: NDArray[np.float64] | None
    ignore: NDArray[np.uint8] | None

    @classmethod
    def read(cls, item: DatasetItem) -> _Content:
        picture = read_image(item.image)
        height, width = picture.pixels.shape[:2]
        read = None if item.labels is None else read_item_labels(item)
        boxes = None
        if item.boxes is not None:
            file = read_boxes(item.boxes)
            boxes = np.column_stack([file.classes, file.fractions])
        masked = item.ignore is not None
        ignore = read_item_ignore(item, (height, width)).astype(np.uint8) * 255 if masked else None
        return cls(
            picture.pixels,
            None if read is None else read.labels,
            picture.um_per_px if read is None or read.um_per_px is None else read.um_per_px,
            boxes,
            None if ignore is None else ignore.astype(np.uint8),
        )


def _check(dataset: Dataset, output: Path, names: Sequence[str]) -> None:
    unknown = [name for name in names if name not in SYMMETRIES]
    if unknown or not names or len(set(names)) < len(names):
        raise SettingsError(
            "--symmetry",
            expected=f"some of {', '.join(SYMMETRIES)}, each once",
            found=", ".join(names) or "none",
        )
    root, target = real_path(dataset.root), real_path(output)
    if target == root or root in target.parents:
        raise SettingsError("--output", expected="a folder outside the data set", found=str(output))
    if output.exists() and not output.is_dir():
        raise OutputError(output, expected="a folder", found="a file of that name")
    ours = {"images", "labels", "boxes", "ignore", CARD_NAME, MANIFEST_NAME, MARKER_NAME}
    strange = sorted({path.name for path in output.iterdir()} - ours) if output.exists() else []
    if not strange and not (output / MANIFEST_NAME).exists() and not is_free(output, "augment"):
        strange = ["another data set"]
    if strange:
        raise SettingsError(
            "--output", expected="an empty folder, or one of this command", found=f"{strange[0]} in {output}"
        )


def _table(rows: Sequence[tuple[str, ...]]) -> bytes:
    return csv_rows([MANIFEST_COLUMNS, *rows])


def _box_text(boxes: NDArray[np.float64], symmetry: str) -> bytes:
    moved = apply_to_fractions(symmetry, boxes[:, 1:])
    lines = [
        f"{int(kind)} " + " ".join(f"{value:.10g}" for value in row)
        for kind, row in zip(boxes[:, 0].tolist(), moved.tolist(), strict=True)
    ]
    return "".join(f"{line}\n" for line in lines).encode("ascii")
