"""What a sample sheet and levels state, put to the images of a job and checked as a whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from sporemetry.errors import FileError, SettingsError
from sporemetry.names import name_key
from sporemetry.pipeline.inputs import PictureTask
from sporemetry.pipeline.label_inputs import photograph_stem
from sporemetry.pipeline.levels import LevelPattern, level_pattern
from sporemetry.pipeline.sample_sheet.matching import match_rows
from sporemetry.pipeline.sample_sheet.sheet import SampleSheet, SheetRow, raise_problems, read_sample_sheet
from sporemetry.pipeline.samples import SAMPLE_RULES
from sporemetry.pipeline.settings import CountSettings
from sporemetry.pipeline.stated import (
    NOTHING_STATED,
    Stated,
    chamber_stated,
    counting_settings_of,
    picture_settings_of,
)
from sporemetry.pipeline.tables import TABLE_COLUMNS
from sporemetry.report import Caution

_OPTIONS = ("chamber", "square", "squares", "depth_mm", "square_area_mm2", "dilution")


@dataclass(frozen=True, slots=True)
class StatedJob:
    """The images of a job with what is stated of them.

    Attributes
    ----------
    tasks : tuple of PictureTask
        In the order given.
    cautions : tuple of Caution
        What a user must be told of the sheet.
    sheet : SampleSheet or None
        The sheet, if there was one.
    """

    tasks: tuple[PictureTask, ...]
    cautions: tuple[Caution, ...] = ()
    sheet: SampleSheet | None = None

    @property
    def treatments(self) -> tuple[str, ...]:
        """The treatments in the order of the sheet, then in that of the images."""
        found = {(task.stated.treatment_place, task.stated.treatment): None for task in self.tasks}
        return tuple(name for _, name in sorted(found, key=lambda each: each[0]) if name)


def state_images(
    tasks: Sequence[PictureTask], settings: CountSettings, sheet: SampleSheet | None = None
) -> StatedJob:
    """Put to each image what the sheet states of it, and the levels in its path.

    The sheet overrides the levels, and both override the options. Without a sheet and levels nothing changes.

    Parameters
    ----------
    tasks : sequence of PictureTask
        The images. What is stated of one already stays where sheet and levels say nothing.
    settings : CountSettings
        The options.
    sheet : SampleSheet, optional
        The sheet.

    Raises
    ------
    FileError
        Contradictions in the sheet, a sample in two treatments, values that do not fit together, or a sheet
        none of whose rows is of an image.
    SettingsError
        Levels that the path of an image does not have; a sample in two treatments, by the levels.
    """
    levels = _levels(tasks, settings)
    cautions: list[Caution] = []
    stated = {task.image: task.stated for task in tasks}
    if sheet is not None:
        found = match_rows(sheet, tasks)
        raise_problems(sheet.path, found.problems)
        if not found.stated and tasks:
            raise _no_match(sheet, tasks)
        cautions.extend(_of_sheet(sheet, tasks, found.stated, found.rows_without_image))
        cautions.extend(_of_rows(found.overruled))
        for image, said in found.stated.items():
            stated[image] = _over(said, stated[image])
    for image, said in levels.items():
        stated[image] = _over(stated[image], said)
    if not levels and all(said == NOTHING_STATED for said in stated.values()):
        return StatedJob(tuple(tasks), (*cautions, *_idle_dilution(stated, settings)), sheet)
    complete = {
        task.image: _complete(stated[task.image], PurePosixPath(task.image), settings) for task in tasks
    }
    problems = [*_in_two_treatments(complete), *_unusable(complete, settings)]
    if problems and sheet is not None:
        raise_problems(sheet.path, problems)
    if problems:
        raise SettingsError("--levels", expected="levels that fit together", found="; ".join(problems[:5]))
    places = _places(complete, sheet)
    complete = {
        image: replace(said, treatment_place=places.get(said.treatment, 0))
        for image, said in complete.items()
    }
    cautions.extend(_of_levels(complete))
    cautions.extend(_mixed_dilutions(complete, settings))
    cautions.extend(_idle_dilution(complete, settings))
    if sheet is not None:
        cautions.extend(_overridden(complete, settings))
    shared: dict[Stated, Stated] = {}
    return StatedJob(
        tuple(
            replace(task, stated=shared.setdefault(complete[task.image], complete[task.image]))
            for task in tasks
        ),
        tuple(cautions),
        sheet,
    )


def _levels(tasks: Sequence[PictureTask], settings: CountSettings) -> dict[str, Stated]:
    if settings.counting.levels is None:
        return {}
    pattern = level_pattern(settings.counting.levels)
    # What is stated already was so by a record of these levels.
    open_tasks = [task for task in tasks if task.stated == NOTHING_STATED]
    found = {task.image: _level_of(pattern, PurePosixPath(task.image)) for task in open_tasks}
    without = [image for image, levels in found.items() if levels is None]
    if without:
        raise SettingsError(
            "--levels",
            expected=f"images whose path below the input ends like {pattern.text}",
            found=f"{_names(without)}",
            remedy="Name the folder above, or state what these images are of in a sample sheet (--samples).",
        )
    return {
        image: Stated(
            treatment=levels.get("treatment", ""),
            suspension=levels.get("suspension", ""),
            sample=levels.get("sample", ""),
        )
        for image, levels in found.items()
        if levels is not None
    }


def _level_of(pattern: LevelPattern, image: PurePosixPath) -> dict[str, str] | None:
    # A label image has the levels of its photograph.
    return pattern.find(image.with_name(photograph_stem(image) + image.suffix)) or pattern.find(image)


def _over(first: Stated, second: Stated) -> Stated:
    """Return what ``first`` states, and where it states nothing, what ``second`` does."""
    said = {
        name: value
        for name in Stated.__dataclass_fields__
        if (value := getattr(first, name)) not in (None, "", (), 0)
    }
    return replace(second, **said)


def _complete(stated: Stated, image: PurePosixPath, settings: CountSettings) -> Stated:
    """Fill in the sample and the suspension where the other levels leave no choice.

    A sample that is not stated is the suspension, or the treatment. With a treatment, a suspension that is
    not stated is the sample. Names that look the same are the same: they are composed (NFC).
    """
    stated = replace(
        stated,
        sample=name_key(stated.sample),
        suspension=name_key(stated.suspension),
        treatment=name_key(stated.treatment),
    )
    sample = stated.sample
    if not sample and stated.suspension:
        sample = f"{stated.treatment}/{stated.suspension}" if stated.treatment else stated.suspension
    sample = sample or stated.treatment
    if not sample:
        sample = SAMPLE_RULES[settings.counting.sample_by](image)
    suspension = stated.suspension
    if not suspension and stated.treatment and stated.sample:
        suspension = stated.sample
    return replace(stated, sample=sample, suspension=suspension)


def _places(stated: dict[str, Stated], sheet: SampleSheet | None) -> dict[str, int]:
    """Return the place of each treatment: as the sheet has them, as they were before, as images come."""
    rows = () if sheet is None else sheet.rows
    named = [str(row.values["treatment"]) for row in rows if "treatment" in row.values]
    said = [each for each in stated.values() if each.treatment]
    known = sorted((each for each in said if each.treatment_place), key=lambda each: each.treatment_place)
    names = dict.fromkeys((*named, *(each.treatment for each in known), *(each.treatment for each in said)))
    return {name: place for place, name in enumerate(names, start=1)}


def _in_two_treatments(stated: dict[str, Stated]) -> Iterator[str]:
    treatments: dict[str, dict[str, str]] = defaultdict(dict)
    for image, said in stated.items():
        treatments[said.sample].setdefault(said.treatment, image)
    for sample, found in treatments.items():
        if len(found) > 1:
            listed = ", ".join(f"{name or 'none'} ({image})" for name, image in list(found.items())[:3])
            yield f"sample {sample} is in {len(found)} treatments: {listed}; give its parts different names"


def _unusable(stated: dict[str, Stated], settings: CountSettings) -> Iterator[str]:
    """Name what does not fit together, such as a square without a chamber, once for each combination."""
    tried: set[Stated] = set()
    for image, said in stated.items():
        measures = replace(chamber_stated(said), um_per_px=said.um_per_px)
        if measures in tried:
            continue
        tried.add(measures)
        try:
            counting = counting_settings_of(settings.counting, chamber_stated(said))
            picture_settings_of(settings.picture, said)
            if said.squares is not None and counting.square is None and counting.square_area_mm2 is None:
                yield f"{image}: squares without a square; add a column `square`"
        except SettingsError as error:
            yield f"{image}: {error}"


def _no_match(sheet: SampleSheet, tasks: Sequence[PictureTask]) -> FileError:
    rows = [row.image for row in sheet.rows]
    return FileError(
        sheet.path,
        expected=f"rows of the images, such as {tasks[0].image}",
        found=f"rows of {_names(rows)}" if rows else "no row below the names of the columns",
        remedy="Write names of images, paths below the input, or patterns with * in the column `image`.",
    )


def _of_sheet(
    sheet: SampleSheet,
    tasks: Sequence[PictureTask],
    stated: Mapping[str, Stated],
    unused: Sequence[SheetRow],
) -> Iterator[Caution]:
    for note in sheet.notes:
        yield Caution("caution", note, "Check that the sheet says what you meant.")
    without = tuple(task.image for task in tasks if task.image not in stated)
    if without:
        yield Caution(
            "caution",
            f"{_plural(len(without), 'image')} without a row in the sample sheet: {_names(without)}",
            "They were counted by the options alone. Add a row for each, or a pattern that fits them.",
            without,
        )
    rows = [f"row {row.number} ({row.image})" for row in unused]
    if rows:
        yield Caution(
            "caution",
            f"{_plural(len(rows), 'row')} of the sample sheet without an image: {_names(rows)}",
            "No image of this run has that name. A slip of the pen, or images that were not given?",
        )


def _of_rows(overruled: Sequence[tuple[str, str]]) -> Iterator[Caution]:
    """Say once for each pair of rows where the closer one gives images another treatment or suspension."""
    images: dict[str, list[str]] = defaultdict(list)
    for image, text in overruled:
        images[text].append(image)
    for text, found in images.items():
        yield Caution(
            "note",
            f"In the sample sheet {text} ({_names(found)})",
            "The row that names an image more closely goes before the other. Check that it is meant so.",
            tuple(found),
        )


def _of_levels(stated: dict[str, Stated]) -> Iterator[Caution]:
    if not any(said.treatment for said in stated.values()):
        return
    without = tuple(image for image, said in stated.items() if not said.treatment)
    if without:
        yield Caution(
            "caution",
            f"{_plural(len(without), 'image')} without a treatment: {_names(without)}",
            "They are in no row of treatments.csv.",
            without,
        )
    unknown = tuple(image for image, said in stated.items() if said.treatment and not said.suspension)
    if unknown:
        yield Caution(
            "caution",
            f"{_plural(len(unknown), 'image')} without a suspension: {_names(unknown)}",
            "Images of one suspension are no replicates of a treatment, so their treatments have no "
            "interval. State the suspension of each image.",
            unknown,
        )
    treatments: dict[str, set[str]] = defaultdict(set)
    for said in stated.values():
        if said.suspension and said.treatment:
            treatments[said.suspension].add(said.treatment)
    shared = sorted(name for name, found in treatments.items() if len(found) > 1)
    if shared:
        first = shared[0]
        two = " and that of ".join(sorted(treatments[first])[:2])
        yield Caution(
            "note",
            f"{_plural(len(shared), 'suspension')} of the same name in several treatments: {_names(shared)}",
            f"Suspension {first} of treatment {two} are taken for two suspensions. "
            "If it is one, which treatment is it of?",
        )


def _mixed_dilutions(stated: dict[str, Stated], settings: CountSettings) -> Iterator[Caution]:
    """Warn of samples whose images are diluted differently where no volume can put that right."""
    found: dict[str, set[float]] = defaultdict(set)
    without: set[str] = set()
    for said in stated.values():
        counting = counting_settings_of(settings.counting, chamber_stated(said))
        found[said.sample].add(counting.dilution)
        if counting.chamber is None:
            without.add(said.sample)
    mixed = tuple(sample for sample, dilutions in found.items() if len(dilutions) > 1 and sample in without)
    if mixed:
        yield Caution(
            "caution",
            f"Different dilutions in one sample, and no chamber: {_names(mixed)}",
            "Without a chamber their counts are pooled as they are, though the images show unlike amounts of "
            "the undiluted suspension. State the chamber, or make a sample of each dilution.",
            samples=mixed,
        )


def _idle_dilution(stated: dict[str, Stated], settings: CountSettings) -> Iterator[Caution]:
    """Warn where a dilution is stated, and without a chamber no number says anything of a suspension."""
    counting = [counting_settings_of(settings.counting, chamber_stated(said)) for said in stated.values()]
    idle = {each.dilution for each in counting if each.chamber is None} - {1.0}
    if idle and all(each.chamber is None for each in counting):
        yield Caution(
            "caution",
            "A dilution changes nothing without a chamber",
            "Counts and densities are of what the images show. Name the chamber, with --chamber or in the "
            "sample sheet, for spores per mL of the undiluted suspension.",
        )


def _overridden(stated: dict[str, Stated], settings: CountSettings) -> Iterator[Caution]:
    """Say where the sheet states another value than an option."""
    options: list[tuple[str, object, object]] = [
        (name, getattr(settings.counting, name), _default(settings, name)) for name in _OPTIONS
    ]
    options.append(("um_per_px", settings.picture.reading.um_per_px, None))
    for name, option, default in options:
        if option == default:
            continue
        images = tuple(image for image, said in stated.items() if getattr(said, name) not in (None, option))
        if images:
            yield Caution(
                "note",
                f"The sample sheet overrides --{name.replace('_', '-')} {option} for "
                f"{_plural(len(images), 'image')}",
                "What the sheet states of an image goes before the options.",
                images,
            )


def _default(settings: CountSettings, name: str) -> object:
    return type(settings.counting).__dataclass_fields__[name].default


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown


def _plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def read_and_state(tasks: Sequence[PictureTask], settings: CountSettings, sheet: Path | None) -> StatedJob:
    """Read the sheet, if there is one, and put it to the images: see :func:`state_images`."""
    return state_images(tasks, settings, None if sheet is None else read_sample_sheet(sheet, TABLE_COLUMNS))
