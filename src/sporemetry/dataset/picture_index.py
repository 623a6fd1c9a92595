"""Finding the image that another program's file speaks of: its paths are often those of another machine."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from sporemetry.errors import LabelReadError
from sporemetry.exchange.foreign_names import candidates, without_upload_hash
from sporemetry.image import PICTURE_SUFFIXES, is_picture_name
from sporemetry.names import file_key, name_key


class PictureIndex:
    """The images of a folder, found by name, by path or by the end of a path.

    Parameters
    ----------
    folder : Path
        Searched with its subfolders; hidden files are left out. It may hold no image.
    without : Path, optional
        A folder in it that is not searched: the one that is written to.

    Raises
    ------
    LabelReadError
        When there is no such folder.
    """

    def __init__(self, folder: Path, without: Path | None = None) -> None:
        if not folder.is_dir():
            raise LabelReadError(
                folder,
                expected="the folder with the pictures",
                found="no such folder",
                remedy="See --images.",
            )
        self.folder = folder
        files = (path for path in folder.rglob("*") if self._is_wanted(path))
        self._files = sorted(path for path in files if without is None or without not in path.parents)
        self._by_key: dict[str, list[Path]] = {}
        self._by_loose_key: dict[str, list[Path]] = {}
        for path in self._files:
            relative = PurePosixPath(path.relative_to(folder).as_posix())
            for key in _keys(PurePosixPath(file_key(str(relative)))):
                self._by_key.setdefault(key, []).append(path)
            for key in dict.fromkeys((_loose(relative.name), _loose(relative.stem))):
                self._by_loose_key.setdefault(key, []).append(path)

    def __len__(self) -> int:
        return len(self._files)

    def find(self, name: str) -> Path | None:
        r"""Return the image of that name; None if there is none.

        Each path that the name may mean is tried as a whole, with and without its ending, then shorter and
        shorter ends of it, so that ``train/leaf7_1.jpg`` is found as ``leaf7_1.jpg`` and as
        ``leaf7_1.tif``. Composed and decomposed letters are the same, and so are endings in small and in
        large letters. When nothing is found so, capitals, spaces and the eight digits that Label Studio
        sets before a name do not matter either. What is found always lies in the folder.

        Raises
        ------
        LabelReadError
            When several images fit equally well.
        """
        meant = candidates(name)
        for text in meant:
            path, written = PurePosixPath(file_key(text)), PurePosixPath(text)
            for start in range(len(path.parts)):
                end = PurePosixPath(*path.parts[start:])
                for key in dict.fromkeys((str(end), str(_without_ending(end)))):
                    if found := self._by_key.get(key, []):
                        exact = self._exact(found, PurePosixPath(*written.parts[start:]).as_posix(), key)
                        return self._only(exact if len(exact) == 1 else found, name)
        for text in meant:
            path = PurePosixPath(text)
            for key in dict.fromkeys((_loose(path.name), _loose(_without_ending(path).name))):
                if found := self._by_loose_key.get(key, []):
                    return self._only(found, name)
        return None

    def _exact(self, found: list[Path], written: str, key: str) -> list[Path]:
        """Return what lies at that very path below the folder, else what lies at one that looks like it."""
        there = [each for each in found if self.name_of(each) == written]
        return there or [each for each in found if file_key(self.name_of(each)) == key]

    def name_of(self, picture: Path) -> str:
        """Return the image's path below the folder, with its ending."""
        return picture.relative_to(self.folder).as_posix()

    def others(self, used: Iterable[Path]) -> list[Path]:
        """Return the images that are not among ``used``, in the order of their paths."""
        taken = set(used)
        return [path for path in self._files if path not in taken]

    def _only(self, found: list[Path], name: str) -> Path:
        if len(found) > 1:
            raise LabelReadError(
                name,
                expected="one picture of that name",
                found=", ".join(self.name_of(each) for each in found[:3]),
                remedy="Give each picture a name of its own, or name a smaller folder with --images.",
            )
        return found[0]

    def _is_wanted(self, path: Path) -> bool:
        hidden = any(part.startswith(".") for part in path.relative_to(self.folder).parts)
        return not hidden and is_picture_name(path) and path.is_file()


def _loose(name: str) -> str:
    """Return a name as Label Studio may have changed it: spaces become ``_``, a hash stands before it."""
    return name_key(without_upload_hash(name)).casefold().replace(" ", "_")


def _keys(path: PurePosixPath) -> list[str]:
    """Return what an image may be called: every end of its path, with and without the ending."""
    ends = [PurePosixPath(*path.parts[start:]) for start in range(len(path.parts))]
    return [key for end in ends for key in dict.fromkeys((str(end), str(end.with_suffix(""))))]


def _without_ending(path: PurePosixPath) -> PurePosixPath:
    return path.with_suffix("") if path.suffix.lower() in PICTURE_SUFFIXES else path
