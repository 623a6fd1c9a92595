"""The Bland-Altman plot and the compared pictures: what is drawn where."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from sporemetry.errors import SettingsError
from sporemetry.evaluation import bland_altman_figure, count_agreement, draw_comparison, encode_comparison
from sporemetry.evaluation.comparison import COLOURS
from sporemetry.evaluation.plot import encode_png

Labels = NDArray[np.int32]
PREDICTED, TRUTH = [12, 30, 7, 55, 41, 19], [10, 33, 7, 50, 44, 18]


def horizontal_lines(predicted: list[int], truth: list[int]) -> list[float]:
    axes = bland_altman_figure(predicted, truth).axes[0]
    return sorted(float(np.asarray(line.get_ydata())[0]) for line in axes.lines)


def test_the_plot_shows_every_picture_the_bias_and_the_limits() -> None:
    axes = bland_altman_figure(PREDICTED, TRUTH).axes[0]
    points = np.asarray(axes.collections[0].get_offsets())
    expected = np.column_stack([np.add(PREDICTED, TRUTH) / 2, np.subtract(PREDICTED, TRUTH)])
    assert points == pytest.approx(expected)
    agreement = count_agreement(PREDICTED, TRUTH)
    expected_lines = sorted([0, agreement.bias.mean, *agreement.limits])
    assert horizontal_lines(PREDICTED, TRUTH) == pytest.approx(expected_lines)
    assert "6 pictures" in axes.get_title(loc="left")
    assert "spores per picture" in axes.get_xlabel()
    assert "spores per picture" in axes.get_ylabel()


def test_one_picture_has_no_limits_and_says_so() -> None:
    axes = bland_altman_figure([3], [2]).axes[0]
    assert len(axes.lines) == 1
    assert "no limits" in axes.get_title(loc="left")


def test_pictures_outside_the_limits_are_named() -> None:
    counts, names = [10] * 30, [f"p{i}" for i in range(30)]
    figure = bland_altman_figure([*counts[:-1], 25], counts, names)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert "p29" in texts
    assert "p0" not in texts


def test_agreement_without_any_spread_can_be_drawn() -> None:
    assert set(horizontal_lines([5, 6, 7], [4, 5, 6])) == {0.0, 1.0}


def test_the_plot_is_a_picture_of_the_same_bytes_each_time() -> None:
    one, two = (encode_png(bland_altman_figure(PREDICTED, TRUTH)) for _ in range(2))
    assert one == two
    assert b"Software" not in one
    assert Image.open(io.BytesIO(one)).size == (1080, 690)


def block(*corners: tuple[int, int], size: int = 8) -> Labels:
    labels = np.zeros((60, 200), dtype=np.int32)
    for label, (y, x) in enumerate(corners, start=1):
        labels[y : y + size, x : x + size] = label
    return labels


def test_colours_of_found_missed_false_and_ignored() -> None:
    predicted = block((10, 10), (10, 40), (10, 100))
    truth = block((10, 10), (40, 70))
    ignore = np.zeros(truth.shape, dtype=bool)
    ignore[5:25, 95:115] = True
    drawn = draw_comparison(None, predicted, truth, ignore=ignore)
    for kind, (y, x) in {
        "found": (10, 13), "false": (10, 43), "missed": (40, 73), "ignored": (10, 103),
    }.items():  # fmt: skip
        assert tuple(drawn[y, x]) == COLOURS[kind], kind
    assert tuple(drawn[5, 105]) == COLOURS["ignored"]  # the border of the ignored area
    assert tuple(drawn[14, 14]) == tuple(drawn[55, 150]) == (235, 235, 235)  # inside, and the ground
    assert drawn.shape[0] > 60  # the legend
    assert drawn.shape[1] == 200


def test_the_legend_gives_the_numbers() -> None:
    def legend(predicted: Labels, truth: Labels) -> NDArray[np.uint8]:
        return draw_comparison(None, predicted, truth)[60:]

    one, two = block((10, 10)), block((10, 10), (40, 70))
    strips = [legend(one, one), legend(one, two), legend(two, one), legend(two, two)]
    for index, strip in enumerate(strips):
        assert strip.shape == strips[0].shape
        assert all((strip != other).any() for other in strips[index + 1 :])


def test_boxes_are_drawn_found_or_missed() -> None:
    boxes = np.array([[6.0, 6.0, 22.0, 22.0], [60.0, 30.0, 80.0, 50.0]])
    drawn = draw_comparison(None, block((10, 10), (10, 100)), boxes)
    assert tuple(drawn[6, 10]) == tuple(drawn[21, 21]) == COLOURS["found"]
    assert tuple(drawn[30, 70]) == tuple(drawn[49, 79]) == COLOURS["missed"]
    assert tuple(drawn[10, 103]) == COLOURS["false"]


def test_the_photograph_is_the_ground_and_stays_as_it_was() -> None:
    photograph = np.random.default_rng(3).integers(0, 256, (60, 200, 3), dtype=np.uint8)
    before = photograph.copy()
    drawn = draw_comparison(photograph, block((10, 10)), block((10, 10)))
    changed = (drawn[:60] != photograph).any(axis=2)
    assert not changed[:9].any()
    assert (photograph == before).all()
    deep = draw_comparison(photograph.astype(np.uint16) * 16, block(), block())
    assert deep.dtype == np.uint8
    assert int(deep[:60].max()) == 255
    with pytest.raises(SettingsError, match="pixels"):
        draw_comparison(photograph[:50], block(), block())


def test_encoding_is_a_jpeg_of_the_same_bytes_and_about_the_same_colours() -> None:
    drawn = draw_comparison(None, block((10, 10)), block((40, 70)))
    encoded = encode_comparison(drawn)
    assert encoded == encode_comparison(drawn)
    back = np.asarray(Image.open(io.BytesIO(encoded)), dtype=int)
    assert np.abs(back - drawn).mean() < 3
