"""Finding the picture that another program's file speaks of: its paths are often those of another machine."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from sporemetry.errors import LabelReadError
from sporemetry.image import PICTURE_SUFFIXES, is_picture_name
from sporemetry.names import file_key


class PictureIndex:
    """The pictures of a folder, found by name, by path or by the end of a path.

    Parameters
    ----------
    folder : Path
        Searched with its subfolders; hidden files are left out. It may hold no picture.

    Raises
    ------
    LabelReadError
        When there is no such folder.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise LabelReadError(
                folder,
                expected="the folder with the pictures",
                found="no such folder",
                remedy="See --images.",
            )
        self.folder = folder
        self._files = sorted(path for path in folder.rglob("*") if self._is_wanted(path))
        self._by_key: dict[str, list[Path]] = {}
        for path in self._files:
            for key in _keys(PurePosixPath(file_key(path.relative_to(folder).as_posix()))):
                self._by_key.setdefault(key, []).append(path)

    def __len__(self) -> int:
        return len(self._files)

    def find(self, name: str) -> Path | None:
        """Return the picture of that name; None if there is none.

        The whole path is tried first, with and without its ending, then shorter and shorter ends of it, so
        that ``train/leaf7_1.jpg`` is found as ``leaf7_1.jpg`` and as ``leaf7_1.tif``. Composed and decomposed
        letters are the same, and so are endings in small and in large letters.

        Raises
        ------
        LabelReadError
            When several pictures fit equally well.
        """
        path, written = PurePosixPath(file_key(name)), PurePosixPath(name)
        for start in range(len(path.parts)):
            end = PurePosixPath(*path.parts[start:])
            for key in dict.fromkeys((str(end), str(_without_ending(end)))):
                found = self._by_key.get(key, [])
                exact = self._exact(found, PurePosixPath(*written.parts[start:]).as_posix(), key)
                if len(found) == 1 or len(exact) == 1:
                    return (exact or found)[0]
                if found:
                    raise LabelReadError(
                        self.folder / name,
                        expected="one picture of that name",
                        found=", ".join(self.name_of(each) for each in found[:3]),
                        remedy="Give each picture a name of its own, or name a smaller folder with --images.",
                    )
        return None

    def _exact(self, found: list[Path], written: str, key: str) -> list[Path]:
        """Return what lies at that very path below the folder, else what lies at one that looks like it."""
        there = [each for each in found if self.name_of(each) == written]
        return there or [each for each in found if file_key(self.name_of(each)) == key]

    def name_of(self, picture: Path) -> str:
        """Return the picture's path below the folder, with its ending."""
        return picture.relative_to(self.folder).as_posix()

    def others(self, used: Iterable[Path]) -> list[Path]:
        """Return the pictures that are not among ``used``, in the order of their paths."""
        taken = set(used)
        return [path for path in self._files if path not in taken]

    def _is_wanted(self, path: Path) -> bool:
        hidden = any(part.startswith(".") for part in path.relative_to(self.folder).parts)
        return not hidden and is_picture_name(path) and path.is_file()


def _keys(path: PurePosixPath) -> list[str]:
    """Return what a picture may be called: every end of its path, with and without the ending."""
    ends = [PurePosixPath(*path.parts[start:]) for start in range(len(path.parts))]
    return [key for end in ends for key in (str(end), str(end.with_suffix("")))]


def _without_ending(path: PurePosixPath) -> PurePosixPath:
    return path.with_suffix("") if path.suffix.lower() in PICTURE_SUFFIXES else path
