"""The mean of several networks as one: all look at the same picture, and their logits are averaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import compose, helper, numpy_helper

from sporemetry.model import ModelPackage, pack_model, unpack_model
from sporemetry.model.graph import INPUT_NAME, OUTPUT_NAME


def mean_package(packages: Sequence[ModelPackage], path: Path) -> ModelPackage:
    """Return a package whose logits are the mean of those of several that see and tell the same.

    Parameters
    ----------
    packages : sequence of ModelPackage
        One or more; the card is the first one's, with the largest halo and stride of all.
    path : Path
        For messages.

    Raises
    ------
    ValueError
        When their pictures are not prepared alike, or their logits are not of the same channels.
    """
    first = packages[0].card
    alike = ("normalization", "channels", "spore_length_px", "threshold", "instances")
    for package in packages[1:]:
        for name in alike:
            mine, other = getattr(first, name), getattr(package.card, name)
            if mine != other:
                raise ValueError(f"expected packages with the same {name}; found {mine} and {other}")
    graphs = [_own_names(package, number) for number, package in enumerate(packages)]
    share = numpy_helper.from_array(np.array(1 / len(graphs), dtype=np.float32), "share")
    nodes = [node for graph in graphs for node in graph.node]
    total = graphs[0].output[0].name
    for number, graph in enumerate(graphs[1:], 1):
        nodes.append(helper.make_node("Add", [total, graph.output[0].name], [f"sum_{number}"]))
        total = f"sum_{number}"
    nodes.append(helper.make_node("Mul", [total, share.name], [OUTPUT_NAME]))
    model = onnx.load_from_string(packages[0].onnx)
    merged = helper.make_graph(
        nodes,
        "mean",
        [model.graph.input[0]],
        [model.graph.output[0]],
        [*(weight for graph in graphs for weight in graph.initializer), share],
    )
    made = helper.make_model(merged, opset_imports=model.opset_import, ir_version=model.ir_version)
    onnx.checker.check_model(made)
    card = replace(
        first,
        halo=max(package.card.halo for package in packages),
        stride=max(package.card.stride for package in packages),
    )
    return unpack_model(pack_model(made.SerializeToString(deterministic=True), card), path)


def _own_names(package: ModelPackage, number: int) -> onnx.GraphProto:
    """Return a network's graph with names of its own, but for its input."""
    graph = onnx.load_from_string(package.onnx).graph
    named: onnx.GraphProto = compose.add_prefix_graph(graph, f"n{number}_", rename_inputs=False)
    if named.input[0].name != INPUT_NAME:
        raise ValueError(f"expected an input of the name {INPUT_NAME}; found {named.input[0].name}")
    return named
