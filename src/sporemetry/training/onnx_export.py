"""A torch network as a clean ONNX graph: fixed in size while it is traced, free in size afterwards.

Traced with free sizes, an upsampling to the size of another array becomes a small program that computes
sizes. Traced with a fixed size each is one number beside another, whose quotient is the factor that is meant.
So the graph is traced at one size, resizes to a size become resizes by a factor, and then height and width
are freed. That the result is still the same network at other sizes is for the caller to compare.
"""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np
import torch
from torch import nn

from sporemetry.errors import MissingExtraError

OPSET = 17
_MULTIPLES = 8  # of the stride; the size at which the graph is traced


def export_onnx(network: nn.Module, *, stride: int) -> bytes:
    """Return a network as an ONNX file with the input ``pixels``, the output ``logits`` and free H and W.

    Batch norm is folded into the convolutions before it.

    Parameters
    ----------
    network : Module
        In evaluation mode, on the CPU, in float32: (1, 3, H, W) to (1, K, H, W).
    stride : int
        H and W are multiples of it.

    Raises
    ------
    MissingExtraError
        When the package onnx is not installed.
    """
    try:
        import onnx
    except ImportError as error:
        raise MissingExtraError(
            "sporemetry[train]: expected onnx; found none. pip install 'sporemetry[train]'"
        ) from error
    side = stride * _MULTIPLES
    buffer: Any = io.BytesIO()  # its stub knows of files alone
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # of the tracer, on sizes that it takes for fixed, as they are meant
        torch.onnx.export(
            network,
            (torch.zeros(1, 3, side, side),),
            buffer,
            dynamo=False,
            input_names=["pixels"],
            output_names=["logits"],
            opset_version=OPSET,
        )
    model = onnx.shape_inference.infer_shapes(
        onnx.load_from_string(buffer.getvalue()), strict_mode=True, data_prop=True
    )
    _clean(model)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


def _clean(model: Any) -> None:
    """Rewrite the graph in place: constants as constants, factors for sizes, H and W free, nothing unused."""
    from onnx import numpy_helper

    graph = model.graph
    shapes = {
        value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in (*graph.value_info, *graph.input, *graph.output)
    }
    constants = {
        node.output[0]: numpy_helper.to_array(node.attribute[0].t)
        for node in graph.node
        if node.op_type == "Constant"
    }
    same = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "Identity"}
    kept = [node for node in graph.node if node.op_type not in {"Constant", "Identity"}]
    for node in kept:
        if node.op_type == "Resize":
            source, result = shapes[_origin(node.input[0], same)], shapes[node.output[0]]
            name = f"{node.output[0]}_factors"
            constants[name] = np.array([b / a for a, b in zip(source, result, strict=True)], dtype=np.float32)
            del node.input[1:]
            node.input.extend(["", name])
        for place, name in enumerate(node.input):
            node.input[place] = _origin(name, same)
    kept = _used(kept, graph.output[0].name)
    needed = {name for node in kept for name in node.input}
    weights = [tensor for tensor in graph.initializer if tensor.name in needed]
    weights += [numpy_helper.from_array(array, name) for name, array in constants.items() if name in needed]
    for part, content in ((graph.node, kept), (graph.initializer, weights)):
        content = [type(each).FromString(each.SerializeToString()) for each in content]
        del part[:]
        part.extend(content)
    del graph.value_info[:]
    for value, names in ((graph.input[0], ("H", "W")), (graph.output[0], ("H", "W"))):
        for dim, name in zip(value.type.tensor_type.shape.dim[2:], names, strict=True):
            dim.dim_param = name
    for node in graph.node:
        node.ClearField("doc_string")
    model.ClearField("metadata_props")


def _origin(name: str, same: dict[str, str]) -> str:
    while name in same:
        name = same[name]
    return name


def _used(nodes: list[Any], output: str) -> list[Any]:
    """Return the nodes on which the output depends, in their order."""
    wanted = {output}
    kept = []
    for node in reversed(nodes):
        if wanted & set(node.output):
            kept.append(node)
            wanted |= set(node.input)
    return kept[::-1]
