"""What a check reports."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from sporemetry.errors import SettingsError
from sporemetry.label_fault import FAULT_KINDS

KINDS = {
    "unreadable": "a file that cannot be read as what it should be",
    "no-labels": "a picture without labels or boxes",
    "no-picture": "labels, boxes or a mask of ignored pixels without a picture",
    "double": "a file that claims the name of another",
    "size-mismatch": "labels or a mask of another size than the picture",
    **FAULT_KINDS,
    "broken-spore": "an id whose pixels are in several pieces",
    "small-spore": "an id of fewer pixels than a spore has",
    "near-duplicate": "two pictures that are copies of one another",
    "parted-group": "a group on both sides of a split",
}
"""Kind of finding -> what it means."""

FINDING_COLUMNS = ("kind", "severity", "file", "other", "ids", "found", "remedy")
_IDS_NAMED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSettings:
    """What counts as a finding.

    Attributes
    ----------
    min_area_px : int
        An id of fewer pixels is reported; 0: none.
    duplicates : bool
        Whether pictures are compared with one another.

    Raises
    ------
    SettingsError
        For a negative area.
    """

    min_area_px: int = 12
    duplicates: bool = True

    def __post_init__(self) -> None:
        if self.min_area_px < 0:
            raise SettingsError("--min-area", expected="0 or more pixels", found=str(self.min_area_px))


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong, or probably is.

    Attributes
    ----------
    kind : str
        A key of :data:`KINDS`.
    severity : str
        ``error``: results would be wrong; ``warning``: worth a look.
    file : Path
        Relative to the data set's folder.
    found, remedy : str
        What there is, and what to do.
    ids : tuple of int
        The label ids that it is about.
    other : Path or None
        The second file, for findings about two.
    """

    kind: str
    severity: Literal["error", "warning"]
    file: Path
    found: str
    remedy: str
    ids: tuple[int, ...] = ()
    other: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What :func:`check_dataset` has found.

    Attributes
    ----------
    findings : tuple of Finding
        By kind in the order of :data:`KINDS`, then by file. Empty when all is well.
    pictures, spores : int
        How many pictures there are, and how many spores (or boxes) on those that could be read.
    """

    findings: tuple[Finding, ...]
    pictures: int
    spores: int

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that make results wrong."""
        return tuple(each for each in self.findings if each.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The findings that are worth a look."""
        return tuple(each for each in self.findings if each.severity == "warning")

    def to_frame(self) -> pd.DataFrame:
        """Return the findings as a table, one row each; a header even without rows."""
        return pd.DataFrame([_row(each) for each in self.findings], columns=list(FINDING_COLUMNS))

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values, for JSON."""
        findings = [{**_row(each), "ids": list(each.ids)} for each in self.findings]
        return {"pictures": self.pictures, "spores": self.spores, "findings": findings}


def name_ids(ids: tuple[int, ...]) -> str:
    """Return ids as text, the first of many.

    >>> name_ids((3, 4))
    '3, 4'
    """
    more = f" and {len(ids) - _IDS_NAMED:,} more" if len(ids) > _IDS_NAMED else ""
    return ", ".join(map(str, ids[:_IDS_NAMED])) + more


def _row(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "severity": finding.severity,
        "file": finding.file.as_posix(),
        "other": "" if finding.other is None else finding.other.as_posix(),
        "ids": " ".join(map(str, finding.ids)),
        "found": finding.found,
        "remedy": finding.remedy,
    }
