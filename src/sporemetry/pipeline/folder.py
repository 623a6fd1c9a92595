"""The folder job: many pictures, interruptible, and a rerun does only what is missing or changed."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sporemetry.errors import FileError, OutputError
from sporemetry.pipeline.edits import discard
from sporemetry.pipeline.estimates import InputHashes, estimate_image
from sporemetry.pipeline.example import with_example
from sporemetry.pipeline.inputs import PictureTask
from sporemetry.pipeline.label_inputs import edited_files
from sporemetry.pipeline.looks import LARGEST_JOB, forget_looks
from sporemetry.pipeline.needs import memory_of
from sporemetry.pipeline.ownership import image_claims, intent_path
from sporemetry.pipeline.packed import PackedRecords
from sporemetry.pipeline.picture import input_sha256, without_scale, work_of
from sporemetry.pipeline.preflight import (
    Findings,
    check_record_folder,
    look,
    manifest_hashes,
    refuse,
    stale_labels,
)
from sporemetry.pipeline.record import Record, is_current, read_record
from sporemetry.pipeline.results import Outcome, write_results
from sporemetry.pipeline.sample_sheet import StatedJob, state_images
from sporemetry.pipeline.scale_plan import ScalePlan
from sporemetry.pipeline.settings import CountSettings, PictureSettings
from sporemetry.pipeline.settings_check import check_method, check_scale
from sporemetry.pipeline.stated import picture_settings_of
from sporemetry.pipeline.unreadable import UnreadableType
from sporemetry.pipeline.writing import do_exports, do_picture, newly_edited
from sporemetry.results_folder import (
    INTENT_ENDING,
    LABELS_ENDING,
    LOCK,
    RECORD_FOLDER,
    RUNNING,
    read_manifest,
    recorded_names,
)
from sporemetry.storage import only_writer, remove_temporaries, write_atomic
from sporemetry.workers import Failure, Workers


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a folder job is: ``done`` of ``total`` images, the last of them ``image``.

    ``doing`` says what is done with them; it is empty where they are counted or measured.
    """

    done: int
    total: int
    image: str
    failure: Failure | None
    doing: str = ""


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
    rescaled : int
        Images that were counted before and counted anew, only since the scale that they share is another one.
    """

    outcome: Outcome
    worked: int
    kept: int
    rescaled: int = 0


def run_folder(
    tasks: Sequence[PictureTask],
    output: Path,
    settings: CountSettings,
    *,
    verb: str = "count",
    workers: int | None = 0,
    command: str = "",
    notes: Sequence[str] = (),
    discard_edits: bool = False,
    job: StatedJob | None = None,
    unreadable: Sequence[UnreadableType] = (),
    on_progress: Callable[[Progress], None] | None = None,
) -> FolderResult:
    """Do all ``tasks`` and write the tables, the report and the manifest.

    Every file is complete or absent, and an image's record is written last; so after an interruption at
    any moment the same call goes on where it was, and ends with the same bytes. No file is replaced or
    deleted that we did not write, or that was changed since. What an earlier run made of an image that
    fails now stays, and is not counted.

    Parameters
    ----------
    tasks : sequence of PictureTask
        The images; none gives tables with a header only.
    output : Path
        The output folder; made if missing.
    settings : CountSettings
        Of images and counts.
    verb : str
        ``count`` (images) or ``measure`` (label images).
    workers : int or None
        Worker processes; 0 works in this process, None takes as many as cores and memory allow. The result
        does not depend on it.
    command : str
        As the user typed it, for report and manifest.
    notes : sequence of str
        What is to be said of the inputs, such as what was left out.
    discard_edits : bool
        Whether files that a person changed since we wrote them are moved into
        ``.sporemetry/discarded``, so that they are made anew.
    job : StatedJob, optional
        What a sample sheet states; its images are ``tasks``. Without it the levels of ``settings`` are put
        to the images here.
    unreadable : sequence of UnreadableType
        Files beside the images that cannot be read by their type, see
        :func:`~sporemetry.pipeline.unreadable.find_unreadable`; report and manifest name them.
    on_progress : callable, optional
        Called once before the first image and after each.

    Raises
    ------
    SettingsError, MissingExtraError, ModelError
        When the settings cannot be used, or the path of an image does not have their levels; nothing was
        touched then.
    ForeignFileError
        When a file that is not ours has the name of a result; nothing was written then.
    OutputError
        When the output folder cannot be written, or another job is writing to it.
    """
    if job is None:
        job = state_images(tasks, settings)
        tasks = job.tasks
    if verb == "count" and tasks:
        check_method(settings.picture)
        settings = replace(settings, picture=with_example(tasks, settings.picture))
    check_record_folder(output)
    if not (output / RECORD_FOLDER).exists() and not discard_edits:  # leave no trace where it is refused
        refuse(look(tasks, output, settings.picture, verb=verb), output)
    _make_folder(output)
    with only_writer(output, output / RECORD_FOLDER / LOCK):
        hashes = InputHashes(settings.picture, verb=verb)
        plan = ScalePlan(tasks, output, settings.picture, hashes, verb=verb)
        tasks = plan.shared()
        find_out = functools.partial(look, output=output, settings=settings.picture, verb=verb, hashes=hashes)
        found = find_out(tasks)
        discarded: list[str] = []
        by_hand = dict.fromkeys((*found.edited, *found.changed))
        if discard_edits:  # these are no reason to refuse, but others are, before anything is moved
            found.refused = [file for file in found.refused if file not in by_hand]
        refuse(found, output)
        if verb == "count":
            check_scale(found.pending, settings.picture)
        if discard_edits and by_hand:
            discarded = discard(output, by_hand)
            found = find_out(tasks)
            refuse(found, output)
        for folder in (output, output / RECORD_FOLDER):
            remove_temporaries(folder)
        notify = on_progress or _say_nothing
        method = settings.picture.method if verb == "count" else ""
        needs = {task.name: memory_of(task, method=method) for task in found.pending}
        with Workers(workers if len(needs) > 1 else 0, list(needs.values())) as kept_workers:
            if plan.missing():
                _ask(plan, kept_workers, needs, output, settings.picture, notify)
                tasks = plan.shared()
                found = find_out(tasks)
                refuse(found, output)
            records, failures = found.records, dict[str, Failure]()
            kept = len(records)
            rescaled = sum(
                _only_scale_is_new(task, output, settings.picture, hashes(task)) for task in found.pending
            )
            _begin(output, tasks, found)
            notify(Progress(kept, len(tasks), "", None))
            work = functools.partial(_do, output=output, settings=settings.picture, verb=verb)
            for task, result in kept_workers.do(
                work, found.pending, [needs.get(task.name, 0) for task in found.pending]
            ):
                if isinstance(result, Failure):
                    failures[task.name] = result.of_image(task.image)
                else:
                    records[task.name] = result
                notify(
                    Progress(len(records) + len(failures), len(tasks), task.image, failures.get(task.name))
                )
        earlier = {name for name in failures if read_record(output, name) is not None}
        not_counted = sorted({*stale_labels(output, tasks), *(f"{name}{LABELS_ENDING}" for name in earlier)})
        measured = [task for task in tasks if task.name in records]
        said = (
            *notes,
            *edited_files(measured),
            *plan.notes(records),
            *_notes(output, records, stale_labels(output, tasks), discarded, len(earlier)),
        )
        outcome = write_results(
            tasks,
            records,
            failures,
            output,
            settings,
            verb=verb,
            command=command,
            earlier=earlier,
            not_counted=not_counted,
            notes=said,
            job=job,
            unreadable=unreadable,
            scales=plan.described(records),
        )
        plan.forget_others()
        forget_looks(output)
        _end(output)
    return FolderResult(outcome, worked=len(records) - kept, kept=kept, rescaled=rescaled)


def _ask(
    plan: ScalePlan,
    workers: Workers,
    needs: Mapping[str, int],
    output: Path,
    settings: PictureSettings,
    notify: Callable[[Progress], None],
) -> None:
    """Let a few images estimate their scale, until it is known what all share."""
    keep = len(needs) <= LARGEST_JOB
    work = functools.partial(estimate_image, output=output, settings=settings, keep=keep)
    while missing := plan.missing():
        sizes = [needs.get(task.name, 0) for task in missing]
        for asked, (task, estimate) in enumerate(workers.do(work, missing, sizes), 1):
            plan.add(task, estimate)
            notify(Progress(asked, len(missing), task.image, None, doing="looking at the scale"))


def _only_scale_is_new(task: PictureTask, output: Path, settings: PictureSettings, digest: str) -> bool:
    record = read_record(output, task.name)
    if record is None or (record.image, record.input_sha256) != (task.image, digest):
        return False
    work = work_of(picture_settings_of(settings, task.stated), verb="count", shared_scale=task.shared_scale)
    return record.work != work and without_scale(record.work) == without_scale(work)


def _begin(output: Path, tasks: Sequence[PictureTask], found: Findings) -> None:
    """Say on the disk what the run is to do, and what is known to be ours by the manifest alone."""
    for name in recorded_names(output, INTENT_ENDING):
        if name in found.records:  # the run before ended between its record and this
            intent_path(output, name).unlink(missing_ok=True)
    if not found.pending:
        return
    if _images_before(output) != {task.image for task in tasks}:
        content = {"images": {task.name: task.image for task in tasks}}
        running = json.dumps(content, ensure_ascii=False).encode(errors="backslashreplace")
        write_atomic(output / RECORD_FOLDER / RUNNING, running)
    manifest = manifest_hashes(output)
    for task in found.pending if manifest else ():
        if read_record(output, task.name) is None and task.name + LABELS_ENDING in manifest:
            image_claims(output, task.name, None, manifest).intend({})


def _images_before(output: Path) -> set[str]:
    """Return the images of the run before, those that failed too."""
    before = read_manifest(output) or {}
    return {*before.get("inputs", ()), *before.get("failed", ())}


def _end(output: Path) -> None:
    (output / RECORD_FOLDER / RUNNING).unlink(missing_ok=True)


def _notes(
    output: Path, records: PackedRecords, stale: Sequence[str], discarded: Sequence[str], earlier: int
) -> Iterator[str]:
    """Yield what is to be said of the whole run."""
    edited = sum(bool(record.facts.get("edited")) for record in records.values())
    if edited:
        images = "1 image" if edited == 1 else f"{edited:,} images"
        yield f"The labels of {images} were edited by hand and measured as they are."
    if stale:
        one = len(stale) == 1
        yield (
            f"{len(stale):,} label image{'' if one else 's'} of images that are no longer in this run "
            f"{'is' if one else 'are'} kept and not counted: {_listed(stale)}."
        )
    if earlier:
        images = "1 image that failed" if earlier == 1 else f"{earlier:,} images that failed"
        yield f"Earlier results of {images} are kept and not counted."
    if discarded:
        yield f"Changed files were put aside below {output}: {_listed(discarded)}."


def _listed(files: Sequence[str]) -> str:
    return ", ".join(files[:3]) + (f" and {len(files) - 3:,} more" if len(files) > 3 else "")


def _say_nothing(progress: Progress) -> None:
    del progress


def _do(task: PictureTask, *, output: Path, settings: PictureSettings, verb: str) -> Record:
    settings = picture_settings_of(settings, task.stated)
    record = read_record(output, task.name)
    if record is not None:
        try:
            digest = input_sha256(task, settings.reading, verb=verb)
        except (OSError, FileError):  # reading it will say why
            digest = ""
        work = work_of(settings, verb=verb, shared_scale=task.shared_scale)
        done = is_current(record, output, image=task.image, input_sha256=digest, work=work)
        if done and not newly_edited(record, output):
            return do_exports(record, output, settings)
    return do_picture(task, output, settings, verb=verb)


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
