"""What a label image can mean beside ids is named; sound labels are left alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage
from skimage.measure import label as connected
from skimage.measure import regionprops
from tests.label_cases import (
    KERNELS,
    SMOOTHINGS,
    Ids,
    broken,
    ellipses,
    jpeg,
    resized,
    smoothed,
    sound,
    spores,
    supersampled,
)

from sporemetry.label_faults import FAULT_KINDS, LabelFault, find_faults, photograph_fault
from sporemetry.label_image import inspect_labels
from sporemetry.label_pieces import find_pieces, id_boxes

GREY = {"grey-edges", "jpeg-labels"}
SOUND = sound()
OBJECTS = {"four": ellipses(), "many": spores(), "touching": spores(110, touching=True)}


def _only(labels: np.ndarray) -> LabelFault:
    (fault,) = find_faults(np.rint(labels).astype(np.int64))
    assert fault.kind in FAULT_KINDS
    assert fault.found
    assert fault.remedy
    return fault


def _kinds(labels: np.ndarray) -> set[str]:
    return {fault.kind for fault in find_faults(np.rint(labels).astype(np.int64))}


@pytest.mark.parametrize("name", SOUND)
def test_sound_labels_are_left_alone(name: str) -> None:
    assert find_faults(SOUND[name]) == ()


@pytest.mark.parametrize("plateau", [100, 128, 255, 65_535])
@pytest.mark.parametrize("how", SMOOTHINGS)
@pytest.mark.parametrize("objects", OBJECTS)
def test_grey_edges(objects: str, how: str, plateau: int) -> None:
    fault = _only(smoothed(OBJECTS[objects] > 0, plateau, how))
    assert fault.severity == "error"
    assert fault.kind in GREY
    assert "grey edges" in fault.found


@pytest.mark.parametrize("plateau", [128, 255, 65_535])
@pytest.mark.parametrize("times", [2, 3, 4, 8])
def test_anti_aliasing(times: int, plateau: int) -> None:
    assert _only(plateau * supersampled(times)).kind == "grey-edges"


def test_one_object_with_grey_edges() -> None:
    assert _only(smoothed(ellipses() == 2, 255, "gauss 0.7")).kind == "grey-edges"


@pytest.mark.parametrize("quality", [30, 50, 75, 90, 95, 100])
@pytest.mark.parametrize("objects", OBJECTS)
def test_jpeg_of_a_mask_saved_as_something_else(objects: str, quality: int) -> None:
    mask = 255 * (OBJECTS[objects] > 0)
    if quality < 100:
        assert _only(jpeg(mask, quality)).kind in GREY
        assert _only(jpeg(255 - mask, quality)).kind == "white-background"
    else:  # four large ellipses may come out of it unharmed
        assert _kinds(jpeg(mask, quality)) <= {*GREY, "mask-as-ids"}


@pytest.mark.parametrize("kernel", ["linear", "cubic", "lanczos"])
@pytest.mark.parametrize("factor", [0.5, 1.5, 2, 4])
@pytest.mark.parametrize("objects", OBJECTS)
def test_ids_resized_with_interpolation(objects: str, factor: float, kernel: str) -> None:
    if (factor, kernel) == (0.5, "lanczos"):
        return
    grown = resized(OBJECTS[objects].astype(np.float32) * 37, factor, KERNELS[kernel])
    fault = _only(np.clip(grown, 0, None))
    assert fault.severity == "error"
    assert fault.kind in {"resized-labels", "grey-edges"}
    assert "nearest neighbour" in fault.remedy


@pytest.mark.parametrize("objects", OBJECTS)
def test_a_background_that_is_not_0(objects: str) -> None:
    ids = OBJECTS[objects]
    mask = ids > 0
    for image in (
        *(255 - 255 * mask, 65_535 - 65_535 * mask, 1 - mask),
        *(np.where(mask, ids, 255), np.where(mask, ids - 1, 255), np.where(mask, ids, 65_535)),
        *(2 - mask, 1 + mask, 100 - 99 * mask),
    ):
        fault = _only(image)
        assert fault.kind == "white-background"
        assert "background seems to be" in fault.found
        assert "0" in fault.remedy
    assert "Invert" in _only(255 - 255 * mask).remedy


@pytest.mark.parametrize("value", [1, 2, 255])
def test_no_background(value: int) -> None:
    assert _only(np.full((40, 30), value)).kind == "no-background"
    assert _kinds(np.full((20, 30), value)) == set()  # too small to judge


def test_background_that_may_have_an_id_is_a_caution() -> None:
    labels = np.ones((50, 60))
    labels[:, :4] = 0
    fault = _only(labels)
    assert (fault.kind, fault.severity) == ("no-background", "caution")


@pytest.mark.parametrize("value", [1, 2, 7, 100, 128, 255, 256, 65_535])
def test_one_value_for_all_objects_is_a_mask(value: int) -> None:
    fault = _only(value * (ellipses() > 0))
    assert (fault.kind, fault.severity) == ("mask-as-ids", "note")
    assert f"0 and {value}" in fault.found
    assert "4 connected" in fault.found


@pytest.mark.parametrize("objects", ["many", "touching"])
@pytest.mark.parametrize("values", [(1, 2), (1, 2, 3), (128, 255), (100, 200), (1, 255)])
def test_class_values(objects: str, values: tuple[int, ...]) -> None:
    ids = OBJECTS[objects]
    classes = np.where(ids > 0, np.array(values)[ids % len(values)], 0)
    fault = _only(classes)
    assert (fault.kind, fault.severity) == ("class-values", "error")


def test_few_objects_of_each_class_are_named_too() -> None:
    ids = ellipses()
    assert _only(np.choose(ids, [0, 128, 255, 128, 255])).kind == "class-values"
    fault = _only(np.choose(ids, [0, 1, 2, 3, 1]))
    assert (fault.kind, fault.severity, fault.ids) == ("scattered-id", "caution", (1,))


def test_core_and_border_are_classes() -> None:
    mask = spores() > 0
    core = ndimage.binary_erosion(mask, iterations=2)
    assert _only(np.where(core, 1, 0) + np.where(mask & ~core, 2, 0)).kind == "class-values"
    assert _kinds(np.where(core, 2, 0) + np.where(mask & ~core, 1, 0)) <= {"class-values", "grey-edges"}


def test_an_id_that_was_used_twice_is_a_caution() -> None:
    ids = spores()
    ids[ids == 40] = 3
    fault = _only(ids)
    assert (fault.kind, fault.severity, fault.ids) == ("scattered-id", "caution", (3,))


@pytest.mark.parametrize("value", [255, 65_535, 4_294_967_295])
@pytest.mark.parametrize("objects", OBJECTS)
def test_a_value_for_borders_or_ignored_pixels(objects: str, value: int) -> None:
    ids = OBJECTS[objects]
    border = ndimage.binary_dilation(ids > 0) & (ids == 0)
    fault = _only(np.where(border, value, ids))
    assert (fault.kind, fault.severity, fault.ids) == ("ignore-value", "error", (value,))
    if objects == "four":
        region = ids.copy()
        region[70:80, 5:30] = value
        assert [(each.kind, each.severity) for each in find_faults(region)] == [("ignore-value", "caution")]


def test_a_photograph_is_named() -> None:
    rng = np.random.default_rng(0)
    photograph = np.clip(ndimage.gaussian_filter(rng.normal(0, 1, (120, 160)), 2) * 200 + 130, 1, 255)
    for image in (photograph, photograph * 250 + rng.integers(0, 100, photograph.shape)):
        assert _kinds(image) <= {"photograph", "no-background"}
        assert _kinds(image)


def test_pieces_are_those_of_scikit_image() -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        shape = rng.integers(1, 14, 2)
        ids = rng.integers(0, rng.integers(2, 5), shape) * rng.integers(1, 9)
        pieces, known = find_pieces(ids), regionprops(connected(ids, background=0, connectivity=2))
        found = sorted(zip(pieces.area.tolist(), map(tuple, pieces.box.tolist()), strict=True))
        assert found == sorted((int(each.area), each.bbox) for each in known)
        some = rng.random(shape) < 0.5
        assert pieces.count(some).sum() == np.count_nonzero(some & (ids > 0))


def test_boxes_of_ids_beyond_the_number_of_pixels() -> None:
    ids = ellipses()
    large = np.choose(ids, [0, 5, 6, 7, 2_000_000_000])
    assert [box for _, box in id_boxes(large)] == [box for _, box in id_boxes(ids)]
    assert [number for number, _ in id_boxes(large)] == [5, 6, 7, 2_000_000_000]


@pytest.mark.real
def test_real_labels_have_no_fault(real_data: Path) -> None:
    files = sorted(real_data.glob("*/labels/*")) + sorted(real_data.glob("general/*/labels/*"))
    assert len(files) > 50
    assert [(path.name, read.faults) for path in files if (read := inspect_labels(path)).faults] == []


def test_broken_spores_stay_one() -> None:
    labels: Ids = broken(spores(), every=9, width=2)
    assert (find_pieces(labels).per_id > 1).mean() > 0.8
    assert find_faults(labels) == ()


def test_a_large_photograph_is_told_from_a_part_of_it() -> None:
    noise = np.random.default_rng(0).integers(1, 255, (1200, 1600))
    fault = photograph_fault(noise)
    assert fault is not None
    assert fault.kind in {"photograph", "jpeg-labels"}
    assert photograph_fault(np.tile(OBJECTS["touching"], (5, 5))) is None
    assert photograph_fault(noise[:100, :100]) is None


def test_more_than_255_ids_in_8_bits_are_suspected() -> None:
    labels = np.zeros((400, 600), dtype=np.int64)
    for number in range(300):
        row, column = divmod(number, 15)
        labels[20 * row : 20 * row + 6, 38 * column : 38 * column + 6] = (number + 1) % 256
    fault = _only(labels)
    assert fault.severity == "caution"
    assert "8 bits" in fault.found
