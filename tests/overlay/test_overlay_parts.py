"""Outlines, lettering, scale bar, display and encoding by themselves."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from sporemetry.errors import SettingsError
from sporemetry.overlay import encode_jpeg
from sporemetry.overlay.display import dim_outside, is_bright, to_display
from sporemetry.overlay.encoding import JPEG_MAX_SIDE
from sporemetry.overlay.lettering import MIN_FONT_PX, number_font_px, place_beside, text_sprite
from sporemetry.overlay.outlines import dashes, trace_outlines
from sporemetry.overlay.scale_bar import MAX_SHARE, bar_length_um, bar_text, draw_scale_bar

masks = arrays(np.bool_, st.tuples(st.integers(1, 24), st.integers(1, 24)))


def rectangle(height: int, width: int) -> NDArray[np.bool_]:
    return np.ones((height, width), bool)


def test_a_rectangle_is_traced_through_its_outermost_pixels() -> None:
    (line,) = trace_outlines(rectangle(10, 20), (100, 50))
    assert len(line) == 2 * (9 + 19)
    assert (line.min(axis=0) == [50, 100]).all()
    assert (line.max(axis=0) == [69, 109]).all()


@settings(deadline=None, max_examples=60)
@given(masks)
def test_outlines_stay_on_the_border_of_their_region(mask: NDArray[np.bool_]) -> None:
    lines = trace_outlines(mask)
    assert len(lines) == ndimage.label(mask, np.ones((3, 3)))[1]
    for line in lines:
        # Rounding corners moves a point by less than a pixel.
        distance = ndimage.distance_transform_edt(~np.pad(mask, 2))
        columns, rows = np.rint(line).astype(int).T + 2
        assert distance[rows, columns].max() <= 1


@settings(deadline=None, max_examples=40)
@given(masks, st.integers(0, 500), st.integers(0, 500))
def test_moving_a_mask_moves_its_outline(mask: NDArray[np.bool_], down: int, right: int) -> None:
    for here, there in zip(trace_outlines(mask), trace_outlines(mask, (down, right)), strict=True):
        np.testing.assert_allclose(here + np.array([right, down]), there)


@settings(deadline=None, max_examples=60)
@given(st.integers(3, 80), st.integers(3, 80), st.floats(1, 12))
def test_dashes_cover_half_of_the_line_and_nothing_else(height: int, width: int, length: float) -> None:
    (line,) = trace_outlines(rectangle(height, width))
    pieces = dashes(line, length)
    points = {tuple(point) for point in line}
    assert len(pieces) >= 2
    assert all(tuple(point) in points for piece in pieces for point in piece)
    covered = sum(len(piece) for piece in pieces) / len(line)
    assert covered == pytest.approx(0.5, abs=1.5 * len(pieces) / len(line))


def test_the_micro_sign_is_a_letter_of_its_own() -> None:
    micro, plain = text_sprite("5 µm", 20), text_sprite("5 um", 20)
    assert micro.size[0] > plain.size[0]
    assert micro.size[1] == plain.size[1]
    extra = micro.glyphs[plain.size[0] - 2 :]
    # The long stem hangs below the u, and nowhere else.
    assert (extra > 0.5).any(axis=0).sum() <= 3


@given(st.integers(1, 4000), st.integers(1, 4000), st.integers(0, 30_000))
def test_numbers_shrink_as_spores_crowd_and_then_vanish(height: int, width: int, count: int) -> None:
    here = number_font_px(height * width, count, max(height, width))
    more = number_font_px(height * width, count + 1, max(height, width))
    assert here is None or here >= MIN_FONT_PX
    if count and more is not None:
        assert here is not None
        assert here >= more


spots = st.lists(st.tuples(st.integers(0, 90), st.integers(0, 140)), min_size=1, max_size=30, unique=True)


@settings(deadline=None, max_examples=60)
@given(spots)
def test_places_are_inside_the_picture_and_take_free_ground_first(spots: list[tuple[int, int]]) -> None:
    occupied = np.zeros((100, 150), np.uint8)
    for row, column in spots:
        occupied[row : row + 6, column : column + 6] = 1
    outlines = [trace_outlines(rectangle(6, 6), spot) for spot in spots]
    before = occupied.copy()
    places = place_beside(outlines, [(8, 14)] * len(spots), occupied, 2)
    used = np.zeros_like(before)
    for spot, place in zip(spots, places, strict=True):
        assert place is not None
        row, column = place
        assert 0 <= row <= 92
        assert 0 <= column <= 136
        assert abs(row - spot[0]) <= 16
        assert abs(column - spot[1]) <= 22
        used[row : row + 8, column : column + 14] = 1
    np.testing.assert_array_equal(occupied, before | used)


def test_one_spore_alone_has_its_number_up_and_right() -> None:
    occupied = np.zeros((100, 100), np.uint8)
    occupied[40:50, 40:50] = 1
    (place,) = place_beside([trace_outlines(rectangle(10, 10), (40, 40))], [(8, 12)], occupied, 2)
    assert place is not None
    assert place[0] + 8 <= 40
    assert place[1] >= 50


def test_a_number_larger_than_the_picture_has_no_place() -> None:
    assert place_beside([trace_outlines(rectangle(2, 2))], [(20, 20)], np.zeros((9, 9), np.uint8), 1) == [
        None
    ]


@given(st.integers(20, 20_000), st.floats(1e-4, 1e3))
def test_the_bar_is_the_longest_round_length_that_fits(width: int, um_per_px: float) -> None:
    length, most = bar_length_um(width, um_per_px), MAX_SHARE * width * um_per_px
    mantissa = float(f"{length:e}".split("e")[0])
    assert mantissa in (1.0, 2.0, 5.0)
    following = {1.0: 2.0, 2.0: 2.5, 5.0: 2.0}[mantissa] * length
    assert length <= most * (1 + 1e-8)
    assert following > most


def test_the_drawn_bar_is_as_long_as_it_says() -> None:
    rgb = np.full((400, 1000, 3), 128, np.uint8)
    draw_scale_bar(rgb, 0.5, avoid=np.zeros((400, 1000), bool), font_px=14)
    assert bar_text(bar_length_um(1000, 0.5)) == "50 µm"
    dark = (rgb < 40).all(axis=2)
    assert int(dark.sum(axis=1).max()) == 100  # 50 µm at 0.5 µm a pixel


def test_the_bar_goes_to_the_emptiest_corner() -> None:
    avoid = np.zeros((400, 1000), bool)
    avoid[200:] = True
    rgb = np.full((400, 1000, 3), 128, np.uint8)
    draw_scale_bar(rgb, 0.5, avoid=avoid, font_px=14)
    changed = (rgb != 128).any(axis=2)
    assert changed[:200, 500:].any()
    assert not changed[200:].any()
    assert not changed[:, :500].any()


def test_a_picture_too_small_for_the_bar_stays_as_it_is() -> None:
    rgb = np.full((12, 40, 3), 128, np.uint8)
    draw_scale_bar(rgb, 0.5, avoid=np.zeros((12, 40), bool), font_px=11)
    assert (rgb == 128).all()


def test_sixteen_bits_are_stretched_between_the_percentiles_of_the_field() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(1000, 5000, (200, 200, 3)).astype(np.uint16)
    pixels[:, 100:] = 60_000
    field = np.zeros((200, 200), bool)
    field[:, :100] = True
    low, high = np.percentile(pixels[:, :100], [0.1, 99.9])
    wanted = np.rint(np.clip((pixels - low) / (high - low), 0, 1) * 255)
    np.testing.assert_array_equal(to_display(pixels, field), wanted)


def test_a_flat_16_bit_picture_keeps_its_upper_bits() -> None:
    assert (to_display(np.full((4, 4, 3), 0x7F12, np.uint16), None) == 0x7F).all()


def test_eight_bits_are_shown_as_they_are() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (20, 30, 3)).astype(np.uint8)
    np.testing.assert_array_equal(to_display(pixels, None), pixels)


def test_dimming_spares_the_field() -> None:
    rgb = np.full((4, 6, 3), 100, np.uint8)
    field = np.zeros((4, 6), bool)
    field[:, :3] = True
    dim_outside(rgb, field)
    assert (rgb[:, :3] == 100).all()
    assert (rgb[:, 3:] == 45).all()


def test_brightness_is_judged_inside_the_field() -> None:
    rgb = np.zeros((50, 50, 3), np.uint8)
    rgb[:, :10] = 220
    field = np.zeros((50, 50), bool)
    field[:, :10] = True
    assert is_bright(rgb, field)
    assert not is_bright(rgb, None)
    assert not is_bright(rgb, np.zeros((50, 50), bool))  # an empty field says nothing: the whole picture


def test_a_jpeg_reads_back_with_full_colour_resolution() -> None:
    rgb = np.full((64, 64, 3), 200, np.uint8)
    rgb[:, 31] = (0, 114, 178)
    content = encode_jpeg(rgb, 95)
    assert content == encode_jpeg(rgb.copy(), 95)
    read = Image.open(io.BytesIO(content))
    assert read.size == (64, 64)
    assert np.abs(np.asarray(read).astype(int)[:, 31] - (0, 114, 178)).max() < 30
    assert len(encode_jpeg(rgb, 20)) < len(content)


@pytest.mark.parametrize("quality", [1, 88, 95])
def test_even_noise_can_be_encoded(quality: int) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (900, 1200, 3)).astype(np.uint8)
    assert Image.open(io.BytesIO(encode_jpeg(noise, quality))).size == (1200, 900)


@pytest.mark.parametrize(
    ("rgb", "quality", "name"),
    [
        (np.zeros((4, 4), np.uint8), 80, "rgb"),
        (np.zeros((4, 4, 3), np.uint16), 80, "rgb"),
        (np.zeros((0, 4, 3), np.uint8), 80, "rgb"),
        (np.zeros((1, JPEG_MAX_SIDE + 1, 3), np.uint8), 80, "rgb"),
        (np.zeros((4, 4, 3), np.uint8), 0, "quality"),
        (np.zeros((4, 4, 3), np.uint8), 96, "quality"),
    ],
)
def test_what_cannot_be_a_jpeg_is_refused(rgb: NDArray[np.uint8], quality: int, name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        encode_jpeg(rgb, quality)
    assert caught.value.name == name
