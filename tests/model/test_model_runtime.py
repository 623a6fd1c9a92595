"""What a packaged network says, by each runtime, and how pictures become its input."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from onnx import helper
from tests.model.networks import card, constant, dark_bytes, dark_package, graph_bytes, noise

from sporemetry import workers
from sporemetry.errors import ModelGraphError, SettingsError
from sporemetry.model import (
    Normalization,
    grey_levels,
    load_network,
    normalise,
    pack_model,
    picture_logits,
    runtime,
    unpack_model,
)
from sporemetry.model.normalization import middle_and_spread

PIXELS = np.random.default_rng(0).normal(size=(1, 3, 64, 96)).astype(np.float32)


def test_openvino_multiplies_as_numpy_does() -> None:
    """The near part of the network alone: a 3x3 mean times -4, less 10, by OpenCV."""
    node = helper.make_node("Conv", ["pixels", "w", "b"], ["logits"], kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    weights = [constant("w", np.full((1, 3, 3, 3), -4 / 27)), constant("b", [-10.0])]
    package = unpack_model(pack_model(graph_bytes([node], weights), card()), Path("x"))
    expected = (
        cv2.boxFilter(PIXELS[0].mean(axis=0), -1, (3, 3), borderType=cv2.BORDER_CONSTANT).astype(float) * -4
        - 10
    )
    assert np.allclose(load_network(package).logits(PIXELS)[0], expected, atol=1e-5)


def test_onnx_runtime_says_the_same_as_openvino() -> None:
    pytest.importorskip("onnxruntime")
    package = dark_package()
    first, second = (load_network(package, device=device).logits(PIXELS) for device in ("cpu", "onnxruntime"))
    assert first.shape == (1, 64, 96)
    assert np.abs(first - second).max() < 1e-4


def test_the_number_of_threads_changes_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    logits = []
    for threads in (1, 2):
        monkeypatch.setattr(workers, "_share", threads)
        assert workers.share_of_cores() == threads
        logits.append(runtime.OpenVinoNetwork(dark_package(), "f32").logits(PIXELS))
    assert np.array_equal(logits[0], logits[1])


def test_a_network_is_loaded_once_in_a_process() -> None:
    assert load_network(dark_package()) is load_network(unpack_model(dark_bytes(), Path("elsewhere")))


def test_what_is_not_here_is_said_and_nothing_put_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    package = dark_package()
    with pytest.raises(SettingsError, match="one of cpu, onnxruntime, cuda"):
        load_network(package, device="gpu")
    with pytest.raises(SettingsError, match="f32, bf16"):
        load_network(package, precision="int3")
    with pytest.raises(SettingsError, match="f32 with this device"):
        load_network(package, device="onnxruntime", precision="bf16")
    with pytest.raises((SettingsError, ImportError), match="onnxruntime"):
        load_network(package, device="cuda")

    class Old:
        def get_property(self, *_: str) -> list[str]:
            return ["FP32"]

    monkeypatch.setattr(runtime, "_shared_core", Old())
    with pytest.raises(SettingsError, match="bf16, which it does not multiply"):
        runtime.OpenVinoNetwork(package, "bf16")


def test_a_network_that_gives_another_size_is_refused() -> None:
    node = helper.make_node("MaxPool", ["pixels"], ["m"], kernel_shape=[2, 2], strides=[2, 2])
    last = helper.make_node("Conv", ["m", "w"], ["logits"], kernel_shape=[1, 1])
    content = pack_model(graph_bytes([node, last], [constant("w", np.ones((1, 3, 1, 1)))]), card())
    with pytest.raises(ModelGraphError, match=r"shape \(1, 1, 8, 8\)"):
        load_network(unpack_model(content, Path("x")))


def test_a_network_that_makes_too_much_of_a_pixel_is_refused() -> None:
    nodes = [
        helper.make_node("Resize", ["pixels", "", "factors"], ["huge"], mode="nearest"),
        helper.make_node("MaxPool", ["huge"], ["back"], kernel_shape=[64, 64], strides=[64, 64]),
        helper.make_node("Conv", ["back", "w"], ["logits"], kernel_shape=[1, 1]),
    ]
    constants = [constant("factors", [1, 1, 64, 64]), constant("w", np.ones((1, 3, 1, 1)))]
    content = pack_model(graph_bytes(nodes, constants), card())
    with pytest.raises(ModelGraphError, match="at most 8,192 numbers of each pixel"):
        load_network(unpack_model(content, Path("x")))


def test_what_openvino_cannot_read_is_an_error_of_ours() -> None:
    node = helper.make_node("Conv", ["pixels", "w"], ["logits"], kernel_shape=[5, 5])
    content = pack_model(graph_bytes([node], [constant("w", np.ones((1, 7, 3, 3)))]), card())
    with pytest.raises(ModelGraphError, match="OpenVINO"):
        load_network(unpack_model(content, Path("x")))


def test_median_and_spread_are_numpy_s() -> None:
    values = noise((51, 43), 3)[:, :, 0]
    field = noise((51, 43), 4)[:, :, 0] > 99
    field[np.flatnonzero(field.any(axis=1))[0]] = False
    if field.sum() % 2 == 0:
        field[tuple(np.argwhere(field)[0])] = False  # an odd number has one middle value
    inside = values[field].astype(float)
    median = np.median(inside)
    expected = (median, 1.4826 * np.median(np.abs(inside - median)))
    assert middle_and_spread(values, field, 0.1) == pytest.approx(expected, abs=1e-5)
    assert middle_and_spread(values.astype(np.float32), field, 0.1) == pytest.approx(expected, abs=1e-5)


def test_normalising_ignores_what_lies_outside_the_field_and_gain_and_offset() -> None:
    picture = (noise((40, 60), 5) // 3 + 60).astype(np.uint8)
    field = np.zeros((40, 60), dtype=np.bool_)
    field[5:30, 10:49] = True  # an odd number of pixels
    by_picture = Normalization(kind="picture", floor=8.0)
    first = normalise(picture, field, by_picture)
    other = picture.copy()
    other[~field] = 0
    assert np.array_equal(normalise(other, field, by_picture)[0][:, field], first[0][:, field])
    brighter = normalise(picture.astype(np.float32) * 1.5 + 10, field, by_picture)
    assert np.allclose(brighter, first, atol=1e-3)


def test_the_noise_of_an_empty_picture_is_not_blown_up() -> None:
    draw = np.random.default_rng(1)
    for sigma in (0.0, 1.0, 3.0):
        picture = draw.normal(180, sigma, (60, 60, 3)).round().clip(0, 255).astype(np.uint8)
        made = normalise(picture, np.ones((60, 60), dtype=np.bool_), Normalization(kind="picture", floor=8.0))
        assert made.std() <= (sigma + 0.3) / 8


def test_fixed_normalisation_is_that_of_training() -> None:
    picture = noise((8, 8), 6)
    fixed = Normalization(kind="fixed", mean=(120.0, 130.0, 140.0), std=(30.0, 31.0, 32.0))
    expected = (picture.astype(float) - [120, 130, 140]) / [30, 31, 32]
    made = normalise(picture, np.ones((8, 8), dtype=np.bool_), fixed)
    assert np.allclose(made[0].transpose(1, 2, 0), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("brightest", "white"), [(0, 255), (255, 255), (256, 1023), (4095, 4095), (5000, 16383), (65535, 65535)]
)
def test_cameras_of_fewer_bits_are_not_black(brightest: int, white: int) -> None:
    pixels = np.zeros((4, 4, 3), dtype=np.uint16)
    pixels[1, 1, 1] = brightest
    assert grey_levels(pixels).white == white


@pytest.mark.parametrize("bits", [12, 16])
def test_a_picture_of_more_bits_gives_the_same_logits(bits: int) -> None:
    package, picture = dark_package(), noise((64, 64), 7)
    picture[0, 0] = 255
    field = np.ones((64, 64), dtype=np.bool_)
    white = (1 << bits) - 1
    wide = np.rint(picture.astype(float) * white / 255).astype(np.uint16)
    network = load_network(package)
    first, second = (picture_logits(network, package.card, each, field) for each in (picture, wide))
    assert np.abs(first - second).max() < 0.02
