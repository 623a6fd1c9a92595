"""The scale: what is believed, in which unit, and what is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.formats.bad_metadata import described, ome_xml
from tests.good_files import good_files, tiff_bytes

from sporemetry.formats.scale import from_imagej, from_ome, from_resolution, unit_in_um
from sporemetry.image import ReadSettings, read_image

_GREY = np.zeros((3, 4), np.uint8)


def _save(folder: Path, content: bytes) -> Path:
    (folder / "a.tif").write_bytes(content)
    return folder / "a.tif"


@pytest.mark.parametrize(("unit", "um"), [
    ("um", 1), ("µm", 1), ("μm", 1), ("micron", 1), ("Microns", 1), ("micrometer", 1), ("\\u00B5m", 1),
    ("nm", 1e-3), ("mm", 1e3), ("cm", 1e4), ("inch", 25_400), ("in", 25_400), (" um\x00", 1),
    ("pixel", None), ("", None), ("Mm", None), ("sec", None),
])  # fmt: skip
def test_units(unit: str, um: float | None) -> None:
    assert unit_in_um(unit) == um


@pytest.mark.parametrize(("unit", "pixels_a_unit", "um_per_px"), [
    ("um", 4.0, 0.25), ("micron", 10.0, 0.1), ("nm", 0.005, 0.2), ("mm", 4_000.0, 0.25),
    ("cm", 40_000.0, 0.25),
    ("inch", 101_600.0, 0.25), ("inch", 72.0, None), ("inch", 300.0, None), ("cm", 28.346, None),
    ("um", 0.0, None), ("um", None, None), ("pixel", 4.0, None), ("", 4.0, None), ("um", 1e-9, None),
])  # fmt: skip
def test_imagej(unit: str, pixels_a_unit: float | None, um_per_px: float | None) -> None:
    found = from_imagej(unit, pixels_a_unit, pixels_a_unit)
    assert found.um_per_px == (None if um_per_px is None else pytest.approx(um_per_px, rel=1e-12))
    assert found.source == ("none" if um_per_px is None else "ImageJ metadata")


@pytest.mark.parametrize("dpi", [72, 96, 100, 120, 150, 200, 240, 300, 400, 600, 720, 1200, 2400, 4800])
def test_what_screens_printers_and_scanners_use_is_no_scale(dpi: float) -> None:
    assert from_resolution(2, dpi, dpi).um_per_px is None
    assert from_resolution(3, dpi / 2.54, dpi / 2.54).um_per_px is None


@pytest.mark.parametrize(("unit", "pixels_a_unit", "um_per_px"), [
    (2, 101_600.0, 0.25), (3, 40_000.0, 0.25), (3, 1_000.0, 10.0), (3, 2_000_000.0, 0.005),
    (1, 40_000.0, None), (3, 100.0, None), (3, 1e9, None), (3, None, None), (7, 40_000.0, None),
])  # fmt: skip
def test_tiff_resolution(unit: int, pixels_a_unit: float | None, um_per_px: float | None) -> None:
    found = from_resolution(unit, pixels_a_unit, pixels_a_unit).um_per_px
    assert found == (None if um_per_px is None else pytest.approx(um_per_px, rel=1e-12))


def test_ome_units_and_defaults() -> None:
    assert from_ome(0.25, "µm", 0.25, "µm").um_per_px == 0.25
    assert from_ome(250, "nm", None, "nm").um_per_px == pytest.approx(0.25)
    assert from_ome(0.25, "µm", 250, "nm").um_per_px == pytest.approx(0.25)
    assert from_ome(None, "µm", 0.25, "µm").um_per_px is None
    assert from_ome(1, "pixel", 1, "pixel").um_per_px is None
    assert from_ome(float("nan"), "µm", 1, "µm").um_per_px is None
    assert from_ome(-0.25, "µm", -0.25, "µm").um_per_px is None


def test_pixels_that_are_not_square_have_no_scale_but_a_note() -> None:
    found = from_imagej("um", 4.0, 5.0)
    assert found.um_per_px is None
    assert "not square (0.25 x 0.2 µm)" in found.notes[0]
    almost = from_imagej("um", 4.0, 4.02)  # within 1 %: the mean that keeps areas
    assert almost.um_per_px == pytest.approx((0.25 / 4.02) ** 0.5)


@pytest.mark.parametrize(("options", "expected"), [
    ({"imagej": True, "resolution": (4, 4), "metadata": {"unit": "um"}}, (0.25, "ImageJ metadata")),
    ({"imagej": True, "resolution": (4, 4), "metadata": {"unit": "\\u00B5m"}}, (0.25, "ImageJ metadata")),
    ({"imagej": True, "resolution": (72, 72), "metadata": {"unit": "inch"}}, (None, "none")),
    ({"imagej": True, "resolution": (4, 4)}, (None, "none")),
    ({"resolution": (40_000, 40_000), "resolutionunit": "CENTIMETER"}, (0.25, "TIFF resolution")),
    ({"resolution": (101_600, 101_600), "resolutionunit": "INCH"}, (0.25, "TIFF resolution")),
    ({"resolution": (300, 300), "resolutionunit": "INCH"}, (None, "none")),
    ({"resolution": (40_000, 40_000), "resolutionunit": "NONE"}, (None, "none")),
    ({}, (None, "none")),
])  # fmt: skip
def test_files_as_tifffile_writes_them(
    options: dict[str, Any], expected: tuple[float | None, str], tmp_path: Path
) -> None:
    image = read_image(_save(tmp_path, tiff_bytes(_GREY, **options)))
    assert image.um_per_px == (None if expected[0] is None else pytest.approx(expected[0], rel=1e-6))
    assert image.scale_source == expected[1]


@pytest.mark.parametrize(("attributes", "expected"), [
    ('PhysicalSizeX="0.25" PhysicalSizeY="0.25"', 0.25),
    ('PhysicalSizeX="250" PhysicalSizeXUnit="nm" PhysicalSizeY="0.25"', 0.25),
    ('PhysicalSizeX="0.00025" PhysicalSizeXUnit="mm"', None),  # Y defaults to µm
    ('PhysicalSizeX="1" PhysicalSizeXUnit="reference frame"', None),
    ("", None),
])  # fmt: skip
def test_ome_files(attributes: str, expected: float | None, tmp_path: Path) -> None:
    image = read_image(_save(tmp_path, described(ome_xml(attributes))))
    assert image.um_per_px == (None if expected is None else pytest.approx(expected))


def test_the_user_overrides_and_is_told(tmp_path: Path) -> None:
    path = _save(tmp_path, good_files()["imagej.tif"])
    image = read_image(path, ReadSettings(um_per_px=0.5))
    assert (image.um_per_px, image.scale_source) == (0.5, "--um-per-px")
    assert image.notes == ("The ImageJ metadata says 0.25 µm a pixel; --um-per-px says 0.5.",)
    assert read_image(path, ReadSettings(um_per_px=0.25)).notes == ()
