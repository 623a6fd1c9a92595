from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from tests.drawing import jpeg, photograph, scattered, sloping, vignetted

from sporemetry.baselines import METHODS, KMeansSettings
from sporemetry.errors import SettingsError
from sporemetry.segmentation import (
    Segmentation,
    SegmentationSettings,
    TraditionalSegmenter,
    segmenter,
)

SHAPE = (300, 360)
SPORES = scattered(SHAPE, 15, length=36, width=17, seed=6)
PICTURE = photograph(sloping(SHAPE) * np.where(np.any(SPORES, axis=0), 0.6, 1.0), noise=3)
EVERYWHERE = np.ones(SHAPE, dtype=np.bool_)
every_name = pytest.mark.parametrize("name", METHODS)


@every_name
def test_spores_are_counted(name: str) -> None:
    find = segmenter(name)
    segmentation = find(PICTURE, EVERYWHERE)
    labels = find.detect(segmentation).labels
    assert labels.dtype == np.int32
    assert labels.max() == 15
    assert segmentation.probability is None
    assert not (labels.astype(bool) & ~segmentation.mask).any()


@every_name
@pytest.mark.parametrize("quality", [10, 20, 90])
def test_background_counts_zero_in_any_jpeg(name: str, quality: int) -> None:
    find = segmenter(name)
    for seed in range(3):
        picture = jpeg(photograph(vignetted(SHAPE), noise=8, seed=seed), quality)
        assert not find.detect(find(picture, EVERYWHERE)).labels.any()


@every_name
def test_sizes_are_the_user_s_to_choose(name: str) -> None:
    segmentation = segmenter(name)(PICTURE, EVERYWHERE)
    for settings in (
        SegmentationSettings(min_area_px=5000),
        SegmentationSettings(max_area_px=100),
        SegmentationSettings(max_aspect=1.2),
    ):
        assert not segmenter(name, settings).detect(segmentation).labels.any()


@every_name
def test_an_empty_field_holds_nothing(name: str) -> None:
    find = segmenter(name)
    assert not find.detect(find(PICTURE, ~EVERYWHERE)).labels.any()


@every_name
def test_nothing_is_found_outside_the_field(name: str) -> None:
    field = EVERYWHERE.copy()
    field[:, 180:] = False
    assert not segmenter(name)(PICTURE, field).mask[:, 180:].any()


def test_identity_changes_with_every_setting() -> None:
    settings = [
        SegmentationSettings(),
        SegmentationSettings(min_area_px=61),
        SegmentationSettings(max_area_px=5000),
        SegmentationSettings(max_aspect=4),
        SegmentationSettings(min_solidity=0.5),
    ]
    identities = {segmenter(name, s).identity() for name in METHODS for s in settings}
    assert len(identities) == len(METHODS) * len(settings)
    assert segmenter("otsu").identity() == segmenter("otsu", SegmentationSettings()).identity()
    assert "\n" not in "".join(identities)


def test_identity_changes_with_the_method_s_own_settings() -> None:
    method = METHODS["kmeans"]
    other = dataclasses.replace(method, settings=KMeansSettings(clusters=4))
    assert TraditionalSegmenter(method).identity() != TraditionalSegmenter(other).identity()


def test_an_unknown_name_lists_the_choices() -> None:
    with pytest.raises(SettingsError, match="model, otsu, kmeans, fcm, reconstruction; found 'magic'"):
        segmenter("magic")


@pytest.mark.parametrize(
    "wrong", [{"min_area_px": 0}, {"max_area_px": -5}, {"max_aspect": 0.5}, {"min_solidity": 1.5}]
)
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        SegmentationSettings(**wrong)  # type: ignore[arg-type]


def test_wrong_arrays_are_refused() -> None:
    find = segmenter("otsu")
    with pytest.raises(SettingsError, match="pixels: expected"):
        find(PICTURE[..., 0], EVERYWHERE)
    with pytest.raises(SettingsError, match="field_mask: expected"):
        find(PICTURE, EVERYWHERE[1:])
    with pytest.raises(SettingsError, match="field_mask: expected"):
        find(PICTURE, EVERYWHERE.astype(np.uint8))


def test_touching_spores_are_parted_and_odd_shapes_left_out() -> None:
    mask = np.zeros((80, 160), dtype=np.bool_)
    y, x = np.mgrid[:80, :160].astype(float)
    mask |= (np.hypot(y - 20, x - 20) < 11) | (np.hypot(y - 20, x - 40) < 11)
    mask[60:70, 10:150] = True  # aspect 14
    assert segmenter("otsu").detect(Segmentation(mask)).labels.max() == 2
