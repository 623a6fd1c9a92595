"""Label pictures to measure, each with the photograph it was drawn on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from sporemetry.errors import FileError
from sporemetry.image import is_picture_name
from sporemetry.names import exact_or_only, name_key
from sporemetry.pipeline.inputs import PictureTask, list_inputs, unique_names

_LABEL_SUFFIXES = frozenset({".tif", ".tiff", ".png", ".bmp"})
_MARKED = re.compile(r"_(labels|masks|label|mask)$")


def find_labels(
    inputs: Sequence[Path],
    *,
    pictures: Path | None = None,
    recursive: bool = False,
    output: Path | None = None,
) -> list[PictureTask]:
    """List the label pictures that ``inputs`` name.

    Of a folder in which some names end in ``_labels`` or ``_masks`` only these are taken, so the output
    of ``sporemetry count`` and of Cellpose can be given as it is.

    Parameters
    ----------
    inputs : sequence of Path
        Label pictures, and folders of them.
    pictures : Path, optional
        Folder of the photographs. A label picture belongs to the photograph of the same stem.
    recursive, output
        As in :func:`~sporemetry.pipeline.inputs.find_pictures`.

    Raises
    ------
    FileError
        When an input does not exist, or a label picture has no photograph in ``pictures``.
    """
    listed = list_inputs(
        inputs,
        recursive=recursive,
        output=output,
        is_wanted=lambda path: path.suffix.lower() in _LABEL_SUFFIXES,
        of_labels=True,
    )
    tasks = list(listed.tasks)
    tasks = _marked_where_any_is(tasks, named=set(inputs))
    images = [PurePosixPath(task.image) for task in tasks]
    stems = [image.with_name(photograph_stem(image) + image.suffix) for image in images]
    named = [replace(task, name=name) for task, name in zip(tasks, unique_names(stems), strict=True)]
    if pictures is None:
        return named
    photographs = _photographs(pictures)
    return [replace(task, backdrop=_photograph_of(task, photographs, pictures)) for task in named]


def photograph_stem(labels: PurePosixPath) -> str:
    """Return the stem that a label picture shares with its photograph.

    >>> photograph_stem(PurePosixPath("leaf_1_labels.tif"))
    'leaf_1'
    >>> photograph_stem(PurePosixPath("leaf_1.png"))
    'leaf_1'
    """
    return _MARKED.sub("", labels.stem) or labels.stem


def _marked_where_any_is(tasks: list[PictureTask], *, named: set[Path]) -> list[PictureTask]:
    marked = {task.source for task in tasks if _MARKED.search(task.source.stem)}
    folders = {source.parent for source in marked}
    keep = marked | named
    return [task for task in tasks if task.source in keep or task.source.parent not in folders]


def _photographs(folder: Path) -> dict[str, list[Path]]:
    """Return the photographs of a folder by stem; composed and decomposed letters are the same."""
    if not folder.is_dir():
        raise FileError(folder, expected="the folder of the photographs", found="no such folder")
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        if is_picture_name(path):
            found.setdefault(name_key(path.stem), []).append(path)
    return found


def _photograph_of(task: PictureTask, photographs: dict[str, list[Path]], folder: Path) -> Path:
    stem = photograph_stem(PurePosixPath(task.image))
    found = photographs.get(name_key(stem), [])
    if not found:
        raise FileError(
            task.source,
            expected=f"a photograph called {stem}.* in {folder}",
            found="none of that name",
            remedy="Leave out --pictures to measure without photographs.",
        )
    photograph = exact_or_only(found, stem)
    if photograph is None:
        raise FileError(
            task.source,
            expected=f"one photograph called {stem}.* in {folder}",
            found=", ".join(path.name for path in found),
            remedy="Take all but one of them away, or name another folder with --pictures.",
        )
    return photograph
