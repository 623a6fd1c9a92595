"""The public way in: settings, the contract of Image and Plane, budgets, and the real pictures."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.bad_files import bad_files
from tests.good_files import HEIGHT, WIDTH, good_files, smooth, tiff_bytes

from sporemetry.errors import ImageChoiceError, ImageDamagedError, ImageTooLargeError, SettingsError
from sporemetry.formats.limits import DEFAULT_MAX_PIXELS
from sporemetry.image import ReadSettings, is_picture_name, read_image, read_plane

_STACKS = ("pages.tif", "imagej_stack.tif", "stack.ome.tif", "channels.tif")


@pytest.mark.parametrize("name", sorted(set(good_files()) - set(_STACKS)))
def test_every_good_file_gives_a_picture(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    path.write_bytes(good_files()[name])
    image = read_image(path)
    turned = name in ("exif.jpg", "text.png")
    size = (2, 8) if name == "runs.bmp" else (WIDTH, HEIGHT) if turned else (HEIGHT, WIDTH)
    assert image.pixels.shape == (*size, 3)
    assert image.pixels.dtype in (np.uint8, np.uint16)
    assert image.pixels.flags.c_contiguous
    assert image.pixels.flags.writeable
    assert image.path == path
    plane = read_plane(path)
    assert (plane.height, plane.width) == size
    assert (plane.um_per_px, plane.scale_source, plane.path) == (image.um_per_px, image.scale_source, path)
    assert image.notes[: len(plane.notes)] == plane.notes
    assert capfd.readouterr() == ("", "")


def test_reading_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(good_files()["progressive.jpg"])
    first, second = (read_image(str(tmp_path / "a.jpg")).pixels.tobytes() for _ in range(2))
    assert first == second


@pytest.mark.parametrize(("values", "named"), [
    ({"page": 0}, "--page"), ({"page": -1}, "--page"), ({"page": True}, "--page"), ({"page": 1.0}, "--page"),
    ({"projection": "sum"}, "max, min, mean"), ({"page": 1, "projection": "max"}, "both"),
    ({"um_per_px": 0}, "--um-per-px"), ({"um_per_px": -1.0}, "--um-per-px"),
    ({"um_per_px": 1e5}, "--um-per-px"),
    ({"um_per_px": float("nan")}, "--um-per-px"), ({"um_per_px": float("inf")}, "--um-per-px"),
    ({"um_per_px": True}, "--um-per-px"), ({"um_per_px": "0.25"}, "--um-per-px"),
    ({"max_pixels": 0}, "--max-pixels"), ({"max_pixels": 1e6}, "--max-pixels"),
])  # fmt: skip
def test_settings_that_cannot_be_used(values: dict[str, object], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        ReadSettings(**values)  # type: ignore[arg-type]


def test_a_picture_of_one_page_has_no_second(tmp_path: Path) -> None:
    for name in ("rgb.png", "rgb.jpg", "rgb.bmp", "rgb_plain.tif"):
        path = tmp_path / name
        path.write_bytes(good_files()[name])
        assert read_image(path, ReadSettings(page=1)).pixels.shape == (HEIGHT, WIDTH, 3)
        with pytest.raises(ImageChoiceError):
            read_image(path, ReadSettings(page=2))


@pytest.mark.parametrize("name", ["rgb.png", "grey.jpg", "rgb.bmp", "tiles_zlib.tif"])
def test_the_budget_is_exact(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(good_files()[name])
    assert read_image(path, ReadSettings(max_pixels=HEIGHT * WIDTH)).pixels.shape == (HEIGHT, WIDTH, 3)
    with pytest.raises(ImageTooLargeError, match=r"1,960 pixels.*53 x 37"):
        read_image(path, ReadSettings(max_pixels=HEIGHT * WIDTH - 1))


def test_wide_samples_count_and_so_does_the_sum_of_a_projection(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(tiff_bytes(smooth().astype(np.float64), photometric="rgb"))  # 24 bytes a pixel
    with pytest.raises(ImageTooLargeError):
        read_image(path, ReadSettings(max_pixels=3 * HEIGHT * WIDTH - 1))
    assert read_image(path, ReadSettings(max_pixels=3 * HEIGHT * WIDTH)).pixels.dtype == np.uint16
    stack = np.zeros((3, 16, 24), np.uint16)
    path.write_bytes(tiff_bytes(stack, photometric="minisblack"))
    with pytest.raises(ImageTooLargeError):  # 2 bytes of a plane and 8 of the sum
        read_image(path, ReadSettings(max_pixels=400, projection="mean"))
    assert read_image(path, ReadSettings(max_pixels=480, projection="mean")).pixels.shape == (16, 24, 3)


def test_a_file_far_larger_than_its_picture_is_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(good_files()["rgb.png"])
    os.truncate(path, 1 << 40)  # a terabyte that takes no room
    with pytest.raises(ImageTooLargeError, match="a file of at most"):
        read_image(path)


def test_errors_travel_between_processes(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(good_files()["rgb.png"][:-5])
    with pytest.raises(ImageDamagedError) as caught:
        read_image(path)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again), again.path) == (ImageDamagedError, str(caught.value), path)


_MEASURE = """
import sys
from pathlib import Path
from sporemetry.errors import ImageReadError
from sporemetry.image import ReadSettings, read_image

def peak():
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith("VmHWM"))
    return int(line.split()[1]) * 1024

read_image(sys.argv[1])
before = peak()
try:
    read_image(sys.argv[2], ReadSettings(max_pixels=int(sys.argv[3]), projection="mean"))
except ImageReadError as error:
    print(type(error).__name__, file=sys.stderr)
print(peak() - before)
"""


def _peak_of(path: Path, max_pixels: int, warm: Path) -> int:
    command = [sys.executable, "-c", _MEASURE, str(warm), str(path), str(max_pixels)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is measured where /proc is")
def test_memory_stays_within_what_is_documented(tmp_path: Path) -> None:
    side = 2_000
    (tmp_path / "warm.tif").write_bytes(good_files()["float.tif"])
    noise = np.random.default_rng(1).integers(0, 65_536, (side, side, 4)).astype(np.uint16)
    done, png = cv2.imencode(".png", noise, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    assert done
    real = noise.view(np.float64)[:, :, 0]
    files = {
        "rgba16.png": png.tobytes(),
        "rgba16.tif": tiff_bytes(noise, photometric="rgb", extrasamples=[2], compression="zlib"),
        "float64.tif": tiff_bytes(np.where(np.isfinite(real), real, 0), byteorder=">", rowsperstrip=side),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        assert _peak_of(tmp_path / name, side**2, tmp_path / "warm.tif") < 24 * side**2 + (128 << 20), name


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is measured where /proc is")
@pytest.mark.parametrize(
    "name", ["small_for_size.png", "small_for_size.jpg", "small_for_size.tif", "bomb.png"]
)
def test_a_header_that_lies_costs_nothing(name: str, tmp_path: Path) -> None:
    (tmp_path / "warm.tif").write_bytes(good_files()["float.tif"])
    (tmp_path / name).write_bytes(bad_files()[name][0])
    assert _peak_of(tmp_path / name, DEFAULT_MAX_PIXELS, tmp_path / "warm.tif") < 16 << 20


@pytest.mark.real
def test_every_real_picture_is_read(real_data: Path) -> None:
    read = 0
    for path in sorted(real_data.glob("*/images/*")):
        if not is_picture_name(path):
            continue
        image = read_image(path)
        expected = cv2.imread(str(path), cv2.IMREAD_COLOR)
        assert expected is not None
        assert image.pixels.shape == expected.shape
        assert np.abs(image.pixels.astype(int) - expected[:, :, ::-1]).max() <= 3
        assert (image.um_per_px, image.scale_source) == (None, "none")
        read += 1
    assert read == 60


@pytest.mark.real
def test_every_real_label_picture_is_read_as_numbers(real_data: Path) -> None:
    read = 0
    for path in sorted(real_data.glob("*/labels/*.png")):
        expected = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(read_plane(path).array, expected)
        read += 1
    assert read == 46
