"""What a label image can mean beside ids: a mask, grey edges, classes, ignored pixels, no background.

:func:`find_faults` looks at whole numbers and says what is wrong with them. An ``error`` means that no count
can be made of the image; a ``caution`` that the count may be wrong; a ``note`` that the image is a mask,
whose connected components count. Every reader of label images asks it, through
:mod:`sporemetry.label_image`.

A sound label image has each id in one piece, with background around. So most images are done after one pass;
the costlier looks are for those that are not so. A spore that is broken into pieces that lie near each other
is sound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sporemetry.label_edges import GREY_EDGES, JPEG, PHOTOGRAPH, RESIZED, Edges, inside_of, look_at_edges
from sporemetry.label_pieces import Pieces, find_pieces
from sporemetry.label_shapes import cores_in_rims, field_with_holes, spread_ids, thin_rings

Severity = Literal["error", "caution", "note"]

NOT_DRAWN = "not-drawn"
"""The kind of fault of a file of outlines that holds points, lines or entries in error beside outlines."""

# From this share of ids on, "spores" that cover so much of an image are more likely its background.
MOST_SPORE_SHARE = 0.9
# A value is the background when it covers most of the image, and most of its border with the corners.
_BACKGROUND_SHARE = 0.5
_BACKGROUND_BORDER = 0.75
# Values that other programs write for pixels to ignore or for borders: -1 as an unsigned number of 8, 16, 32
# bits.
_IGNORE_VALUES = (255, 65_535, 4_294_967_295)
# How far above the other ids such a value stands: in several pieces, and in one.
_IGNORE_GAP, _IGNORE_FACTOR = 10, 10
# Pieces that are smaller, as a share of the largest of their id, are specks.
_SPECK_SHARE = 0.2
# So many pieces among those of other ids are no broken spore, however near they lie to each other.
_MANY_PIECES = 6
_NAMED = 5
# Fewer pixels than 32 x 32 are no image from a microscope, and too few to judge by.
_LEAST_PIXELS = 1024
# Of large images that look like photographs, a middle part of so many pixels across is looked at.
_PART = 512
# Classes are few.
_MOST_CLASSES = 5
# From so many ids up to 255 on, ids were probably saved in 8 bits that do not hold them.
_MANY_IDS_OF_8_BITS = 200
_GIVE_IDS = (
    "Give each object an id of its own (0 background, 1 to n). Of a class map, save each class that shall be "
    "counted as a mask of 0 and 255."
)


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


def find_faults(ids: NDArray[Any], pieces: Pieces | None = None) -> tuple[LabelFault, ...]:
    """Return what is wrong with a label image: at most one error, alone; else cautions and notes.

    Parameters
    ----------
    ids : (H, W) array of whole numbers
        0 is background; none is negative.
    pieces : Pieces, optional
        Those of ``ids``, where they are known.

    Returns
    -------
    tuple of LabelFault
        Empty for sound labels, and for an image without any.

    Examples
    --------
    >>> labels = np.zeros((40, 60), dtype=np.uint8)
    >>> labels[5:15, 5:15] = labels[5:15, 40:50] = 2
    >>> [(fault.kind, fault.severity) for fault in find_faults(labels)]
    [('mask-as-ids', 'note')]
    >>> labels[5:15, 5:15] = 1
    >>> find_faults(labels)
    ()
    """
    pieces = find_pieces(ids) if pieces is None else pieces
    if not len(pieces.ids):
        return ()
    if ids.size < _LEAST_PIXELS:
        return _mask(pieces) if len(pieces.ids) == 1 else ()
    area = np.bincount(pieces.owner, weights=pieces.area, minlength=len(pieces.ids))
    if (fault := _background(ids, pieces, area)) and fault.severity == "error":
        return (fault,)
    found = [fault] if fault else []
    if edges := look_at_edges(ids, pieces):
        return (_edge_fault(edges),)
    found += _outlines(ids, pieces)
    if len(pieces.ids) == 1:
        return (*found, *_mask(pieces))
    per_id = pieces.per_id
    if ignored := _ignore_value(pieces, per_id):
        if ignored.severity == "error":
            return (ignored,)
        found.append(ignored)
    if (per_id > 1).any():
        found += _scattered(pieces, per_id) or _spread(pieces, ids.shape[1])
    if pieces.touches.any() and not any(each.kind == "class-values" for each in found):
        found += _cores(ids, pieces)
    errors = [each for each in found if each.severity == "error"]
    return tuple(errors[:1] or found)


def photograph_fault(ids: NDArray[Any]) -> LabelFault | None:
    """Return the fault of a large image that changes from pixel to pixel, told from a part of it.

    A photograph of 12 megapixels has nearly as many pieces, and finding them all takes a minute. None for any
    other image.
    """
    if ids.size <= _PART**2:
        return None
    changes = int(np.count_nonzero(ids[:, 1:] != ids[:, :-1]))
    if changes < ids.size / 4:
        return None
    top, left = (max(0, (side - _PART) // 2) for side in ids.shape)
    part = np.ascontiguousarray(ids[top : top + _PART, left : left + _PART])
    edges = look_at_edges(part, find_pieces(part))
    return None if edges is None else _edge_fault(edges)


def _background(ids: NDArray[Any], pieces: Pieces, area: NDArray[Any]) -> LabelFault | None:
    """Tell of a background that is not 0, and of labels that leave no background."""
    empty = ids.size - int(area.sum())
    largest = int(np.argmax(area))
    value, share = int(pieces.ids[largest]), float(area[largest]) / ids.size
    border = np.concatenate([ids[0], ids[-1], ids[1:-1, 0], ids[1:-1, -1]])
    on_border = float(np.mean(border == value))
    corners = sum(int(ids[y, x]) == value for y in (0, -1) for x in (0, -1))
    around = share > _BACKGROUND_SHARE and on_border >= _BACKGROUND_BORDER and corners >= 3
    invert = (
        "Invert the image (Fiji: Edit > Invert)"
        if len(pieces.ids) == 1
        else f"Set the value {value} to 0 where it is background"
    )
    if around and share < 1:
        white = "white: " if value in _IGNORE_VALUES else ""
        inside = "what it surrounds is 0" if empty else "no pixel is 0"
        return LabelFault(
            kind="white-background",
            severity="error",
            found=f"a background that seems to be {white}the value {value}, which covers {_percent(share)} "
            f"of the image and {_percent(on_border)} of its border; {inside}",
            remedy=f"{invert}, so that background is 0 and each object has a value above 0.",
            ids=(value,),
        )
    if not empty:
        one = f", {_percent(share)} of them the value {value}" if share > _BACKGROUND_SHARE else ""
        return LabelFault(
            kind="no-background",
            severity="error",
            found=f"no background: no pixel is 0{one}",
            remedy=(f"If {value} is the background, set it to 0. " if one else "")
            + "Save background as 0 and each object with an id of its own.",
        )
    if field := field_with_holes(ids, pieces):
        value, holes, share = field
        return LabelFault(
            kind="white-background",
            severity="caution",
            found=f"one object, the value {value}, covers {_percent(share)} of the image and has "
            f"{_many(holes, 'hole')}: perhaps it is the field of view, with black and white exchanged inside "
            "(an inverted mask), and the holes are the objects",
            remedy="If so, invert the image inside the field of view, so that the field and what is around "
            "it are 0 and each object has a value above 0.",
            ids=(value,),
        )
    covered = 1 - empty / ids.size
    if covered > MOST_SPORE_SHARE or (share > _BACKGROUND_SHARE and on_border >= _BACKGROUND_SHARE):
        return LabelFault(
            kind="no-background",
            severity="caution",
            found=f"{_percent(covered)} of the pixels belong to objects, the value {value} alone to "
            f"{_percent(share)}: perhaps background has an id",
            remedy="Look at the outlines. If background is not 0, invert the image or set its value to 0.",
        )
    return None


def _edge_fault(edges: Edges) -> LabelFault:
    if edges.kind == GREY_EDGES:
        half = int(edges.plateau) // 2 + 1
        return LabelFault(
            kind=GREY_EDGES,
            severity="error",
            found=f"grey edges: {_many(edges.values, 'value')} between 0 and {edges.plateau} along the "
            "outlines of the objects, as smoothing (anti-aliasing), resizing with interpolation or JPEG "
            "compression leaves on a mask",
            remedy="Export the mask without smoothing, or resize it with nearest neighbour. To mend it, "
            f"set all pixels from {half} on to 255 and the others to 0 (Fiji: Image > Adjust > "
            "Threshold), and save it as PNG or TIFF.",
        )
    if edges.kind == JPEG:
        half = int(edges.plateau) // 2 + 1
        return LabelFault(
            kind=JPEG,
            severity="error",
            found=f"stray values near 0 and near {edges.plateau} around the objects, as JPEG compression "
            "leaves them on a mask (grey edges)",
            remedy="Take the mask from before it was saved as JPEG. To mend it, set all pixels from "
            f"{half} on to 255 and the others to 0 (Fiji: Image > Adjust > Threshold), and save it as PNG "
            "or TIFF.",
        )
    if edges.kind == RESIZED:
        return LabelFault(
            kind=RESIZED,
            severity="error",
            found=f"a rim of other ids along {_percent(edges.share)} of the outlines, as resizing or "
            "smoothing labels with interpolation makes it",
            remedy="Resize labels with nearest neighbour (interpolation None), or give them at the size "
            "at which they were drawn.",
        )
    return LabelFault(
        kind=PHOTOGRAPH,
        severity="error",
        found=f"values that change from pixel to pixel ({edges.pieces:,} pieces of {edges.values:,} "
        "values), as in a photograph, a JPEG or a probability map",
        remedy="Give the label image itself: background 0, each object with an id of its own.",
    )


def _mask(pieces: Pieces) -> tuple[LabelFault, ...]:
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


def _ignore_value(pieces: Pieces, per_id: NDArray[np.int64]) -> LabelFault | None:
    """Tell of 255, 65535 or 4294967295 far above the other ids: pixels to ignore, or borders."""
    value, following = int(pieces.ids[-1]), int(pieces.ids[-2])
    if value not in _IGNORE_VALUES or value < following + _IGNORE_GAP:
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


def _scattered(pieces: Pieces, per_id: NDArray[np.int64]) -> list[LabelFault]:
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


def _spread(pieces: Pieces, width: int) -> list[LabelFault]:
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


def _cores(ids: NDArray[Any], pieces: Pieces) -> list[LabelFault]:
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


def _outlines(ids: NDArray[Any], pieces: Pieces) -> list[LabelFault]:
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


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _percent(share: float) -> str:
    percent = 100 * share
    return f"{percent:.0f} %" if percent < 99.5 or share == 1 else "more than 99 %"
