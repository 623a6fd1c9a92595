"""Which pictures of a data set a run trains, validates or is tested on."""

from __future__ import annotations

from pathlib import Path

from sporemetry.dataset.counts import spore_counts
from sporemetry.dataset.folder import Dataset, DatasetItem
from sporemetry.dataset.split import Split, split_dataset
from sporemetry.dataset.split_file import read_split
from sporemetry.errors import SettingsError
from sporemetry.label_jpegs import jpeg_labels_error
from sporemetry.names import name_key
from sporemetry.training.run_folder import RunCard

TRAIN, VALIDATION, TEST, ALL = "train", "val", "test", "all"


def choose_parts(dataset: Dataset, split: str | Path | None, *, seed: int) -> Split:
    """Return which part each labelled picture belongs to: as a file says, or split here by group.

    Raises
    ------
    SettingsError
        When no picture has labels.
    LabelReadError
        When the file cannot be read or names other pictures.
    """
    labelled = labelled_items(dataset)
    groups = {item.name: item.group for item in labelled}
    if split is not None:
        every = {item.name: item.group for item in dataset.items}
        whole = read_split(Path(split), every)
        return Split(parts={name: whole.parts[name] for name in groups}, groups=groups)
    shares = _shares(len(set(groups.values())))
    return split_dataset(groups, spore_counts(labelled), shares=shares, seed=seed)


def labelled_items(dataset: Dataset, argument: str = "DATASET") -> tuple[DatasetItem, ...]:
    """Return the pictures that have labels.

    Raises
    ------
    SettingsError
        Of the argument that names the data set, when there are none.
    LabelReadError
        When there are JPEG files only, which cannot be labels.
    """
    if not dataset.labelled:
        if dataset.jpegs:
            raise jpeg_labels_error(dataset.root / "labels", dataset.jpegs)
        raise SettingsError(
            argument,
            expected="pictures with label pictures beside them",
            found=f"{len(dataset.items)} pictures, none with labels, in {dataset.root}",
            remedy="`sporemetry dataset import` brings labels in from other programs.",
        )
    return dataset.labelled


def part_items(dataset: Dataset, parts: Split, part: str) -> tuple[DatasetItem, ...]:
    """Return the labelled pictures of a part, in the order of their names; none for an unknown part."""
    names = set(map(name_key, parts.names(part)))
    return tuple(item for item in dataset.labelled if item.name in names)


def _shares(groups: int) -> dict[str, float]:
    """Return shares for parts that each hold a group: with fewer than three groups there is no test part."""
    if groups >= 3:
        return {TRAIN: 0.8, VALIDATION: 0.1, TEST: 0.1}
    return {TRAIN: 0.8, VALIDATION: 0.2} if groups == 2 else {TRAIN: 1.0}


def choose_items(dataset: Dataset, card: RunCard, part: str) -> tuple[DatasetItem, ...]:
    """Return the labelled pictures of a data set that belong to a part of a run.

    Parameters
    ----------
    dataset : Dataset
        The one that the run was trained on, or another one.
    card : RunCard
        Names the pictures of each part.
    part : str
        A part of the run, or ``all``: every labelled picture.

    Raises
    ------
    SettingsError
        When the run has no such part, or the data set none of its pictures.
    """
    known = (*card.split.part_names, ALL)
    if part not in known:
        raise SettingsError(
            "--part",
            expected=f"one of {', '.join(known)}",
            found=repr(part),
            remedy="Name one of those; a run on fewer than three groups has no test part.",
        )
    items = dataset.labelled if part == ALL else part_items(dataset, card.split, part)
    if not items:
        raise SettingsError(
            "DATASET",
            expected=f"labelled pictures of the part {part}",
            found=f"none in {dataset.root}",
            remedy="For a data set that the run has not seen, say --part all.",
        )
    wanted = set() if part == ALL else set(map(name_key, card.split.names(part)))
    if missing := wanted - {item.name for item in items}:
        raise SettingsError(
            "DATASET",
            expected=f"all {len(missing) + len(items)} pictures of the part {part}",
            found=f"{len(missing)} missing, {min(missing)} for one, in {dataset.root}",
            remedy="Name the data set that the run was trained on, or say --part all.",
        )
    return items
