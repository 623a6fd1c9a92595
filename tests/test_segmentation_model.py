"""The method ``model``: pictures to labels, at the scale of the spores, with how sure it is of each."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import cv2
import numpy as np
import pandas as pd
import pytest
from scipy import ndimage
from tests.drawing import photograph, scattered
from tests.model.networks import card, dark_nodes, graph_bytes, write_dark
from tests.test_instances_relief import LENGTH, TIGHT, TRUTH, in_relief

from sporemetry.errors import ModelCardError, ModelError, SettingsError
from sporemetry.image import Image
from sporemetry.model import Instances, pack_model, read_model
from sporemetry.pipeline import PictureSettings, count_image, count_picture
from sporemetry.segmentation import (
    DECODERS,
    ModelSegmenter,
    ModelSettings,
    Segmentation,
    SegmentationSettings,
    segmenter,
)
from sporemetry.segmentation.estimate import estimated_scale
from sporemetry.segmentation.multiscale import Multiscale, SureObjects, Window
from sporemetry.segmentation.network import default_model
from sporemetry.segmentation.scale import stated_scale

SHAPE = (300, 360)


def picture(length: float, count: int, shape: tuple[int, int] = SHAPE, seed: int = 1):  # type: ignore[no-untyped-def]
    spores = scattered(shape, count, length=length, width=length * 0.45, seed=seed)
    light = np.where(np.any(spores, axis=0), 90.0, 180.0)
    return spores, photograph(light, noise=3)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_dark(tmp_path_factory.mktemp("model")))


def find(file: str, **model: object) -> ModelSegmenter:
    made = segmenter("model", model=ModelSettings(model_file=file, **model))  # type: ignore[arg-type]
    assert isinstance(made, ModelSegmenter)
    return made


def everywhere(shape: tuple[int, int] = SHAPE) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.ones(shape, dtype=np.bool_)


def _detected(method: ModelSegmenter, found: Segmentation):  # type: ignore[no-untyped-def]
    detections = method.detect(found)
    assert detections.scores is not None
    return detections.labels, detections.scores


def test_spores_are_counted_with_their_probability(file: str) -> None:
    _, pixels = picture(32, 15)
    method = find(file)
    found = method(pixels, everywhere())
    labels, scores = _detected(method, found)
    assert labels.max() == 15
    assert found.spore_length_px == pytest.approx(32, abs=3)
    assert found.probability is not None
    assert scores.tolist() == pytest.approx([found.probability[labels == k].mean() for k in range(1, 16)])
    assert (scores > 0.5).all()


def test_an_empty_field_and_a_blank_picture_hold_nothing(file: str) -> None:
    method = find(file)
    nothing = method(picture(32, 15)[1], ~everywhere())
    assert not method.detect(nothing).labels.any()
    assert nothing.notes == ()
    blank = method(np.full((*SHAPE, 3), 7, dtype=np.uint8), everywhere())
    labels, scores = _detected(method, blank)
    assert not labels.any()
    assert len(scores) == 0
    assert "Too few spores" in blank.notes[0]


@pytest.mark.parametrize(("length", "stated"), [(90, True), (90, False), (14, True), (32, True)])
def test_labels_lie_on_the_spores_at_any_scale(file: str, length: int, stated: bool) -> None:
    shape = (420, 540)
    spores, pixels = picture(length, 8, shape)
    method = find(file, spore_length_px=float(length) if stated else None)
    found = method(pixels, everywhere(shape))
    labels = method.detect(found).labels
    assert labels.shape == shape
    assert labels.max() == 8
    assert found.spore_length_px == pytest.approx(length, rel=0.15)
    for spore in spores:
        label = np.bincount(labels[spore]).argmax()
        outline = labels == label
        assert (outline & spore).sum() / (outline | spore).sum() > (0.6 if length < 20 else 0.75)
        offset = np.argwhere(outline).mean(axis=0) - np.argwhere(spore).mean(axis=0)
        assert np.abs(offset).max() < max(0.5, 0.02 * length)
    (note,) = found.notes
    assert ("as stated" if stated else "from the picture itself") in note
    assert ("as it is" in note) == (length == 32)


def test_the_estimate_of_an_image_is_what_it_is_looked_at_by(file: str) -> None:
    _, pixels = picture(60, 7)
    method = find(file)
    scale = method.estimate(pixels, everywhere())
    assert scale is not None
    found = method(pixels, everywhere())
    assert found.spore_length_px == scale.spore_length_px
    again = method(pixels, everywhere(), shared=scale)
    np.testing.assert_array_equal(again.outputs["spore"], found.outputs["spore"])
    assert again.spore_length_px == scale.spore_length_px


def test_what_is_stated_is_not_estimated_nor_shared(file: str) -> None:
    _, pixels = picture(60, 7)
    scale = find(file).estimate(pixels, everywhere())
    method = find(file, spore_length_px=50.0)
    assert method.estimate(pixels, everywhere()) is None
    assert method(pixels, everywhere(), shared=scale).spore_length_px == 50


def test_lengths_in_micrometres_need_a_scale(file: str) -> None:
    method = find(file, spore_length_um=10.0)
    _, pixels = picture(32, 15)
    assert method(pixels, everywhere(), um_per_px=0.2).spore_length_px == pytest.approx(50)
    with pytest.raises(SettingsError, match="--spore-length-um: expected a picture with a scale"):
        method(pixels, everywhere())


def test_a_network_of_one_scale_goes_by_the_picture_s() -> None:
    of_one = dataclasses.replace(card(), um_per_px=0.25)
    none: dict[str, None] = {"spore_length_px": None, "spore_length_um": None}
    scale = stated_scale(of_one, um_per_px=0.125, **none)
    assert scale is not None
    assert (scale.factor, scale.spore_length_px) == (0.5, 64)
    assert stated_scale(of_one, um_per_px=None, **none) is None
    assert stated_scale(card(), um_per_px=0.125, **none) is None


def test_the_first_look_at_a_large_picture_is_a_small_one(file: str) -> None:
    looked: list[float] = []

    class Nothing(Multiscale):
        def objects(
            self, factor: float, length: float | None = None, windows: list[Window] | None = None
        ) -> SureObjects:
            del length
            if windows is None:
                looked.append(factor)
            else:
                assert sum((w[0].stop - w[0].start) * (w[1].stop - w[1].start) for w in windows) < 0.9e6
            none = np.zeros(0)
            return SureObjects(none, none, none, none, none, none, np.zeros(0, dtype=np.bool_))

    shape = (4000, 6000)
    package = read_model(Path(file))
    pixels = np.full((*shape, 3), 90, dtype=np.uint8)
    image = Nothing(package, ModelSettings(), pixels, everywhere(shape), Mock())
    scale = estimated_scale(package.card, image)
    assert looked[0] ** 2 * 24e6 == pytest.approx(2.6e6, rel=0.3)
    ladder = list(dict.fromkeys(looked))
    assert ladder == sorted(ladder, reverse=True)
    assert (scale.factor, scale.spore_length_px) == (1.0, None)


def test_of_small_and_large_spores_those_with_most_evidence_give_the_scale(file: str) -> None:
    """Specks of a spore's shape are more, but all together they are less than the large spores."""
    shape = (1200, 1500)
    large = scattered(shape, 6, length=220, width=100, seed=3)
    specks = scattered(shape, 30, length=28, width=13, seed=4)
    light = np.where(np.any(large, axis=0) | np.any(specks, axis=0), 90.0, 180.0)
    found = find(file)(photograph(light, noise=3), everywhere(shape))
    assert found.spore_length_px == pytest.approx(220, rel=0.1)
    assert find(file)(
        photograph(np.where(np.any(specks, axis=0), 90.0, 180.0), noise=3), everywhere(shape)
    ).spore_length_px == pytest.approx(28, rel=0.1)


def test_sizes_are_the_user_s_to_choose(file: str) -> None:
    _, pixels = picture(32, 15)
    found = find(file)(pixels, everywhere())
    each: tuple[dict[str, Any], ...] = (
        {"min_area_px": 5000},
        {"max_area_px": 100},
        {"max_aspect": 1.2},
        {"min_solidity": 0.99},
    )
    for settings in each:
        method = segmenter("model", SegmentationSettings(**settings), ModelSettings(model_file=file))
        assert not method.detect(found).labels.any()


def test_a_card_may_set_outlines_out(file: str, tmp_path: Path) -> None:
    """Objects are those of the threshold; their outlines lie where the card's ``outline`` says."""
    wide = tmp_path / "wide.onnx"
    instances = Instances(options={"outline": 0.2})
    wide.write_bytes(pack_model(graph_bytes(*dark_nodes()), card(instances=instances)))
    _, pixels = picture(40, 8)
    pixels = cv2.GaussianBlur(pixels, (0, 0), 3.0)  # soft edges
    methods = [find(each, spore_length_px=32) for each in (file, str(wide))]
    found = [method(pixels, everywhere()) for method in methods]
    narrow, wider = (method.detect(each).labels for method, each in zip(methods, found, strict=True))
    assert found[0].beside is None
    assert found[1].beside is not None
    assert narrow.max() == wider.max()
    assert found[1].probability is not None
    allowed = (narrow > 0) | (found[1].probability >= 0.2)
    reached = ndimage.binary_dilation(narrow > 0, np.ones((3, 3)), iterations=3, mask=allowed)  # 0.1 * 32 px
    np.testing.assert_array_equal(wider > 0, reached)
    assert np.count_nonzero(wider) > np.count_nonzero(narrow)
    nowhere = methods[1](pixels, ~everywhere())
    assert not methods[1].detect(nowhere).labels.any()


def test_outlines_in_relief_are_set_out_unless_the_card_says_no(file: str, tmp_path: Path) -> None:
    left = tmp_path / "left.onnx"
    instances = Instances(options={"relief": False})
    left.write_bytes(pack_model(graph_bytes(*dark_nodes()), card(instances=instances)))
    found = Segmentation(
        mask=TIGHT > 0,
        probability=np.where(TIGHT > 0, 0.9, 0.1).astype(np.float32),
        spore_length_px=LENGTH,
        grey=in_relief(TRUTH),
        field=everywhere(),
    )
    wide, tight = (find(each) for each in (file, str(left)))
    np.testing.assert_array_equal(tight.detect(found).labels > 0, TIGHT > 0)
    labels = wide.detect(found).labels
    assert labels.max() == TIGHT.max()
    assert np.count_nonzero(labels) > 1.5 * np.count_nonzero(TIGHT)
    assert [method.remarks(found, method.detect(found).labels) for method in (tight, wide)] == [
        (),
        ("Spores lie in relief, lit from one side: outlines were set out to where the picture is flat",),
    ]
    # Limits that the user sets are those of the outlines that are told.
    areas = np.bincount(labels.ravel())[1:]
    limited = (
        segmenter(
            "model",
            SegmentationSettings(max_area_px=int(np.median(areas))),
            ModelSettings(model_file=file),
        )
        .detect(found)
        .labels
    )
    assert limited.max() == np.count_nonzero(areas <= int(np.median(areas)))
    # How sure it is goes by what the network found.
    for method in (wide, tight):
        assert _detected(method, found)[1] == pytest.approx([0.9] * int(TIGHT.max()))


def test_what_is_no_single_spore_is_left_out(file: str) -> None:
    _, pixels = picture(32, 6)
    bar = np.full((120, SHAPE[1], 3), 180, dtype=np.uint8)
    bar[20:100, 20:340] = 90  # an area of 25 squared spore lengths
    pixels = np.concatenate([pixels, bar])
    method = find(file)
    assert method.detect(method(pixels, everywhere((420, 360)))).labels.max() == 6


def test_the_score_goes_through_the_card_s_calibration(tmp_path: Path) -> None:
    points = ((0.0, 0.0), (0.5, 0.25), (1.0, 0.75))
    path = tmp_path / "calibrated.onnx"
    path.write_bytes(pack_model(graph_bytes(*dark_nodes()), card(score_calibration=points)))
    _, pixels = picture(32, 15)
    method = find(str(path))
    found = method(pixels, everywhere())
    plain = _detected(find(str(write_dark(tmp_path))), found)[1]
    scores = _detected(method, found)[1]
    assert scores.tolist() == pytest.approx([0.25 + (p - 0.5) if p > 0.5 else p / 2 for p in plain])


def test_decoders_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    def refused(instances: Instances, said: str) -> None:
        path = tmp_path / "other.onnx"
        path.write_bytes(pack_model(graph_bytes(*dark_nodes()), card(instances=instances)))
        with pytest.raises(ModelCardError, match=said):
            find(str(path))

    refused(Instances(decoder="magic"), "expected instances.decoder as one of .*watershed.*magic")
    refused(Instances(options={"magic": 1}), "instances.options")
    refused(Instances(options={"neck": "wide"}), "instances.options.neck as a float")
    assert DECODERS["watershed"].options["neck"] == 0.75


def test_identity_changes_with_the_network_and_every_setting_but_not_with_its_place(tmp_path: Path) -> None:
    first, other = write_dark(tmp_path), write_dark(tmp_path, "other.onnx", seed=1)
    (tmp_path / "sub").mkdir()
    moved = write_dark(tmp_path / "sub")
    variants: list[dict[str, Any]] = [
        {},
        {"spore_length_px": 5.0},
        {"spore_length_um": 5.0},
        {"device": "onnxruntime"},
        {"precision": "bf16"},
        {"turns": 4},
        {"turns": 8},
    ]
    identities = {find(str(first), **each).identity() for each in variants} | {find(str(other)).identity()}
    assert len(identities) == len(variants) + 1
    assert find(str(moved)).identity() == find(str(first)).identity()


def test_a_file_that_is_replaced_is_read_again(tmp_path: Path) -> None:
    before = find(str(write_dark(tmp_path))).identity()
    write_dark(tmp_path, seed=1)
    assert find(str(tmp_path / "dark.onnx")).identity() != before


def test_the_network_that_ships_is_taken_where_none_is_named() -> None:
    assert segmenter("model").identity() == find(str(default_model())).identity()
    assert PictureSettings().method == "model"


def test_without_a_packaged_network_the_method_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("importlib.resources.files", lambda _: tmp_path)
    with pytest.raises(ModelError, match="--model FILE"):
        default_model()


def test_settings_of_a_network_need_the_method() -> None:
    with pytest.raises(SettingsError, match="--method: expected model"):
        PictureSettings(method="otsu", model=ModelSettings(device="onnxruntime"))


def test_a_count_carries_score_and_notes(file: str, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), picture(32, 15)[1])
    settings = PictureSettings(method="model", model=ModelSettings(model_file=file))
    result = count_picture(tmp_path / "a.png", settings)
    assert len(result.spores) == 15
    assert result.spores["score"].between(0.5, 1).all()
    assert any("estimated" in note for note in result.notes)
    other = count_image(Image(cv2.imread(str(tmp_path / "a.png"))[..., ::-1]), settings, name="a.png")
    assert (other.labels == result.labels).all()
    assert other.spores.equals(result.spores)
    with pytest.raises(SettingsError, match="pixels"):
        count_image(Image(np.zeros((20, 20))), settings)


def test_the_command_counts_by_a_network_alike_with_any_number_of_workers(file: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in range(3):
        cv2.imwrite(str(tmp_path / "in" / f"p_{number}.png"), picture(32, 9 + number, seed=number)[1])
    for workers in ("1", "2"):
        command = [sys.executable, "-m", "sporemetry", "count", "in", "-o", f"out{workers}", "--model", file]
        subprocess.run([*command, "--workers", workers], cwd=tmp_path, check=True, capture_output=True)
    first, second = (tmp_path / f"out{workers}" for workers in "12")
    assert (first / "spores.csv").read_bytes() == (second / "spores.csv").read_bytes()
    assert pd.read_csv(first / "summary.csv")["spores"].tolist() == [9, 10, 11]
    again = subprocess.run(
        [*command, "--workers", "1"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert "3 pictures unchanged" in again.stdout
    assert "Network dark, version 1" in (first / "report.html").read_text(encoding="utf-8")
