"""Documents that are not trusted: bounded, without entities, with names that stay inside."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sporemetry.errors import LabelReadError, SettingsError
from sporemetry.exchange.documents import read_json, read_text, read_xml, read_zip_member, safe_name
from sporemetry.exchange.filling import Patch
from sporemetry.exchange.rle import (
    columns_of_patch,
    decode_counts,
    encode_counts,
    fill_runs,
    patch_of_columns,
    run_lengths,
)

BOMB = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;">]><a>&y;</a>'


@pytest.mark.parametrize(
    "text",
    ["", "{", "[" * 100_000, '{"a" 1}', '{"a": Nan}'],
)
def test_json_that_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(LabelReadError, match=r"a\.json"):
        read_json(tmp_path / "a.json")


@pytest.mark.parametrize("text", ["NaN", "-Infinity", "1e999", "9" * 5000, "12345678901234567890123"])
def test_a_number_beyond_measure_spoils_its_own_entry_only(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(f'{{"a": [1, {text}], "b": 2}}')
    document = read_json(tmp_path / "a.json")
    assert document.field("b").number() == 2
    with pytest.raises(LabelReadError, match="a number"):
        list(document.field("a").items())[1].number()


@pytest.mark.parametrize("text", ["", "<a>", BOMB, "<a>" * 70 + "</a>" * 70, '<a b="&c;"/>'])
def test_xml_that_is_none_or_could_grow(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.xml").write_text(text)
    with pytest.raises(LabelReadError, match=r"a\.xml"):
        read_xml(tmp_path / "a.xml")


def test_files_are_bounded(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"x" * 100)
    assert len(read_text(tmp_path / "a.txt", 100)) == 100
    with pytest.raises(LabelReadError, match="99 bytes"):
        read_text(tmp_path / "a.txt", 99)
    with pytest.raises(LabelReadError, match="a folder"):
        read_text(tmp_path)
    (tmp_path / "b.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(LabelReadError, match="UTF-8"):
        read_text(tmp_path / "b.txt")


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("deep/annotations.xml", b"\0" * (1 << 20))
    assert len(read_zip_member(tmp_path / "a.zip", "annotations.xml")) == 1 << 20
    with pytest.raises(LabelReadError, match="a larger one"):
        read_zip_member(tmp_path / "a.zip", "annotations.xml", 1 << 19)
    with pytest.raises(LabelReadError, match="one file other"):
        read_zip_member(tmp_path / "a.zip", "other")


@pytest.mark.parametrize(
    "name", ["", "/etc/passwd", "../a", "a/../../b", "C:\\a.png", "a\0b", "x" * 2000, "\ud800", ".", "a\nb"]
)
def test_names_that_lead_out_are_refused(name: str) -> None:
    with pytest.raises(SettingsError):
        safe_name(name)


@given(st.text(max_size=30))
def test_names_stay_inside(name: str) -> None:
    try:
        safe = safe_name(name)
    except SettingsError:
        return
    assert not Path(safe).is_absolute()
    assert ".." not in Path(safe).parts


masks = st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(lambda shape: arrays(np.bool_, shape))


@given(masks)
def test_runs_there_and_back(mask: np.ndarray) -> None:
    counts = run_lengths(mask.ravel())
    first, rows = fill_runs(counts, *mask.shape)
    whole = np.zeros_like(mask)
    whole[first : first + len(rows)] = rows
    np.testing.assert_array_equal(whole, mask)
    np.testing.assert_array_equal(decode_counts(encode_counts(counts)), counts)


@given(masks, st.integers(0, 5), st.integers(0, 5))
def test_columns_there_and_back(mask: np.ndarray, row: int, col: int) -> None:
    shape = (mask.shape[0] + row + 2, mask.shape[1] + col + 3)
    back = patch_of_columns(columns_of_patch(Patch(row, col, mask), shape), shape)
    whole, again = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    whole[row : row + mask.shape[0], col : col + mask.shape[1]] = mask
    again[back.window] = back.mask
    np.testing.assert_array_equal(again, whole)


@pytest.mark.parametrize("text", ["\x00", "é", "oooooooooo", "o", "~"])
def test_text_that_is_no_runs(text: str) -> None:
    with pytest.raises(SettingsError):
        decode_counts(text)
