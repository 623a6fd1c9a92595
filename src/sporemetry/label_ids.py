"""Faults of the ids themselves: masks, classes, values to ignore, ids for several objects, outlines."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sporemetry.label_background import IGNORE_VALUES
from sporemetry.label_edges import inside_of
from sporemetry.label_fault import LabelFault
from sporemetry.label_pieces import Pieces
from sporemetry.label_shapes import cores_in_rims, spread_ids, thin_rings

# How far above the other ids such a value stands: in several pieces, and in one.
_IGNORE_GAP, _IGNORE_FACTOR = 10, 10
# Pieces that are smaller, as a share of the largest of their id, are specks.
_SPECK_SHARE = 0.2
# So many pieces among those of other ids are no broken spore, however near they lie to each other.
_MANY_PIECES = 6
_NAMED = 5
# Classes are few.
_MOST_CLASSES = 5
# From so many ids up to 255 on, ids were probably saved in 8 bits that do not hold them.
_MANY_IDS_OF_8_BITS = 200
_GIVE_IDS = (
    "Give each object an id of its own (0 background, 1 to n). Of a class map, save each class that shall be "
    "counted as a mask of 0 and 255."
)


def mask_note(pieces: Pieces) -> tuple[LabelFault, ...]:
    """Tell of one value for several objects; an object alone is one, whichever way it was meant."""
    count = len(pieces.owner)
    if count == 1:
        return ()
    value = int(pieces.ids[0])
    return (
        LabelFault(
            kind="mask-as-ids",
            severity="note",
            found=f"a mask of 0 and {value}, not instance ids: its {count:,} connected components were "
            "taken, so touching spores count as one",
            remedy="Save instance ids (0 background, 1 to n spores); or leave it so where no spores touch.",
        ),
    )


def ignore_value(pieces: Pieces, per_id: NDArray[np.int64]) -> LabelFault | None:
    """Tell of 255, 65535 or 4294967295 far above the other ids: pixels to ignore, or borders."""
    value, following = int(pieces.ids[-1]), int(pieces.ids[-2])
    if value not in IGNORE_VALUES or value < following + _IGNORE_GAP:
        return None
    several = int(per_id[-1])
    far, others_sound = value >= _IGNORE_FACTOR * following, 2 * int((per_id[:-1] > 1).sum()) < len(per_id)
    beside = bool(pieces.touches[pieces.owner == len(per_id) - 1].any())
    clear = others_sound and several > 1 and (beside or several > 2)
    if not clear and not (far and several == 1):
        return None
    pieces_text = f"in {several:,} pieces " if several > 1 else ""
    return LabelFault(
        kind="ignore-value",
        severity="error" if clear else "caution",
        found=f"the value {value} {pieces_text}beside ids up to {following}: other programs write it for "
        "pixels "
        "to ignore or for borders" + ("" if clear else "; here it counts as one spore"),
        remedy=f"Set the value {value} to 0. Where a detection shall count neither way, mark it in an "
        "image of its own in ignore/.",
        ids=(value,),
    )


def scattered_ids(pieces: Pieces, per_id: NDArray[np.int64]) -> list[LabelFault]:
    """Tell of ids that stand for several objects: classes where most are so, else slips."""
    apart = [
        (place, count) for place in np.flatnonzero(per_id > 1).tolist() if (count := _apart(pieces, place))
    ]
    if not apart:
        return []
    total = len(pieces.ids)
    objects = sum(count for _, count in apart)
    chosen = tuple(int(pieces.ids[place]) for place, _ in apart)
    counts = _counted(chosen, [count for _, count in apart])
    top = int(pieces.ids[-1])
    wrapped = _clipped(chosen, top) or _wrapped(total, top)
    most = 2 * len(apart) >= total and objects - len(apart) >= 3
    if most or len(apart) == total:
        return [
            LabelFault(
                kind="class-values",
                severity="error",
                found=f"{total} values for many objects ({counts} separate pieces), as where values are "
                f"classes (healthy, germinated; core, border) and not ids{wrapped}",
                remedy=_GIVE_IDS,
                ids=chosen,
            )
        ]
    return [
        LabelFault(
            kind="scattered-id",
            severity="caution",
            found=f"one id for several objects: id {counts} pieces that lie apart; each id counts as one "
            f"spore{wrapped}",
            remedy="Give each object an id of its own, or delete stray pieces.",
            ids=chosen,
        )
    ]


def _apart(pieces: Pieces, place: int) -> int:
    """Return how many objects an id seems to stand for; 0 where its pieces can be those of one spore."""
    own = np.flatnonzero(pieces.owner == place)
    own = own[pieces.area[own] >= _SPECK_SHARE * pieces.area[own].max()]
    if len(own) < 2:
        return 0
    box = pieces.box[own]
    if _lonely(box[:_MANY_PIECES], box) >= max(2, min(len(own), _MANY_PIECES) / 2):
        return len(own)
    if len(own) < _MANY_PIECES:
        return 0
    middle = (pieces.box[:, :2] + pieces.box[:, 2:]) / 2
    least, most = box[:, :2].min(axis=0), box[:, 2:].max(axis=0)
    inside = (middle >= least).all(axis=1) & (middle < most).all(axis=1)
    others = int(np.count_nonzero(inside & (pieces.owner != place)))
    return len(own) if 2 * others >= len(own) else 0


def _lonely(some: NDArray[np.int64], box: NDArray[np.int64]) -> int:
    """Return how many of ``some``, the first of ``box``, lie further from all others than either is large."""
    gaps = np.maximum(some[:, None, :2] - box[None, :, 2:], box[None, :, :2] - some[:, None, 2:]).max(axis=2)
    size = (box[:, 2:] - box[:, :2]).max(axis=1)
    beyond = gaps - np.maximum(size[: len(some), None], size[None, :])
    own = np.arange(len(some))
    beyond[own, own] = np.iinfo(np.int64).max
    return int(np.count_nonzero(beyond.min(axis=1) > 0))


def spread_faults(pieces: Pieces, width: int) -> list[LabelFault]:
    """Tell of ids whose pieces lie near each other, as in a crowded image, but are no spores in pieces."""
    spread = spread_ids(pieces, width)
    if not spread:
        return []
    chosen = tuple(int(pieces.ids[place]) for place, _ in spread)
    counts = _counted(chosen, [count for _, count in spread])
    total, top = len(pieces.ids), int(pieces.ids[-1])
    if total <= _MOST_CLASSES:
        return [
            LabelFault(
                kind="class-values",
                severity="caution",
                found=f"{total} values for what seem to be many objects ({counts} separate pieces): perhaps "
                "the values are classes (healthy, germinated; core, border) and not ids",
                remedy=_GIVE_IDS,
                ids=chosen,
            )
        ]
    return [
        LabelFault(
            kind="scattered-id",
            severity="caution",
            found=f"one id for what seem to be several objects: id {counts} pieces, where the others have "
            f"one; each id counts as one spore{_clipped(chosen, top) or _wrapped(total, top)}",
            remedy="Give each object an id of its own, or delete stray pieces.",
            ids=chosen,
        )
    ]


def core_faults(ids: NDArray[Any], pieces: Pieces) -> list[LabelFault]:
    """Tell of values that lie in the middle of others."""
    cores = cores_in_rims(ids, pieces)
    if not cores:
        return []
    core, rim = cores[0]
    others = f", and {len(cores) - 1:,} more so" if len(cores) > 1 else ""
    return [
        LabelFault(
            kind="class-values",
            severity="caution",
            found=f"the value {rim} lies as a rim around the value {core}{others}: perhaps the values are "
            "parts of one spore (core, border) and not ids; each id counts as one spore",
            remedy=_GIVE_IDS,
            ids=tuple(sorted({core, rim})),
        )
    ]


def outline_faults(ids: NDArray[Any], pieces: Pieces) -> list[LabelFault]:
    """Tell of objects that are drawn as outlines: their areas are too small."""
    rings = thin_rings(ids, pieces, inside_of(ids))
    if not rings:
        return []
    some = "one object is" if rings == 1 else f"each of about {rings:,} objects is"
    return [
        LabelFault(
            kind="outlines",
            severity="caution",
            found=f"outlines, not filled objects: {some} a thin ring, so areas are too small",
            remedy="Fill the objects (Fiji: Process > Binary > Fill Holes, for a mask), or export filled "
            "labels instead of outlines.",
        )
    ]


def _counted(ids: tuple[int, ...], counts: list[int]) -> str:
    """Name the first ids with their pieces: ``1 in 30, 2 in 6``."""
    named = ", ".join(f"{each} in {count:,}" for each, count in zip(ids[:_NAMED], counts, strict=False))
    return named + (", ..." if len(ids) > _NAMED else "")


def _wrapped(total: int, top: int) -> str:
    of_8_bits = total >= _MANY_IDS_OF_8_BITS and top <= 255
    return " (perhaps more than 255 ids were saved in 8 bits)" if of_8_bits else ""


def _clipped(chosen: tuple[int, ...], top: int) -> str:
    """Say where the highest id alone stands for several: all above it were cut down to it."""
    if chosen != (top,):
        return ""
    if top in (255, 65_535):
        return f" (perhaps ids above {top:,} were clipped: saved in {8 if top == 255 else 16} bits)"
    return f" (perhaps ids above {top:,} were clipped to it when they were saved)"
