"""Which images a page shows when there are too many for one page: large, doubtful and warned of first.

A report must stay small enough to be mailed and opened. What it leaves out is in the tables beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np

from sporemetry.report.caution import Caution
from sporemetry.report.data import ReportData, numbers
from sporemetry.report.limits import ALL_SHOWN_MOST

LARGEST, DOUBTFUL, WARNED = "one of the largest counts", "many doubtful spores", "named by a caution"


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows of the summary that are shown, in the order of the page, each with the reason why, if not all are.

    Attributes
    ----------
    rows : tuple of int
        Places in the summary.
    reasons : tuple of str
        One for each; empty texts where every image is shown.
    """

    rows: tuple[int, ...]
    reasons: tuple[str, ...]


def select_images(data: ReportData, cautions: Sequence[Caution], most: int) -> Selection:
    """Return the images to show: every one, or ``most`` of too many.

    Too many are more than :data:`~sporemetry.report.limits.ALL_SHOWN_MOST`. Of these, the images with the
    largest counts, those with the most doubtful spores and those that a problem or a caution names take
    turns.

    Parameters
    ----------
    data : ReportData
        No images give an empty selection.
    cautions : sequence of Caution
        Those of the page.
    most : int
        How many to show at most when not all are.
    """
    count = len(data.summary)
    if count <= ALL_SHOWN_MOST:
        return Selection(tuple(range(count)), ("",) * count)
    counted = numbers(data.summary, "counted").to_numpy()
    doubtful = data.spores.images["doubtful"].to_numpy()
    by_count = np.argsort(-counted, kind="stable")[:most]
    by_doubt = [row for row in np.argsort(-doubtful, kind="stable")[:most] if doubtful[row]]
    reasons: dict[int, str] = {}
    for turn in zip_longest(by_count.tolist(), by_doubt, _warned(data, cautions, most)):
        for row, reason in zip(turn, (LARGEST, DOUBTFUL, WARNED), strict=True):
            if row is not None and len(reasons) < most:
                reasons.setdefault(int(row), reason)
    return Selection(tuple(reasons), tuple(reasons.values()))


def _warned(data: ReportData, cautions: Sequence[Caution], most: int) -> list[int]:
    """Return rows that cautions name: of each caution a few, spread over those that it names."""
    named = [each.pictures for each in cautions if each.pictures and each.level != "note"]
    spread = [names[:: max(1, len(names) // most)] for names in named]
    wanted = dict.fromkeys(name for turn in zip_longest(*spread) for name in turn if name is not None)
    rows = {str(name): row for row, name in enumerate(data.summary["image"])} if wanted else {}
    return [rows[name] for name in wanted if name in rows][:most]
