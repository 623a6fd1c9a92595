"""A sample sheet as Excel and others write it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sporemetry.errors import FileError
from sporemetry.pipeline.sample_sheet import SampleSheet, read_sample_sheet

PLAIN = "image,sample,treatment,um_per_px,dilution\na.jpg,s1,Blätter,0.25,10\nb.jpg,s2,Ähre,0.5,2\n"


def read(folder: Path, content: bytes | str) -> SampleSheet:
    path = folder / "sheet.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_sample_sheet(path)


def said(sheet: SampleSheet) -> list[tuple[str, dict[str, float | str]]]:
    return [(row.image, dict(row.values)) for row in sheet.rows]


WANTED = [
    ("a.jpg", {"sample": "s1", "treatment": "Blätter", "um_per_px": 0.25, "dilution": 10.0}),
    ("b.jpg", {"sample": "s2", "treatment": "Ähre", "um_per_px": 0.5, "dilution": 2.0}),
]
SEMICOLONS = PLAIN.replace(",", ";").replace("0.25", "0,25").replace("0.5", "0,5")


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode(),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.replace("\n", "\r").encode(),
        PLAIN.encode("utf-8-sig"),
        SEMICOLONS.encode("utf-8-sig"),
        SEMICOLONS.encode("cp1252"),
        SEMICOLONS.replace(";", "\t").encode("utf-16"),
        SEMICOLONS.replace(";", "\t").encode("utf-16-le"),
        SEMICOLONS.replace(";", "\t").encode("utf-16-be"),
        PLAIN.encode("utf-32"),
        ("sep=;\n" + SEMICOLONS).encode(),
        PLAIN.replace("a.jpg", '"a.jpg"').replace("0.25", '"0,25"').encode(),
        ("\n\n" + PLAIN.replace("\n", ",,,\n") + ",,,,,,,\n\n\n").encode(),
        PLAIN.replace("image,", " Image ,").replace("um_per_px", "µm / px").encode(),
        PLAIN.replace("um_per_px", "μm per pixel").replace("dilution", "DILUTION FACTOR").encode(),
        PLAIN.replace("s1", "  s1 ").replace("10\n", " 10 \n").encode(),
    ],
    ids=range(16),
)
def test_what_spreadsheets_write_is_read_alike(tmp_path: Path, content: bytes) -> None:
    assert said(read(tmp_path, content)) == WANTED


def test_what_is_no_utf8_is_said(tmp_path: Path) -> None:
    assert "Windows-1252" in read(tmp_path, SEMICOLONS.encode("cp1252")).notes[0]
    assert read(tmp_path, PLAIN).notes == ()


def test_rows_are_numbered_as_a_spreadsheet_numbers_them(tmp_path: Path) -> None:
    sheet = read(tmp_path, 'image,sample,note\na,s1,"two\nlines"\n\nb,s2,\n')
    assert [row.number for row in sheet.rows] == [2, 4]
    assert sheet.rows[0].extra == {"note": "two lines"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04rest", "CSV UTF-8"),
        (b"\xd0\xcf\x11\xe0rest", "CSV UTF-8"),
        (b"", "no row"),
        (b"\n\n , ,\n", "no row"),
        (b"sample,dilution\ns1,2\n", "column `image`"),
        (b"image,dilution\na,0\n", "row 2, column dilution"),
        (b"image,dilution\na,-2\n", "row 2, column dilution"),
        (b"image,dilution\na,nan\n", "row 2, column dilution"),
        (b"image,dilution\na,inf\n", "row 2, column dilution"),
        (b"image,dilution\na,1e999\n", "row 2, column dilution"),
        (b"image,dilution\na,1e300\n", "row 2, column dilution"),
        (b"image,um_per_px\na,1e-300\n", "row 2, column um_per_px"),
        (b"image,depth_mm\na,1e300\n", "row 2, column depth_mm"),
        (b"image,square_area_mm2\na,1e300\n", "row 2, column square_area_mm2"),
        (b"image,squares\na,1e300\n", "row 2, column squares"),
        (b"image,dilution\na,ten\n", "row 2, column dilution"),
        (b"image,dilution\na,1:10\n", "Write the factor: 10"),
        (b"image,um_per_px\na,2\nb,0.5 um\n", "row 3, column um_per_px"),
        (b'image,dilution\na,"1,000"\n', "one way"),
        (b"image;dilution;um_per_px\na;1.000;0,5\n", "one way"),
        (b"image;dilution\na;1.000\n", "Write 1000, or 1."),
        (b"image\tdilution\na\t1.000\nb\t10\n", "one way"),
        (b"image,dilution\na,1.000\n", "one way"),
        (b"image;dilution\na;+12.500\n", "Write 12500, or 12.5"),
        (b"image,um_per_px\na,1.125\n", "Write 1125, or 1.1250"),
        (b"image,dilution,note\na,1.000,2.5\n", "one way"),
        (b'image,dilution,note\na,1.000,"2,5"\nb,1.5,\n', "one way"),
        (b"image,um_per_px\na,0,5\n", "decimal comma"),
        (b"image,chamber\na,burker\n", "row 2, column chamber"),
        (b"image,sample,Sample\na,1,2\n", "one column sample"),
        (b"image,note,Note\na,1,2\n", "one column note"),
        (b"image,file\na,b\n", "one column image"),
        (b"image,,note\na,1,2\n", "a name for each column"),
        (b'image,sample\n"a,1\n', "quotes"),
        (b"image,sample\n,1\n", "row 2: no image"),
        (b"image,sample\na\x00,1\n", "zero bytes"),
        (b"\xff\xfeimage", "utf-16"),
        (b"image,sample\na,\x81\n", "neither UTF-8"),
    ],
)
def test_what_cannot_be_meant_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(FileError) as caught:
        read(tmp_path, content)
    assert words in str(caught.value)


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_another_number_shows_that_the_point_is_decimal(tmp_path: Path, mark: str) -> None:
    sheet = read(tmp_path, "image,um_per_px,dilution\na,1.125,1.000\nb,0.5,10\n".replace(",", mark))
    assert said(sheet)[0][1] == {"um_per_px": 1.125, "dilution": 1.0}


def test_all_bad_cells_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        read(tmp_path, "image,dilution\n" + "a,x\n" * 12)
    assert "row 2, " in str(caught.value)
    assert "row 11, " in str(caught.value)
    assert "and 2 more" in str(caught.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
def test_a_pipe_is_no_sheet(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    for path in (tmp_path / "pipe.csv", Path("/dev/zero"), tmp_path, tmp_path / "missing.csv"):
        with pytest.raises(FileError):
            read_sample_sheet(path)


def test_a_column_like_a_known_one_is_said(tmp_path: Path) -> None:
    sheet = read(tmp_path, "image,dilutoin,operator\na,10,Ann\n")
    assert "If `dilution` was meant" in sheet.notes[0]
    assert sheet.extra == ("dilutoin", "operator")
    assert len(sheet.notes) == 1


def test_a_column_of_the_name_of_ours_is_carried_by_another_name(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_text("image,Counted,sheet_Counted\na,7,8\n")
    sheet = read_sample_sheet(path, ("counted",))
    assert sheet.extra == ("sheet_sheet_Counted", "sheet_Counted")
    assert "`Counted`" in sheet.notes[0]


def test_a_dilution_below_one_is_said(tmp_path: Path) -> None:
    assert "below 1" in read(tmp_path, "image,dilution\na,0.1\n").notes[0]


def test_a_sheet_of_names_only_has_no_rows(tmp_path: Path) -> None:
    assert read(tmp_path, "image,sample\n").rows == ()
