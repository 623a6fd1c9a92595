"""What a folder job finds before it writes: what is done, what a person changed, what is not ours."""

from __future__ import annotations

import stat
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sporemetry.errors import ForeignFileError, OutputError
from sporemetry.guarded_file import kind_of, real_path
from sporemetry.pipeline.estimates import InputHashes
from sporemetry.pipeline.exports import export_file, exports_are_current
from sporemetry.pipeline.inputs import PictureTask
from sporemetry.pipeline.output_names import name_key
from sporemetry.pipeline.ownership import Claims, Standing, image_claims, table_claims
from sporemetry.pipeline.packed import PackedRecords
from sporemetry.pipeline.picture import work_of
from sporemetry.pipeline.record import Record, is_current, read_record
from sporemetry.pipeline.settings import PictureSettings
from sporemetry.pipeline.stated import picture_settings_of
from sporemetry.results_folder import (
    DISCARDED,
    JOB,
    LABELS_ENDING,
    LOCK,
    MANIFEST,
    OVERLAY_ENDING,
    RECORD_FOLDER,
    RUNNING,
    TABLES,
    TABLES_INTENT,
    read_manifest,
    recorded_names,
)
from sporemetry.segmentation import Scale

_LISTED = 10


@dataclass(slots=True)
class Findings:
    """What is in the output folder, seen from the images of this job.

    Attributes
    ----------
    records : PackedRecords
        Of the images that are done and unchanged, by name.
    pending : list of PictureTask
        The others.
    edited : list of str
        Labels and outlines that a person changed, by file name.
    changed : list of str
        Other files that we wrote and someone changed: outlined images, tables.
    refused : list of str
        Files that are in the way: not ours, or changed, and not such as can be kept beside the results.
    """

    records: PackedRecords = field(default_factory=PackedRecords)
    pending: list[PictureTask] = field(default_factory=list)
    edited: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def look(
    tasks: Sequence[PictureTask],
    output: Path,
    settings: PictureSettings,
    *,
    verb: str,
    hashes: InputHashes | None = None,
) -> Findings:
    """Find out what is done and what stands in the way; nothing is written, and the folder may be missing.

    Each file is hashed once at most, inputs whose hash is known not at all. What is not ours is listed, not
    raised: see :func:`refuse`.
    """
    found = Findings()
    known = _hashes(output)  # of 30,000 images it takes 40 MB: read once
    manifest = known or {}
    works: dict[tuple[float | None, Scale | None], str] = {}
    hashes = hashes or InputHashes(settings, verb=verb)
    inputs = _inputs_in(tasks, output)
    for task in tasks:
        scales = task.stated.um_per_px, task.shared_scale
        if scales not in works:
            stated = picture_settings_of(settings, task.stated)
            works[scales] = work_of(stated, verb=verb, shared_scale=task.shared_scale)
        record = read_record(output, task.name)
        if record is not None and _is_done(record, task, output, works[scales], settings, hashes(task)):
            found.records[task.name] = record
            found.edited += [file for file in record.edited if not file.endswith(OVERLAY_ENDING)]
            found.changed += [file for file in record.edited if file.endswith(OVERLAY_ENDING)]
        else:
            found.pending.append(task)
            claims = image_claims(output, task.name, record, manifest)
            _look_at(claims, task, record, settings, inputs, found)
    _look_at_tables(output, known, inputs, found)
    return found


def refuse(found: Findings, output: Path) -> None:
    """Stop the job where files that are not ours, or were changed, stand where results belong.

    Raises
    ------
    ForeignFileError
        It names the first ten.
    """
    if not found.refused:
        return
    files = sorted(dict.fromkeys(found.refused))
    more = f" and {len(files) - _LISTED:,} more" if len(files) > _LISTED else ""
    changed = [file for file in files if file in found.changed or file in found.edited]
    remedy = "Choose another folder with -o, or move these files elsewhere."
    if changed:
        if len(set(files) & set(found.edited)) > 1:  # one edit alone is kept and measured
            remedy += " Of several files of one image that were changed by hand, keep the one that is right."
        remedy += " --discard-edits moves what was changed into .sporemetry/discarded."
    named = [f"{file} (changed by hand)" if file in changed else file for file in files[:_LISTED]]
    raise ForeignFileError(
        output,
        expected="a folder without files of others, or changed ones, that have the names of results",
        found="these files would be overwritten and are not ours, or were changed: "
        + ", ".join(named)
        + more,
        remedy=f"{remedy} Nothing was written.",
    )


def stale_labels(output: Path, tasks: Sequence[PictureTask]) -> list[str]:
    """Return the label images of images that are not among ``tasks``, by file name, sorted."""
    names = {name_key(task.name) for task in tasks}
    return [
        name + LABELS_ENDING
        for name in recorded_names(output)
        if name_key(name) not in names and (output / f"{name}{LABELS_ENDING}").is_file()
    ]


def check_record_folder(output: Path) -> None:
    """Refuse a record folder in which something else stands where our own files belong.

    What we read, replace and move there must be ours: a link may lead elsewhere, a pipe never ends.

    Raises
    ------
    OutputError
        It says what was found.
    """
    folder = output / RECORD_FOLDER
    _check_kind(folder, stat.S_IFDIR)
    if folder.exists():
        for name in (LOCK, JOB, RUNNING, TABLES_INTENT):
            _check_kind(folder / name, stat.S_IFREG)
        _check_kind(folder / DISCARDED, stat.S_IFDIR)


def _check_kind(path: Path, kind: int) -> None:
    try:
        mode = path.lstat().st_mode
    except OSError:  # nothing there, or the folder above is no folder: making it will say so
        return
    if stat.S_IFMT(mode) != kind:
        raise OutputError(
            path,
            expected=f"{'a folder' if kind == stat.S_IFDIR else 'a file'} of ours, or nothing",
            found=kind_of(mode),
            remedy="Take it away, or choose another folder with -o.",
        )


def _is_done(
    record: Record, task: PictureTask, output: Path, work: str, settings: PictureSettings, digest: str
) -> bool:
    return is_current(record, output, image=task.image, input_sha256=digest, work=work) and (
        exports_are_current(record, output, settings.exports)
    )


def _look_at(
    claims: Claims,
    task: PictureTask,
    record: Record | None,
    settings: PictureSettings,
    inputs: set[str],
    found: Findings,
) -> None:
    exports = {export_file(task.name, each) for each in settings.exports}
    exports |= set() if record is None else {*record.exports, *record.edited}
    exports -= {task.name + LABELS_ENDING, task.name + OVERLAY_ENDING}
    edited = []
    for file in (task.name + LABELS_ENDING, task.name + OVERLAY_ENDING, *sorted(exports)):
        standing = claims.standing(file)
        if standing is Standing.FOREIGN or (standing is not Standing.ABSENT and _disk_key(file) in inputs):
            found.refused.append(file)
        elif standing is Standing.CHANGED and file.endswith(OVERLAY_ENDING):
            found.changed.append(file)
        elif standing is Standing.CHANGED:
            edited.append(file)
    found.edited += edited
    if len(edited) > 1:  # labels and outlines, say: which of them is right?
        found.refused += edited


def _look_at_tables(
    output: Path, manifest: Mapping[str, str] | None, inputs: set[str], found: Findings
) -> None:
    claims = table_claims(output, manifest or {})
    for file in TABLES:
        standing = claims.standing(file)
        if file == MANIFEST and standing is not Standing.ABSENT:
            is_ours = not (output / file).is_symlink() and manifest is not None
            standing = Standing.OURS if is_ours else Standing.FOREIGN
        if standing is Standing.CHANGED:
            found.changed.append(file)
        if standing in (Standing.CHANGED, Standing.FOREIGN) or _disk_key(file) in inputs:
            found.refused.append(file)


def manifest_hashes(output: Path) -> dict[str, str]:
    """Return the hashes of the manifest as far as they are text; of one of another program none.

    Files that a person had changed have an empty one: we know the name, and no content is ours.
    """
    return _hashes(output) or {}


def table_hashes(output: Path) -> dict[str, str]:
    """Return :func:`manifest_hashes` of the tables and the report alone."""
    found = manifest_hashes(output)
    return {file: found[file] for file in TABLES if file in found}


def _hashes(output: Path) -> dict[str, str] | None:
    """Return :func:`manifest_hashes`, or None where there is no manifest of ours."""
    content = read_manifest(output)
    if content is None:
        return None
    outputs: dict[str, Any] = content.get("outputs", {})
    for file in [file for file, digest in outputs.items() if not isinstance(digest, str)]:
        del outputs[file]
    outputs.update(dict.fromkeys(content.get("edited", ()), ""))
    return outputs


def _inputs_in(tasks: Sequence[PictureTask], output: Path) -> set[str]:
    """Return the names of the files in the output folder that are read: none of them may be written."""
    folder = real_path(output)
    parents: dict[Path, bool] = {}
    names = set()
    for task in tasks:
        for path in (task.source, task.backdrop):
            if path is None:
                continue
            if path.parent not in parents:
                parents[path.parent] = real_path(path.parent) == folder
            if parents[path.parent]:
                names.add(_disk_key(path.name))
            elif path.is_symlink() and real_path(path).parent == folder:
                names.add(_disk_key(real_path(path).name))
    return names


def _disk_key(name: str) -> str:
    return unicodedata.normalize("NFD", name_key(name))
