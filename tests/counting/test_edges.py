from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from skimage.measure import label

from sporemetry.counting.edges import EDGE_RULES, EdgeResult, apply_edge_rule
from sporemetry.errors import SettingsError

Labels = NDArray[np.int32]
Bools = NDArray[np.bool_]

FLIPPED_UP_DOWN = {
    "top-left": "bottom-left",
    "bottom-left": "top-left",
    "top-right": "bottom-right",
    "bottom-right": "top-right",
    "all": "all",
    "exclude": "exclude",
}
TRANSPOSED = {**{rule: rule for rule in EDGE_RULES}, "top-right": "bottom-left", "bottom-left": "top-right"}


def disc(height: int, width: int, y: float, x: float, radius: float) -> Bools:
    """A disc on a picture of height x width."""
    rows, columns = np.mgrid[:height, :width]
    return np.asarray((rows - y) ** 2 + (columns - x) ** 2 <= radius**2)


def picture_of_labels(seed: int, height: int = 30, width: int = 40) -> Labels:
    """Random blobs, some of them on each border."""
    noise = np.random.default_rng(seed).random((height, width))
    return np.asarray(label(noise < 0.25, connectivity=2), dtype=np.int32)


def by_sides(labels: Labels, forbidden: str) -> dict[int, tuple[bool, bool]]:
    """Label -> (touches, counted), label by label, for the whole picture as the field."""
    last_row, last_column = labels.shape[0] - 1, labels.shape[1] - 1
    found = {}
    for number in sorted(set(labels.ravel().tolist()) - {0}):
        rows, columns = np.nonzero(labels == number)
        sides = {
            "top": bool((rows == 0).any()),
            "bottom": bool((rows == last_row).any()),
            "left": bool((columns == 0).any()),
            "right": bool((columns == last_column).any()),
        }
        found[number] = any(sides.values()), not any(sides[side] for side in forbidden.split())
    return found


def as_dict(result: EdgeResult) -> dict[int, tuple[bool, bool]]:
    touches, counted = result.touches_edge.tolist(), result.counted.tolist()
    return dict(zip(result.labels.tolist(), zip(touches, counted, strict=True), strict=True))


@pytest.mark.parametrize(
    ("rule", "forbidden"),
    [
        ("top-left", "bottom right"),
        ("top-right", "bottom left"),
        ("bottom-left", "top right"),
        ("bottom-right", "top left"),
        ("all", ""),
        ("exclude", "top bottom left right"),
    ],
)
@pytest.mark.parametrize("seed", range(5))
def test_whole_picture_against_a_loop_over_labels(rule: str, forbidden: str, seed: int) -> None:
    labels = picture_of_labels(seed)
    assert as_dict(apply_edge_rule(labels, None, rule)) == by_sides(labels, forbidden)
    everywhere = np.ones(labels.shape, dtype=np.bool_)
    assert as_dict(apply_edge_rule(labels, everywhere, rule)) == by_sides(labels, forbidden)


def test_corners() -> None:
    labels = np.zeros((5, 5), dtype=np.int32)
    labels[0, 0], labels[0, 4], labels[4, 0], labels[4, 4] = 1, 2, 3, 4
    counted = {rule: apply_edge_rule(labels, None, rule).counted.tolist() for rule in EDGE_RULES}
    assert counted == {
        "top-left": [True, False, False, False],
        "top-right": [False, True, False, False],
        "bottom-left": [False, False, True, False],
        "bottom-right": [False, False, False, True],
        "all": [True] * 4,
        "exclude": [False] * 4,
    }


@settings(deadline=None, max_examples=60)
@given(
    arrays.arrays(np.int32, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.integers(0, 6)),
    st.sampled_from(list(EDGE_RULES)),
    st.booleans(),
)
def test_flips_and_transposition(labels: Labels, rule: str, with_field: bool) -> None:
    field = labels % 3 > 0 if with_field else None

    def applied(view: Labels, view_field: Bools | None, name: str) -> dict[int, tuple[bool, bool]]:
        return as_dict(apply_edge_rule(view, view_field, name))

    plain = applied(labels, field, rule)
    assert applied(labels[::-1], None if field is None else field[::-1], FLIPPED_UP_DOWN[rule]) == plain
    assert applied(labels.T, None if field is None else field.T, TRANSPOSED[rule]) == plain


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10**6), st.permutations(range(1, 9)), st.sampled_from(list(EDGE_RULES)))
def test_numbering_does_not_matter(seed: int, order: list[int], rule: str) -> None:
    labels = np.random.default_rng(seed).integers(0, 9, (6, 7)).astype(np.int32)
    numbers = np.array([0, *order], dtype=np.int32) * 1000  # gaps, too
    plain, renumbered = (as_dict(apply_edge_rule(view, None, rule)) for view in (labels, numbers[labels]))
    assert renumbered == {int(numbers[number]): found for number, found in plain.items()}


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10**6), st.booleans())
def test_rules_are_ordered(seed: int, with_field: bool) -> None:
    labels = picture_of_labels(seed)
    field = disc(30, 40, 14, 20, 17) if with_field else None
    results = {rule: apply_edge_rule(labels, field, rule) for rule in EDGE_RULES}
    inside = results["all"].counted
    for result in results.values():
        assert (result.touches_edge == results["all"].touches_edge).all()
        assert (result.counted <= inside).all()
        assert (result.counted >= results["exclude"].counted).all()
        assert (result.counted[~result.touches_edge] == inside[~result.touches_edge]).all()


@pytest.mark.parametrize("centre", [(60, 80), (20, 80), (60, 140), (100, 30)])
def test_circle_against_its_analytic_normal(centre: tuple[int, int]) -> None:
    y, x = centre
    field = disc(120, 160, y, x, 50)
    spots = np.arange(1, 120 * 160 + 1, dtype=np.int32).reshape(120, 160)  # each pixel a spore
    result = apply_edge_rule(np.where(field, spots, 0), field)
    rows, columns = np.nonzero(field)
    reached = np.hypot(rows - y, columns - x)
    on_border = (rows == 0) | (rows == 119) | (columns == 0) | (columns == 159)
    assert result.touches_edge[(reached > 49.5) | on_border].all()
    assert not result.touches_edge[(reached < 48.0) & ~on_border].any()
    # Away from where the rule changes sides (10 degrees) the circle's true normal decides.
    slant = (rows - y + columns - x) / reached.clip(1) / np.sqrt(2)
    circle = result.touches_edge & ~on_border & (np.abs(slant) > np.sin(np.radians(10)))
    assert circle.sum() > 100
    assert (result.counted[circle] == (slant[circle] < 0)).all()
    assert result.counted[~result.touches_edge].all()
    # Where the picture cuts the circle, its sides decide.
    assert not result.counted[(rows == 119) | (columns == 159)].any()
    top = (rows == 0) & (reached < 48.0) & (columns < 159)
    assert result.counted[top].all()


def test_including_and_forbidden_contact_together_do_not_count() -> None:
    field = disc(60, 60, 30, 30, 20)
    labels = np.zeros((60, 60), dtype=np.int32)
    labels[25] = np.where(field[25], 1, 0)  # a thread from the left to the right edge of the circle
    labels[40, 10:20] = np.where(field[40, 10:20], 2, 0)  # at the lower left, more left than low
    labels[20:31, 15] = 3  # a thread inside
    labels[18, 10:25] = np.where(field[18, 10:25], 4, 0)  # at the upper left
    result = apply_edge_rule(labels, field)
    assert as_dict(result)[1] == (True, False)
    assert as_dict(result)[3] == (False, True)
    assert as_dict(result)[4] == (True, True)
    assert as_dict(result)[2][0]


def test_a_spore_that_reaches_out_of_the_field_touches_its_edge() -> None:
    field = np.zeros((60, 60), dtype=np.bool_)
    field[10:50, 10:50] = True
    labels = np.zeros((60, 60), dtype=np.int32)
    labels[9, 9] = labels[10, 10] = 1  # out by a diagonal step, at the top left
    labels[50, 50] = labels[49, 49] = 2  # and at the bottom right
    labels[0, 50] = 3  # wholly outside
    labels[30, 30] = 4
    assert as_dict(apply_edge_rule(labels, field)) == {
        1: (True, True),
        2: (True, False),
        3: (False, False),
        4: (False, True),
    }
    assert as_dict(apply_edge_rule(labels, field, "all"))[3] == (False, False)


def test_nothing_there() -> None:
    for shape in ((0, 0), (0, 5), (4, 6)):
        for field in (None, np.ones(shape, dtype=np.bool_)):
            result = apply_edge_rule(np.zeros(shape, dtype=np.int32), field)
            assert result.labels.size == result.touches_edge.size == result.counted.size == 0
    nowhere = np.zeros((4, 6), dtype=np.bool_)
    assert as_dict(apply_edge_rule(np.ones((4, 6), dtype=np.int32), nowhere)) == {1: (False, False)}


def test_unknown_rule_lists_the_rules() -> None:
    with pytest.raises(SettingsError, match=r"one of top-left, top-right, .*, exclude; found 'none'"):
        apply_edge_rule(np.zeros((2, 2), dtype=np.int32), None, "none")


@pytest.mark.parametrize(
    "labels",
    [
        np.zeros((2, 2)),
        np.zeros((2, 2), dtype=np.bool_),
        np.zeros(4, dtype=np.int32),
        -np.eye(2, dtype=np.int32),
    ],
)
def test_wrong_labels(labels: Labels) -> None:
    with pytest.raises(SettingsError, match="labels"):
        apply_edge_rule(labels)


@pytest.mark.parametrize("field", [np.ones((2, 2)), np.ones((2, 3), dtype=np.bool_)])
def test_wrong_field(field: Bools) -> None:
    with pytest.raises(SettingsError, match="field mask"):
        apply_edge_rule(np.zeros((2, 2), dtype=np.int32), field)
