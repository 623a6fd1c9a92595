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
    grid,
    jpeg,
    resized,
    smoothed,
    sound,
    spores,
    supersampled,
)

from sporemetry.label_fault import FAULT_KINDS, LabelFault
from sporemetry.label_faults import find_faults, photograph_fault
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
        assert "a background that seems to be" in fault.found
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


@pytest.mark.parametrize("apart", [1, 3, 8, 30])
@pytest.mark.parametrize("every", [2, 5, 9])
def test_classes_of_crowded_objects_are_named_whatever_the_distance(apart: int, every: int) -> None:
    ids = grid(80, apart=apart)
    for classes in (1 + (ids % every == 0), 1 + ids % min(every, 5)):
        (fault,) = find_faults(np.where(ids > 0, classes, 0))
        assert fault.kind == "class-values"
        assert "classes" in fault.found


def test_classes_of_touching_objects_are_named() -> None:
    ids = grid(80, apart=0)
    random = np.random.default_rng(0).integers(1, 4, 81)
    (fault,) = find_faults(np.where(ids > 0, random[ids], 0)[:, :-20])
    assert fault.kind in {"class-values", "no-background"}


def test_core_and_border_of_touching_objects_are_classes() -> None:
    ids = np.pad(grid(30, apart=0, side=20), 15)
    core = np.zeros(ids.shape, dtype=bool)
    for number in range(1, 31):
        core |= ndimage.binary_erosion(ids == number, iterations=3)
    assert "class-values" in _kinds(np.where(ids == 0, 0, np.where(core, 1, 2)))


@pytest.mark.parametrize("apart", [1, 3, 8, 30])
@pytest.mark.parametrize(("number", "top"), [(80, 20), (30, 20), (60, 50)])
def test_ids_that_were_clipped_are_named(apart: int, number: int, top: int) -> None:
    (fault,) = find_faults(np.minimum(grid(number, apart=apart), top))
    assert (fault.kind, fault.severity, fault.ids) == ("scattered-id", "caution", (top,))
    assert f"above {top} were clipped" in fault.found


def test_ids_that_were_clipped_at_8_bits_are_named() -> None:
    (fault,) = find_faults(np.minimum(grid(440, apart=8), 255))
    assert (fault.kind, fault.ids) == ("scattered-id", (255,))
    assert "8 bits" in fault.found


def test_an_id_in_many_pieces_is_named_whichever_it_is() -> None:
    ids = grid(80, apart=3)
    ids[ids > 60] = 7
    assert (_only(ids).kind, _only(ids).ids) == ("scattered-id", (7,))
    assert "clipped" not in _only(ids).found


def test_a_mask_inverted_inside_the_field_is_named() -> None:
    mask = spores(touching=True) > 0
    y, x = np.mgrid[:240, :320]
    for radius in (115, 180):
        field = (y - 120) ** 2 + (x - 160) ** 2 <= radius**2
        (fault, *_) = find_faults(np.where(field & ~mask, 255, 0))
        assert fault.kind == "white-background"
        assert "invert" in fault.remedy.lower()
    assert find_faults(np.where((y - 120) ** 2 + (x - 160) ** 2 <= 115**2, 255, 0)) == ()


@pytest.mark.parametrize("width", [1, 2, 3, 5])
def test_a_core_inside_its_border_is_named(width: int) -> None:
    for spore in (ellipses() == 2, ellipses() > 0):
        core = ndimage.binary_erosion(spore, iterations=width)
        for values in ((1, 2), (2, 1), (128, 255), (3, 7)):
            faults = find_faults(np.where(core, values[0], spore * values[1]))
            assert "class-values" in {fault.kind for fault in faults}


@pytest.mark.parametrize("width", [1, 2])
def test_outlines_are_named(width: int) -> None:
    for ids in OBJECTS.values():
        inner = np.zeros(ids.shape, dtype=bool)
        for number in range(1, int(ids.max()) + 1):
            inner |= ndimage.binary_erosion(ids == number, iterations=width)
        assert "outlines" in _kinds(np.where(inner, 0, ids))
        outer = ndimage.binary_dilation(ids > 0) & ~ndimage.binary_erosion(ids > 0, iterations=width - 1 or 1)
        assert "outlines" in _kinds(outer * 255) or ids is not OBJECTS["four"]


def test_spores_cut_by_lines_are_sound() -> None:
    for ids in (*OBJECTS.values(), grid(4, apart=40, side=40), grid(1, apart=20, side=60)):
        for every in (12, 20):
            cut = ids.copy()
            cut[::every] = 0
            cut[:, ::every] = 0
            assert _kinds(cut) <= ({"mask-as-ids"} if ids.max() == 1 else set())
    two = np.zeros((60, 80), dtype=np.int64)
    two[10:40, 10:30], two[10:40, 45:65] = 1, 2
    two[24:26] = 0
    assert find_faults(two) == ()
    across = np.zeros((60, 80), dtype=np.int64)
    across[30:34, 5:75] = 1
    across[5:55, 20:24], across[5:55, 50:54] = 2, 3
    assert find_faults(across) == ()


def test_one_value_is_counted_in_the_singular() -> None:
    mask = ellipses() > 0
    rim = ndimage.binary_dilation(mask) & ~mask & (np.random.default_rng(0).random(mask.shape) < 0.5)
    fault = _only(np.where(rim, 128, 255 * mask))
    assert fault.kind == "grey-edges"
    assert "1 value between" in fault.found


def test_few_objects_of_two_classes_near_each_other_are_named() -> None:
    labels = np.zeros((150, 200), dtype=np.int64)
    for number, (row, column) in enumerate([(10, 10), (45, 20), (20, 60), (100, 120), (70, 150), (110, 165)]):
        labels[row : row + 6, column : column + 34] = 1 + number // 3
    (fault,) = find_faults(labels)
    assert fault.kind == "class-values"


def test_thousands_of_spores_that_are_cut_are_sound() -> None:
    block = grid(200, apart=3)
    rows, columns = block.shape
    number = np.arange(16).reshape(4, 4).repeat(rows, axis=0).repeat(columns, axis=1)
    labels = np.where(np.tile(block, (4, 4)) > 0, np.tile(block, (4, 4)) + 200 * number, 0)
    labels[::6] = 0
    labels[:, ::6] = 0
    assert find_faults(labels) == ()
