"""Which rows of a sample sheet are of which images, and what together they state of each."""

from __future__ import annotations

import fnmatch
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TypeVar

from sporemetry.image import is_picture_name
from sporemetry.names import file_key, name_key
from sporemetry.pipeline.inputs import PictureTask
from sporemetry.pipeline.label_inputs import photograph_stem
from sporemetry.pipeline.sample_sheet.sheet import SampleSheet, SheetRow
from sporemetry.pipeline.stated import Stated
from sporemetry.printable import spreadsheet_text

# How closely a row names an image: its path, its name, the name without its ending, a pattern.
_EXACT, _PATTERN, _FOLDER = 2, 1, 0
Closeness = tuple[int, int]
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Matches:
    """What a sheet states of images.

    Attributes
    ----------
    stated : mapping of str to Stated
        By image, of those that have a row.
    problems : tuple of str
        Contradictions and names that fit several images.
    rows_without_image : tuple of SheetRow
        Rows that fit none.
    overruled : tuple of (str, str)
        An image and in words whose treatment or suspension in it a closer row overrules, for each such.
    """

    stated: Mapping[str, Stated]
    problems: tuple[str, ...]
    rows_without_image: tuple[SheetRow, ...]
    overruled: tuple[tuple[str, str], ...] = ()


def match_rows(sheet: SampleSheet, tasks: Sequence[PictureTask]) -> Matches:
    """Find the images of each row, and merge what the rows of an image say, cell by cell.

    A row that names an image overrules a pattern, a longer pattern a shorter one, and any pattern a folder.
    Rows that name it equally closely must agree.

    Parameters
    ----------
    sheet : SampleSheet
        The sheet.
    tasks : sequence of PictureTask
        The images, with ``image`` as tables name them.
    """
    index = _Index(tasks)
    of_image: dict[str, list[tuple[Closeness, SheetRow]]] = defaultdict(list)
    problems: list[str] = []
    unused: list[SheetRow] = []
    for row in sheet.rows:
        closeness, images = index.find(row.image)
        if not images:
            unused.append(row)
        elif closeness[0] == _EXACT and len(images) > 1:
            problems.append(
                f"row {row.number}: {row.image} names {len(images)} images, {_listed(images)}; write the "
                "path below the input, or a pattern with * for all of them"
            )
        else:
            for image in images:
                of_image[image].append((closeness, row))
    stated = {}
    overruled: list[tuple[str, str]] = []
    for image, rows in of_image.items():
        overruled.extend((image, text) for text in _overruled(rows))
        stated[image], contradictions = _merge(image, rows)
        problems.extend(contradictions)
    return Matches(stated, tuple(dict.fromkeys(problems)), tuple(unused), tuple(overruled))


class _Index:
    """The images by what a row may call them."""

    def __init__(self, tasks: Sequence[PictureTask]) -> None:
        self._exact: list[dict[str, list[str]]] = [defaultdict(list) for _ in range(8)]
        self._photographs: list[dict[str, list[str]]] = [defaultdict(list) for _ in range(2)]
        self._folded: dict[str, list[str]] = defaultdict(list)
        self._folders: dict[str, list[str]] = defaultdict(list)
        # Path and name of each way to call an image, with the image.
        self._patterned: list[tuple[str, str, str]] = []
        for task in tasks:
            path = PurePosixPath(task.image)
            keys = [*_keys(path), *_keys(path.with_name(photograph_stem(path) + path.suffix))]
            for found, name in zip(self._exact, keys, strict=True):
                found[name].append(task.image)
            for given in {task.source.as_posix(), task.source.absolute().as_posix()}:
                if task.image not in self._exact[0][file_key(given)]:
                    self._exact[0][file_key(given)].append(task.image)
            if keys[2] != keys[6]:
                self._photographs[0][keys[6]].append(task.image)
                self._photographs[1][keys[7]].append(task.image)
            if task.backdrop is not None and file_key(task.backdrop.name) not in keys:
                self._exact[5][file_key(task.backdrop.name)].append(task.image)
            for name in map(_loosely, dict.fromkeys(keys)):
                self._folded[name].append(task.image)
            for folder in list(path.parents)[:-1]:
                self._folders[name_key(str(folder))].append(task.image)
            for each in dict.fromkeys(
                ((keys[0], keys[1]), (keys[2], keys[3]), (keys[4], keys[5]), (keys[6], keys[7]))
            ):
                self._patterned.append((*each, task.image))

    def find(self, written: str) -> tuple[Closeness, list[str]]:
        """Return how closely a row's image is named, and the images that it names."""
        for name in _readings(written):
            key = file_key(name)
            for place, found in enumerate(self._exact):
                if key in found:
                    return (_EXACT, -place), found[key]
            if is_picture_name(key):  # the photograph of a label image, whose ending may be another
                stem = str(PurePosixPath(key).with_suffix(""))
                for place, found in enumerate(self._photographs):
                    if stem in found:
                        return (_EXACT, -place), found[stem]
            if "*" in key or "?" in key:
                images = self._by_pattern(key)
                if images:
                    return (_PATTERN, len(re.sub(r"[*?]", "", key))), images
            folder = name_key(name).rstrip("/")
            if folder in self._folders:
                return (_FOLDER, len(folder)), self._folders[folder]
            if _loosely(key) in self._folded:
                return (_EXACT, -len(self._exact)), list(dict.fromkeys(self._folded[_loosely(key)]))
        return (_EXACT, 0), []

    def _by_pattern(self, pattern: str) -> list[str]:
        # Brackets are letters of a name here, not a choice of letters.
        fits = re.compile(fnmatch.translate(pattern.replace("[", "[[]"))).match
        place = 0 if "/" in pattern else 1
        start = re.split(r"[*?]", pattern, maxsplit=1)[0]
        found = [each[2] for each in self._patterned if each[place].startswith(start) and fits(each[place])]
        return list(dict.fromkeys(found))


def _keys(path: PurePosixPath) -> tuple[str, str, str, str]:
    """Return what an image may be called: path, name, and both without the ending.

    A label image is called by its photograph, too.
    """
    key = PurePosixPath(file_key(str(path)))
    stem = key.with_suffix("")
    return str(key), key.name, str(stem), stem.name


def _loosely(key: str) -> str:
    """Return a name as people write it in cells: capitals do not matter, nor spaces at its ends."""
    return key.casefold().strip()


def _readings(written: str) -> Iterator[str]:
    """Yield how a cell can be meant: as it is, with Windows' separators, without a spreadsheet's guard."""
    for text in dict.fromkeys((written, written.replace("\\", "/"))):
        yield text.removeprefix("./")
        if (bare := spreadsheet_text(text)) != text:
            yield bare.removeprefix("./")


def _merge(image: str, rows: Sequence[tuple[Closeness, SheetRow]]) -> tuple[Stated, list[str]]:
    """Return what the rows of one image state, the closest first, and where equally close ones differ."""
    values: dict[str, tuple[Closeness, SheetRow, float | str]] = {}
    extra: dict[str, tuple[Closeness, SheetRow, str]] = {}
    problems: list[str] = []
    for closeness, row in sorted(rows, key=lambda found: found[0], reverse=True):
        problems.extend(_put(values, row.values, closeness, row, image))
        problems.extend(_put(extra, row.extra, closeness, row, image))
    carried = tuple((name, text) for name, (_, _, text) in extra.items())
    said = {name: value for name, (_, _, value) in values.items()}
    return Stated(**said, extra=carried), problems  # type: ignore[arg-type]


def _overruled(rows: Sequence[tuple[Closeness, SheetRow]]) -> Iterator[str]:
    """Yield where a closer row gives an image another treatment or suspension than another row does."""
    closest = sorted(rows, key=lambda found: found[0], reverse=True)
    for name in ("treatment", "suspension"):
        said = [(closeness, row) for closeness, row in closest if name in row.values]
        for closeness, row in said[1:]:
            first = said[0][1]
            if closeness < said[0][0] and row.values[name] != first.values[name]:
                yield (
                    f"row {first.number} overrules the {name} of row {row.number}: "
                    f"{first.values[name]}, not {row.values[name]}"
                )


def _put(
    kept: dict[str, tuple[Closeness, SheetRow, Value]],
    said: Mapping[str, Value],
    closeness: Closeness,
    row: SheetRow,
    image: str,
) -> Iterator[str]:
    for name, value in said.items():
        if name not in kept:
            kept[name] = (closeness, row, value)
        elif kept[name][0] == closeness and kept[name][2] != value:
            yield (
                f"rows {kept[name][1].number} and {row.number}: {image} has two values in column {name}, "
                f"{kept[name][2]} and {value}"
            )


def _listed(images: Sequence[str]) -> str:
    return ", ".join(images[:3]) + (", ..." if len(images) > 3 else "")
