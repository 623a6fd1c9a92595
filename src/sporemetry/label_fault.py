"""One fault of a label image: what kinds there are, and how it is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sporemetry.label_edges import GREY_EDGES, JPEG, PHOTOGRAPH, RESIZED

Severity = Literal["error", "caution", "note"]

NOT_DRAWN = "not-drawn"
"""The kind of fault of a file of outlines that holds points, lines or entries in error beside outlines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFault:
    """One thing that a label image should not have.

    Attributes
    ----------
    kind : str
        A key of :data:`FAULT_KINDS`.
    severity : str
        ``error``: it cannot be used; ``caution``: the count may be wrong; ``note``: how it was understood.
    found, remedy : str
        What there is, with its likely cause, and what to do.
    ids : tuple of int
        The ids that it is about, where it is about some.
    """

    kind: str
    severity: Severity
    found: str
    remedy: str
    ids: tuple[int, ...] = ()

    @property
    def sentence(self) -> str:
        """The fault in one line, for a report."""
        return f"{self.found[0].upper()}{self.found[1:]}. {self.remedy}"


FAULT_KINDS = {
    "mask-as-ids": "a mask where instance ids are expected",
    "white-background": "a background that is not 0",
    "no-background": "labels without background",
    GREY_EDGES: "a mask with grey edges",
    RESIZED: "labels resized with interpolation",
    JPEG: "labels changed by JPEG compression",
    PHOTOGRAPH: "a photograph or a probability map instead of labels",
    "class-values": "classes instead of instance ids",
    "scattered-id": "an id whose pieces lie far apart",
    "ignore-value": "a value for ignored pixels among the ids",
    "outlines": "outlines, not filled objects",
    NOT_DRAWN: "entries of the file that could not be measured",
}
"""Kind of fault -> what it means."""


def many(number: int, what: str) -> str:
    """Return a number with its noun."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def percent(share: float) -> str:
    """Return a share in whole per cent, never rounded up to all of it."""
    hundredths = 100 * share
    return f"{hundredths:.0f} %" if hundredths < 99.5 or share == 1 else "more than 99 %"
