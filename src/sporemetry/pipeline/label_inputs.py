"""Files of labels and outlines to measure, each with its photograph and what a count recorded of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from sporemetry.errors import FileError, SettingsError
from sporemetry.label_jpegs import describe_jpegs, jpeg_files, jpeg_labels_error
from sporemetry.names import file_key, name_key
from sporemetry.pipeline.inputs import PictureTask, list_inputs
from sporemetry.pipeline.label_choice import choose_file
from sporemetry.pipeline.label_files import (
    image_stems,
    is_marked,
    may_be_labels,
    names_no_image,
    photograph_stem,
)
from sporemetry.pipeline.label_source import LabelSource
from sporemetry.pipeline.output_names import name_key as output_key
from sporemetry.pipeline.output_names import unique_names
from sporemetry.pipeline.photographs import Beside, Photographs
from sporemetry.pipeline.results_index import ResultsFolder, index_results
from sporemetry.results_folder import LABELS_ENDING

__all__ = ["LabelInputs", "find_labels", "list_labels", "photograph_stem"]
_NAMED_AT_MOST = 3
# In folders so called, what is not labels was meant to be.
_LABEL_FOLDERS = frozenset({"label", "labels", "mask", "masks"})


@dataclass(frozen=True, slots=True)
class LabelInputs:
    """The labels that the user's inputs name.

    Attributes
    ----------
    tasks : tuple of PictureTask
        One an image; those of a results folder in the order of its tables.
    results : mapping of Path to ResultsFolder
        The results folders that some of them come from, as the user named them.
    notes : tuple of str
        What was left out, edited or missing, a sentence each.
    """

    tasks: tuple[PictureTask, ...]
    results: Mapping[Path, ResultsFolder]
    notes: tuple[str, ...] = ()


def find_labels(
    inputs: Sequence[Path],
    *,
    pictures: Path | None = None,
    recursive: bool = False,
    output: Path | None = None,
) -> list[PictureTask]:
    """Return the tasks of :func:`list_labels`."""
    return list(list_labels(inputs, pictures=pictures, recursive=recursive, output=output).tasks)


def list_labels(
    inputs: Sequence[Path],
    *,
    pictures: Path | None = None,
    recursive: bool = False,
    output: Path | None = None,
) -> LabelInputs:
    """List the files of labels and outlines that ``inputs`` name, each with its image.

    Of a folder in which some names end in ``_labels``, ``_masks``, ``_rois`` or the like only these are
    taken, so the output of ``sporemetry count`` and of Cellpose can be given as it is. In a results folder, a
    file that was edited after the count stands for its image.

    Parameters
    ----------
    inputs : sequence of Path
        Files, and folders of them.
    pictures : Path, optional
        Folder of the photographs, with those below it. Without it they are looked for beside the labels.
    recursive, output
        As in :func:`~sporemetry.pipeline.inputs.list_inputs`.

    Raises
    ------
    FileError
        When an input does not exist, labels have no photograph, or several, in ``pictures``, or a folder
        has JPEG files only, which cannot be labels.
    SettingsError
        When the output folder is a folder of the labels.
    """
    photographs = None if pictures is None else Photographs(pictures)
    listed = list_inputs(inputs, recursive=recursive, output=output, is_wanted=may_be_labels, of_labels=True)
    _check_output(listed.tasks, output)
    notes = list(listed.notes)
    results = index_results(task.source.parent for task in listed.tasks)
    named = set(inputs)
    kept = [task for task in listed.tasks if task.source in named or _is_current(task.source, results)]
    roots = [each for each in inputs if each.is_dir()]
    kept = _without_images(kept, named, roots, results, photographs, notes)
    chosen = _one_an_image(kept, results)
    notes += _without_record(chosen, results)
    beside = Beside([task.source for task in kept])
    alone = Counter(file_key(PurePosixPath(_recorded_name(task)).name) for task in chosen)
    tasks = [_with_photograph(task, photographs, beside, alone) for task in chosen]
    tasks = _in_order(_named(tasks), results)
    notes += _jpegs(tasks, [each for each in inputs if each.is_dir()], pictures, recursive)
    for folder in results:
        if any(each.is_dir() and each.resolve() == folder.resolve() for each in inputs):
            notes += _missing(tasks, results[folder])
    used = {
        task.source.parent for task in tasks if task.labels is not None and task.labels.recorded is not None
    }
    return LabelInputs(
        tuple(tasks), {key: each for key, each in results.items() if key in used}, tuple(notes)
    )


def _jpegs(
    tasks: Sequence[PictureTask], folders: Sequence[Path], pictures: Path | None, recursive: bool
) -> list[str]:
    """Say which JPEG files were probably meant as labels, and are none; raise where there is nothing else."""
    found = [path for folder in folders for path in jpeg_files(folder, recursive=recursive)]
    if found and not tasks:
        raise jpeg_labels_error(folders[0], found)
    stems = {name_key(stem) for task in tasks for stem in image_stems(task.source)}
    lossy = [
        path
        for path in found
        if is_marked(path)
        or (
            name_key(path.stem) not in stems
            and (pictures is not None or path.parent.name.lower() in _LABEL_FOLDERS)
            and (pictures is None or not path.resolve().is_relative_to(pictures.resolve()))
        )
    ]
    return [f"Left out: {describe_jpegs(lossy)}."] if lossy else []


def _check_output(tasks: Sequence[PictureTask], output: Path | None) -> None:
    if output is None:
        return
    for folder in {task.source.parent for task in tasks}:
        if folder.resolve() == output.resolve():
            raise SettingsError(
                "--output",
                expected="another folder than that of the labels, which stay as they are",
                found=str(output),
                remedy=f"Choose a folder of its own, for instance -o {output / 'measured'}.",
            )


def _is_current(source: Path, results: Mapping[Path, ResultsFolder]) -> bool:
    """Tell whether a file is not of an image that the last count of its folder did not have."""
    folder = results.get(source.parent)
    recorded = None if folder is None else folder.image_of(source)
    return folder is None or recorded is None or recorded.name in folder.current


def _without_images(
    tasks: list[PictureTask],
    named: set[Path],
    roots: Sequence[Path],
    results: Mapping[Path, ResultsFolder],
    photographs: Photographs | None,
    notes: list[str],
) -> list[PictureTask]:
    """Leave photographs and foreign zips out; say which files are neither labels nor a photograph."""
    marked = {task.source for task in tasks if is_marked(task.source)}
    of_labels = [root for root in roots if any(root in path.parents for path in marked)]
    beside = Beside(marked)
    kept: list[PictureTask] = []
    left_out: list[str] = []
    used = {beside.only_one(source) for source in marked if names_no_image(source)}
    stems = {name_key(stem) for source in marked for stem in image_stems(source)}
    of_labels += [folder for folder in results if folder not in of_labels]
    for task in tasks:
        source = task.source
        if source in named or source in marked:
            kept.append(task)
        elif source.suffix.lower() == ".zip":
            image = PurePosixPath(task.image)
            known = beside.of_labels(source, [source.stem]) or (
                photographs is not None and photographs.of_labels(image, [source.stem], source)
            )
            recorded = source.parent in results and results[source.parent].image_of(source) is not None
            if known or recorded:
                kept.append(task)
            else:
                left_out.append(source.name)
        elif not any(root in source.parents for root in of_labels):
            kept.append(task)
        elif name_key(source.stem) not in stems and source not in used:
            left_out.append(source.name)
    if left_out:
        notes.append(
            f"{_files(len(left_out))} that {'is' if len(left_out) == 1 else 'are'} not called as labels or "
            f"outlines of an image {_were(len(left_out))} left out: {_listed(left_out)}."
        )
    return kept


def _one_an_image(tasks: Sequence[PictureTask], results: Mapping[Path, ResultsFolder]) -> list[PictureTask]:
    """Return one task an image, with what a count recorded of it."""
    groups: dict[tuple[Path, str, str], list[PictureTask]] = {}
    for task in tasks:
        folder = results.get(task.source.parent)
        recorded = None if folder is None else folder.image_of(task.source)
        if recorded is not None:
            key = (task.source.parent, "recorded", recorded.name)
        else:
            key = (task.source.parent, "file", name_key(photograph_stem(PurePosixPath(task.source.name))))
        groups.setdefault(key, []).append(task)
    chosen: list[PictureTask] = []
    for (parent, kind, name), group in groups.items():
        recorded = results[parent].named(name) if kind == "recorded" else None
        path, edited, rivals = choose_file([task.source for task in group], recorded)
        (task,) = (task for task in group if task.source == path)
        source = LabelSource(recorded=recorded, edited=edited, rivals=rivals)
        chosen.append(replace(task, labels=source))
    return chosen


def _with_photograph(
    task: PictureTask, photographs: Photographs | None, beside: Beside, alone: Mapping[str, int]
) -> PictureTask:
    """Return the task with its photograph, called as the count or the photograph calls it."""
    labels = task.labels or LabelSource()
    path, stems = PurePosixPath(task.image), image_stems(PurePosixPath(task.image))
    recorded = labels.recorded
    found: Path | None
    if photographs is not None:
        found = None
        if recorded is not None:
            image = PurePosixPath(recorded.image)
            found = photographs.of_image(image, alone=alone[file_key(image.name)] == 1)
            stems = [image.stem, *stems]
        if found is None and names_no_image(task.source):
            found = photographs.only_one()
        elif found is None:
            found = photographs.of_labels(path, stems, task.source)
        if found is None:
            raise FileError(
                task.source,
                expected=f"one photograph in {photographs.folder}, as the name does not say which is meant"
                if names_no_image(task.source)
                else f"a photograph called {stems[0]}.* in {photographs.folder}",
                found="none or several" if names_no_image(task.source) else "none of that name",
                remedy="Call the file as its photograph, such as leaf_rois.zip. Leave out --pictures to "
                "measure without photographs.",
            )
    elif recorded is not None:
        found = labels.photograph_beside()
    elif names_no_image(task.source):
        found = beside.only_one(task.source)
    else:
        found = beside.of_labels(task.source, stems)
    if recorded is not None:
        return replace(task, image=recorded.image, name=recorded.name, backdrop=found)
    if found is not None:
        return replace(task, image=str(path.with_name(found.name)), name="", backdrop=found)
    subject = str(path.with_name(stems[0] + path.suffix))
    return replace(task, name="", labels=replace(labels, subject=subject))


def _named(tasks: list[PictureTask]) -> list[PictureTask]:
    """Give every task an image and a name of its own; those of records stay where they are unique."""
    forms: tuple[Callable[[PictureTask], str], ...] = (
        lambda task: f"{task.source.resolve().parent.name}/{task.image}",
        lambda task: f"{task.source.resolve().parent.name}/{task.source.name}",
        lambda task: task.source.resolve().as_posix().lstrip("/"),
    )
    for form in forms:
        uses = Counter(file_key(task.image) for task in tasks)
        tasks = [
            replace(task, image=form(task)) if uses[file_key(task.image)] > 1 else task for task in tasks
        ]
    stems = [PurePosixPath(task.image) for task in tasks]
    stems = [
        image.with_name(photograph_stem(image) + image.suffix) if not task.backdrop else image
        for image, task in zip(stems, tasks, strict=True)
    ]
    made = unique_names(stems)
    names = [task.name or name for task, name in zip(tasks, made, strict=True)]
    if len({output_key(name) for name in names}) < len(names):
        names = made
    return [replace(task, name=name) for task, name in zip(tasks, names, strict=True)]


def _in_order(tasks: list[PictureTask], results: Mapping[Path, ResultsFolder]) -> list[PictureTask]:
    """Put the images of each results folder into the order of its tables, where the first of them stands."""
    first: dict[Path, int] = {}
    places: dict[Path, dict[str, int]] = {
        folder: {name: place for place, name in enumerate(each.job.names if each.job else ())}
        for folder, each in results.items()
    }

    def key(item: tuple[int, PictureTask]) -> tuple[int, int, int]:
        place, task = item
        folder = task.source.parent
        if task.labels is None or task.labels.recorded is None:
            return place, 0, 0
        order = places[folder]
        return first.setdefault(folder, place), order.get(task.labels.recorded.name, len(order)), place

    return [task for _, task in sorted(enumerate(tasks), key=key)]


def edited_files(tasks: Sequence[PictureTask]) -> list[str]:
    """Say which of these images, of a count, were measured from files that people edited or brought."""
    edited = [task.source.name for task in tasks if task.labels is not None and task.labels.edited]
    if not edited:
        return []
    one = len(edited) == 1
    return [
        f"{_files(len(edited))} {_were(len(edited))} edited or added after the count and "
        f"{'is' if one else 'are'} measured as {'it is' if one else 'they are'}: {_listed(edited)}."
    ]


def _without_record(tasks: Sequence[PictureTask], results: Mapping[Path, ResultsFolder]) -> list[str]:
    """Say of which labels of a count the record is gone or damaged: their field may be another one."""
    names = [
        task.source.name
        for task in tasks
        if task.labels is not None
        and task.labels.recorded is None
        and task.source.parent in results
        and task.source.name.removesuffix(LABELS_ENDING) in results[task.source.parent].current
    ]
    if not names:
        return []
    return [
        f"The records of {len(names):,} image{'' if len(names) == 1 else 's'} of the count cannot be used, "
        "so that field, scale and scores are not known. The field is that of the photograph, or without it "
        f"the whole image: {_listed(names)}. Copy the hidden folder .sporemetry of the count, too, or name "
        "the folder of the photographs with --pictures."
    ]


def _missing(tasks: Sequence[PictureTask], folder: ResultsFolder) -> list[str]:
    there = {task.labels.recorded.name for task in tasks if task.labels is not None and task.labels.recorded}
    # Labels whose record is lost are there all the same.
    there |= {task.source.name.removesuffix(LABELS_ENDING) for task in tasks}
    missing = sorted(folder.current - there)
    if not missing:
        return []
    one = len(missing) == 1
    listed = _listed([f"{name}{LABELS_ENDING}" for name in missing])
    return [
        f"{len(missing):,} image{'' if one else 's'} of the count in {folder.folder} "
        f"{'has' if one else 'have'} no labels any more and {_were(len(missing))} left out: {listed}."
    ]


def _recorded_name(task: PictureTask) -> str:
    recorded = None if task.labels is None else task.labels.recorded
    return task.image if recorded is None else recorded.image


def _files(number: int) -> str:
    return f"{number:,} file{'' if number == 1 else 's'}"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED_AT_MOST
    return ", ".join(names[:_NAMED_AT_MOST]) + (f" and {more:,} more" if more > 0 else "")
