"""A data set folder -> another program's files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sporemetry.dataset.folder import Dataset, DatasetItem, read_item_labels
from sporemetry.dataset.whole_folder import whole_folder
from sporemetry.errors import FileError, SettingsError
from sporemetry.exchange.annotation import LabelledPicture
from sporemetry.exchange.registry import Exporter
from sporemetry.guarded_file import real_path
from sporemetry.storage import make_folder, remove_temporaries


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What :func:`export_labels` has done.

    Attributes
    ----------
    files : tuple of Path
        What was written.
    pictures : int
        How many pictures the files hold.
    unlabelled : tuple of str
        Names of pictures without labels (those with boxes only too); they are left out.
    failures : tuple of FileError
        Pictures whose labels cannot be read; they are left out.
    """

    files: tuple[Path, ...]
    pictures: int
    unlabelled: tuple[str, ...]
    failures: tuple[FileError, ...]


def export_labels(
    dataset: Dataset,
    write: Exporter,
    output: Path,
    *,
    on_progress: Callable[[int], None] | None = None,
) -> Exported:
    """Write the labelled pictures of a data set in another program's format, one at a time.

    Parameters
    ----------
    dataset : Dataset
        Label pictures that are masks are written as their connected components.
    write : Exporter
        One of :data:`sporemetry.exchange.registry.EXPORTERS`.
    output : Path
        The folder; made if missing, never one in the data set itself. It is written whole or not at all,
        and no file that is there is replaced.
    on_progress : callable, optional
        Called with the number of pictures done.

    Raises
    ------
    SettingsError
        When ``output`` is the data set's folder or lies in it.
    OutputError
        When a file cannot be written, or another one of its name is there.
    """
    root = real_path(dataset.root)
    if real_path(output) == root or root in real_path(output).parents:
        raise SettingsError(
            "--output",
            expected="a folder outside the data set",
            found=str(output),
            remedy="Its own pictures and labels would be mixed with the exported ones.",
        )
    make_folder(output)
    for folder in (output, *(each for each in output.iterdir() if each.is_dir())):
        remove_temporaries(folder)
    failures: list[FileError] = []
    with whole_folder(output, beside=True) as content:
        written = write(content, _pictures(dataset, failures, on_progress))
        files = [output / path.relative_to(content) for path in written]
    return Exported(
        files=tuple(files),
        pictures=len(dataset.labelled) - len(failures),
        unlabelled=tuple(item.name for item in dataset.items if item.labels is None),
        failures=tuple(failures),
    )


def _pictures(
    dataset: Dataset, failures: list[FileError], on_progress: Callable[[int], None] | None
) -> Iterator[LabelledPicture]:
    for done, item in enumerate(dataset.labelled, start=1):
        try:
            yield _labelled(dataset, item)
        except FileError as error:
            failures.append(error)
        if on_progress is not None:
            on_progress(done)


def _labelled(dataset: Dataset, item: DatasetItem) -> LabelledPicture:
    read = read_item_labels(item)
    scale = dataset.card.um_per_px or read.um_per_px
    return LabelledPicture(name=item.name, image=item.image, labels=read.labels, um_per_px=scale)
