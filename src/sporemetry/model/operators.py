"""Which operators of ONNX a packaged network may use, and why others are refused.

Allowed are those whose result at a place depends on a bounded neighbourhood of it, so that tiles of a
picture give what the whole picture gives, and whose memory grows with the picture's size alone.
"""

from __future__ import annotations

DOMAINS = frozenset({"", "ai.onnx"})
"""The standard operators have these two names for their domain."""

LOCAL_OPERATORS = frozenset(
    {
        # neighbourhoods
        "Conv",
        "ConvTranspose",
        "MaxPool",
        "AveragePool",
        "Resize",
        "DepthToSpace",
        "SpaceToDepth",
        "Pad",
        "Slice",
        # channels at one place
        "BatchNormalization",
        "LayerNormalization",
        "MatMul",
        "Gemm",
        "Transpose",
        "Concat",
        "Split",
        # one number at a time
        "Abs",
        "Add",
        "Cast",
        "Ceil",
        "Clip",
        "Constant",
        "DequantizeLinear",
        "Div",
        "Elu",
        "Erf",
        "Exp",
        "Floor",
        "Gelu",
        "HardSigmoid",
        "HardSwish",
        "Identity",
        "LeakyRelu",
        "Log",
        "Max",
        "Min",
        "Mish",
        "Mul",
        "Neg",
        "PRelu",
        "Pow",
        "QuantizeLinear",
        "Reciprocal",
        "Relu",
        "Selu",
        "Sigmoid",
        "Softplus",
        "Softsign",
        "Sqrt",
        "Sub",
        "Tanh",
    }
)

_SEES_ALL = (
    "sees the whole tile, so that a spore's logits would depend on what else is in the picture; take a "
    "network without squeeze-and-excite, attention and image pooling"
)
_FREE_SIZE = "makes arrays of sizes that the file chooses"
_RUNS_CODE = "holds a graph of its own, which no convolution network needs"

REFUSED_BECAUSE: dict[str, str] = {
    **dict.fromkeys(
        (
            "GlobalAveragePool",
            "GlobalMaxPool",
            "GlobalLpPool",
            "ReduceMean",
            "ReduceMax",
            "ReduceMin",
            "ReduceSum",
            "ReduceL2",
            "InstanceNormalization",
            "GroupNormalization",
            "Softmax",
            "Attention",
            "Einsum",
        ),
        _SEES_ALL,
    ),
    **dict.fromkeys(("ConstantOfShape", "Expand", "Tile", "Range", "Reshape", "NonZero"), _FREE_SIZE),
    **dict.fromkeys(("If", "Loop", "Scan"), _RUNS_CODE),
}
"""Why, of operators that networks often have; all others are refused because no one looked at them."""


def refusal(operator: str) -> str:
    """Return why an operator is refused, in words that follow its name; empty for an allowed one.

    >>> refusal("Conv"), refusal("If")
    ('', 'holds a graph of its own, which no convolution network needs')
    """
    if operator in LOCAL_OPERATORS:
        return ""
    return REFUSED_BECAUSE.get(operator, "is not among the operators that packaged networks may use")
