"""A folder that a count has written: what in it is ours by name, and which label images are current.

What such a folder holds comes from outside like any other file: it may be old, cut off, copied or made up.
Names in it are text, never paths: :func:`is_output_name` says which of them a result can have.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

RECORD_FOLDER = ".sporemetry"
MANIFEST = "manifest.json"
RUNNING = "running"
"""In the record folder: what a run that has not ended was to do. It is there from its start to its end."""
LOCK, JOB, TABLES_INTENT, DISCARDED = "lock", "job", "tables", "discarded"
"""In the record folder: what keeps a second run out, how the job was set, what tables it will write (files),
and where edits are put that the user discards (a folder)."""
LABELS_ENDING = "_labels.tif"
OVERLAY_ENDING = "_overlay.jpg"
OUTPUT_ENDINGS = (LABELS_ENDING, OVERLAY_ENDING, "_rois.zip", ".geojson")
"""What the files of one image end in."""
TABLES = (
    "summary.csv",
    "samples.csv",
    "treatments.csv",
    "ratios.csv",
    "spores.csv",
    "failures.csv",
    "report.html",
    MANIFEST,
)
"""The files of the whole run."""
RECORD_ENDING, INTENT_ENDING, ESTIMATE_ENDING, LOOK_ENDING = ".json", ".intent", ".scale", ".look"
LARGEST_RECORD = 4 << 20
LARGEST_MANIFEST = 256 << 20
_LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class LabelFiles:
    """The label images of a results folder, by file name, sorted.

    Attributes
    ----------
    current : tuple of str
        Of the images of the last run.
    ignored : tuple of str
        Ours too, but of images that the last run did not have, or that failed in it.
    finished : bool
        Whether the last run came to its end.
    """

    current: tuple[str, ...]
    ignored: tuple[str, ...]
    finished: bool

    @property
    def note(self) -> str:
        """What the user should know of it in one sentence; empty where all are current."""
        if not self.ignored:
            return ""
        number = len(self.ignored)
        listed = ", ".join(self.ignored[:3]) + (f" and {number - 3} more" if number > 3 else "")
        one = number == 1
        return (
            f"{number:,} label image{'' if one else 's'} of images that the last count did not have or could "
            f"not read {'was' if one else 'were'} left out: {listed}."
        )


def is_results_folder(folder: Path) -> bool:
    """Tell whether a folder holds results of a count: a folder of records, or a manifest of ours."""
    return _is_plain_folder(folder / RECORD_FOLDER) or read_manifest(folder) is not None


def current_label_files(folder: Path) -> LabelFiles | None:
    """Return which label images of a results folder belong to its last run.

    Parameters
    ----------
    folder : Path
        Any folder.

    Returns
    -------
    LabelFiles or None
        None when the folder holds no results of a count. Files that we did not write are in neither list.
    """
    if not is_results_folder(folder):
        return None
    manifest, running = read_manifest(folder), read_running(folder)
    ours = {f"{name}{LABELS_ENDING}" for name in recorded_names(folder)}
    if running is not None:
        current = {f"{name}{LABELS_ENDING}" for name in running} & ours
    elif manifest is not None:
        current = _labels_of(manifest, "outputs") | _labels_of(manifest, "edited")
        ours |= current | _labels_of(manifest, "not_of_this_run")
    else:
        current = ours
    there = {name for name in ours if _is_plain_file(folder / name)}
    return LabelFiles(tuple(sorted(current & there)), tuple(sorted(there - current)), running is None)


def result_file_names(folder: Path) -> frozenset[str]:
    """Return the names in ``folder`` that are of our results, whether or not such files are there."""
    manifest = read_manifest(folder)
    names = {*TABLES} if manifest is not None else set()
    for name in (*recorded_names(folder), *recorded_names(folder, INTENT_ENDING)):
        names.update(name + ending for ending in OUTPUT_ENDINGS)
    if manifest is not None:
        for key in ("outputs", "edited", "not_of_this_run"):
            names.update(name for name in manifest.get(key, ()) if is_output_name(name))
    return frozenset(names)


def recorded_names(folder: Path, ending: str = RECORD_ENDING) -> Iterator[str]:
    """Yield the names of the images of which ``folder`` has a record (or a file with that ``ending``)."""
    if not _is_plain_folder(folder / RECORD_FOLDER):
        return
    try:
        with os.scandir(folder / RECORD_FOLDER) as entries:
            found = sorted(entry.name for entry in entries)
    except OSError:
        return
    for file in found:
        if file.endswith(ending) and is_output_name(file):
            yield file.removesuffix(ending)


def recorded_images(folder: Path) -> Iterator[str]:
    """Yield the images that the results in ``folder`` are of, as the tables name them; text, not paths."""
    manifest, running = read_manifest(folder), read_running(folder)
    if manifest is not None:
        yield from (image for image in manifest.get("inputs", ()) if isinstance(image, str))
    if running is not None:
        yield from running.values()
    if manifest is None and running is None:
        for name in recorded_names(folder):
            record = read_small_json(folder / RECORD_FOLDER / f"{name}{RECORD_ENDING}", LARGEST_RECORD)
            if isinstance(record, dict) and isinstance(record.get("image"), str):
                yield record["image"]


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Return the manifest of a results folder; None when there is none, or it is another program's."""
    content = read_small_json(folder / MANIFEST, LARGEST_MANIFEST)
    if not isinstance(content, dict) or not isinstance(content.get("sporemetry"), str):
        return None
    lists = [content.get(key, {}) for key in ("outputs", "edited", "inputs")]
    if not all(isinstance(each, dict) for each in lists) or "outputs" not in content:
        return None
    if not isinstance(content.get("not_of_this_run", []), list):
        return None
    failed = content.get("failed", [])
    if not isinstance(failed, list) or not all(isinstance(image, str) for image in failed):
        return None
    return content


def read_running(folder: Path) -> dict[str, str] | None:
    """Return the names and images of a run that has not ended; None when the last one has."""
    content = read_small_json(folder / RECORD_FOLDER / RUNNING, LARGEST_MANIFEST)
    images = content.get("images") if isinstance(content, dict) else None
    if not isinstance(images, dict):
        return None
    return {name: image for name, image in images.items() if is_output_name(name) and isinstance(image, str)}


def is_output_name(name: object) -> bool:
    """Tell whether a text can be the name of a file of ours: one part of a path, not hidden, not too long.

    Examples
    --------
    >>> [is_output_name(name) for name in ("leaf_labels.tif", "../leaf.zip", "/etc/passwd", "..", "", 3)]
    [True, False, False, False, False, False]
    """
    if not isinstance(name, str) or not name or name.startswith("."):
        return False
    try:
        length = len(name.encode())
    except UnicodeEncodeError:
        return False
    return length <= _LONGEST_NAME and not any(sign in name for sign in "/\\\0")


def read_small_json(path: Path, largest: int) -> object:
    """Return the content of a JSON file of ours; None when there is none that can be used.

    Only a plain file of at most ``largest`` bytes is opened: no link, no pipe, no device.
    """
    try:
        with open_plain(path) as file:
            if os.fstat(file.fileno()).st_size > largest:
                return None
            content: object = json.loads(file.read(largest))
            return content
    except (OSError, ValueError, RecursionError):
        return None


def open_plain(path: Path) -> BinaryIO:
    """Open a plain file for reading in binary; a link or anything else raises OSError, and never waits."""
    flags = (
        os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    if path.is_symlink():  # where the system has no O_NOFOLLOW
        raise OSError(f"{path} is a link")
    descriptor = os.open(path, flags)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{path} is no plain file")
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def _labels_of(manifest: dict[str, Any], key: str) -> set[str]:
    return {name for name in manifest.get(key, ()) if is_output_name(name) and name.endswith(LABELS_ENDING)}


def _is_plain_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (OSError, ValueError):
        return False


def _is_plain_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except (OSError, ValueError):
        return False
