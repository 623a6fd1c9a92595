"""The check of a data set: its list of files, then each picture once, then pictures against one another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from sporemetry.dataset.checking.findings import KINDS, CheckReport, CheckSettings, Finding
from sporemetry.dataset.checking.label_findings import label_findings
from sporemetry.dataset.checking.near_duplicates import Fingerprint, find_near_duplicates, fingerprint
from sporemetry.dataset.folder import (
    Dataset,
    DatasetItem,
    inspect_item_labels,
    item_name,
    read_item_ignore,
)
from sporemetry.dataset.split import Split
from sporemetry.errors import FileError, LabelReadError
from sporemetry.exchange.yolo_boxes import read_boxes
from sporemetry.image import read_image
from sporemetry.label_jpegs import JPEG_REMEDY
from sporemetry.names import name_key

_DEFAULTS = CheckSettings()


def check_dataset(
    dataset: Dataset,
    *,
    split: Split | None = None,
    settings: CheckSettings = _DEFAULTS,
    on_progress: Callable[[int, int, str], None] | None = None,
) -> CheckReport:
    """Find what is wrong with a data set. Nothing is changed, and no bad file ends the check.

    Parameters
    ----------
    dataset : Dataset
        As :func:`~sporemetry.dataset.folder.open_dataset` gives it; one without pictures gives a report of
        its stray files.
    split : Split, optional
        Copies on both sides of it, and groups that it parts, are errors.
    settings : CheckSettings
    on_progress : callable, optional
        Called with (done, all, the picture's name).

    Returns
    -------
    CheckReport
        Memory: one picture at a time, and 5 KiB for each.
    """
    check = _Check(dataset, settings)
    check.list_files()
    for done, item in enumerate(dataset.items, start=1):
        check.read(item)
        if on_progress is not None:
            on_progress(done, len(dataset.items), item.name)
    check.findings += _parted_groups(dataset, split)
    check.compare(split)
    order = {kind: place for place, kind in enumerate(KINDS)}
    findings = sorted(check.findings, key=lambda each: (order[each.kind], each.file.as_posix()))
    return CheckReport(findings=tuple(findings), pictures=len(dataset.items), spores=check.spores)


class _Check:
    """The findings so far, and the fingerprints that comparing needs."""

    def __init__(self, dataset: Dataset, settings: CheckSettings) -> None:
        self.dataset = dataset
        self.settings = settings
        self.findings: list[Finding] = []
        self.spores = 0
        self.seen: list[DatasetItem] = []
        self.prints: list[Fingerprint] = []

    def list_files(self) -> None:
        """Report labels in JPEG, pictures without labels, labels without pictures, and doubles."""
        lossy = {
            item_name(path, self.dataset.root / "labels", marked=True): path for path in self.dataset.jpegs
        }
        for path in self.dataset.jpegs:
            self._add(
                "jpeg-labels",
                "error",
                path,
                "a JPEG, which cannot be used as labels: its compression changes their values",
                JPEG_REMEDY,
            )
        for item in self.dataset.items:
            if item.labels is None and item.boxes is None and item.name not in lossy:
                self._add(
                    "no-labels",
                    "warning",
                    item.image,
                    "neither labels nor boxes of its name",
                    "Label it, take it out, or save an empty label picture if it holds no spore.",
                )
        for path in self.dataset.orphans:
            self._add(
                "no-picture",
                "error",
                path,
                "no picture of its name in images/",
                "Bring the picture, correct the name, or delete the file.",
            )
        for path in self.dataset.doubles:
            self._add(
                "double",
                "error",
                path,
                "another file of that kind has the same name",
                "Keep one of the two, or rename one together with its labels.",
            )

    def read(self, item: DatasetItem) -> None:
        """Read the files of a picture and report what is wrong with each."""
        try:
            pixels = read_image(item.image).pixels
        except FileError as error:
            self._unreadable(item.image, error)
            return
        height, width = pixels.shape[:2]
        if self.settings.duplicates:
            self.seen.append(item)
            self.prints.append(fingerprint(pixels))
        del pixels
        for look in (self._labels, self._boxes, self._ignore):
            look(item, (height, width))

    def _labels(self, item: DatasetItem, shape: tuple[int, int]) -> None:
        if item.labels is None:
            return
        try:
            read = inspect_item_labels(item)
        except FileError as error:
            self._unreadable(item.labels, error)
            return
        if read.labels.shape != shape:
            self._mismatch(item.labels, read.labels.shape, shape)
        self.spores += int(np.count_nonzero(np.unique(read.labels)))
        self.findings += label_findings(read, self._relative(item.labels), self.settings)

    def _boxes(self, item: DatasetItem, shape: tuple[int, int]) -> None:
        del shape  # boxes are in fractions of the picture
        if item.boxes is None:
            return
        try:
            boxes = len(read_boxes(item.boxes).classes)
        except FileError as error:
            self._unreadable(item.boxes, error)
            return
        self.spores += boxes if item.labels is None else 0

    def _ignore(self, item: DatasetItem, shape: tuple[int, int]) -> None:
        if item.ignore is None:
            return
        try:
            read_item_ignore(item, shape)
        except LabelReadError as error:
            self._add("size-mismatch", "error", item.ignore, error.found, error.remedy)
        except FileError as error:
            self._unreadable(item.ignore, error)

    def _mismatch(self, path: Path, found: tuple[int, ...], shape: tuple[int, int]) -> None:
        turned = found == shape[::-1]
        self._add(
            "size-mismatch",
            "error",
            path,
            f"{found[1]} x {found[0]}, its picture {shape[1]} x {shape[0]}",
            "Turn the labels as the picture is turned." if turned else "Label the picture at its own size.",
        )

    def compare(self, split: Split | None) -> None:
        """Report pictures that are copies of one another."""
        parts = _parts_of(split)
        for first, second, likeness in find_near_duplicates(self.prints):
            one, other = self.seen[first], self.seen[second]
            sides = [] if split is None else [parts.get(each.name) for each in (one, other)]
            crossing = len(set(sides)) > 1
            where = f", in the parts {sides[0]} and {sides[1]}" if crossing else ""
            self.findings.append(
                Finding(
                    kind="near-duplicate",
                    severity="error" if crossing else "warning",
                    file=self._relative(one.image),
                    other=self._relative(other.image),
                    found=f"a copy of {self._relative(other.image)} (likeness {likeness:.2f}){where}",
                    remedy="Delete one, or give both the same group in dataset.toml and split anew.",
                )
            )

    def _unreadable(self, path: Path, error: FileError) -> None:
        text = f"{error.found}, where {error.expected} is expected"
        self._add("unreadable", "error", path, text, error.remedy)

    def _add(self, kind: str, severity: str, path: Path, found: str, remedy: str) -> None:
        self.findings.append(
            Finding(
                kind=kind,
                severity="error" if severity == "error" else "warning",
                file=self._relative(path),
                found=found,
                remedy=remedy,
            )
        )

    def _relative(self, path: Path) -> Path:
        return path.relative_to(self.dataset.root) if path.is_relative_to(self.dataset.root) else path


def _parts_of(split: Split | None) -> dict[str, str]:
    """Return the part of each picture, by its name in the data set."""
    return {} if split is None else {name_key(name): part for name, part in split.parts.items()}


def _parted_groups(dataset: Dataset, split: Split | None) -> Iterator[Finding]:
    """Yield the groups whose pictures are in several parts, each with its first picture."""
    parts: dict[str, set[str]] = {}
    first: dict[str, DatasetItem] = {}
    part_of = _parts_of(split)
    for item in dataset.items:
        part = part_of.get(item.name)
        if part is not None:
            parts.setdefault(item.group, set()).add(part)
            first.setdefault(item.group, item)
    for group, held in sorted(parts.items()):
        if len(held) > 1:
            image = first[group].image
            yield Finding(
                kind="parted-group",
                severity="error",
                file=image.relative_to(dataset.root) if image.is_relative_to(dataset.root) else image,
                found=f"the group {group} is in the parts {', '.join(sorted(held))}",
                remedy="Split anew with `sporemetry dataset split`, which never parts a group.",
            )
