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
from sporemetry.dataset.import_notes import NOTES_NAME, Note, format_notes
from sporemetry.dataset.picture_index import PictureIndex
from sporemetry.dataset.whole_folder import whole_folder, write_into
from sporemetry.errors import FileError, LabelReadError, OutputError, SettingsError
from sporemetry.exchange.annotation import Annotation, BoxArray, Importer
from sporemetry.formats.encode import encode_png
from sporemetry.formats.scale import STATED
from sporemetry.image import read_image
from sporemetry.label_image import encode_labels
from sporemetry.stated_number import check_number

_RECORDS = "imported"
_LARGEST_SCALE = 1e6


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
        What the source held and the data set does not, each with the image's name; all of them, with the
        failures, stand in ``import_notes.csv`` in the data set.
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
        The data set; made if missing. It is written whole or not at all, and nothing that is there is ever
        replaced or mixed with it: a folder that is not empty is refused, unless it is what is brought in now.
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
        A source without images, or of which none can be used, gives zeros, and nothing is written.

    Raises
    ------
    SettingsError
        For a scale that is none, or a class that the source does not have.
    LabelReadError
        When the source cannot be read.
    SettingsError
        When the scale cannot be one.
    OutputError
        When the output holds anything else, or a file cannot be written.
    """
    if um_per_px is not None:
        check_number("--um-per-px", um_per_px, *STATED, of="µm a pixel")
    if um_per_px is not None and not 0 < um_per_px < _LARGEST_SCALE:
        raise SettingsError("--um-per-px", expected="a scale above 0, in µm a pixel", found=f"{um_per_px}")
    index = PictureIndex(images, without=output)
    with whole_folder(output, record=_RECORDS, kept=frozenset({CARD_NAME})) as content:
        job = _Import(index, content, frozenset(classes), um_per_px)
        for done, annotation in enumerate(read(source, job.size), start=1):
            job.take(annotation)
            if on_progress is not None:
                on_progress(done)
        job.check_classes()
        job.note_classes()
        job.write_card(format_name, source)
        job.write_record(format_name, source)
        job.write_notes()
        return job.result()


@dataclass(slots=True)
class _Taken:
    """What one image has become."""

    picture: Path
    files: tuple[Path, ...]
    content: bytes
    count: int
    record: dict[str, object]
    classes: tuple[str, ...]


class _Import:
    """The state of one import: which pictures were used, what there is to say."""

    def __init__(
        self, index: PictureIndex, output: Path, classes: frozenset[str], um_per_px: float | None
    ) -> None:
        self.index = index
        self.output = output
        self.classes = classes
        self.um_per_px = um_per_px
        self.taken: dict[str, _Taken] = {}
        self.refused: set[str] = set()
        self.spoken_of: set[Path] = set()
        self.notes: list[Note] = []
        self.failures: list[FileError] = []
        self.scales: set[float] = set()
        self.seen_classes: set[str] = set()
        self.shapes: dict[Path, tuple[int, int]] = {}

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
        """Write one image's labels, or keep why not."""
        if not annotation.name:
            self.notes += [Note("", "note", note) for note in annotation.notes]
            return
        try:
            picture = self._picture_of(annotation, self.index.find(annotation.name))
            self._take(annotation, picture)
        except OutputError:
            raise
        except FileError as error:
            self.failures.append(error)
            self.notes.append(Note(annotation.name, "left out", str(error)))

    def _take(self, annotation: Annotation, picture: Path) -> None:
        name = PurePosixPath(self.index.name_of(picture)).with_suffix("").as_posix()
        shape = self.shape(picture)
        chosen = self._of_classes(annotation)
        self._check_size(annotation, picture, shape)
        file, content = _encoded(name, chosen, shape, self.um_per_px or annotation.um_per_px)
        before = self.taken.get(name)
        if before is not None and before.picture == picture and before.content == content:
            self.notes.append(Note(name, "note", "the source has it twice, with the same labels"))
            return
        if before is not None or name in self.refused:
            raise self._twice(name, picture)
        files = [(f"images/{self.index.name_of(picture)}", picture.read_bytes()), (file, content)]
        if chosen.ignore is not None:
            files.append((f"ignore/{name}.png", encode_png(chosen.ignore.astype(np.uint8) * np.uint8(255))))
        paths = tuple(write_into(self.output, relative, each) for relative, each in files)
        count = _count(chosen)
        record = {
            "name": name,
            "instances": count,
            "classes": dict(sorted(Counter(chosen.classes).items())),
            "notes": list(chosen.notes),
        }
        self.taken[name] = _Taken(picture, paths, content, count, record, chosen.classes)
        self.notes += [Note(name, "note", note) for note in chosen.notes]
        if annotation.um_per_px is not None:
            self.scales.add(annotation.um_per_px)

    def _twice(self, name: str, picture: Path) -> LabelReadError:
        """Take back what the first one has written: nobody knows which of them holds all spores."""
        first = self.taken.pop(name, None)
        self.refused.add(name)
        if first is not None:
            for path in first.files:
                path.unlink()
        other = self.index.name_of(first.picture) if first is not None else "others of that name"
        return LabelReadError(
            picture,
            expected="one annotation a picture name",
            found=f"{other} before it, with other labels; none of them was taken",
            remedy="Rename one of the pictures, or take one of the annotations out.",
        )

    def _picture_of(self, annotation: Annotation, picture: Path | None) -> Path:
        if picture is not None:
            self.spoken_of.add(picture)
        if annotation.problem is not None:
            raise annotation.problem
        if picture is None:
            raise LabelReadError(
                annotation.name,
                expected="the picture that the labels were drawn on",
                found=f"none of that name among {len(self.index):,} pictures",
                remedy="Name the folder that holds it with --images.",
            )
        return picture

    def _of_classes(self, annotation: Annotation) -> Annotation:
        """Return the annotation with the wanted classes only, ids without gaps."""
        self.seen_classes |= set(annotation.classes)
        if not self.classes or not annotation.classes:
            return annotation
        if annotation.labels is None and annotation.boxes is None:
            return annotation
        wanted = np.array([False, *(each in self.classes for each in annotation.classes)])
        ids = np.where(wanted, np.cumsum(wanted), 0).astype(np.int32)
        left_out = int((~wanted[1:]).sum())
        return replace(
            annotation,
            labels=None if annotation.labels is None else ids[annotation.labels],
            boxes=None if annotation.boxes is None else annotation.boxes[wanted[1:]],
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

    def check_classes(self) -> None:
        """Complain about wanted classes that the source does not have."""
        missing = sorted(self.classes - self.seen_classes)
        if missing and self.taken:
            raise SettingsError(
                "--class",
                expected=f"classes of the source: {', '.join(sorted(self.seen_classes)) or 'it has none'}",
                found=", ".join(missing),
            )

    def note_classes(self) -> None:
        """Say which classes were taken as spores, where there are several and none was chosen."""
        counts = Counter(label for each in self.taken.values() for label in each.classes)
        if len(counts) > 1 and not self.classes:
            listed = ", ".join(f"{name or '(no class)'} {count:,}" for name, count in counts.most_common())
            text = f"classes taken as spores: {listed}; choose with --class"
            self.notes.insert(0, Note("", "note", text))

    def write_card(self, format_name: str, source: Path) -> None:
        """Write ``dataset.toml`` where there is none yet."""
        if len(self.scales) > 1 and self.um_per_px is None:
            text = "the pictures state different scales: none is written to dataset.toml"
            self.notes.append(Note("", "note", text))
        scale = self.um_per_px or (self.scales.copy().pop() if len(self.scales) == 1 else None)
        if self.taken:
            text = format_card(DatasetCard(um_per_px=scale, source=f"{format_name} {source.name}".strip()))
            write_into(self.output, CARD_NAME, text.encode("utf-8"))

    def write_record(self, format_name: str, source: Path) -> None:
        """Write what came from where: ``imported/<format>-<source>.json``."""
        if not self.taken:
            return
        pictures = [each.record for each in self.taken.values()]
        record = {"format": format_name, "source": source.name, "pictures": pictures}
        name = "-".join(filter(None, [format_name, source.name]))
        text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
        write_into(self.output, f"{_RECORDS}/{name}.json", text.encode("utf-8", "replace"))

    def write_notes(self) -> None:
        """Write all notes, failures and images that the source does not speak of, if there is any."""
        notes = [
            *self.notes,
            *(Note(name, "left out", "the source does not speak of it") for name in self._unlabelled()),
        ]
        if self.taken and notes:
            write_into(self.output, NOTES_NAME, format_notes(notes))

    def result(self) -> Imported:
        """Return what was done."""
        said = [note for note in self.notes if note.kind == "note"]
        return Imported(
            pictures=len(self.taken),
            instances=sum(each.count for each in self.taken.values()),
            notes=tuple(f"{note.image}: {note.text}" if note.image else note.text for note in said),
            failures=tuple(self.failures),
            unlabelled=tuple(self._unlabelled()),
        )

    def _unlabelled(self) -> list[str]:
        return [self.index.name_of(picture) for picture in self.index.others(self.spoken_of)]


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
