"""Gaps between outlines, and how one is slid against another until they touch."""

from __future__ import annotations

import math

import numpy as np

from sporemetry.dataset.synthesis.shapes import Outline

Segment = tuple[float, float, float, float]  # y0, x0, y1, x1

# Outlines that lie within the capsule of their length and width, and whose tips lie on its axis.
STRAIGHT = frozenset({"capsule", "drop", "ellipse", "spindle", "pear"})
_SLIDES = 60
_CLOSE_ENOUGH = 1e-3  # of the width


def gap_between(first: Outline, second: Outline) -> float:
    """Return the gap between two outlines; negative is the depth of their overlap.

    The least distance of either's contour points (48, both tips among them) from the other.

    >>> first = Outline("capsule", y=0.0, x=0.0, length=10.0, width=4.0, angle=0.0)
    >>> round(gap_between(first, first.moved(0.0, 13.0)), 6)
    3.0
    """
    y, x = first.contour()
    other_y, other_x = second.contour()
    return float(min(second.distance(y, x).min(), first.distance(other_y, other_x).min()))


def least_gap(first: Outline, second: Outline) -> float:
    """Return a bound below the gap between two outlines of the :data:`STRAIGHT` kinds, at little cost.

    The gap between the capsules of the same lengths and widths, within which the outlines lie.

    >>> first = Outline("spindle", y=0.0, x=0.0, length=10.0, width=4.0, angle=0.0)
    >>> least_gap(first, first.moved(0.0, 13.0)), least_gap(first, first.moved(6.0, 0.0))
    (3.0, 2.0)
    """
    apart = _between(*(_axis(each, each.length - each.width) for each in (first, second)))
    return apart - 0.5 * (first.width + second.width)


def is_apart(first: Outline, second: Outline, clearance: float) -> bool:
    """Whether the gap between two outlines is at least ``clearance`` (negative: an overlap is allowed).

    As :func:`gap_between` says, but most cases are settled before the contours are worked out.

    >>> first = Outline("capsule", y=0.0, x=0.0, length=10.0, width=4.0, angle=0.0)
    >>> is_apart(first, first.moved(0.0, 13.0), 2.9), is_apart(first, first.moved(0.0, 13.0), 3.1)
    (True, False)
    """
    if not {first.kind, second.kind} <= STRAIGHT:
        return gap_between(first, second) >= clearance
    # A hair of caution, as the two gaps are rounded differently.
    if least_gap(first, second) >= clearance + 1e-3:
        return True
    for one, other in ((first, second), (second, first)):
        y0, x0, y1, x1 = _axis(one, one.length)
        if other.distance(np.array([y0, y1]), np.array([x0, x1])).min() < clearance - 1e-3:
            return False
    return gap_between(first, second) >= clearance


def slide_to_contact(newcomer: Outline, partner: Outline, *, heading: float, overlap: float) -> Outline:
    """Return ``newcomer`` moved in from a direction until it overlaps ``partner`` by so much.

    Parameters
    ----------
    newcomer, partner : Outline
        ``newcomer``'s own place does not matter.
    heading : float
        The direction from ``partner`` that it comes from, radians counter-clockwise.
    overlap : float
        How deep the two overlap in the end, within a thousandth of the width.

    Notes
    -----
    A signed distance changes at most by as much as one moves. So a step of the remaining gap never goes
    too far, and the steps come together at the contact from outside.

    Examples
    --------
    >>> capsule = Outline("capsule", y=0.0, x=0.0, length=10.0, width=4.0, angle=0.0)
    >>> beside = slide_to_contact(capsule, capsule, heading=0.0, overlap=0.5)
    >>> round(beside.x, 2)
    9.5
    """
    down, right = -math.sin(heading), math.cos(heading)
    away = newcomer.reach + partner.reach
    y, x = newcomer.contour()
    partner_y, partner_x = partner.contour()
    y, x = y - newcomer.y, x - newcomer.x
    placed = newcomer
    for _ in range(_SLIDES):
        placed = newcomer.moved(partner.y + away * down - newcomer.y, partner.x + away * right - newcomer.x)
        gap = min(
            partner.distance(placed.y + y, placed.x + x).min(), placed.distance(partner_y, partner_x).min()
        )
        step = float(gap) + overlap
        if step < _CLOSE_ENOUGH * newcomer.width:
            break
        away -= step
    return placed


def _axis(outline: Outline, length: float) -> Segment:
    """Return so much of an outline's long axis, half of it on either side of the middle."""
    down, right = -0.5 * length * math.sin(outline.angle), 0.5 * length * math.cos(outline.angle)
    return outline.y - down, outline.x - right, outline.y + down, outline.x + right


def _between(first: Segment, second: Segment) -> float:
    """Return the distance of two segments, 0 where they cross."""
    ends = (
        _side(first, second[:2]) * _side(first, second[2:]),
        _side(second, first[:2]) * _side(second, first[2:]),
    )
    if ends[0] < 0 and ends[1] < 0:
        return 0.0
    return min(
        _to_segment(first, second[:2]),
        _to_segment(first, second[2:]),
        _to_segment(second, first[:2]),
        _to_segment(second, first[2:]),
    )


def _side(segment: Segment, point: tuple[float, float]) -> float:
    y0, x0, y1, x1 = segment
    return (y1 - y0) * (point[1] - x0) - (x1 - x0) * (point[0] - y0)


def _to_segment(segment: Segment, point: tuple[float, float]) -> float:
    y0, x0, y1, x1 = segment
    down, right = y1 - y0, x1 - x0
    squared = down * down + right * right
    along = (point[0] - y0) * down + (point[1] - x0) * right
    share = min(max(along / squared, 0.0), 1.0) if squared > 0 else 0.0
    return math.hypot(point[0] - y0 - share * down, point[1] - x0 - share * right)
