"""Gaps between outlines, and how one is slid against another until they touch."""

from __future__ import annotations

import math

from sporemetry.dataset.synthesis.shapes import Outline

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
