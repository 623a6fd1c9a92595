"""Output files of different images are different files, on every disk."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sporemetry.pipeline.exports import EXPORTS
from sporemetry.pipeline.output_names import unique_names
from sporemetry.results_folder import (
    ESTIMATE_ENDING,
    INTENT_ENDING,
    LOOK_ENDING,
    OUTPUT_ENDINGS,
    RECORD_ENDING,
    RUNNING,
    TABLES,
    is_output_name,
)

_STEMS = st.one_of(
    st.text(alphabet="aA_b1.", min_size=1, max_size=4),
    st.sampled_from(
        ["ä", "a\u0308", "Ä", "ß", "ss", "ſs", "con", "NUL.x", ".hidden", " a", "a:b", "a\\b", "a\rb"]
    ),
    st.sampled_from(["a_labels", "a_overlay", "a_rois", "summary", "report", "manifest", "lock", "running"]),
    st.sampled_from(["x" * 251, "x" * 250 + "y", "ä" * 120, "\udcff"]),
    st.tuples(st.sampled_from(["a", "a_jpg", "x__a"]), st.sampled_from(["__1", "__2", ".jpg__1"])).map(
        "".join
    ),
).filter(lambda stem: stem not in (".", ".."))
_IMAGES = st.lists(
    st.tuples(
        st.lists(st.sampled_from(["x", "X", "x__a", "ü"]), max_size=2),
        _STEMS,
        st.sampled_from([".jpg", ".JPG", ".png", ".jpg__1.JPG", ""]),
    ).map(lambda parts: PurePosixPath(*parts[0], parts[1] + parts[2])),
    max_size=14,
    unique=True,
)
_IN_RECORDS = (RECORD_ENDING, ".csv", ".jpg", INTENT_ENDING, ESTIMATE_ENDING, LOOK_ENDING)


def _on_disk(file: str) -> str:
    """Return what a disk that folds capitals and composes letters keeps a file under."""
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", file).casefold())


@given(_IMAGES)
@example([PurePosixPath("a.jpg"), PurePosixPath("a.JPG"), PurePosixPath("a.jpg__1.JPG")])
@example([PurePosixPath("x/y.png"), PurePosixPath("x__y.png"), PurePosixPath("X/y.png")])
def test_no_two_images_share_an_output_file(images: list[PurePosixPath]) -> None:
    names = unique_names(images)
    files = [name + ending for name in names for ending in OUTPUT_ENDINGS]
    kept = [name + ending for name in names for ending in _IN_RECORDS]
    for folder, others in ((files, TABLES), (kept, ("lock", RUNNING, "discarded"))):
        everything = [*folder, *others]
        assert len({_on_disk(file) for file in everything}) == len(everything)
        assert all(is_output_name(file) for file in folder)


@given(_IMAGES)
def test_names_do_not_depend_on_the_order(images: list[PurePosixPath]) -> None:
    names = dict(zip(images, unique_names(images), strict=True))
    assert len(set(names.values())) == len(images)
    reversed_names = dict(zip(images[::-1], unique_names(images[::-1]), strict=True))
    simple = {image for image, name in names.items() if name == image.stem}
    assert simple == {image for image, name in reversed_names.items() if name == image.stem}


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("plate 3/leaf 7.jpg", "leaf 7"),
        ("CON.png", "_CON"),
        ("nul.a.png", "_nul.a"),
        ("console.png", "console"),
        (".hidden.png", "_.hidden"),
        ("a:b?.png", "a_b_"),
        ("a\x1b[31m\r\n.png", "a_[31m__"),
        ("\udcff.png", "_"),
        ("Блоха.png", "Блоха"),
    ],
)
def test_a_name_is_one_that_every_disk_takes(image: str, name: str) -> None:
    assert unique_names([PurePosixPath(image)]) == [name]


def test_a_long_name_keeps_its_start() -> None:
    [name] = unique_names([PurePosixPath("ö" * 123 + ".png")])
    assert name.startswith("ö" * 90)
    assert len(name.encode()) <= 200


def test_every_export_has_a_known_ending() -> None:
    assert {export.ending for export in EXPORTS.values()} <= set(OUTPUT_ENDINGS)
