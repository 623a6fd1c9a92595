"""Which rows of a sample sheet are of which images, and what is checked of them."""

from __future__ import annotations

import unicodedata
from pathlib import Path, PurePosixPath

import pytest

from sporemetry.errors import FileError, SettingsError
from sporemetry.pipeline import CountingSettings, CountSettings, PictureTask
from sporemetry.pipeline.levels import level_pattern
from sporemetry.pipeline.sample_sheet import StatedJob, read_sample_sheet, state_images


def tasks(*images: str) -> list[PictureTask]:
    return [PictureTask(Path("in") / image, image, f"n{number}") for number, image in enumerate(images)]


def state(folder: Path, text: str, *images: str, counting: CountingSettings | None = None) -> StatedJob:
    path = folder / "sheet.csv"
    path.write_text(text, encoding="utf-8")
    settings = CountSettings(counting=counting or CountingSettings())
    return state_images(tasks(*images), settings, read_sample_sheet(path))


def samples(job: StatedJob) -> list[str]:
    return [task.stated.sample for task in job.tasks]


COMPOSED = unicodedata.normalize("NFC", "Blätter 1.png")
DECOMPOSED = unicodedata.normalize("NFD", "Blätter 1.png")


@pytest.mark.parametrize(
    ("written", "image"),
    [
        ("a.jpg", "a.jpg"),
        ("a", "a.jpg"),
        ("a.JPG", "a.jpg"),
        ("A.jpg", "a.jpg"),
        ("a.jpg", " a.jpg"),
        ("x y/A.jpg", " x y/a.jpg"),
        (" a.jpg ", "a.jpg"),
        ("a.jpg", "x/a.jpg"),
        ("x/a.jpg", "x/a.jpg"),
        ("x\\a.jpg", "x/a.jpg"),
        ("./x/a", "x/a.jpg"),
        ("in/x/a.jpg", "x/a.jpg"),
        ("*.jpg", "x/a.jpg"),
        ("x/*", "x/a.jpg"),
        ("x/", "x/a.jpg"),
        ("x", "x/a.jpg"),
        ("a_?", "a_7.jpg"),
        ("img [1].jpg", "img [1].jpg"),
        ("img [1]*", "img [1].jpg"),
        ("'=a.jpg", "=a.jpg"),
        ("a.jpg", "a_labels.tif"),
        (COMPOSED, DECOMPOSED),
        (DECOMPOSED, COMPOSED),
    ],
)
def test_a_row_names_an_image_in_any_of_these_ways(tmp_path: Path, written: str, image: str) -> None:
    job = state(tmp_path, f"image,sample\n{written},S\nother,T\n", image, "zz/other.jpg")
    assert samples(job) == ["S", "T"]


def test_an_absolute_path_names_the_image_that_lies_there(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "a.jpg"
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(f"image,sample\n{path},S\n")
    job = state_images([PictureTask(path, "a.jpg", "a")], CountSettings(), read_sample_sheet(sheet))
    assert samples(job) == ["S"]


def test_the_closest_row_goes_first_cell_by_cell(tmp_path: Path) -> None:
    text = "image,sample,dilution,operator\n*,all,2,Ann\na_*,A,10,\na_1.jpg,,20,Bob\n"
    job = state(tmp_path, text, "a_1.jpg", "a_2.jpg", "b.jpg")
    assert samples(job) == ["A", "A", "all"]
    assert [task.stated.dilution for task in job.tasks] == [20, 10, 2]
    assert [dict(task.stated.extra)["operator"] for task in job.tasks] == ["Bob", "Ann", "Ann"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("image,sample\na.jpg,S\na.jpg,T\n", "rows 2 and 3: a.jpg has two values in column sample"),
        ("image,note\na.jpg,x\na.jpg,y\n", "column note"),
        ("image,sample\na_*.jpg,S\n?_1.jpg,S\na_1.jp*,T\n", "two values"),
        ("image,sample\nb_1,S\n", "names 2 images"),
        ("image,sample,treatment\na.jpg,S,T1\nb.jpg,S,T2\n", "sample S is in 2 treatments"),
        ("image,square\na.jpg,large\n", "chamber"),
        ("image,chamber,square\na.jpg,goryaev,large\n", "square"),
        ("image,chamber,squares\na.jpg,neubauer,4\n", "squares without a square"),
        ("image,chamber\na.jpg,custom\n", "depth"),
        ("image,sample\nnone.jpg,S\n", "rows of the images, such as a.jpg"),
        ("image,sample\n", "no row below"),
    ],
)
def test_contradictions_and_what_does_not_fit_are_errors(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(FileError) as caught:
        state(tmp_path, text, "a.jpg", "b.jpg", "a_1.jpg", "x/b_1.jpg", "y/b_1.jpg")
    assert words in str(caught.value)


def test_the_same_row_twice_is_no_contradiction(tmp_path: Path) -> None:
    assert samples(state(tmp_path, "image,sample\na,S\na,S\n", "a.jpg")) == ["S"]


def test_images_without_a_row_and_rows_without_an_image_are_named(tmp_path: Path) -> None:
    job = state(tmp_path, "image,sample\na,S\nc,T\n", "a.jpg", "b.jpg")
    lines = [caution.headline for caution in job.cautions]
    assert any("b.jpg" in line and "without a row" in line for line in lines)
    assert any("row 3 (c)" in line for line in lines)


def test_what_overrides_an_option_is_said(tmp_path: Path) -> None:
    counting = CountingSettings(chamber="neubauer", square="large", dilution=2)
    text = "image,chamber,dilution\na,thoma,2\nb,neubauer,10\n"
    job = state(tmp_path, text, "a.jpg", "b.jpg", counting=counting)
    lines = " ".join(caution.headline for caution in job.cautions)
    assert "--chamber neubauer for 1 image" in lines
    assert "--dilution 2 for 1 image" in lines


def test_the_suspension_alone_names_the_sample_within_its_treatment(tmp_path: Path) -> None:
    text = "image,treatment,suspension\na,T1,1\nb,T2,1\n"
    job = state(tmp_path, text, "a.jpg", "b.jpg")
    assert samples(job) == ["T1/1", "T2/1"]
    assert any("in several treatments: 1" in caution.headline for caution in job.cautions)


def test_without_a_suspension_the_sample_is_one(tmp_path: Path) -> None:
    job = state(tmp_path, "image,treatment,sample\na,T1,A\nb,T1,B\n", "a.jpg", "b.jpg")
    assert [task.stated.suspension for task in job.tasks] == ["A", "B"]


def test_a_treatment_alone_leaves_the_suspensions_unknown_and_says_so(tmp_path: Path) -> None:
    job = state(tmp_path, "image,treatment\na,T1\nb,T1\n", "a.jpg", "b.jpg", "c.jpg")
    lines = " ".join(caution.headline for caution in job.cautions)
    assert "2 images without a suspension" in lines
    assert "1 image without a treatment: c.jpg" in lines


@pytest.mark.parametrize(("chamber", "warned"), [(None, True), ("neubauer", False)])
def test_different_dilutions_in_one_sample_need_a_chamber(
    tmp_path: Path, chamber: str | None, warned: bool
) -> None:
    counting = CountingSettings(chamber=chamber)
    job = state(tmp_path, "image,sample,dilution\na,S,1\nb,S,10\n", "a.jpg", "b.jpg", counting=counting)
    assert any("Different dilutions" in caution.headline for caution in job.cautions) is warned


@pytest.mark.parametrize(
    ("counting", "warned"),
    [
        (CountingSettings(dilution=10), True),
        (CountingSettings(), False),
        (CountingSettings(dilution=10, chamber="neubauer", square="large"), False),
    ],
)
def test_a_dilution_without_a_chamber_is_said_to_change_nothing(
    counting: CountingSettings, warned: bool
) -> None:
    job = state_images(tasks("a.jpg"), CountSettings(counting=counting))
    assert any("dilution changes nothing" in caution.headline for caution in job.cautions) is warned


def test_without_a_sheet_and_levels_nothing_changes() -> None:
    given = tasks("a.jpg", "b.jpg")
    assert state_images(given, CountSettings()).tasks == tuple(given)


@pytest.mark.parametrize(
    ("pattern", "image", "found"),
    [
        ("treatment/suspension/image", "T1/s2/3.jpg", {"treatment": "T1", "suspension": "s2"}),
        ("treatment/suspension/image", "day 1/T1/s2/3.jpg", {"treatment": "T1", "suspension": "s2"}),
        ("treatment_suspension_image", "T1_s2_3.jpg", {"treatment": "T1", "suspension": "s2"}),
        ("treatment_suspension_image", "T_1_s2_3.jpg", {"treatment": "T_1", "suspension": "s2"}),
        ("treatment/suspension_image", "T1/leaf_1_3.jpg", {"treatment": "T1", "suspension": "leaf_1"}),
        ("any_treatment-suspension", "x_T-2.jpg", {"treatment": "T", "suspension": "2"}),
        ("sample", "plot 3.jpg", {"sample": "plot 3"}),
        ("treatment_suspension_image", "T1_s2.jpg", None),
        ("treatment/suspension/image", "T1/3.jpg", None),
    ],
)
def test_levels_stand_in_folders_and_names(pattern: str, image: str, found: object) -> None:
    assert level_pattern(pattern).find(PurePosixPath(image)) == found


@pytest.mark.parametrize("text", ["", "image", "treatment/treatment", "treatmnt_image", "{treatment}"])
def test_levels_that_cannot_be_meant_are_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="--levels"):
        CountingSettings(levels=text)


def test_an_image_without_the_levels_is_named() -> None:
    settings = CountSettings(counting=CountingSettings(levels="treatment_suspension_image"))
    with pytest.raises(SettingsError, match=r"odd\.jpg"):
        state_images(tasks("T1_s1_1.jpg", "odd.jpg"), settings)


def test_a_label_image_has_the_levels_of_its_photograph() -> None:
    settings = CountSettings(counting=CountingSettings(levels="treatment_suspension_image"))
    job = state_images(tasks("T1_s1_1_labels.tif"), settings)
    assert (job.tasks[0].stated.treatment, job.tasks[0].stated.suspension) == ("T1", "s1")


def test_a_sheet_overrides_the_levels(tmp_path: Path) -> None:
    counting = CountingSettings(levels="treatment_suspension_image")
    job = state(tmp_path, "image,treatment\nT1_s1_1,control\n", "T1_s1_1.jpg", counting=counting)
    assert (job.tasks[0].stated.treatment, job.tasks[0].stated.suspension) == ("control", "s1")


def test_a_row_that_overrules_treatment_or_suspension_is_said(tmp_path: Path) -> None:
    sheet = "image,treatment,suspension\nT1_*,T1,1\nT1_b.jpg,T2,\n"
    job = state(tmp_path, sheet, "T1_a.jpg", "T1_b.jpg")
    said = [caution for caution in job.cautions if "overrules" in caution.headline]
    assert [(each.level, each.pictures) for each in said] == [("note", ("T1_b.jpg",))]
    assert "row 3 overrules the treatment of row 2: T2, not T1" in said[0].headline
