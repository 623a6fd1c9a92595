"""The facts of a finished image, as they are read back: numbers and texts that can be true together.

They come from a file that anyone may have changed. What cannot be true makes the record no record, so that
the image is done anew.
"""

from __future__ import annotations

import math
import re

from sporemetry.formats.scale import STATED
from sporemetry.printable import printable

_SHA256 = re.compile(r"[0-9a-f]{64}")
_LONGEST_TEXT = 4096
LARGEST_NUMBER = 1e300
# As many pixels as `--max-pixels` can allow.
_MOST_PIXELS = 2_000_000_000
_TEXTS = ("scale_source", "field", "label_fault", "count_fault")
_FLAGS = ("edited", "has_own_scale")
_NUMBERS_OR_NONE = (
    "um_per_px",
    "spore_length_px",
    "uncovered_length_px",
    "field_centre_y",
    "field_centre_x",
    "field_radius",
)


def check_facts(facts: object) -> None:
    """Refuse facts that cannot be.

    Raises
    ------
    ValueError, TypeError, KeyError
        With the name of the first such fact.
    """
    if not isinstance(facts, dict):
        raise TypeError("facts")
    for key, value in facts.items():
        check_text(key)
        if isinstance(value, str):
            check_text(value)
        elif value is not None and not isinstance(value, bool):
            check_number(key, value)
    for key in _TEXTS:
        if not isinstance(facts.get(key, ""), str):
            raise TypeError(key)
    for key in _FLAGS:
        if not isinstance(facts.get(key, False), bool):
            raise TypeError(key)
    if facts.get("labels_pixels") is not None and not _SHA256.fullmatch(facts["labels_pixels"]):
        raise ValueError("labels_pixels")
    _check_texts_are_there(facts)
    _check_sizes(facts)
    check_number("left_out_share", facts["left_out_share"], 0, 1)
    if facts["um_per_px"] is not None:
        check_number("um_per_px", facts["um_per_px"], *STATED)
    if facts.get("mask_confidence") is not None:
        check_number("mask_confidence", facts["mask_confidence"], 0, 1)
    _whole({"uncovered_objects": 0, **facts}, "uncovered_objects", 0, _MOST_PIXELS)
    for key in ("spore_length_px", "uncovered_length_px"):
        if facts.get(key) is not None and not facts[key] > 0:
            raise ValueError(key)
    for key in _NUMBERS_OR_NONE:
        if isinstance(facts.get(key), bool | str):
            raise TypeError(key)


def _check_texts_are_there(facts: dict[str, object]) -> None:
    for key in ("scale_source", "field"):
        if key not in facts:
            raise KeyError(key)


def _check_sizes(facts: dict[str, object]) -> None:
    """Refuse an image without pixels, a field larger than it, and more counted spores than there are."""
    width = _whole(facts, "width_px", 1, _MOST_PIXELS)
    pixels = width * _whole(facts, "height_px", 1, _MOST_PIXELS // width)
    _whole(facts, "field_area_px", 1, pixels)
    _whole(facts, "counted", 0, _whole(facts, "spores", 0, pixels))


def _whole(facts: dict[str, object], key: str, least: int, most: int) -> int:
    value = facts[key]
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(key)
    return value


def check_number(
    key: str, value: object, least: float = -LARGEST_NUMBER, most: float = LARGEST_NUMBER
) -> None:
    """Refuse what is no finite number from ``least`` to ``most``.

    Raises
    ------
    TypeError, ValueError
    """
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(key)
    # Compared first: a whole number of 400 digits has no float.
    if not least <= value <= most or not math.isfinite(value):
        raise ValueError(key)


def check_text(*values: object) -> None:
    """Refuse what is no text, too long, or holds a character that cannot be shown.

    Raises
    ------
    ValueError
    """
    for value in values:
        if not isinstance(value, str) or len(value) > _LONGEST_TEXT or printable(value) != value:
            raise ValueError("no text")
