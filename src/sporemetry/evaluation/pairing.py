"""Which predicted file belongs to which true one: by name, and nothing is left out in silence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sporemetry.csv_cells import Cells
from sporemetry.errors import LabelReadError
from sporemetry.evaluation.point_rules import RULES_FILE, PointRules, read_point_rules, rules_file
from sporemetry.evaluation.points import Region
from sporemetry.exchange.points import POINT_READERS, rows_by_image
from sporemetry.label_jpegs import JPEG_REMEDY, describe_jpegs, jpeg_files, jpeg_labels_error
from sporemetry.names import name_key
from sporemetry.results_folder import current_label_files

LABEL_SUFFIXES = frozenset({".png", ".tif", ".tiff", ".bmp"})
PICTURE_SUFFIXES = LABEL_SUFFIXES | {".jpg", ".jpeg"}
BOX_SUFFIXES = frozenset({".txt"})
POINT_SUFFIXES = frozenset(POINT_READERS)
# How label pictures are told from pictures beside them: our own, Cellpose's and the common ending.
_MARK = re.compile(r"_(labels|cp_masks|masks)$")
# How files of points may be called after their image: Fiji proposes RoiSet.zip.
_POINT_MARK = re.compile(r"[ _-](points|rois|roiset)$", re.IGNORECASE)
_TRUTH_FOLDERS = ("labels", "boxes", "points")
_POINT_TABLE = "points.csv"  # of all images of a dataset, with a column that names them
_NOT_BOXES = frozenset({"classes.txt"})  # the class names that LabelImg and YOLO tools put beside boxes
_LISTED_AT_MOST = 10

TruthKind = Literal["labels", "boxes", "points"]


@dataclass(frozen=True)
class Pair:
    """The files of one picture.

    Attributes
    ----------
    name : str
        The picture's name.
    predicted, truth : Path
        The predicted label picture, and the true label picture or file of boxes or points.
    kind : "labels", "boxes" or "points"
        What ``truth`` is.
    ignore, image : Path or None
        The mask of ignored pixels and the photograph, where the dataset has them.
    region : (x0, y0, x1, y1) or None
        Of points: the part of the image that was annotated; None is all of it.
    tolerance_px : float or None
        Of points: how far a detection may be from its point, as the dataset states it.
    rows : Cells or None
        Of points in one table for many images: those of this image.
    """

    name: str
    predicted: Path
    truth: Path
    kind: TruthKind
    ignore: Path | None = None
    image: Path | None = None
    region: Region | None = None
    tolerance_px: float | None = None
    rows: Cells | None = None


@dataclass(frozen=True)
class Pairing:
    """The pairs in the order of their names, and what is to be said of how they were found."""

    pairs: tuple[Pair, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Side:
    """One of the two things that the user named: its files by picture name."""

    files: dict[str, Path]
    kind: TruthKind
    single: bool
    dataset: Path | None = None
    notes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    jpegs: tuple[Path, ...] = ()
    rows: dict[str, Cells] = field(default_factory=dict)


def find_pairs(predicted: Path, truth: Path, *, allow_missing: bool = False) -> Pairing:
    """Pair predicted label pictures with the truth of the same name.

    Parameters
    ----------
    predicted : Path
        The output folder of ``sporemetry count``, another folder of label pictures, or one file. The
        picture's name is the file's stem without ``_labels``, ``_masks`` or ``_cp_masks``; a folder that
        has such files is taken to hold pictures in its others.
    truth : Path
        A dataset folder (``labels/``, ``boxes/``, ``points/`` or ``points.csv``, and ``ignore/``,
        ``images/`` and ``points.json`` where it has them), a folder of label pictures, of YOLO box files or
        of files of points, or one file. A table of points with a column ``image`` is the truth of all
        images that it names, and belongs to the dataset folder that it lies in.
    allow_missing : bool
        Leave out pictures that only one side has, and say so in the notes.

    Returns
    -------
    Pairing
        One pair or more. A single file asks for its own partner only; two single files are a pair
        whatever their names.

    Raises
    ------
    LabelReadError
        When something does not exist or holds no labels, when two files claim one picture, and when
        partners are missing: it lists them, of both sides.
    """
    guess, true = _side(predicted, "the prediction"), _side(truth, "the truth")
    if guess.kind != "labels":
        raise LabelReadError(
            predicted,
            expected="predicted label pictures",
            found="box files" if guess.kind == "boxes" else "files of points",
            remedy=f"Only truth may be {guess.kind}.",
        )
    if guess.single and true.single:
        name = next(iter(guess.files))
        pair = Pair(name, guess.files[name], next(iter(true.files.values())), true.kind)
        return Pairing((pair,), true.notes)
    names = sorted(guess.files.keys() & true.files.keys())
    notes = _check_partners(guess, true, predicted, allowed=allow_missing and bool(names))
    ignore, images = _ignore_masks(true.dataset), _photographs(true.dataset)
    rules = read_point_rules(true.dataset) if true.dataset and true.kind == "points" else PointRules()
    pairs = tuple(
        Pair(
            name,
            guess.files[name],
            true.files[name],
            true.kind,
            ignore.get(name),
            images.get(name),
            rules.regions.get(name),
            rules.tolerance_px,
            true.rows.get(name),
        )
        for name in names
    )
    return Pairing(pairs, (*guess.left_out, *true.left_out, *true.notes, *notes))


def _side(path: Path, what: str) -> _Side:
    """Find the label or box files that ``path`` stands for."""
    if path.is_file():
        suffix = path.suffix.lower()
        kind: TruthKind = (
            "boxes" if suffix in BOX_SUFFIXES else "points" if suffix in POINT_SUFFIXES else "labels"
        )
        rows = rows_by_image(path) if kind == "points" and suffix == ".csv" else {}
        if rows:
            return _of_table(path, rows)
        notes = _hint(path.parent, is_dataset=False) if kind == "points" else ()
        return _Side(_by_name([path], kind), kind, single=True, notes=notes)
    if not path.is_dir():
        raise LabelReadError(
            path, expected=f"{what}: a file or a folder", found="nothing there", remedy="Check the path."
        )
    inner = [path / name for name in _TRUTH_FOLDERS if (path / name).is_dir()]
    table = path / _POINT_TABLE
    rows = rows_by_image(table) if table.is_file() else {}
    if len(inner) + bool(rows) > 1:
        raise LabelReadError(
            path,
            expected=f"{what}: one of labels/, boxes/, points/ and {_POINT_TABLE}",
            found=" and ".join([f"{folder.name}/" for folder in inner] + [_POINT_TABLE] * bool(rows)),
            remedy="Name the one that you mean.",
        )
    if rows:
        return _of_table(table, rows)
    folder = inner[0] if inner else path
    counted = current_label_files(folder)
    files, kind = _files(folder, what, without=frozenset(counted.ignored if counted else ()))
    return _Side(
        files,
        kind,
        single=False,
        dataset=path if inner else None,
        notes=_hint(path, is_dataset=bool(inner)),
        left_out=(counted.note,) if counted is not None and counted.note else (),
        jpegs=tuple(jpeg_files(folder)),
    )


def _of_table(path: Path, rows: dict[str, Cells]) -> _Side:
    """Return what a table of points of several images stands for."""
    return _Side(dict.fromkeys(rows, path), "points", single=False, dataset=path.parent, rows=rows)


def _files(
    folder: Path, what: str, without: frozenset[str] = frozenset()
) -> tuple[dict[str, Path], TruthKind]:
    """List the labels, or where there is none the boxes or points, in ``folder`` by their picture's name."""
    pictures = [path for path in _with_suffix(folder, LABEL_SUFFIXES) if path.name not in without]
    marked = [path for path in pictures if _MARK.search(path.stem)]
    boxes = [path for path in _with_suffix(folder, BOX_SUFFIXES) if path.name not in _NOT_BOXES]
    points = _with_suffix(folder, POINT_SUFFIXES)
    # Tables lie beside labels too; those called as the pictures are of points.
    beside = {_picture_name(path) for path in pictures} & {_picture_name(path, "points") for path in points}
    if marked or (pictures and not boxes and not beside):
        return _by_name(marked or pictures), "labels"
    if boxes and not pictures:
        return _by_name(boxes, "boxes"), "boxes"
    if points and not pictures:
        return _by_name(points, "points"), "points"
    if not pictures and (jpegs := jpeg_files(folder)):
        raise jpeg_labels_error(folder, jpegs)
    raise LabelReadError(
        folder,
        expected=f"{what}: label pictures (PNG, TIFF, BMP), box files (.txt) or points "
        f"({', '.join(sorted(POINT_SUFFIXES))})",
        found="several kinds, or pictures beside their boxes or points" if pictures else "none of them",
        remedy="Put labels into labels/, boxes into boxes/, points into points/ and pictures into images/."
        if pictures
        else "",
    )


def _by_name(paths: Iterable[Path], kind: TruthKind = "labels") -> dict[str, Path]:
    files: dict[str, Path] = {}
    for path in paths:
        name = _picture_name(path, kind)
        if name in files:
            raise LabelReadError(
                path,
                expected=f"one file for the picture {name}",
                found=f"{_listing(files[name], path)} as well",
                remedy="Take one of them away.",
            )
        files[name] = path
    return files


def _listing(file: Path, other: Path) -> str:
    """Return a file's name; where it looks like the other's, with its letters spelled out."""
    alike = file.name != other.name and name_key(file.name) == name_key(other.name)
    return f"{file.name} ({file.name!a}, beside {other.name!a})" if alike else file.name


def _picture_name(path: Path, kind: TruthKind = "labels") -> str:
    """Return the stem, composed, without the ending that marks labels or points.

    >>> _picture_name(Path("S82_4_1_labels.tif")), _picture_name(Path("S82_4_1.png"))
    ('S82_4_1', 'S82_4_1')
    >>> _picture_name(Path("S82_4_1_RoiSet.zip"), "points")
    'S82_4_1'
    """
    return (_POINT_MARK if kind == "points" else _MARK).sub("", name_key(path.stem))


def _hint(folder: Path, *, is_dataset: bool) -> tuple[str, ...]:
    """Say it when masks or rules lie beside the folder that was named: they are not applied then."""
    if is_dataset or folder.name not in _TRUTH_FOLDERS:
        return ()
    unused = ["ignore masks"] if (folder.parent / "ignore").is_dir() else []
    if folder.name == "points" and rules_file(folder.parent) is not None:
        unused.append(f"tolerance and regions of {RULES_FILE}")
    return tuple(
        f"The {each} beside {folder.name}/ are not applied; name the dataset folder to apply them."
        for each in unused
    )


def _check_partners(guess: _Side, true: _Side, predicted: Path, *, allowed: bool) -> tuple[str, ...]:
    """Raise for pictures that only one side has, or where that is allowed, return notes on them."""
    wanted = set(guess.files) | set(true.files)
    if guess.single or true.single:
        wanted = set((guess if guess.single else true).files)
    lacking = [
        (lack, sorted(wanted - side.files.keys()))
        for lack, side in (("without a prediction", guess), ("without a truth", true))
    ]
    found = [f"{len(names)} {lack} ({_listed(names)})" for lack, names in lacking if names]
    missing = {name for _, names in lacking for name in names}
    jpegs = [path for side in (guess, true) for path in side.jpegs if _picture_name(path) in missing]
    if jpegs:
        found.append(describe_jpegs(jpegs))
    if found and not allowed:
        raise LabelReadError(
            predicted,
            expected="a prediction and a truth for every picture",
            found="; ".join(found),
            remedy=JPEG_REMEDY
            if jpegs
            else "Names must agree up to _labels or _masks. Or allow missing partners, to score the pairs.",
        )
    return tuple(f"Left out: {each}." for each in found)


def _listed(names: list[str]) -> str:
    rest = len(names) - _LISTED_AT_MOST
    return ", ".join(names[:_LISTED_AT_MOST]) + (f" and {rest} more" if rest > 0 else "")


def _ignore_masks(dataset: Path | None) -> dict[str, Path]:
    """Return the ignore masks of a dataset by picture name."""
    return _by_name(_with_suffix(dataset / "ignore", LABEL_SUFFIXES)) if dataset else {}


def _photographs(dataset: Path | None) -> dict[str, Path]:
    """Return the photographs of a dataset by stem; where two have one stem, neither."""
    found = _with_suffix(dataset / "images", PICTURE_SUFFIXES) if dataset else []
    uses = Counter(name_key(path.stem) for path in found)
    return {name_key(path.stem): path for path in found if uses[name_key(path.stem)] == 1}


def _with_suffix(folder: Path, suffixes: frozenset[str]) -> list[Path]:
    """List the files of a folder with one of these suffixes, hidden ones left out; none if it is absent."""
    if not folder.is_dir():
        return []
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    except OSError as error:
        raise LabelReadError(
            folder, expected="a folder that can be listed", found=error.strerror or str(error)
        ) from error
    return [path for path in files if path.suffix.lower() in suffixes]
