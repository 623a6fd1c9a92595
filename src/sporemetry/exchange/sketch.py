"""What a document says of one image, sorted into what can be drawn and what can only be ignored.

    outlines            -> labels
    boxes alone         -> boxes; beside outlines -> ignore
    points, lines       -> ignore around them; alone -> the image is refused
    class "ignore"      -> ignore; class "background" -> cut out of what lies around it
    entries in error    -> left out with a note that names them, their box ignored where it is known
    what encloses others -> a region, left out with a note (:mod:`sporemetry.exchange.regions`)

An object that cannot be drawn never becomes background without a word.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import FileError, LabelReadError, SettingsError
from sporemetry.exchange.annotation import Annotation, BoxArray
from sporemetry.exchange.classes import role_of
from sporemetry.exchange.duplicates import near_duplicates
from sporemetry.exchange.filling import Patch, fill_patch
from sporemetry.exchange.painting import farthest
from sporemetry.exchange.regions import find_regions
from sporemetry.exchange.shape_regions import boxes_of_shapes, is_frame, patch_of
from sporemetry.exchange.shapes import Drawn, Shape, box_ring, draw_shapes, mask_of, why

Corners = tuple[float, float, float, float]
Points = NDArray[np.float64]

_MOST_NAMED = 1000
# Fractions of an image are written with six digits.
_ROUNDING_PX = 0.02
# Spores are longer than wide: a circle of their area does not reach their ends.
_REACH = 1.3
_REMEDY = (
    "Outline the spores, or box all of them, and export again; or take the image out. As it is, it would be "
    "read as an image without spores."
)


class Sketch:
    """Gathers the entries of one image; :meth:`annotation` decides what becomes of them.

    Parameters
    ----------
    path : Path
        The document, named in errors.
    name : str
        The image's name as the document states it.
    size : (int, int)
        Height and width of the image.
    """

    def __init__(self, path: Path, name: str, size: tuple[int, int]) -> None:
        self.path = path
        self.name = name
        self.size = size
        self._outlines: list[Shape] = []
        self._found: list[bool] = []
        self._boxes_given = 0
        self._off_spores = 0
        self._cut: list[Shape] = []
        self._ignored: list[Shape] = []
        self._boxes: list[Corners] = []
        self._box_classes: list[str] = []
        self._marks: list[tuple[str, Points]] = []
        self._unsure: list[Corners] = []
        self._twins = np.zeros(0, dtype=np.bool_)
        self._left_out: Counter[str] = Counter()
        self._spoiled: list[str] = []
        self._notes: Counter[str] = Counter()
        self._remarks: list[str] = []

    def outline(self, shape: Shape, *, detected: bool = False) -> None:
        """Take a shape with an area; one that a program has found cannot be a region."""
        role = role_of(shape.label)
        if role == "object":
            self._outlines.append(shape)
            self._found.append(detected)
        elif role == "background":
            self._cut.append(shape)
        elif role == "ignore":
            self._ignored.append(shape)
        else:
            self.leave_out(f"objects of the class {shape.label[:40]} mark a region and were left out")

    def ignore(self, shape: Shape) -> None:
        """Take a shape whose pixels count neither way."""
        self._ignored.append(shape)

    def box(self, label: str, corners: Corners, where: str) -> None:
        """Take a box, ``x0, y0, x1, y1``; an empty one, or one far outside, is left out."""
        limit = farthest(self.size)
        if not all(-limit <= value <= limit + max(self.size) for value in corners):
            self.spoiled(where, "expected a box in or near the image; found one far outside")
        elif corners[2] <= corners[0] or corners[3] <= corners[1]:
            size = f"{corners[2] - corners[0]:g} x {corners[3] - corners[1]:g}"
            self.spoiled(where, f"expected a box with a width and height above 0; found {size}")
        elif role_of(label) == "object":
            self._boxes.append(corners)
            self._box_classes.append(label)
            self._boxes_given += 1
        else:
            self.outline(Shape(label=label, pieces=[[box_ring(*corners)]], where=where))

    def marks(self, kind: str, label: str, points: Points, where: str) -> None:
        """Take points (each marks a spore) or a line; ``kind`` is ``point`` or ``line``."""
        limit = farthest(self.size)
        if not len(points):
            self.spoiled(where, "expected points; found none")
        elif not (np.abs(points) <= limit + max(self.size)).all():
            self.spoiled(where, "expected points in or near the image; found some far outside")
        elif role_of(label) in ("background", "region"):
            self._notes[f"{kind}s that mark background or a region were left out"] += 1
        elif kind == "point":
            self._marks += [(kind, point[None]) for point in points]
        else:
            self._marks.append((kind, points))

    def leave_out(self, what: str) -> None:
        """Count an object that is no spore and has nothing to be ignored, such as a region."""
        self._left_out[what] += 1

    def spoiled(
        self, where: str, reason: str | FileError | SettingsError, box: Corners | None = None
    ) -> None:
        """Leave an entry out, with a note that names it; its box, where it is known, is ignored."""
        text = reason if isinstance(reason, str) else why_of(reason, where)
        limit = farthest(self.size)
        if box is not None and all(-limit <= value <= 2 * limit for value in box):
            self._unsure.append(box)
            text += "; its box is ignored"
        self._spoiled.append(f"{where} was left out: {text}")

    @property
    def faults(self) -> int:
        """How many entries were left out because they cannot be used."""
        return len(self._spoiled)

    @property
    def first_fault(self) -> str:
        """The first of them in words; empty without any."""
        return self._spoiled[0] if self._spoiled else ""

    def note(self, text: str) -> None:
        """Count a note; the number stands before it."""
        self._notes[text] += 1

    def remark(self, text: str) -> None:
        """Add a note without a number."""
        self._remarks.append(text)

    def annotation(
        self,
        *,
        um_per_px: float | None = None,
        named: bool = True,
        boxes_only: bool = False,
        whole_image: float = math.inf,
    ) -> Annotation:
        """Return what has become of it all.

        Parameters
        ----------
        um_per_px : float, optional
            The scale that the document states.
        named : bool
            Whether instances have classes; if not, none are returned where all are empty.
        boxes_only : bool
            Whether the document has boxes only, so that an image without any has an empty list of them and
            no labels.
        whole_image : float
            The share of the image from which on an outline is that of the field, whatever it encloses.

        Returns
        -------
        Annotation
            With ``problem`` where there are objects but none that can be drawn or boxed.
        """
        self._leave_regions_out(whole_image)
        drawn = draw_shapes(self._outlines, self.size, cut=self._cut, twins=self._twins)
        for shape, reason in drawn.bad:
            rings = [ring.tolist() for piece in shape.pieces for ring in piece]
            self.spoiled(shape.where, reason, shape.box or sound_box(rings, self.size))
        as_boxes = not drawn.classes and (boxes_only or bool(self._boxes))
        if as_boxes and not boxes_only:
            self.remark("the annotations have boxes only, no outlines")
        boxes, box_classes = self._clipped_boxes() if as_boxes else (None, ())
        ignore = self._ignore_mask(drawn, boxes)
        classes = box_classes if as_boxes else drawn.classes
        return Annotation(
            name=self.name,
            labels=None if as_boxes else drawn.labels,
            classes=classes if named or any(classes) else (),
            boxes=boxes,
            um_per_px=um_per_px,
            ignore=ignore,
            notes=tuple(self._all_notes(drawn)),
            problem=self._problem(drawn),
            names=() if as_boxes else drawn.names,
            not_drawn=self.faults + self._off_spores + (0 if as_boxes else len(self._boxes)),
        )

    def _leave_regions_out(self, whole_image: float) -> None:
        """Take outlines and boxes that enclose others out: they mark where spores were drawn."""
        shapes, boxes = self._outlines, self._boxes
        by_hand = ~np.array([*self._found, *(False for _ in boxes)], dtype=np.bool_)
        corners = np.concatenate(
            [boxes_of_shapes(shapes, self.size), np.array(boxes, dtype=np.float64).reshape(-1, 4)]
        )

        def draw(index: int) -> Patch:
            if index < len(shapes):
                return patch_of(shapes[index], self.size)
            return fill_patch([box_ring(*boxes[index - len(shapes)])], self.size)

        frames = np.array([*map(is_frame, shapes), *(False for _ in boxes)], dtype=np.bool_)
        regions = find_regions(corners, by_hand, draw, self.size, frames=frames, whole_image=whole_image)
        kept_corners = np.delete(
            corners[: len(shapes)], [each for each in regions if each < len(shapes)], axis=0
        )
        self._twins = near_duplicates(kept_corners)
        if not regions:
            return
        count = sum(index < len(shapes) for index in regions)
        for number, what in ((count, "outlines"), (len(regions) - count, "boxes")):
            if number:
                text = f"{what} that enclose others were taken for regions of interest and left out"
                self._left_out[text] += number
        self._outlines = [each for index, each in enumerate(shapes) if index not in regions]
        kept = [index for index in range(len(boxes)) if index + len(shapes) not in regions]
        self._boxes = [boxes[index] for index in kept]
        self._box_classes = [self._box_classes[index] for index in kept]

    def _clipped_boxes(self) -> tuple[BoxArray, tuple[str, ...]]:
        boxes = np.array(self._boxes, dtype=np.float64).reshape(-1, 4)
        inside = np.clip(boxes, 0.0, [self.size[1], self.size[0]] * 2)
        kept = np.asarray((inside[:, 2:] > inside[:, :2]).all(axis=1))
        over = np.count_nonzero((np.abs(boxes - inside) > 1).any(axis=1) & kept)
        if over:
            self.remark(f"{over} boxes reached over the edge of the image and were cut off there")
        if not kept.all():
            self.remark(f"{np.count_nonzero(~kept)} boxes lay outside of the image and were left out")
        twice = kept & near_duplicates(np.round(inside, 2))  # fractions are written with six digits
        if twice.any():
            self.remark(
                f"{np.count_nonzero(twice)} boxes were nearly the same as later ones and were left out"
            )
        kept &= ~twice
        self._boxes = [box for box, keep in zip(self._boxes, kept.tolist(), strict=True) if keep]
        classes = zip(self._box_classes, kept.tolist(), strict=True)
        return inside[kept], tuple(label for label, keep in classes if keep)

    def _ignore_mask(self, drawn: Drawn, boxes: BoxArray | None) -> NDArray[np.bool_] | None:
        if not (self._ignored or self._unsure or self._boxes or self._marks):
            return None
        mask, bad = mask_of(self._ignored, self.size)
        for shape, reason in bad:
            self.spoiled(shape.where, reason, shape.box)
        if self._ignored:
            self.remark(f"{len(self._ignored)} shapes that are to be ignored: see ignore/")
        around = np.zeros(self.size, dtype=np.bool_)
        for corners in self._unsure:
            _fill_box(around, corners)
        if boxes is None and self._boxes and drawn.classes:
            for corners in self._boxes:
                _fill_box(around, corners)
            self.remark(f"{len(self._boxes)} boxes beside outlines: their pixels count neither way (ignore/)")
        self._ignore_marks(around, drawn, boxes)
        around &= drawn.labels == 0
        mask |= around
        return mask if mask.any() else None

    def _ignore_marks(self, around: NDArray[np.bool_], drawn: Drawn, boxes: BoxArray | None) -> None:
        """Ignore the surroundings of points and lines that do not lie on a spore that is drawn or boxed."""
        if not self._marks or not (drawn.classes or (boxes is not None and len(boxes))):
            return
        known = drawn.labels > 0
        for corners in [] if boxes is None else boxes.tolist():
            _fill_box(known, tuple(corners))
        radius = _usual_radius(drawn, boxes)
        disc = _Disc(radius)
        counts: Counter[tuple[str, bool]] = Counter()
        for kind, points in self._marks:
            path = _along(points, max(radius / 2, 1.0)) if kind == "line" else points
            on_spore = _any_inside(known, path)
            counts[kind, on_spore] += 1
            self._off_spores += not on_spore
            if not on_spore:
                for x, y in path.tolist():
                    disc.fill(around, x, y)
        for (kind, on_spore), count in counts.items():
            self.remark(
                f"{count} {kind}s on spores that are drawn: nothing was made of them"
                if on_spore
                else f"{count} {kind}s without outline: {radius:.0f} px around count neither way (ignore/)"
            )

    def _all_notes(self, drawn: Drawn) -> list[str]:
        notes = [f"{count} {text}" for text, count in self._left_out.items()]
        notes += [f"{count} {text}" for text, count in self._notes.items()]
        notes += [*self._remarks, *drawn.notes, *self._spoiled[:_MOST_NAMED]]
        if len(self._spoiled) > _MOST_NAMED:
            notes.append(f"{len(self._spoiled) - _MOST_NAMED} more entries were left out")
        return notes

    def _problem(self, drawn: Drawn) -> LabelReadError | None:
        if drawn.classes or self._boxes:
            return None
        kinds = Counter(kind for kind, _ in self._marks)
        found = [f"{count} {kind}s" for kind, count in kinds.items()]
        found += [f"{count} {text}" for text, count in self._left_out.items()]
        found += [text for text in drawn.notes if "no pixel" in text]
        if self._spoiled:
            found.append(f"{len(self._spoiled)} entries that cannot be used ({self._spoiled[0]})")
        if self._boxes_given and not self._left_out:
            found.append(f"{self._boxes_given} boxes, none of which lies in the image")
        if not found and not self._outlines:
            return None
        return LabelReadError(
            self.path,
            expected="outlines or boxes of the spores" + (f" on {self.name}" if self.name else ""),
            found="; ".join(found) or "nothing that has pixels",
            remedy=_REMEDY,
        )


def sound_box(value: object, size: tuple[int, int]) -> Corners | None:
    """Return the box around the pairs of numbers in nested lists that lie in or near an image; else None.

    >>> sound_box([[[1, 2], [float("nan"), 3], [1e308, 1]], [[5, 4]]], (9, 9))
    (1, 2, 5, 4)
    """
    limit = farthest(size)
    points = [pair for pair in _pairs(value) if all(-limit <= number <= limit for number in pair)]
    if len(points) < 2:
        return None
    x, y = zip(*points, strict=True)
    return min(x), min(y), max(x), max(y)


def _pairs(value: object) -> Iterator[tuple[float, float]]:
    if not isinstance(value, list):
        return
    if len(value) in (2, 3) and all(type(each) in (int, float) for each in value):
        yield value[0], value[1]
        return
    for each in value:
        yield from _pairs(each)


def why_of(error: FileError | SettingsError, where: str) -> str:
    """Return what is wrong with an entry as part of a sentence."""
    if isinstance(error, LabelReadError | SettingsError):
        return why(error, where)
    return f"expected {error.expected}; found {error.found}"


class _Disc:
    """A filled circle that is put down many times."""

    def __init__(self, radius: float) -> None:
        self.reach = int(np.ceil(radius))
        offsets = np.arange(-self.reach, self.reach + 1)
        self.mask = np.hypot(offsets[:, None], offsets[None, :]) <= radius

    def fill(self, mask: NDArray[np.bool_], x: float, y: float) -> None:
        height, width = mask.shape
        row, col, reach = int(np.floor(y)), int(np.floor(x)), self.reach
        top, left = max(row - reach, 0), max(col - reach, 0)
        below, right = min(row + reach + 1, height), min(col + reach + 1, width)
        if top < below and left < right:
            rows = slice(top - row + reach, below - row + reach)
            cols = slice(left - col + reach, right - col + reach)
            mask[top:below, left:right] |= self.mask[rows, cols]


def _fill_box(mask: NDArray[np.bool_], corners: Sequence[float]) -> None:
    """Set every pixel that a box touches, by more than a rounding."""
    height, width = mask.shape
    first = np.floor(np.array(corners[:2]) + _ROUNDING_PX).astype(int).tolist()
    last = np.ceil(np.array(corners[2:]) - _ROUNDING_PX).astype(int).tolist()
    left, right = max(first[0], 0), min(last[0], width)
    top, below = max(first[1], 0), min(last[1], height)
    if left < right and top < below:
        mask[top:below, left:right] = True


def _usual_radius(drawn: Drawn, boxes: BoxArray | None) -> float:
    if boxes is not None and len(boxes):
        return float(max(np.median((boxes[:, 2:] - boxes[:, :2]).max(axis=1)) / 2, 1.0))
    areas = np.bincount(drawn.labels.ravel())[1:]
    return float(max(np.sqrt(np.median(areas[areas > 0]) / np.pi) * _REACH, 1.0))


def _along(points: Points, step: float) -> Points:
    """Return points along a line, no farther apart than a step."""
    parts = [points[:1]]
    for begin, end in pairwise(points):
        count = int(np.ceil(float(np.hypot(*(end - begin))) / step))
        parts.append(begin + (end - begin) * np.linspace(0, 1, count + 1)[1:, None])
    return np.concatenate(parts)


def _any_inside(mask: NDArray[np.bool_], points: Points) -> bool:
    cols, rows = np.floor(points).astype(np.int64).T
    near = (rows >= 0) & (cols >= 0) & (rows < mask.shape[0]) & (cols < mask.shape[1])
    return bool(mask[rows[near], cols[near]].any())
