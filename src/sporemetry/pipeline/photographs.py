"""Finding the photographs that labels were drawn on, by name."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path, PurePosixPath

from sporemetry.errors import FileError
from sporemetry.image import is_picture_name
from sporemetry.names import exact_or_only, file_key, name_key
from sporemetry.pipeline.label_files import is_marked
from sporemetry.pipeline.outline_files import LABEL_SUFFIXES
from sporemetry.printable import printable_name


class Photographs:
    """The photographs of a folder and of those below it.

    Parameters
    ----------
    folder : Path
        Where they lie.

    Raises
    ------
    FileError
        When there is no such folder.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise FileError(folder, expected="the folder of the photographs", found="no such folder")
        self.folder = folder
        self._by_path: dict[str, Path] = {}
        self._by_name: dict[str, list[Path]] = {}
        self._by_stem: dict[str, list[Path]] = {}
        for directory, folders, files in os.walk(folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(files):
                path = Path(directory, name)
                if is_photograph(path):
                    # By the names that tables have for them.
                    image = printable_name(path.relative_to(folder).as_posix())
                    self._by_path[file_key(image)] = path
                    self._by_name.setdefault(file_key(PurePosixPath(image).name), []).append(path)
                    self._by_stem.setdefault(name_key(path.stem), []).append(path)

    def of_image(self, image: PurePosixPath, *, alone: bool) -> Path | None:
        """Return the photograph that was counted as ``image``; None where there is none.

        Parameters
        ----------
        image : PurePosixPath
            As the tables name it.
        alone : bool
            Whether no other image is called so in another folder: then its place does not matter.
        """
        found = self._by_path.get(file_key(image.as_posix()))
        named = self._by_name.get(file_key(image.name), [])
        return found or (named[0] if alone and len(named) == 1 else None)

    def of_labels(self, labels: PurePosixPath, stems: Sequence[str], source: Path) -> Path | None:
        """Return the photograph of a file of labels; None where there is none.

        Parameters
        ----------
        labels : PurePosixPath
            The file below what the user named: its folder tells photographs of one name apart.
        stems : sequence of str
            What the photograph may be called, likeliest first.
        source : Path
            The file itself, which is not its own photograph.

        Raises
        ------
        FileError
            When several photographs are called so.
        """
        for stem in stems:
            found = [path for path in self._by_stem.get(name_key(stem), []) if path != source]
            beside = [path for path in found if path.parent == self.folder / labels.parent]
            top = [path for path in found if path.parent == self.folder]
            meant = beside or top or found
            if not meant:
                continue
            photograph = exact_or_only(meant, stem)
            if photograph is None:
                raise FileError(
                    source,
                    expected=f"one photograph called {stem}.* in {self.folder}",
                    found=", ".join(path.relative_to(self.folder).as_posix() for path in meant),
                    remedy="Take all but one of them away, or name another folder with --pictures.",
                )
            return photograph
        return None

    def only_one(self) -> Path | None:
        """Return the one photograph of the folder, for labels that do not say which image they are of."""
        return next(iter(self._by_path.values())) if len(self._by_path) == 1 else None


class Beside:
    """The photographs in the folders of the files of labels themselves; each folder is listed once.

    Parameters
    ----------
    labels : collection of Path
        Files of labels: none of them is a photograph.
    """

    def __init__(self, labels: Collection[Path]) -> None:
        self._labels = frozenset(labels)
        self._folders: dict[Path, dict[str, list[Path]]] = {}

    def of_labels(self, source: Path, stems: Sequence[str]) -> Path | None:
        """Return the one photograph called so; None for none or several."""
        by_stem = self._listed(source.parent)
        for stem in stems:
            found = by_stem.get(name_key(stem), [])
            if found:
                return exact_or_only(found, stem)
        return None

    def only_one(self, source: Path) -> Path | None:
        """Return the one photograph beside a file that does not say which image it is of."""
        found = [path for paths in self._listed(source.parent).values() for path in paths]
        return found[0] if len(found) == 1 else None

    def _listed(self, folder: Path) -> dict[str, list[Path]]:
        if folder not in self._folders:
            by_stem: dict[str, list[Path]] = {}
            for path in _entries(folder):
                if is_photograph(path) and path not in self._labels:
                    by_stem.setdefault(name_key(path.stem), []).append(path)
            self._folders[folder] = by_stem
        return self._folders[folder]


def is_photograph(path: Path) -> bool:
    """Tell whether a file can be a photograph by its name: an image that is not called as labels are."""
    return is_picture_name(path) and not (path.suffix.lower() in LABEL_SUFFIXES and is_marked(path))


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
