"""Stacks: what the planes are, which is read, and that none is made up."""

from __future__ import annotations

import io
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from tests.formats import tiff_writer as t
from tests.formats.bad_metadata import described, ome_xml
from tests.formats.tiff_writer import LONG, SHORT, RawPage, raw_tiff
from tests.good_files import good_files, smooth, tiff_bytes

from sporemetry.errors import ImageChoiceError, ImageDamagedError
from sporemetry.image import ReadSettings, read_image, read_plane

_STACK = np.random.default_rng(5).integers(0, 256, (12, 7, 9)).astype(np.uint8)


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    path = tmp_path / "stack.tif"
    path.write_bytes(tiff_bytes(_STACK, photometric="minisblack"))
    return path


def _save(folder: Path, content: bytes, name: str = "a.tif") -> Path:
    (folder / name).write_bytes(content)
    return folder / name


@pytest.mark.parametrize("page", [1, 2, 12])
def test_pages_count_from_one(stack: Path, page: int) -> None:
    plane = read_plane(stack, ReadSettings(page=page))
    np.testing.assert_array_equal(plane.array, _STACK[page - 1])
    assert plane.notes == (f"Page {page} of 12 pages of 9 x 7 pixels was read.",)


def test_a_page_that_is_not_there(stack: Path) -> None:
    with pytest.raises(ImageChoiceError, match="a page from 1 to 12; found --page 13"):
        read_plane(stack, ReadSettings(page=13))


@pytest.mark.parametrize(("name", "expected"), [("max", _STACK.max(0)), ("min", _STACK.min(0))])
def test_projections(stack: Path, name: str, expected: NDArray[Any]) -> None:
    plane = read_plane(stack, ReadSettings(projection=name))
    np.testing.assert_array_equal(plane.array, expected)
    assert plane.notes == (f"The {name} projection of 12 pages of 9 x 7 pixels was made.",)


def test_mean_projection_rounds_halves_up(stack: Path) -> None:
    found = read_plane(stack, ReadSettings(projection="mean")).array
    np.testing.assert_array_equal(found, np.floor(_STACK.mean(0) + 0.5).astype(np.uint8))


def test_a_projection_of_inverted_pages_is_that_of_what_is_seen(tmp_path: Path) -> None:
    path = _save(tmp_path, tiff_bytes(_STACK, photometric="miniswhite"))
    seen = read_image(path, ReadSettings(projection="max")).pixels[:, :, 0]
    np.testing.assert_array_equal(seen, (255 - _STACK).max(0))


def test_one_picture_is_page_1_and_its_own_projection(tmp_path: Path) -> None:
    path = _save(tmp_path, tiff_bytes(_STACK[0]))
    for settings in (ReadSettings(page=1), ReadSettings(projection="mean")):
        plane = read_plane(path, settings)
        np.testing.assert_array_equal(plane.array, _STACK[0])
        assert plane.notes == ()


def test_imagej_axes_are_named(tmp_path: Path) -> None:
    content = tiff_bytes(_STACK.reshape(4, 3, 7, 9), imagej=True, metadata={"axes": "ZCYX"})
    path = _save(tmp_path, content)
    with pytest.raises(
        ImageChoiceError, match=r"12 pages: 3 channels x 4 slices.*--page N.*--projection max"
    ):
        read_image(path)
    np.testing.assert_array_equal(read_plane(path, ReadSettings(page=5)).array, _STACK[4])


def test_an_imagej_composite_of_three_channels_is_no_rgb_picture(tmp_path: Path) -> None:
    path = _save(tmp_path, tiff_bytes(_STACK[:3], imagej=True, metadata={"axes": "CYX"}))
    with pytest.raises(ImageChoiceError, match=r"3 channels.*RGB Color"):
        read_image(path)


def test_rgb_stays_rgb(tmp_path: Path) -> None:
    rgb = smooth()
    path = _save(tmp_path, tiff_bytes(rgb, imagej=True, metadata={"axes": "YXS"}))
    np.testing.assert_array_equal(read_image(path).pixels, rgb)


def test_a_large_imagej_stack_with_one_directory(tmp_path: Path) -> None:
    """ImageJ writes stacks above 4 GB so: the directory in front, the planes behind it without any more."""
    text = b"ImageJ=1.54f\nimages=12\nslices=12\n\x00"
    tags: dict[int, t.Value | None] = {
        **t.grey_tags(9, 7),
        t.COUNTS: (LONG, 63),
        t.DESCRIPTION: (2, text),
    }
    front = raw_tiff(RawPage({**tags, t.OFFSETS: (LONG, 0)}, b""))
    content = raw_tiff(RawPage({**tags, t.OFFSETS: (LONG, len(front))}, b"")) + _STACK.tobytes()
    path = _save(tmp_path, content)
    for page in (1, 2, 12):
        np.testing.assert_array_equal(read_plane(path, ReadSettings(page=page)).array, _STACK[page - 1])
    np.testing.assert_array_equal(read_plane(path, ReadSettings(projection="max")).array, _STACK.max(0))
    path.write_bytes(content[:-1])
    with pytest.raises(
        ImageDamagedError, match="12 planes, as its ImageJ metadata states; found 1 in the file"
    ):
        read_plane(path, ReadSettings(page=1))


def test_ome_axes_are_named_and_all_planes_must_be_there(tmp_path: Path) -> None:
    content = tiff_bytes(
        _STACK.reshape(2, 3, 2, 7, 9), ome=True, metadata={"axes": "TCZYX"}, photometric="minisblack"
    )
    path = _save(tmp_path, content, "a.ome.tif")
    with pytest.raises(ImageChoiceError, match="12 pages: 3 channels x 2 slices x 2 frames"):
        read_image(path)
    np.testing.assert_array_equal(read_plane(path, ReadSettings(page=8)).array, _STACK[7])


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_ome_rgb_is_one_picture(planar: str, tmp_path: Path) -> None:
    rgb = smooth()
    stored = rgb if planar == "contig" else np.moveaxis(rgb, -1, 0)
    axes = "YXS" if planar == "contig" else "SYX"
    content = tiff_bytes(stored, ome=True, photometric="rgb", planarconfig=planar, metadata={"axes": axes})
    np.testing.assert_array_equal(read_image(_save(tmp_path, content, "a.ome.tif")).pixels, rgb)


def test_ome_with_its_own_uuid_and_under_another_name_is_read(tmp_path: Path) -> None:
    uuid = "urn:uuid:00000000-0000-0000-0000-000000000000"
    inside = f'<TiffData IFD="0"><UUID FileName="first_name.ome.tif">{uuid}</UUID></TiffData>'
    for root in (f'UUID="{uuid}"', ""):
        path = _save(tmp_path, described(ome_xml("", inside, root)), "renamed.ome.tif")
        assert read_plane(path).array.shape == (3, 4)


def test_ome_whose_metadata_is_elsewhere_says_so(tmp_path: Path) -> None:
    text = '<?xml version="1.0"?><OME><BinaryOnly MetadataFile="x.companion.ome" UUID="u"/></OME>'
    plane = read_plane(_save(tmp_path, described(text), "a.ome.tif"))
    assert plane.um_per_px is None
    assert plane.notes == ("Its OME metadata lies in another file, which was not opened.",)


def test_a_half_written_stack_is_never_fewer_pages(tmp_path: Path) -> None:
    whole = good_files()["pages.tif"]
    refused = 0
    for size in range(8, len(whole) - 1, 7):
        path = _save(tmp_path, whole[:size])
        try:
            plane = read_plane(path, ReadSettings(page=1))
        except ImageDamagedError:
            refused += 1
        else:
            assert "of 6 pages" in plane.notes[0], size
    assert refused > 100


def test_a_pyramid_reads_its_full_level(tmp_path: Path) -> None:
    full = np.kron(smooth(32, 48), np.ones((4, 4, 1), np.uint8))
    for marked in (True, False):
        file = io.BytesIO()
        with tifffile.TiffWriter(file) as writer:
            for k in (1, 2, 4):
                kind = {"subfiletype": 1 if marked and k > 1 else 0}
                writer.write(full[::k, ::k], photometric="rgb", tile=(32, 32), metadata=None, **kind)
        image = read_image(_save(tmp_path, file.getvalue()))
        np.testing.assert_array_equal(image.pixels, full)
        assert image.notes == ("2 reduced copies or masks beside the full picture were left out.",)


def test_sub_directories_are_passed_over(tmp_path: Path) -> None:
    full, file = np.kron(smooth(32, 48), np.ones((4, 4, 1), np.uint8)), io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        writer.write(full, photometric="rgb", tile=(32, 32), subifds=1)
        writer.write(full[::2, ::2], photometric="rgb", tile=(32, 32), subfiletype=1)
    np.testing.assert_array_equal(read_image(_save(tmp_path, file.getvalue())).pixels, full)


def test_a_preview_in_front_is_passed_over(tmp_path: Path) -> None:
    preview = RawPage({254: (LONG, 1), t.WIDTH: (LONG, 2)}, bytes(6))
    path = _save(tmp_path, raw_tiff(preview, RawPage({}, bytes(range(12)))))
    assert read_plane(path).array.tolist() == np.arange(12).reshape(3, 4).tolist()


def test_two_samples_are_channels_unless_one_is_alpha(tmp_path: Path) -> None:
    both = smooth(samples=2)
    path = _save(tmp_path, good_files()["channels.tif"])
    for page in (1, 2):
        np.testing.assert_array_equal(read_plane(path, ReadSettings(page=page)).array, both[:, :, page - 1])
    np.testing.assert_array_equal(read_plane(path, ReadSettings(projection="min")).array, both.min(2))
    path = _save(
        tmp_path, tiff_bytes(both, photometric="minisblack", planarconfig="contig", extrasamples=[2])
    )
    assert read_plane(path).coding.alpha == "straight"


def test_pages_of_different_kinds_have_no_projection(tmp_path: Path) -> None:
    wide = RawPage({t.BITS: (SHORT, 16)}, bytes(24))
    path = _save(tmp_path, raw_tiff(RawPage(), wide))
    with pytest.raises(ImageChoiceError, match="agree in dtype"):
        read_plane(path, ReadSettings(projection="max"))


def test_pages_of_channels_and_of_colour_do_not_mix(tmp_path: Path) -> None:
    two = RawPage({t.SAMPLES: (SHORT, 2)}, bytes(24))
    rgb = RawPage({t.SAMPLES: (SHORT, 3), t.PHOTOMETRIC: (SHORT, 2)}, bytes(36))
    for pages in ((two, rgb), (rgb, two)):
        path = _save(tmp_path, raw_tiff(*pages))
        with pytest.raises(ImageChoiceError, match="of another kind than the first"):
            read_plane(path, ReadSettings(page=len(pages) + (pages[0] is two)))


def test_pages_that_share_their_bytes_are_no_stack(tmp_path: Path) -> None:
    """A thousand pages of one large strip would be a small file that takes hours."""
    strip = np.random.default_rng(6).integers(0, 256, 10_000).astype(np.uint8).tobytes()
    first = RawPage(t.grey_tags(100, 100), strip)
    shared = RawPage({**t.grey_tags(100, 100), t.OFFSETS: (LONG, 8), t.COUNTS: (LONG, len(strip))}, b"")
    path = _save(tmp_path, raw_tiff(first, *[shared] * 50))
    assert read_plane(path, ReadSettings(page=51)).array.tobytes() == strip
    with pytest.raises(ImageDamagedError, match="share their bytes"):
        read_plane(path, ReadSettings(projection="max"))


def test_tiles_of_one_page_may_share_their_bytes(tmp_path: Path) -> None:
    tile = zlib.compress(bytes([9]) * 256)
    tags: dict[int, t.Value | None] = {
        **t.grey_tags(1_600, 1_600),
        t.COMPRESSION: (SHORT, 8),
        t.TILE_WIDTH: (LONG, 16),
        t.TILE_HEIGHT: (LONG, 16),
        t.TILE_OFFSETS: (LONG, [8] * 10_000),
        t.TILE_COUNTS: (LONG, [len(tile)] * 10_000),
    }
    assert (read_plane(_save(tmp_path, raw_tiff(RawPage(tags, tile)))).array == 9).all()


def test_palette_indices_have_no_projection(tmp_path: Path) -> None:
    colours = np.zeros((3, 256), np.uint16)
    path = _save(tmp_path, tiff_bytes(_STACK, photometric="palette", colormap=colours))
    with pytest.raises(ImageChoiceError, match="palette indices"):
        read_plane(path, ReadSettings(projection="max"))


def test_a_shape_of_tifffile_kept_by_another_program_is_no_promise(tmp_path: Path) -> None:
    """Programs that crop a picture may keep its old description."""
    path = _save(tmp_path, described('{"shape": [30, 40]}'))
    assert read_plane(path).array.shape == (3, 4)
