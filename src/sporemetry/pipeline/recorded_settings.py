"""The settings that a ``measure`` of results folders starts from: those that they were counted with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path, PurePosixPath
from typing import Any

from sporemetry.errors import SettingsError
from sporemetry.image import ReadSettings
from sporemetry.pipeline.inputs import PictureTask
from sporemetry.pipeline.results_index import ResultsFolder
from sporemetry.pipeline.samples import SAMPLE_RULES
from sporemetry.pipeline.settings import CountingSettings, CountSettings, PictureSettings
from sporemetry.pipeline.stated import Stated

_OF_CHAMBER = ("chamber", "square", "squares", "depth_mm", "square_area_mm2")
_DEFAULT = CountingSettings()


def recorded_settings(results: Iterable[ResultsFolder], told: Mapping[str, Any]) -> CountSettings:
    """Return the settings that all of some results folders were counted with.

    Parameters
    ----------
    results : iterable of ResultsFolder
        None of them, or none with a record of its job, gives the defaults.
    told : mapping of str to object
        What the user told, by the name of the setting, to be put over what is returned: in these the folders
        may differ. Who tells another chamber tells all of it, its squares too.

    Raises
    ------
    SettingsError
        When the folders were counted with different ones.
    """
    jobs = {each.folder: each.job for each in results if each.job is not None}
    if not jobs:
        return CountSettings()
    edge_rules = {folder: job.edge_rule for folder, job in jobs.items()}
    picture = PictureSettings(reading=ReadSettings(max_pixels=max(job.max_pixels for job in jobs.values())))
    if "edge_rule" not in told:
        picture = replace(picture, edge_rule=_common("edge_rule", edge_rules))
    counted = {folder: _with_chamber_told(job.counting, told) for folder, job in jobs.items()}
    values: dict[str, Any] = {}
    for field in fields(CountingSettings):
        every = {folder: getattr(each, field.name) for folder, each in counted.items()}
        # What is told is put in their place later; until then the first one's keeps the settings whole.
        values[field.name] = next(iter(every.values())) if field.name in told else _common(field.name, every)
    return CountSettings(picture=picture, counting=CountingSettings(**values))


def with_recorded(
    tasks: Sequence[PictureTask], results: Mapping[Path, ResultsFolder], told: Mapping[str, Any]
) -> list[PictureTask]:
    """Return the images with what their records say of each, but for what the user told.

    That is the field, and what a sample sheet stated: sample, treatment, chamber, dilution, scale.
    """
    done = []
    for task in tasks:
        labels = task.labels
        recorded = None if labels is None else labels.recorded
        if labels is None or recorded is None:
            done.append(task)
            continue
        if "field_mode" in told and not (told["field_mode"] == "auto" and task.backdrop is None):
            labels = labels.without_field()
        job = results[task.source.parent].job
        stated = None if job is None else job.stated.get(recorded.name)
        if stated is not None:
            task = replace(task, stated=_unless_told(stated, told))
        done.append(replace(task, labels=labels))
    return done


def with_samples(tasks: Sequence[PictureTask], sample_by: str) -> list[PictureTask]:
    """Return the images with samples by what they are called, where only their labels' names are known.

    ``T1_rep1_sq1_labels.tif`` is of the image ``T1_rep1_sq1``: the marker is no replicate.
    """
    done = []
    for task in tasks:
        if task.labels is not None and task.labels.subject and not task.stated.sample:
            sample = SAMPLE_RULES[sample_by](PurePosixPath(task.labels.subject))
            task = replace(task, stated=replace(task.stated, sample=sample))
        done.append(task)
    return done


def taken(
    tasks: Sequence[PictureTask], results: Mapping[Path, ResultsFolder], told: Mapping[str, Any]
) -> str:
    """Say in one sentence what is taken from which records; empty where nothing is."""
    records = [task.labels.recorded for task in tasks if task.labels is not None and task.labels.recorded]
    if not records:
        return ""
    what = []
    if any(record.field_kind for record in records):
        what.append("field")
    if "um_per_px" not in told and any(record.um_per_px is not None for record in records):
        what.append("scale")
    jobs = [each.job for each in results.values() if each.job is not None]
    if jobs:
        what += [
            word for name, word in (("edge_rule", "edge rule"), ("sample_by", "samples")) if name not in told
        ]
        if "chamber" not in told and any(job.counting.chamber is not None for job in jobs):
            what.append("chamber")
        if "dilution" not in told and any(job.counting.dilution != _DEFAULT.dilution for job in jobs):
            what.append("dilution")
        if "confidence" not in told:
            what.append("confidence")
    if any(record.has_scores() for record in records):
        what.append("scores")
    if not what:
        return ""
    folders = [f"{folder}/".replace("//", "/") for folder in results]
    more = len(folders) - 3
    listed = ", ".join(folders[:3]) + (f" and {more:,} more" if more > 0 else "")
    text = f"{', '.join(what[:-1])} and {what[-1]}" if len(what) > 1 else what[0]
    return f"{text[0].upper()}{text[1:]} are those of {listed}."


def _with_chamber_told(counting: CountingSettings, told: Mapping[str, Any]) -> CountingSettings:
    """Return settings without what belongs to a chamber that the user replaces."""
    if told.get("chamber", counting.chamber) == counting.chamber:
        return counting
    return replace(counting, **{name: getattr(_DEFAULT, name) for name in _OF_CHAMBER})


def _common(name: str, values: Mapping[Path, Any]) -> Any:
    distinct = list(dict.fromkeys(values.values()))
    if len(distinct) > 1:
        first = {value: folder for folder, value in reversed(list(values.items()))}
        raise SettingsError(
            f"--{name.replace('_', '-')}",
            expected="folders that were counted alike, or this option",
            found=" and ".join(f"{value!r} in {first[value]}" for value in distinct[:3]),
            remedy="Say which is meant, or measure the folders one by one.",
        )
    return distinct[0]


def _unless_told(stated: Stated, told: Mapping[str, Any]) -> Stated:
    """Return what was stated of an image without what the user tells for all of them."""
    empty = Stated()
    names = set(told)
    if "chamber" in names:
        names.update(_OF_CHAMBER)
    if names & {"sample_by", "levels"}:
        names.update(("sample", "suspension", "treatment"))
    return replace(stated, **{name: getattr(empty, name) for name in names if hasattr(empty, name)})
