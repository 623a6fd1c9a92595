"""``points.json``: the tolerance of a set of points, and the regions in which its images were annotated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sporemetry.evaluation.points import LARGEST_TOLERANCE_PX, Region
from sporemetry.exchange.documents import read_json
from sporemetry.exchange.entries import Entry
from sporemetry.names import name_key

RULES_FILE = "points.json"
_LARGEST_FILE = 16 << 20
_FORM = '{"tolerance_px": {"SET": 9.0}, "regions": {"SET/IMAGE": [x0, y0, x1, y1]}}'


@dataclass(frozen=True, slots=True)
class PointRules:
    """How the points of a set are to be used.

    Attributes
    ----------
    tolerance_px : float or None
        How far a detection may be from its point; None where it is not stated.
    regions : mapping of str to (x0, y0, x1, y1)
        By the image's name; images that are not in it were annotated as a whole.
    """

    tolerance_px: float | None = None
    regions: Mapping[str, Region] = field(default_factory=dict)


def rules_file(dataset: Path) -> Path | None:
    """Return the ``points.json`` in a set's folder, else the one beside it; None where there is neither."""
    folder = dataset.absolute()
    found = (each / RULES_FILE for each in (folder, folder.parent))
    return next((path for path in found if path.is_file()), None)


def read_point_rules(dataset: Path) -> PointRules:
    """Read what ``points.json`` says of a set.

    Parameters
    ----------
    dataset : Path
        The set's folder. The file lies in it, or beside it for several sets. ``tolerance_px`` is a number, or
        one for each set by the name of its folder; ``regions`` have the names ``SET/IMAGE``, or ``IMAGE``
        where the file lies in the set's folder; null is the whole image.

    Returns
    -------
    PointRules
        Empty without such a file, or where it says nothing of this set.

    Raises
    ------
    LabelReadError
        When the file is no such document.
    """
    path = rules_file(dataset)
    if path is None:
        return PointRules()
    document = read_json(path, _LARGEST_FILE)
    if not isinstance(document.value, dict):
        raise document.error(f"an object: {_FORM}")
    name = dataset.absolute().name
    stated = document.get("tolerance_px")
    if stated is not None and isinstance(stated.value, dict):
        stated = stated.get(name)
    regions = document.get("regions")
    own = path.parent == dataset.absolute()
    found = {}
    for key, value in _values(regions).items():
        of_set, _, image = key.rpartition("/")
        if value is not None and (of_set == name or (own and not of_set)):
            found[name_key(image)] = _region(Entry(path, f"regions.{key}", value))
    return PointRules(None if stated is None else _tolerance(stated), found)


def _values(regions: Entry | None) -> dict[str, object]:
    if regions is None:
        return {}
    if not isinstance(regions.value, dict):
        raise regions.error(f"an object: {_FORM}")
    return regions.value


def _tolerance(entry: Entry) -> float:
    value = entry.number()
    if not 0 < value <= LARGEST_TOLERANCE_PX:
        raise entry.error(f"a distance above 0 and up to {LARGEST_TOLERANCE_PX:g} px")
    return value


def _region(entry: Entry) -> Region:
    numbers = entry.numbers().tolist()
    if len(numbers) != 4 or not (numbers[0] < numbers[2] and numbers[1] < numbers[3]):
        raise entry.error("a region x0, y0, x1, y1 in pixels with x0 < x1 and y0 < y1, or null")
    return numbers[0], numbers[1], numbers[2], numbers[3]
