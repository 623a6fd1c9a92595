"""Whether a network's graph is one that may run here: what goes in, what comes out, and all between.

Checked are names and order (each value is made before it is used, and once), the operators and their
sizes, and that what a place gets depends on its neighbourhood alone: weights are constants, nothing is
resized to the size of something else, nothing pools the picture.
"""

from __future__ import annotations

from sporemetry.model.onnx_file import FLOAT, Node, OnnxError, OnnxFile, Tensor
from sporemetry.model.operators import DOMAINS, LOCAL_OPERATORS, refusal

INPUT_NAME, OUTPUT_NAME = "pixels", "logits"
MOST_NODES = 4096
MOST_CONSTANTS = 8192
_OLDEST_OPSET, _NEWEST_OPSET = 11, 30
_LARGEST_NUMBER = 65_536
_LARGEST_SHIFT = 4096
_LARGEST_FACTOR = 64.0
_WEIGHTED = {
    "Conv": (1, 2),
    "ConvTranspose": (1, 2),
    "BatchNormalization": (1, 2, 3, 4),
    "LayerNormalization": (1, 2),
}
_SIZES = frozenset(
    {"pads", "kernel_shape", "strides", "dilations", "output_padding", "output_shape", "blocksize"}
)
_LIMITS = frozenset({"min", "max", "alpha", "beta", "epsilon", "value_float", "value_floats", "value_int"})
# Of constants alone these make nothing larger than what they are given.
_ON_CONSTANTS = frozenset(
    {"Constant", "Identity", "Cast", "DequantizeLinear", "QuantizeLinear", "Neg", "Sqrt", "Abs"}
)


def check_graph(onnx: OnnxFile) -> int:
    """Check a graph and return how many channels of logits it gives.

    Raises
    ------
    OnnxError
        With what was found; the text names the operator.
    """
    _check_opsets(onnx)
    _check_number("operators", len(onnx.nodes), MOST_NODES)
    _check_number("constants", len(onnx.constants), MOST_CONSTANTS)
    channels = _check_ends(onnx)
    constants: dict[str, Tensor | None] = {}
    for tensor in onnx.constants:
        if not tensor.name or tensor.name in constants:
            raise OnnxError(f"two constants of the name {tensor.name!r}")
        constants[tensor.name] = tensor
    known = {INPUT_NAME, *constants}
    if INPUT_NAME in constants:
        raise OnnxError(f"a constant of the input's name {INPUT_NAME!r}")
    for node in onnx.nodes:
        _check_node(node, known, constants)
        if all(name in constants for name in node.inputs if name):
            if node.operator not in _ON_CONSTANTS:
                raise OnnxError(f"{node.operator} of constants alone")
            constants.update((name, node.tensors.get("value")) for name in node.outputs)
        known.update(name for name in node.outputs if name)
    if OUTPUT_NAME not in known or OUTPUT_NAME in constants:
        raise OnnxError(f"no operator that makes the output {OUTPUT_NAME!r} of the picture")
    return channels


def _check_opsets(onnx: OnnxFile) -> None:
    if not onnx.opsets:
        raise OnnxError("no version of its operators")
    for domain, version in onnx.opsets.items():
        if domain not in DOMAINS:
            raise OnnxError(f"operators of the domain {domain!r}")
        if not _OLDEST_OPSET <= version <= _NEWEST_OPSET:
            raise OnnxError(f"operators of version {version} ({_OLDEST_OPSET} to {_NEWEST_OPSET} are read)")


def _check_ends(onnx: OnnxFile) -> int:
    """Check the input and the output; return the channels of the output."""
    if [value.name for value in onnx.inputs] != [INPUT_NAME]:
        raise OnnxError(f"the inputs {', '.join(value.name for value in onnx.inputs)[:200] or 'none'}")
    if [value.name for value in onnx.outputs] != [OUTPUT_NAME]:
        raise OnnxError(f"the outputs {', '.join(value.name for value in onnx.outputs)[:200] or 'none'}")
    (pixels,), (logits,) = onnx.inputs, onnx.outputs
    if pixels.data_type != FLOAT or len(pixels.dims) != 4 or pixels.dims[1] != 3:
        raise OnnxError(f"an input of shape {pixels.dims} and element type {pixels.data_type}")
    if pixels.dims[2] is not None or pixels.dims[3] is not None:
        raise OnnxError(f"an input of the fixed size {pixels.dims[3]} x {pixels.dims[2]} px")
    if logits.data_type != FLOAT or len(logits.dims) != 4 or not logits.dims[1]:
        raise OnnxError(f"an output of shape {logits.dims} and element type {logits.data_type}")
    if not 1 <= logits.dims[1] <= 1024:
        raise OnnxError(f"an output of {logits.dims[1]} channels")
    return logits.dims[1]


def _check_node(node: Node, known: set[str], constants: dict[str, Tensor | None]) -> None:
    what = f"{node.operator} ({node.name})" if node.name else node.operator
    if node.domain not in DOMAINS:
        raise OnnxError(f"the operator {what} of the domain {node.domain!r}")
    if reason := refusal(node.operator):
        raise OnnxError(f"the operator {what}, which {reason}")
    least, most = LOCAL_OPERATORS[node.operator]
    optional = {1} if node.operator == "Resize" else set()
    given = all(name or place in optional for place, name in enumerate(node.inputs[:least]))
    outputs = 256 if node.operator == "Split" else 1
    if not (
        least <= len(node.inputs) <= most and given and 1 <= len(node.outputs) <= outputs and node.outputs[0]
    ):
        raise OnnxError(f"{what} with {len(node.inputs)} inputs and {len(node.outputs)} outputs")
    for name in node.inputs:
        if name and name not in known:
            raise OnnxError(f"{what} of {name!r}, which nothing before it makes")
    for name in node.outputs:
        if name and name in known:
            raise OnnxError(f"{name!r} made twice")
    if len(set(node.outputs)) != len(node.outputs):
        raise OnnxError(f"an output of {what} made twice")
    _check_numbers(node, what)
    for place in _WEIGHTED.get(node.operator, ()):
        if place < len(node.inputs) and node.inputs[place] and node.inputs[place] not in constants:
            raise OnnxError(f"{what} with weights that it computes from the picture")
        tensor = constants.get(node.inputs[place]) if place < len(node.inputs) else None
        if tensor is not None and "Conv" in node.operator and len(tensor.dims) != (4 if place == 1 else 1):
            raise OnnxError(f"{what} with weights of the shape {tensor.dims}")
    if node.operator in {"MatMul", "Gemm"} and not any(name in constants for name in node.inputs[:2]):
        raise OnnxError(f"{what} of two things computed from the picture, which sees the whole tile")
    if node.operator == "Resize":
        _check_resize(node, what, constants)
    if node.operator == "Pad":
        _check_pad(node, what, constants)


def _check_numbers(node: Node, what: str) -> None:
    for name, numbers in node.numbers.items():
        if name in _SIZES:
            sound = all(0 <= value <= _LARGEST_SHIFT for value in numbers)
        else:
            sound = name in _LIMITS or all(abs(value) <= _LARGEST_NUMBER for value in numbers)
        if not sound:
            raise OnnxError(f"{what} with {name} out of range")


def _check_resize(node: Node, what: str, constants: dict[str, Tensor | None]) -> None:
    mode = node.texts.get("coordinate_transformation_mode", "half_pixel")
    if mode not in {"half_pixel", "asymmetric", "pytorch_half_pixel"}:
        raise OnnxError(
            f"{what} with {mode}, by which a pixel's place depends on the tile's size; upsample with "
            "align_corners=False"
        )
    if len(node.inputs) > 3 and node.inputs[3]:
        raise OnnxError(f"{what} to a size that the graph computes, instead of by a factor")
    factors = _numbers_of(node, 2, constants)
    if factors is None or len(factors) != 4:
        raise OnnxError(f"{what} by factors that are no constants")
    if factors[:2] != (1.0, 1.0) or not all(
        1 / _LARGEST_FACTOR <= value <= _LARGEST_FACTOR for value in factors
    ):
        raise OnnxError(f"{what} by the factors {factors}")


def _check_pad(node: Node, what: str, constants: dict[str, Tensor | None]) -> None:
    pads = _numbers_of(node, 1, constants)
    if pads is None or not all(abs(value) <= _LARGEST_SHIFT for value in pads):
        raise OnnxError(f"{what} by other than constants up to {_LARGEST_SHIFT} px")


def _numbers_of(node: Node, place: int, constants: dict[str, Tensor | None]) -> tuple[float, ...] | None:
    if place >= len(node.inputs):
        return None
    tensor = constants.get(node.inputs[place])
    return None if tensor is None else tensor.numbers


def _check_number(what: str, number: int, most: int) -> None:
    if number > most:
        raise OnnxError(f"{number:,} {what} (at most {most:,} are read)")
