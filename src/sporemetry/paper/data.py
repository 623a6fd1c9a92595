"""The pictures that the runs see: a data set folder or a rendered one, its parts, and shares of them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sporemetry.dataset.counts import spore_counts
from sporemetry.dataset.folder import Dataset, open_dataset
from sporemetry.dataset.split import Split, split_dataset
from sporemetry.dataset.split_file import write_split
from sporemetry.dataset.synthesize import synthesize
from sporemetry.errors import SettingsError
from sporemetry.paper.scale import Scale
from sporemetry.paper.trial import Trial
from sporemetry.storage import make_folder
from sporemetry.training.parts import TRAIN, choose_parts, labelled_items
from sporemetry.workers import usable_cores

BENCH = "bench"
REAL_DATA = "SPOREMETRY_REAL_DATA"
DATA_FOLDER = "data"
UNUSED = "unused"
_FEW = 20


def find_data(name: str, output: Path, *, looked_at: bool = True) -> Path:
    """Return the data set folder that is meant.

    Parameters
    ----------
    name : str
        A folder; ``bench``: the one that :func:`render_bench` makes in ``output``; or the name of a folder
        below the one that the environment variable ``SPOREMETRY_REAL_DATA`` names.
    output : Path
    looked_at : bool
        Whether the folder has to be there: tables can be drawn from kept results without it.

    Raises
    ------
    SettingsError
        When there is no such folder.
    """
    if name == BENCH:
        return output / DATA_FOLDER
    real = os.environ.get(REAL_DATA)
    for folder in (Path(name), *([Path(real) / name] if real else [])):
        if folder.is_dir():
            return folder
    if not looked_at:
        return Path(name)
    raise SettingsError(
        "--data",
        expected=f"a data set folder, {BENCH}, or a folder below the one that {REAL_DATA} names",
        found=f"{name}, which is no folder" + ("" if real else f"; {REAL_DATA} is not set"),
    )


def data_name(data: Path, output: Path) -> str:
    """Return what tables and pages call a data set: its folder's name, or ``bench``."""
    return BENCH if data == output / DATA_FOLDER else data.resolve().name


def render_bench(
    scale: Scale, output: Path, *, on_progress: Callable[[int, int], None] | None = None
) -> None:
    """Render the pictures of a scale into ``output/data``, as far as they are missing, on all cores.

    Raises
    ------
    SettingsError
        When the folder holds other pictures.
    FileError
        When pictures cannot be written.
    """
    bench = scale.bench
    synthesize(
        bench.scene(),
        output / DATA_FOLDER,
        pictures=bench.pictures,
        seed=bench.seed,
        # A few pictures are done sooner than processes have begun.
        workers=usable_cores() if bench.pictures > _FEW else 0,
        on_progress=on_progress,
    )


def check_data(data: Path, scale: Scale) -> None:
    """Refuse a data set that cannot be parted, before anything is written; label pictures are not read.

    Raises
    ------
    SettingsError
        When no picture has labels, or there are too few groups.
    LabelReadError
        When the folder is no data set.
    """
    groups = {item.name: item.group for item in labelled_items(open_dataset(data), "--data")}
    if len(set(groups.values())) < len(scale.parts):
        raise SettingsError(
            "--data",
            expected=f"labelled pictures of at least {len(scale.parts)} groups, as groups are never parted",
            found=f"{len(groups)} pictures of {len(set(groups.values()))} groups in {data}",
            remedy="Add pictures, or state finer groups in dataset.toml.",
        )


def find_parts(data: Path, scale: Scale, trial: Trial, seed: int, output: Path) -> Split:
    """Return the part of each labelled picture in a run, as its file says or will say; nothing is written.

    Raises
    ------
    SettingsError
        When the data set has too few groups.
    LabelReadError
        When a file or a label picture cannot be read, or the file names other pictures.
    """
    dataset = open_dataset(data)
    for share in dict.fromkeys((_share(scale, trial), 1.0)):
        file = _split_file(output, seed, share)
        if file.exists():
            found = choose_parts(dataset, file, seed=seed)
            break
    else:
        share = 1.0
        groups = {item.name: item.group for item in dataset.labelled}
        found = split_dataset(groups, spore_counts(dataset.labelled), dict(scale.parts), seed=seed)
    return found if share == _share(scale, trial) else reduced(found, _share(scale, trial), seed)


def parts_file(data: Path, scale: Scale, trial: Trial, seed: int, output: Path) -> Path:
    """Return the file of the parts that a run sees, written where it is missing.

    Every trial of a seed has the same validation and test part. A share of the training part is made of whole
    groups in an order of the seed, so that smaller shares lie within larger ones. Pictures without labels
    are in the part of their group; no run uses them.

    Raises
    ------
    SettingsError
        When the data set has too few groups.
    FileError
        When a file cannot be read or written.
    """
    make_folder(output)
    for each in (replace(trial, share=1.0), trial):
        file = _split_file(output, seed, _share(scale, each))
        if not file.exists():
            parts = find_parts(data, scale, each, seed, output)
            write_split(file, _every_picture(parts, open_dataset(data)))
    return file


def _share(scale: Scale, trial: Trial) -> float:
    return scale.share if trial.share is None else trial.share


def _split_file(output: Path, seed: int, share: float) -> Path:
    return output / (f"split_{seed}.csv" if share == 1 else f"split_{seed}_share{share:.3g}.csv")


def _every_picture(labelled: Split, dataset: Dataset) -> Split:
    """Return a split that also holds the pictures without labels, as the reader of the file expects."""
    of_group = {labelled.groups[name]: part for name, part in labelled.parts.items()}
    groups = {item.name: item.group for item in dataset.items}
    return Split(
        parts={name: of_group.get(group, UNUSED) for name, group in groups.items()},
        groups=groups,
    )


def reduced(split: Split, share: float, seed: int) -> Split:
    """Return a split whose training part has about so many of its pictures; the others are in no part of use.

    Whole groups are taken in an order that the seed shuffles, as long as that comes nearer to the share; the
    first always is.

    Examples
    --------
    >>> names = [f"leaf{number}_1" for number in range(10)]
    >>> split = Split(parts=dict.fromkeys(names, "train"), groups={name: name[:-2] for name in names})
    >>> len(reduced(split, 0.3, seed=0).names("train"))
    3
    """
    names = split.names(TRAIN)
    order = sorted({split.groups[name] for name in names}, key=lambda group: _shuffled(seed, group))
    wanted, kept = share * len(names), 0
    chosen: set[str] = set()
    for group in order:
        size = sum(split.groups[name] == group for name in names)
        if chosen and abs(kept + size - wanted) > abs(kept - wanted):
            break
        chosen.add(group)
        kept += size
    return Split(
        parts={
            name: UNUSED if part == TRAIN and split.groups[name] not in chosen else part
            for name, part in split.parts.items()
        },
        groups=split.groups,
    )


def _shuffled(seed: int, group: str) -> str:
    return hashlib.sha256(f"{seed} {group}".encode()).hexdigest()
