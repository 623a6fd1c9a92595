"""The folder job: many pictures, interruptible, and a rerun does only what is missing or changed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sporemetry.errors import OutputError
from sporemetry.pipeline.exports import exports_are_current
from sporemetry.pipeline.inputs import PictureTask
from sporemetry.pipeline.packed import PackedRecords
from sporemetry.pipeline.picture import do_exports, do_picture, input_sha256, work_of
from sporemetry.pipeline.record import RECORD_FOLDER, Record, is_current, read_record, record_path
from sporemetry.pipeline.results import Outcome, write_results
from sporemetry.pipeline.settings import CountSettings, PictureSettings
from sporemetry.pipeline.stated import picture_settings_of
from sporemetry.storage import only_writer, remove_temporaries
from sporemetry.workers import Failure, in_workers


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a folder job is: ``done`` of ``total`` pictures, the last of them ``image``."""

    done: int
    total: int
    image: str
    failure: Failure | None


@dataclass(frozen=True, slots=True)
class FolderResult:
    """What a folder job did.

    Attributes
    ----------
    outcome : Outcome
        Records and failures of all pictures, and the tables made of them.
    worked : int
        Pictures done now, those that only lacked exports too.
    kept : int
        Pictures that were done before and are unchanged.
    """

    outcome: Outcome
    worked: int
    kept: int


def run_folder(
    tasks: Sequence[PictureTask],
    output: Path,
    settings: CountSettings,
    *,
    verb: str = "count",
    workers: int = 0,
    command: str = "",
    on_progress: Callable[[Progress], None] | None = None,
) -> FolderResult:
    """Do all ``tasks`` and write the tables, the report and the manifest.

    Every file is complete or absent, and a picture's record is written last; so after an interruption at
    any moment the same call goes on where it was, and ends with the same bytes.

    Parameters
    ----------
    tasks : sequence of PictureTask
        The pictures; none gives tables with a header only.
    output : Path
        The output folder; made if missing.
    settings : CountSettings
        Of pictures and counts.
    verb : str
        ``count`` (pictures) or ``measure`` (label pictures).
    workers : int
        Worker processes; 0 works in this process. The result does not depend on it.
    command : str
        As the user typed it, for report and manifest.
    on_progress : callable, optional
        Called once before the first picture and after each.

    Raises
    ------
    OutputError
        When the output folder cannot be written, or another job is writing to it.
    """
    _make_folder(output)
    with only_writer(output, output / RECORD_FOLDER / "lock"):
        for folder in (output, output / RECORD_FOLDER):
            remove_temporaries(folder)
        records, pending = _already_done(tasks, output, settings.picture, verb)
        kept = len(records)
        failures: dict[str, Failure] = {}
        notify = on_progress or _say_nothing
        notify(Progress(kept, len(tasks), "", None))
        work = functools.partial(_do, output=output, settings=settings.picture, verb=verb)
        for task, result in in_workers(work, pending, workers=workers if len(pending) > 1 else 0):
            if isinstance(result, Failure):
                failures[task.name] = result
                _forget(output, task)
            else:
                records[task.name] = result
            notify(Progress(len(records) + len(failures), len(tasks), task.image, failures.get(task.name)))
        outcome = write_results(tasks, records, failures, output, settings, verb=verb, command=command)
    return FolderResult(outcome, worked=len(records) - kept, kept=kept)


def _say_nothing(progress: Progress) -> None:
    del progress


def _do(task: PictureTask, *, output: Path, settings: PictureSettings, verb: str) -> Record:
    settings = picture_settings_of(settings, task.stated)
    record = read_record(output, task.name)
    if record is not None and _is_done(record, task, output, work_of(settings, verb=verb)):
        return do_exports(record, output, settings)
    return do_picture(task, output, settings, verb=verb)


def _already_done(
    tasks: Sequence[PictureTask], output: Path, settings: PictureSettings, verb: str
) -> tuple[PackedRecords, list[PictureTask]]:
    works: dict[float | None, str] = {}
    records = PackedRecords()
    pending: list[PictureTask] = []
    for task in tasks:
        scale = task.stated.um_per_px
        if scale not in works:
            works[scale] = work_of(picture_settings_of(settings, task.stated), verb=verb)
        record = read_record(output, task.name)
        done = record is not None and _is_done(record, task, output, works[scale])
        if (
            record is not None
            and done
            and exports_are_current(record.exports, output, task.name, settings.exports)
        ):
            records[task.name] = record
        else:
            pending.append(task)
    return records, pending


def _is_done(record: Record, task: PictureTask, output: Path, work: str) -> bool:
    try:
        digest = input_sha256(task)
    except OSError:  # unreadable now: reading it will say why
        return False
    return is_current(record, output, image=task.image, input_sha256=digest, work=work)


def _forget(output: Path, task: PictureTask) -> None:
    """Take away what an earlier run made of a picture that now fails, so that nothing stale stays."""
    record = read_record(output, task.name)
    if record is None:
        return
    record_path(output, task.name).unlink(missing_ok=True)
    for file in (*record.outputs, *record.exports):
        (output / file).unlink(missing_ok=True)


def _make_folder(output: Path) -> None:
    try:
        (output / RECORD_FOLDER).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            output,
            expected="an output folder that can be made and written",
            found=error.strerror or str(error),
            remedy="Choose another folder with -o.",
        ) from error
