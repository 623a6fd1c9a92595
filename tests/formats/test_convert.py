"""Planes -> RGB, by numbers worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from sporemetry.errors import ImageContentError, ImageDamagedError
from sporemetry.formats.convert import to_rgb
from sporemetry.formats.plane import Alpha, Coding, Plane
from sporemetry.formats.refusal import Refusal


def _grey(values: Any, dtype: str, coding: Coding | None = None) -> tuple[list[int], tuple[str, ...]]:
    array = np.array([values], dtype)
    bits = 8 * array.itemsize if array.dtype.kind == "u" else 0
    pixels, notes = to_rgb(Plane(array, coding or Coding(bits=bits)))
    assert pixels.shape == (1, len(values), 3)
    assert pixels.flags.c_contiguous
    assert (pixels == pixels[:, :, :1]).all()
    return pixels[0, :, 0].tolist(), notes


def test_8_and_16_bits_are_kept() -> None:
    assert _grey([0, 7, 255], "u1") == ([0, 7, 255], ())
    assert _grey([0, 7, 65_535], "u2") == ([0, 7, 65_535], ())


@pytest.mark.parametrize(("bits", "expected"), [(1, [0, 255]), (2, [0, 85, 170, 255]), (4, [0, 17, 34, 51])])
def test_few_bits_fill_8(bits: int, expected: list[int]) -> None:
    assert _grey(list(range(len(expected))), "u1", Coding(bits=bits)) == (expected, ())


def test_stated_12_bits_are_scaled_and_unstated_ones_are_not() -> None:
    assert _grey([0, 1, 2048, 4095], "u2", Coding(bits=12)) == (
        [0, 16, 32_776, 65_535],  # 65535/4095 is 16.0037
        ("12-bit samples were scaled to 16 bits.",),
    )
    kept, notes = _grey([0, 1, 4095], "u2")
    assert kept == [0, 1, 4095]
    assert notes == ("No 16-bit sample is above 4095: perhaps a 12-bit camera. They were kept as they are.",)


def test_samples_above_the_stated_bits_are_not_scaled() -> None:
    assert _grey([0, 5000], "u2", Coding(bits=12)) == ([0, 5000], ())


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_floats_from_0_to_1_are_fractions(dtype: str) -> None:
    found, notes = _grey([0, 0.25, 0.5], dtype)
    assert found == [0, 16_384, 32_768]
    assert notes == ("Float samples from 0 to 1 were scaled to 16 bits.",)


def test_other_floats_go_from_least_to_most() -> None:
    found, notes = _grey([-1, 0, 3], "f4")
    assert found == [0, 16_384, 65_535]
    assert notes == ("float32 samples from -1 to 3 were scaled to 0 to 65,535.",)


def test_the_whole_span_of_float64_has_a_scale() -> None:
    most = np.finfo(np.float64).max
    assert _grey([-most, 0, most], "f8")[0] == [0, 32_768, 65_535]


def test_floats_of_one_value_are_black() -> None:
    assert _grey([7, 7], "f4")[0] == [0, 0]


def test_wide_whole_numbers() -> None:
    assert _grey([0, 70], "u4") == ([0, 70], ("uint32 samples up to 70 were kept as 16 bits.",))
    assert _grey([0, 131_070], "u4")[0] == [0, 65_535]
    assert _grey([-3, 0, 3], "i2")[0] == [0, 32_768, 65_535]
    assert _grey([0, 2**63], "u8")[0] == [0, 65_535]


def test_white_is_zero() -> None:
    assert _grey([0, 255], "u1", Coding(inverted=True))[0] == [255, 0]
    assert _grey([0, 1], "u1", Coding(bits=1, inverted=True))[0] == [255, 0]
    assert _grey([0.0, 1.0], "f4", Coding(bits=0, inverted=True))[0] == [65_535, 0]


def _colour(pixel: list[float], dtype: str, coding: Coding) -> list[int]:
    pixels, _ = to_rgb(Plane(np.array([[pixel]], dtype), coding))
    found: list[int] = pixels[0, 0].tolist()
    return found


@pytest.mark.parametrize(("alpha", "expected"), [
    ("straight", [193, 213, 233]),  # 102/255 = 0.4 of the colour, 0.6 of white
    ("associated", [253, 255, 255]),  # already multiplied: white is added, up to the top
    ("unused", [100, 150, 200]),
])  # fmt: skip
def test_alpha_by_hand(alpha: Alpha, expected: list[int]) -> None:
    assert _colour([100, 150, 200, 102], "u1", Coding("rgb", alpha=alpha)) == expected


def test_alpha_of_16_bits_and_of_floats() -> None:
    assert _colour([0, 0, 65_535, 0], "u2", Coding("rgb", bits=16, alpha="straight")) == [65_535] * 3
    assert _colour([0, 0.5, 1, 0.5], "f4", Coding("rgb", bits=0, alpha="straight")) == [
        32_768,
        49_152,
        65_535,
    ]


def test_alpha_that_is_none_is_refused() -> None:
    with pytest.raises(Refusal) as caught:
        _colour([0, 0.5, 1, 7], "f4", Coding("rgb", bits=0, alpha="straight"))
    assert caught.value.kind is ImageContentError


@pytest.mark.parametrize(("inks", "expected"), [
    ([0, 0, 0, 0], [255, 255, 255]),
    ([255, 0, 0, 0], [0, 255, 255]),
    ([0, 0, 0, 255], [0, 0, 0]),
    ([51, 102, 153, 51], [163, 122, 82]),  # 204 * 204 / 255, 153 * 204 / 255, 102 * 204 / 255
])  # fmt: skip
def test_cmyk_by_hand(inks: list[float], expected: list[int]) -> None:
    assert _colour(inks, "u1", Coding("cmyk")) == expected


@pytest.mark.parametrize(("ycc", "expected"), [
    ([128, 128, 128], [128, 128, 128]),
    ([76, 85, 255], [254, 0, 0]),
    ([150, 44, 21], [0, 255, 1]),
])  # fmt: skip
def test_ycbcr_by_hand(ycc: list[float], expected: list[int]) -> None:
    assert _colour(ycc, "u1", Coding("ycbcr")) == expected


@pytest.mark.parametrize(("lab", "expected"), [
    ([255, 0, 0], [255, 255, 255]),
    ([0, 0, 0], [0, 0, 0]),
    ([137, 0, 0], [128, 128, 128]),  # L* 53.6 is sRGB grey 128
])  # fmt: skip
def test_lab_by_hand(lab: list[float], expected: list[int]) -> None:
    assert np.abs(np.array(_colour(lab, "u1", Coding("lab"))) - expected).max() <= 1


def test_a_palette_of_greys_is_no_news() -> None:
    greys = np.repeat(np.array([[0], [9]], np.uint8), 3, axis=1)
    pixels, notes = to_rgb(Plane(np.array([[1, 0]], np.uint8), Coding("palette", palette=greys)))
    assert pixels[0, :, 0].tolist() == [9, 0]
    assert notes == ()


def test_an_index_without_a_colour_is_damage() -> None:
    with pytest.raises(Refusal) as caught:
        to_rgb(Plane(np.array([[2]], np.uint8), Coding("palette", palette=np.zeros((2, 3), np.uint8))))
    assert caught.value.kind is ImageDamagedError


_ANY = hnp.arrays(
    st.sampled_from([np.uint8, np.uint16, np.uint32, np.int16, np.float32]),
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=9),
    elements={"allow_nan": False, "allow_infinity": False},
)


@settings(deadline=None)
@given(_ANY)
def test_order_is_kept_and_flips_commute(array: NDArray[Any]) -> None:
    bits = 8 * array.itemsize if array.dtype.kind == "u" else 0
    pixels, _ = to_rgb(Plane(array, Coding(bits=bits)))
    order = np.argsort(array, axis=None, kind="stable")
    assert (np.diff(pixels[:, :, 0].ravel()[order].astype(int)) >= 0).all()
    flipped, _ = to_rgb(Plane(np.ascontiguousarray(array[::-1]), Coding(bits=bits)))
    np.testing.assert_array_equal(flipped, pixels[::-1])
