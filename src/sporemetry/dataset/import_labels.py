"""Other programs' labels -> a data set folder: pictures copied, labels written, what was left out said."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sporemetry.dataset.card import CARD_NAME, DatasetCard, format_card
from sporemetry.dataset.picture_index import PictureIndex
from sporemetry.errors import FileError, LabelReadError, OutputError, SettingsError
from sporemetry.exchange.annotation import Annotation, BoxArray, Importer
from sporemetry.image import read_image
from sporemetry.label_image import encode_labels
from sporemetry.storage import make_folder, write_atomic

_EXAMPLES_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What :func:`import_labels` has done.

    Attributes
    ----------
    pictures : int
        Pictures that the data set now has from this source.
    instances : int
        Spores (or boxes) on them.
    notes : tuple of str
        What the source held and the data set does not, each with the picture's name.
    failures : tuple of FileError
        Pictures that were left out, and why.
    unlabelled : tuple of str
        Pictures that the source does not speak of; they are not brought in.
    """

    pictures: int
    instances: int
    notes: tuple[str, ...]
    failures: tuple[FileError, ...]
    unlabelled: tuple[str, ...]


def import_labels(
    read: Importer,
    source: Path,
    images: Path,
    output: Path,
    *,
    format_name: str = "",
    classes: Iterable[str] = (),
    um_per_px: float | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Imported:
    """Bring the labels of another program into a data set folder.

    Parameters
    ----------
    read : Importer
        One of :data:`sporemetry.exchange.registry.IMPORTERS`.
    source : Path
        The other program's file or folder.
    images : Path
        The folder with the pictures; searched by the names that the source states.
    output : Path
        The data set; made if missing. Pictures that it has already stay as they are.
    format_name : str
        Said in the record of what was imported.
    classes : iterable of str
        Only instances of these classes; all by default.
    um_per_px : float, optional
        The scale, instead of what the source states.
    on_progress : callable, optional
        Called with the number of pictures done.

    Returns
    -------
    Imported
        A source without pictures gives zeros.

    Raises
    ------
    LabelReadError
        When the source cannot be read; what came before it in the source is in the data set already.
    OutputError
        When a file cannot be written.
    """
    job = _Import(PictureIndex(images), output, frozenset(classes), um_per_px)
    for done, annotation in enumerate(read(source, job.size), start=1):
        job.take(annotation)
        if on_progress is not None:
            on_progress(done)
    job.check_classes()
    job.write_card(format_name, source)
    job.write_record(format_name, source)
    return job.result()


class _Import:
    """The state of one import: which pictures were used, what there is to say."""

    def __init__(
        self, index: PictureIndex, output: Path, classes: frozenset[str], um_per_px: float | None
    ) -> None:
        self.index = index
        self.output = output
        self.classes = classes
        self.um_per_px = um_per_px
        self.pictures: dict[Path, dict[str, object]] = {}
        self.names: dict[str, Path] = {}
        self.notes: list[str] = []
        self.failures: list[FileError] = []
        self.scales: set[float] = set()
        self.seen_classes: set[str] = set()
        self.shapes: dict[Path, tuple[int, int]] = {}
        self.instances = 0

    def size(self, name: str) -> tuple[int, int] | None:
        """Return height and width of the upright picture of that name; None where there is none to read."""
        try:
            picture = self.index.find(name)
            return None if picture is None else self.shape(picture)
        except FileError:
            return None  # said when the picture's own turn comes

    def shape(self, picture: Path) -> tuple[int, int]:
        """Return height and width of a picture, read once."""
        if picture not in self.shapes:
            height, width = read_image(picture).pixels.shape[:2]
            self.shapes[picture] = (height, width)
        return self.shapes[picture]

    def take(self, annotation: Annotation) -> None:
        """Write one picture's labels, or keep why not."""
        try:
            self._take(annotation)
        except OutputError:
            raise
        except FileError as error:
            self.failures.append(error)

    def _take(self, annotation: Annotation) -> None:
        picture = self._picture_of(annotation)
        name = PurePosixPath(self.index.name_of(picture)).with_suffix("").as_posix()
        shape = self.shape(picture)
        chosen = self._of_classes(annotation)
        self._check_size(annotation, picture, shape)
        if (other := self.names.get(name)) is not None:
            raise LabelReadError(
                picture,
                expected="one annotation a picture name",
                found=f"{self.index.name_of(other)} before it",
                remedy="Rename one of the pictures, or take one of the annotations out.",
            )
        file, content = _encoded(name, chosen, shape, self.um_per_px or annotation.um_per_px)
        self._write_new(self.output / "images" / self.index.name_of(picture), picture.read_bytes())
        self._write_new(self.output / file, content)
        count = _count(chosen)
        self.names[name] = picture
        self.instances += count
        self.pictures[picture] = {
            "name": name,
            "instances": count,
            "classes": dict(sorted(Counter(chosen.classes).items())),
            "notes": list(chosen.notes),
        }
        self.notes += [f"{name}: {note}" for note in chosen.notes]
        if annotation.um_per_px is not None:
            self.scales.add(annotation.um_per_px)

    def _picture_of(self, annotation: Annotation) -> Path:
        picture = self.index.find(annotation.name)
        if picture is None:
            raise LabelReadError(
                self.index.folder / annotation.name,
                expected="the picture that the labels were drawn on",
                found=f"none of that name among {len(self.index):,} pictures",
                remedy="Name the folder that holds it with --images.",
            )
        return picture

    def _of_classes(self, annotation: Annotation) -> Annotation:
        """Return the annotation with the wanted classes only, ids without gaps."""
        self.seen_classes |= set(annotation.classes)
        if not self.classes or annotation.labels is None or not annotation.classes:
            return annotation
        wanted = np.array([False, *(each in self.classes for each in annotation.classes)])
        ids = np.where(wanted, np.cumsum(wanted), 0).astype(np.int32)
        left_out = int((~wanted[1:]).sum())
        return replace(
            annotation,
            labels=ids[annotation.labels],
            classes=tuple(each for each in annotation.classes if each in self.classes),
            notes=(*annotation.notes, *([f"{left_out} of other classes left out"] if left_out else [])),
        )

    def _check_size(self, annotation: Annotation, picture: Path, shape: tuple[int, int]) -> None:
        if annotation.labels is not None and annotation.labels.shape != shape:
            height, width = annotation.labels.shape
            raise LabelReadError(
                picture,
                expected=f"labels of the picture's size, {shape[1]} x {shape[0]}",
                found=f"{width} x {height}",
                remedy="Bring the picture that was labelled, at the size it had then.",
            )

    def _write_new(self, path: Path, content: bytes) -> None:
        """Write a file unless it is there; a different one of that name is never replaced."""
        make_folder(path.parent)
        if path.exists() and path.read_bytes() != content:
            raise LabelReadError(
                path,
                expected="a new file, or the same one",
                found="another file of that name",
                remedy="Import into an empty folder, or delete the old file if the new one is right.",
            )
        if not path.exists():
            write_atomic(path, content)

    def check_classes(self) -> None:
        """Complain about wanted classes that the source does not have."""
        missing = sorted(self.classes - self.seen_classes)
        if missing and self.pictures:
            raise SettingsError(
                "--class",
                expected=f"classes of the source: {', '.join(sorted(self.seen_classes)) or 'it has none'}",
                found=", ".join(missing),
            )

    def write_card(self, format_name: str, source: Path) -> None:
        """Write ``dataset.toml`` where there is none yet."""
        if len(self.scales) > 1 and self.um_per_px is None:
            self.notes.append("the pictures state different scales: none is written to dataset.toml")
        scale = self.um_per_px or (self.scales.copy().pop() if len(self.scales) == 1 else None)
        card = self.output / CARD_NAME
        if self.pictures and not card.exists():
            text = format_card(DatasetCard(um_per_px=scale, source=f"{format_name} {source.name}".strip()))
            write_atomic(card, text.encode("utf-8"))

    def write_record(self, format_name: str, source: Path) -> None:
        """Write what came from where: ``imported/<format>-<source>.json``."""
        if not self.pictures:
            return
        record = {"format": format_name, "source": source.name, "pictures": list(self.pictures.values())}
        folder = self.output / "imported"
        make_folder(folder)
        name = "-".join(filter(None, [format_name, source.name]))
        text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
        write_atomic(folder / f"{name}.json", text.encode("utf-8", "replace"))

    def result(self) -> Imported:
        """Return what was done."""
        left = [self.index.name_of(picture) for picture in self.index.others(self.pictures)]
        return Imported(
            pictures=len(self.pictures),
            instances=self.instances,
            notes=tuple(self.notes),
            failures=tuple(self.failures),
            unlabelled=tuple(left),
        )


def _count(annotation: Annotation) -> int:
    if annotation.labels is not None:
        return int(annotation.labels.max(initial=0))
    return 0 if annotation.boxes is None else len(annotation.boxes)


def _encoded(
    name: str, annotation: Annotation, shape: tuple[int, int], um_per_px: float | None
) -> tuple[str, bytes]:
    """Return the file below the data set's folder that holds the annotation, and its content."""
    if annotation.labels is not None:
        return f"labels/{name}.tif", encode_labels(_no_mask(annotation.labels), um_per_px=um_per_px)
    boxes = np.zeros((0, 4)) if annotation.boxes is None else annotation.boxes
    return f"boxes/{name}.txt", _box_lines(boxes, shape).encode("ascii")


def _no_mask(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return labels that are not taken for a mask: a single spore in several pieces gets the id 2."""
    single = labels.max(initial=0) == 1
    return labels * 2 if single and ndimage.label(labels, np.ones((3, 3)))[1] > 1 else labels


def _box_lines(boxes: BoxArray, shape: tuple[int, int]) -> str:
    """Return boxes as YOLO's lines; what lies outside the picture is cut off."""
    height, width = shape
    limits = np.array([width, height, width, height], dtype=np.float64)
    inside = np.clip(boxes, 0.0, limits)
    sizes = inside[:, 2:] - inside[:, :2]
    kept = inside[(sizes > 0).all(axis=1)] / limits
    centres, extents = (kept[:, :2] + kept[:, 2:]) / 2, kept[:, 2:] - kept[:, :2]
    rows = np.concatenate([centres, extents], axis=1)
    return "".join("0 " + " ".join(f"{value:.10g}" for value in row) + "\n" for row in rows.tolist())
