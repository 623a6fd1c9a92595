"""CVAT's XML as the program writes it, area by area, and what would harm in it refused."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import numpy as np
import pytest

from sporemetry.errors import LabelReadError
from sporemetry.exchange.annotation import LabelledPicture
from sporemetry.exchange.cvat import FILE_NAME, read_cvat, write_cvat

HEAD = '<?xml version="1.0" encoding="utf-8"?>\n<annotations><version>1.1</version><meta><task/></meta>'
IMAGE = '<image id="0" name="plate 3/a.jpg" width="30" height="20">{}</image>'


def _file(folder: Path, shapes: str) -> Path:
    path = folder / FILE_NAME
    path.write_text(f"{HEAD}{IMAGE.format(shapes)}</annotations>")
    return path


def test_shapes_by_hand(tmp_path: Path) -> None:
    shapes = (
        '<polygon label="spore" source="manual" points="1.00,1.00;5.00,1.00;5.00,4.00;1.00,4.00" z_order="1">'
        "</polygon>"
        '<ellipse label="spore" cx="20" cy="10" rx="8" ry="4" rotation="90" z_order="0"></ellipse>'
        '<mask label="spore" rle="2, 3, 0, 2, 1" left="3" top="2" width="4" height="2" z_order="0"></mask>'
        '<polygon label="dirt" points="25,1;27,1;27,3;25,3" z_order="0" group_id="2"/>'
        '<polygon label="dirt" points="28,1;29,1;29,3;28,3" z_order="0" group_id="2"/>'
        '<box label="spore" xtl="0" ytl="0" xbr="3" ybr="3"/><points label="spore" points="1,1"/>'
        '<tag label="x"/>'
    )
    (found,) = read_cvat(_file(tmp_path, shapes), lambda _: None)
    assert found.name == "plate 3/a.jpg"
    assert found.classes == ("spore", "spore", "spore", "dirt")
    assert found.labels is not None
    areas = np.bincount(found.labels.ravel())[1:].tolist()
    assert areas[0] == 12  # it lies above the mask, of which it takes two pixels
    assert abs(areas[1] - np.pi * 32) < 4
    rows, cols = np.nonzero(found.labels == 2)
    assert (rows.min(), rows.max(), cols.min(), cols.max()) == (2, 17, 16, 23)
    assert areas[2] == 5 - 2
    assert areas[3] == 6
    assert any("1 boxes beside outlines" in note for note in found.notes)
    assert any("1 points on spores" in note for note in found.notes)
    assert found.ignore is not None
    assert found.ignore[0].nonzero()[0].tolist() == [0, 1, 2]


def test_boxes_alone_are_boxes(tmp_path: Path) -> None:
    shapes = '<box label="spore" xtl="2" ytl="4" xbr="6" ybr="6" rotation="90" z_order="0"></box>'
    (found,) = read_cvat(_file(tmp_path, shapes), lambda _: None)
    assert found.labels is None
    assert found.boxes is not None
    np.testing.assert_allclose(found.boxes, [[3, 3, 5, 7]])


def test_the_zip_that_cvat_makes(tmp_path: Path) -> None:
    labels = np.zeros((20, 30), dtype=np.int32)
    labels[4:10, 5:12], labels[6, 7] = 3, 0
    (path,) = write_cvat(tmp_path, [LabelledPicture(name='a "b" & <c>', labels=labels)])
    with zipfile.ZipFile(tmp_path / "task.zip", "w") as archive:
        archive.write(path, FILE_NAME)
    (found,) = read_cvat(tmp_path / "task.zip", lambda _: (20, 30))
    assert found.name == 'a "b" & <c>'
    np.testing.assert_array_equal(found.labels, labels // 3)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('<!DOCTYPE a [<!ENTITY b "bbb">]><annotations>&b;</annotations>', "DOCTYPE"),
        ("<annotations><track/></annotations>", "CVAT for images 1.1"),
        ("<html></html>", "annotations"),
        ("<annotations>", "XML"),
        (f"<annotations>{'<a>' * 100}", "levels"),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path: Path, content: str, complaint: str) -> None:
    (tmp_path / FILE_NAME).write_text(content)
    with pytest.raises(LabelReadError, match=complaint):
        list(read_cvat(tmp_path, lambda _: None))


@pytest.mark.parametrize(
    ("shape", "complaint"),
    [
        ('<polygon label="a" points="1,1;2"/>', "two for each"),
        ('<polygon label="a" points="1,1;2,nan;3,3"/>', "finite"),
        ('<polygon label="a" points="1,1;1e308,2;3,3"/>', "finite"),
        ('<polygon label="a" points="1,1;1e9,2;3,3"/>', "far outside"),
        ('<polygon label="a" points="1,1;2,2"/>', "three points"),
        ('<ellipse label="a" cx="1" cy="1" rx="1e12" ry="1"/>', "far outside"),
        ('<mask label="a" rle="1,2" left="0" top="0" width="5" height="1"/>', "5 pixels together"),
        ('<mask label="a" rle="0,1" left="0" top="0" width="99999999" height="99999"/>', "100,000,000"),
        ('<cuboid label="a" xtl1="1" ytl1="1" xbr1="5" ybr1="5"/>', "its box is ignored"),
        ('<box label="a" xtl="1" ytl="1" xbr="1" ybr="5"/>', "above 0"),
    ],
)
def test_one_shape_that_cannot_be_used_is_named_and_the_rest_is_read(
    tmp_path: Path, shape: str, complaint: str
) -> None:
    good = '<polygon label="a" points="10,10;12,10;12,12;10,12"/>'
    (found,) = read_cvat(_file(tmp_path, good + shape), lambda _: None)
    assert found.labels is not None
    assert found.labels.sum() == 4
    assert re.search(complaint, found.notes[-1])
    assert found.notes[-1].startswith("image[0].")
    (found,) = read_cvat(_file(tmp_path, shape), lambda _: None)
    assert re.search(complaint, str(found.problem))


def test_a_mask_over_the_edge_is_cut_off_there(tmp_path: Path) -> None:
    shapes = (
        '<mask label="a" rle="0,12" left="27" top="18" width="4" height="3"/>'
        '<mask label="a" rle="0,4" left="-1" top="-1" width="2" height="2"/>'
    )
    (found,) = read_cvat(_file(tmp_path, shapes), lambda _: None)
    assert found.labels is not None
    assert np.bincount(found.labels.ravel())[1:].tolist() == [6, 1]
    assert found.notes == ("2 of 2 instances reached over the edge of the image and were cut off there",)


@pytest.mark.parametrize(
    ("image", "complaint"),
    [
        ('<image width="3" height="3"/>', "name"),
        ('<image name=".." width="3" height="3"/>', "name of an image"),
        ('<image name="a.jpg" width="99999999" height="99999"/>', "100,000,000"),
    ],
)
def test_an_image_that_cannot_be_used_is_named(tmp_path: Path, image: str, complaint: str) -> None:
    more = '<image name="b" width="3" height="3"/>'
    (tmp_path / FILE_NAME).write_text(f"<annotations>{image}{more}</annotations>")
    bad, good = read_cvat(tmp_path, lambda _: None)
    assert re.search(complaint, str(bad.problem))
    assert good.problem is None
