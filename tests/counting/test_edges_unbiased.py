"""Whether the edge rule is unbiased: every position of a spore over a field, and tilings of the plane."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sporemetry.counting.edges import apply_edge_rule

Labels = NDArray[np.int32]
Bools = NDArray[np.bool_]


def disc(height: int, width: int, y: float, x: float, radius: float) -> Bools:
    """A disc on a picture of height x width."""
    rows, columns = np.mgrid[:height, :width]
    return np.asarray((rows - y) ** 2 + (columns - x) ** 2 <= radius**2)


def rod(length: float, width: float, degrees: float) -> Bools:
    """A capsule; 0 degrees lies along x, 45 runs down to the right."""
    reach = int(length // 2) + 1
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    angle = np.radians(degrees)
    along = columns * np.cos(angle) + rows * np.sin(angle)
    across = rows * np.cos(angle) - columns * np.sin(angle)
    return np.asarray(np.hypot(np.maximum(np.abs(along) - (length - width) / 2, 0), across) <= width / 2)


def positions_counted(field: Bools, thing: Bools, rule: str) -> int:
    """In how many of all its positions ``thing`` is counted on ``field``.

    Many copies on a grid with one empty pixel between them, moved by every step up to the grid's spacing,
    take each position once. Spores in random places are counted this many times their number a pixel.
    """
    height, width = field.shape
    field_mask = None if field.all() else field
    step_y, step_x = thing.shape[0] + 1, thing.shape[1] + 1
    grid = (height // step_y + 3, width // step_x + 3)
    cell = np.zeros((step_y, step_x), dtype=np.int32)
    cell[:-1, :-1] = thing
    plane = np.kron(np.arange(1, grid[0] * grid[1] + 1, dtype=np.int32).reshape(grid), cell)
    counted = 0
    for y in range(step_y, 2 * step_y):
        for x in range(step_x, 2 * step_x):
            labels = np.where(field, plane[y : y + height, x : x + width], 0)
            counted += int(apply_edge_rule(labels, field_mask, rule).counted.sum())
    return counted


# An object counted in each of so many positions has an unbiased density when they are as many as the frame's
# pixels, less the one-pixel forbidden line.
@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 5), (7, 2)])
def test_every_position_of_a_rectangle(height: int, width: int) -> None:
    frame, thing = np.ones((24, 31), dtype=np.bool_), np.ones((height, width), dtype=np.bool_)
    for rule in ("top-left", "top-right", "bottom-left", "bottom-right"):
        assert positions_counted(frame, thing, rule) == 23 * 30
    assert positions_counted(frame, thing, "all") == (24 + height - 1) * (31 + width - 1)
    assert positions_counted(frame, thing, "exclude") == (24 - 1 - height) * (31 - 1 - width)


def test_every_position_of_a_slanted_rod() -> None:
    frame = np.ones((60, 80), dtype=np.bool_)
    # Only one that runs up to the right can leave a tile through both forbidden sides and miss the corner. A
    # line of length L at 45 degrees does so in L²/4 positions; the other rod only by its round ends.
    upwards = positions_counted(frame, rod(16, 5, -45), "top-left") - 59 * 79
    downwards = positions_counted(frame, rod(16, 5, 45), "top-left") - 59 * 79
    assert 0 < upwards < 16 * 16 / 4
    assert 0 <= downwards <= 2
    assert positions_counted(frame, rod(16, 5, 45), "top-right") == 59 * 79 + upwards


def test_slender_spores_in_all_directions_add_as_little_as_documented() -> None:
    length, frame = 24, np.ones((60, 60), dtype=np.bool_)
    angles = np.arange(7.5, 180, 15)
    counted = [positions_counted(frame, rod(length, 1.5, angle), "top-left") for angle in angles]
    assert np.mean(counted) - 59 * 59 == pytest.approx(length**2 / (4 * np.pi), rel=0.15)


@pytest.mark.parametrize("thing", [disc(9, 9, 4, 4, 4), rod(16, 5, -45), rod(16, 5, 20)])
def test_every_position_on_an_eyepiece_circle(thing: Bools) -> None:
    field = disc(130, 130, 64, 64, 60)
    one_pixel = positions_counted(field, np.ones((1, 1), dtype=np.bool_), "top-left")
    assert one_pixel == pytest.approx(field.sum(), rel=0.025)
    assert positions_counted(field, thing, "top-left") == pytest.approx(one_pixel, rel=0.003)


# Tiles share one line of pixels: the last column of one is the first of the next. So a spore that ends on
# the shared line is forbidden in the one and included in the other.
TILE = 24


def tiles(plane: Labels) -> list[tuple[int, int]]:
    rows, columns = (range(0, size - 1, TILE) for size in plane.shape)
    return [(y, x) for y in rows for x in columns]


def crop(plane: Labels, corner: tuple[int, int]) -> Labels:
    return plane[corner[0] : corner[0] + TILE + 1, corner[1] : corner[1] + TILE + 1]


def counted_in_tiles(plane: Labels) -> NDArray[np.int64]:
    """How often each label of the plane is counted by tiles that see their own crop only."""
    times = np.zeros(plane.max() + 1, dtype=np.int64)
    for corner in tiles(plane):
        result = apply_edge_rule(crop(plane, corner))
        times[result.labels[result.counted]] += 1
    return times[1:]


def counted_with_extensions(plane: Labels) -> NDArray[np.int64]:
    """How often Gundersen's full rule counts each label: the forbidden line runs on beyond the corners."""
    times = np.zeros(plane.max() + 1, dtype=np.int64)
    for y, x in tiles(plane):
        line = np.concatenate(
            [
                plane[y + TILE, x : x + TILE + 1],  # bottom side
                plane[: y + TILE + 1, x + TILE],  # right side, and on upwards
                plane[y + TILE :, x],  # from the bottom left corner downwards
            ]
        )
        times[np.setdiff1d(crop(plane, (y, x)), line)] += 1
    return times[1:]


def plane_of(things: list[Bools], seed: int) -> Labels:
    """Things strewn over 6 x 8 tiles without touching one another or the plane's border."""
    random = np.random.default_rng(seed)
    plane = np.zeros((6 * TILE + 1, 8 * TILE + 1), dtype=np.int32)
    number = 0
    for _ in range(900):
        thing = things[random.integers(len(things))]
        height, width = thing.shape
        y = random.integers(1, plane.shape[0] - height - 1)
        x = random.integers(1, plane.shape[1] - width - 1)
        around = plane[y - 1 : y + height + 1, x - 1 : x + width + 1]
        if around.any():
            continue
        number += 1
        around[1:-1, 1:-1][thing] = number
    return plane


@pytest.mark.parametrize("seed", range(4))
def test_tiles_count_rectangles_exactly_once(seed: int) -> None:
    # Also one that spans three tiles, and one that covers a whole tile.
    shapes = [(1, 1), (4, 9), (8, 3), (2, 60), (30, 34)]
    plane = plane_of([np.ones(shape, dtype=np.bool_) for shape in shapes], seed)
    assert plane.max() > 50
    assert (counted_in_tiles(plane) == 1).all()


def test_tiles_count_spores_once_but_for_those_that_meet_an_extension_unseen() -> None:
    things = [disc(13, 13, 6, 6, 6), rod(22, 6, 45), rod(22, 6, -45), rod(16, 7, 100)]
    twice = spores = 0
    for seed in range(12):
        plane = plane_of(things, seed)
        times = counted_in_tiles(plane)
        assert (counted_with_extensions(plane) == 1).all()
        for number in np.flatnonzero(times != 1) + 1:
            assert times[number - 1] == 2
            assert meets_extension_unseen(plane == number)
        spores += times.size
        twice += int((times != 1).sum())
    # Spores up to 22 px long on tiles of 24 px: far worse than any picture.
    assert 0 < twice < 0.03 * spores


def meets_extension_unseen(spore: Bools) -> bool:
    """Whether it lies around the upper left of a crossing of shared lines, not on or beyond the crossing."""
    for y, x in itertools.product(
        range(TILE, spore.shape[0] - 1, TILE), range(TILE, spore.shape[1] - 1, TILE)
    ):
        leaves_right = spore[y - TILE : y, x].any()
        leaves_down = spore[y, x - TILE : x].any()
        if leaves_right and leaves_down and not spore[y:, x:].any():
            return True
    return False


def test_table_in_the_documentation(repository: Path) -> None:
    fields = {
        "whole picture": np.ones((160, 200), dtype=np.bool_),
        "circle": disc(160, 200, 80, 100, 60),
        "circle cut above and below": disc(160, 200, 80, 100, 90),
        "circle cut below": disc(160, 200, 110, 100, 75),
    }
    rules = ("top-left", "all", "exclude")
    printed = [
        "| " + " | ".join([name, *(f"{excess(field, rule):+.1f} %" for rule in rules)]) + " |"
        for name, field in fields.items()
    ]
    page = (repository / "docs" / "counting.md").read_text(encoding="utf-8")
    assert "\n".join(printed) in page


def excess(field: Bools, rule: str) -> float:
    """By how many per cent a density from this rule is too high, for rods 16 px long."""
    return (positions_counted(field, rod(16, 5, 20), rule) / float(field.sum()) - 1) * 100
