"""Settings from TOML, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from sporemetry.errors import FileError, SettingsError
from sporemetry.pipeline import CountingSettings, CountSettings, PictureSettings, read_settings


def _write(folder: Path, text: str) -> Path:
    path = folder / "count.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    assert read_settings(_write(tmp_path, "")) == CountSettings()


def test_what_is_named_is_taken(tmp_path: Path) -> None:
    text = """
    [picture]
    method = "otsu"
    [picture.reading]
    um_per_px = 0.32
    [picture.segmentation]
    min_area_px = 40
    [counting]
    chamber = "neubauer"
    square = "large"
    dilution = 10
    """
    settings = read_settings(_write(tmp_path, text))
    assert settings.picture.method == "otsu"
    assert settings.picture.reading.um_per_px == 0.32
    assert settings.picture.segmentation.min_area_px == 40
    assert settings.counting == CountingSettings(chamber="neubauer", square="large", dilution=10)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[pictures]", "pictures"),
        ("[picture]\nmehtod = 'otsu'", "picture.mehtod"),
        ("[picture.reading]\npages = 3", "picture.reading.pages"),
        ("[counting]\ndilutions = 3", "counting.dilutions"),
        ("picture = 3", "picture"),
    ],
)
def test_an_unknown_key_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        read_settings(_write(tmp_path, text))


@pytest.mark.parametrize("text", ["[picture", "a = ", "\x00"])
def test_no_toml_is_an_error_of_the_file(tmp_path: Path, text: str) -> None:
    with pytest.raises(FileError, match="TOML"):
        read_settings(_write(tmp_path, text))


def test_a_wrong_choice_lists_the_right_ones() -> None:
    with pytest.raises(SettingsError, match=r"otsu.*kmeans.*fcm.*reconstruction"):
        PictureSettings(method="watershed")
    with pytest.raises(SettingsError, match="top-left"):
        PictureSettings(edge_rule="left")
    with pytest.raises(SettingsError, match="goryaev"):
        CountingSettings(chamber="gorjaev")


@pytest.mark.parametrize(
    "wrong",
    [
        {"dilution": 0.0},
        {"dilution": float("nan")},
        {"squares": -1.0},
        {"confidence": 1.0},
        {"confidence": 0.0},
        {"square": "large"},
        {"chamber": "custom"},
        {"chamber": "neubauer", "depth_mm": 0.1},
        {"chamber": "neubauer", "square": "huge"},
    ],
)
def test_what_cannot_be_meant_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        CountingSettings(**wrong)  # type: ignore[arg-type]
