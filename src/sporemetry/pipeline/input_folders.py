"""Which files of a folder are images to count: never what we made ourselves, wherever it lies."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from sporemetry.errors import FileError
from sporemetry.guarded_file import real_path
from sporemetry.printable import printable_name
from sporemetry.results_folder import (
    MANIFEST,
    RECORD_FOLDER,
    current_label_files,
    is_results_folder,
    read_manifest,
    recorded_images,
    recorded_names,
    result_file_names,
)

# Labels and outlines of an image that lies beside them: ours, Cellpose's, and the common endings.
_MADE_OF = re.compile(r"_(labels?|masks?|cp_masks|overlay|comparison)$", re.IGNORECASE)
_EVALUATION = ("evaluation.html", "per_image.csv")
_HARD_EXAMPLES = ("hard_examples.csv", "hard_examples.png")
_RUN = ("run.json", "steps.csv")
_NAMED_AT_MOST = 3


@dataclass(slots=True)
class FolderWalk:
    """Goes through the folders that a user names.

    Left out, and said in :meth:`notes`: folders of results that hold none of their own images, with all below
    them; in a folder that holds images and their results (``count plate3 -o plate3``), the files that records
    and manifest name; what evaluations and trainings draw; labels and outlines beside their image; the label
    folders of a data set.

    Attributes
    ----------
    recursive : bool
        Whether to enter subfolders.
    output : Path or None
        The output folder of the job; nothing in it is taken, unless it is what the user named.
    is_wanted : callable
        Which files to take.
    of_labels : bool
        Whether label images are looked for: then a results folder is taken as it is, but for one within
        another, and labels beside their image are what is wanted.
    """

    recursive: bool
    output: Path | None
    is_wanted: Callable[[Path], bool]
    of_labels: bool = False
    _results: list[Path] = field(default_factory=list)
    _beside: list[Path] = field(default_factory=list)
    _labels: list[Path] = field(default_factory=list)
    _said: list[str] = field(default_factory=list)
    _root: Path = field(default_factory=Path)
    _measured: list[Path] = field(default_factory=list)

    def files(self, root: Path) -> list[Path]:
        """Return the wanted files of ``root``, sorted by folder and name.

        Raises
        ------
        FileError
            When ``root`` is a folder of our own results, without the images that they are of.
        """
        excluded = None if self.output is None else real_path(self.output)
        self._root = root
        found: list[Path] = []
        for directory, folders, files in os.walk(root):
            here = Path(directory)
            is_root = here == root
            if not is_root and excluded is not None and real_path(here) == excluded:
                folders.clear()
                continue
            ours = self._ours(here, files, folders, is_root=is_root)
            if ours is None:
                folders.clear()
                self._results.append(here)
                continue
            maps = {"maps"} if set(_HARD_EXAMPLES) <= set(files) else set()
            folders[:] = sorted(name for name in set(folders) - maps if self._enters(here, name, folders))
            wanted = [here / name for name in sorted(files) if not name.startswith(".") and name not in ours]
            found.extend(self._without_drawings([path for path in wanted if self.is_wanted(path)]))
        return found

    def notes(self, taken: set[Path]) -> tuple[str, ...]:
        """Return what was left out and why, a sentence each; nothing of files that were ``taken`` by name."""
        beside = [path for path in self._beside if path not in taken]
        said = (
            (self._results, "folder", "that holds results and not the images they are of"),
            (self._labels, "folder", "of a data set's labels"),
            (beside, "file", "that is drawn of an image beside it"),
        )
        plural = {"that holds": "that hold", "that is drawn of": "that are drawn of"}
        notes = [*self._said]
        for paths, what, why in said:
            if not paths:
                continue
            if len(paths) > 1:
                what += "s"
                for one, more in plural.items():
                    why = why.replace(one, more)
            verb = "was" if len(paths) == 1 else "were"
            notes.append(f"{len(paths):,} {what} {why} {verb} left out: {_listed(paths)}.")
        return tuple(notes)

    def _enters(self, here: Path, name: str, siblings: Sequence[str]) -> bool:
        if not self.recursive or name.startswith("."):
            return False
        if not self.of_labels and name in ("labels", "ignore") and "images" in siblings:
            self._labels.append(here / name)
            return False
        return True

    def _ours(
        self, here: Path, files: Sequence[str], folders: Sequence[str], *, is_root: bool
    ) -> frozenset[str] | None:
        """Return the names in a folder that are our own; None where all of it is."""
        there = set(files)
        if there.issuperset(_RUN):
            return frozenset() if self.of_labels and is_root else None
        names: set[str] = set()
        if there.issuperset(_EVALUATION):
            names.update(name for name in files if name.endswith("_comparison.jpg"))
            names.add("bland_altman.png")
        if there.issuperset(_HARD_EXAMPLES):
            names.add("hard_examples.png")
        if (RECORD_FOLDER in folders or MANIFEST in there) and is_results_folder(here):
            if self.of_labels:
                if any(folder in here.parents for folder in self._measured):
                    return None  # made of the labels above it
                if not is_root and _measures_labels_above(here, self._root):
                    return None
                self._measured.append(here)
                return self._not_current(here)
            own = result_file_names(here)
            if not _holds_its_images(here, own):
                if is_root and not self.of_labels:
                    drawn = self._drawn_of_ours(here, files)
                    others = [name for name in files if self._is_candidate(here / name, own | drawn)]
                    if others or (self.recursive and any(not name.startswith(".") for name in folders)):
                        return frozenset(own | drawn)
                    raise FileError(
                        here,
                        expected="images to count",
                        found="results of an earlier count, without the images that they are of",
                        remedy="Name the folder of the images. `sporemetry measure` measures labels again.",
                    )
                return None
            names |= own
        return frozenset(names)

    def _is_candidate(self, path: Path, without: frozenset[str]) -> bool:
        return path.name not in without and not path.name.startswith(".") and self.is_wanted(path)

    def _drawn_of_ours(self, folder: Path, files: Sequence[str]) -> frozenset[str]:
        """Return what other programs made of an image that results are of: its masks, say."""
        names = set(recorded_names(folder))
        return frozenset(name for name in files if _MADE_OF.sub("", PurePosixPath(name).stem) in names)

    def _not_current(self, folder: Path) -> frozenset[str]:
        """Return the label images of a results folder that its last run did not make."""
        labels = current_label_files(folder)
        if labels is None:
            return frozenset()
        self._said.extend(note for note in (labels.note,) if note)
        return frozenset(labels.ignored)

    def _without_drawings(self, paths: list[Path]) -> list[Path]:
        """Leave out what is named as the labels or the outlines of another of these files."""
        if self.of_labels:
            return paths
        stems = {path.stem for path in paths}
        drawings = {path for path in paths if _MADE_OF.sub("", path.stem) in stems - {path.stem}}
        self._beside.extend(sorted(drawings))
        return [path for path in paths if path not in drawings]


def _holds_its_images(folder: Path, own: frozenset[str]) -> bool:
    """Tell whether an image that results are of lies with them."""
    named = {printable_name(path.name) for path in folder.iterdir()}
    for image in recorded_images(folder):
        parts = PurePosixPath(image).parts
        if not parts or ".." in parts or PurePosixPath(image).is_absolute() or "\0" in image:
            continue
        if parts[-1] in own and len(parts) == 1:
            continue
        if parts[-1] in named or os.path.lexists(folder / image):
            return True
    return False


def _measures_labels_above(folder: Path, root: Path) -> bool:
    """Tell whether a folder holds measurements of labels that lie between it and ``root``."""
    if (read_manifest(folder) or {}).get("verb", "measure") != "measure":
        return False
    above = [parent for parent in folder.parents if parent == root or root in parent.parents]
    for image in recorded_images(folder):
        parts = PurePosixPath(image).parts
        if parts and ".." not in parts and "\0" not in image and not PurePosixPath(image).is_absolute():
            return any(os.path.lexists(parent / image) for parent in above)
    return False


def _listed(paths: Sequence[Path]) -> str:
    more = len(paths) - _NAMED_AT_MOST
    return ", ".join(str(path) for path in paths[:_NAMED_AT_MOST]) + (
        f" and {more:,} more" if more > 0 else ""
    )
