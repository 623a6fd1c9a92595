"""Small packaged networks for tests: real convolutions whose answer is known, made without training."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from sporemetry.model import ModelCard, ModelPackage, Normalization, SporeLength, pack_model, unpack_model
from sporemetry.model.graph import INPUT_NAME, OUTPUT_NAME

STRIDE, HALO = 4, 12
OPSET = helper.make_opsetid("", 17)


def card(**changes: object) -> ModelCard:
    """Return a card for the networks below."""
    given: dict[str, object] = {
        "name": "dark",
        "version": "1",
        "normalization": Normalization(kind="picture", floor=8.0),
        "spore_length_px": SporeLength(median=32.0, least=16.0, most=64.0),
        "threshold": 0.5,
        "halo": HALO,
        "stride": STRIDE,
        "created_with": "the tests",
    }
    return ModelCard(**(given | changes))  # type: ignore[arg-type]


def constant(name: str, values: object) -> onnx.TensorProto:
    return numpy_helper.from_array(np.asarray(values, dtype=np.float32), name)


def graph_bytes(
    nodes: list[onnx.NodeProto], constants: list[onnx.TensorProto], *, channels: int = 1, **model: Any
) -> bytes:
    """Return an ONNX file with the input and output that packaged networks have."""
    pixels = helper.make_tensor_value_info(INPUT_NAME, TensorProto.FLOAT, [1, 3, "H", "W"])
    logits = helper.make_tensor_value_info(OUTPUT_NAME, TensorProto.FLOAT, [1, channels, "H", "W"])
    graph = helper.make_graph(nodes, "network", [pixels], [logits], constants)
    made = helper.make_model(graph, **({"opset_imports": [OPSET], "ir_version": 8} | model))
    return bytes(made.SerializeToString())


def dark_nodes(seed: int = 0) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """A little U-Net that calls dark things spores: its logits are dominated by (-3 - value) of a 3x3 mean.

    Beside that, random convolutions at a quarter of the size make the logits depend on some distance.
    """
    draw = np.random.default_rng(seed).normal
    mean = np.zeros((1, 3, 3, 3)) - 1 / 27
    weights = {
        "mean": mean * 4.0,
        "bias": np.full(1, -10.0),
        "down": draw(0, 0.1, (6, 3, 3, 3)),
        "deep": draw(0, 0.15, (6, 6, 3, 3)),
        "up": draw(0, 0.05, (1, 6, 1, 1)),
        "factors": [1, 1, 4, 4],
    }
    pads = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
    nodes = [
        helper.make_node("Conv", [INPUT_NAME, "mean", "bias"], ["near"], **pads),
        helper.make_node("Conv", [INPUT_NAME, "down"], ["a"], strides=[2, 2], **pads),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("MaxPool", ["b"], ["c"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Conv", ["c", "deep"], ["d"], **pads),
        helper.make_node("Relu", ["d"], ["e"]),
        helper.make_node("Conv", ["e", "up"], ["f"], kernel_shape=[1, 1]),
        helper.make_node(
            "Resize",
            ["f", "", "factors"],
            ["g"],
            mode="linear",
            coordinate_transformation_mode="half_pixel",
        ),
        helper.make_node("Add", ["near", "g"], [OUTPUT_NAME]),
    ]
    return nodes, [constant(name, values) for name, values in weights.items()]


@lru_cache(maxsize=8)
def dark_bytes(seed: int = 0) -> bytes:
    """Return the packaged file of that network."""
    return pack_model(graph_bytes(*dark_nodes(seed)), card())


def dark_package(seed: int = 0) -> ModelPackage:
    return unpack_model(dark_bytes(seed), Path("dark.onnx"))


def write_dark(folder: Path, name: str = "dark.onnx", seed: int = 0) -> Path:
    path = folder / name
    path.write_bytes(dark_bytes(seed))
    return path


def noise(shape: tuple[int, int], seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (*shape, 3), dtype=np.uint8)
