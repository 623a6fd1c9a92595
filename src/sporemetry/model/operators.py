"""Which operators of ONNX a packaged network may use, and why others are refused.

Allowed are those whose result at a place depends on a bounded neighbourhood of it, so that tiles of a
picture give what the whole picture gives, and whose memory grows with the picture's size alone.
"""

from __future__ import annotations

DOMAINS = frozenset({"", "ai.onnx"})
"""The standard operators have these two names for their domain."""

# How many inputs each needs, and has at most: a runtime may take for granted that they are there.
LOCAL_OPERATORS: dict[str, tuple[int, int]] = {
    # neighbourhoods
    "Conv": (2, 3),
    "ConvTranspose": (2, 3),
    "MaxPool": (1, 1),
    "AveragePool": (1, 1),
    "Resize": (3, 4),
    "DepthToSpace": (1, 1),
    "SpaceToDepth": (1, 1),
    "Pad": (2, 4),
    "Slice": (3, 5),
    # channels at one place
    "BatchNormalization": (5, 5),
    "LayerNormalization": (2, 3),
    "MatMul": (2, 2),
    "Gemm": (2, 3),
    "Transpose": (1, 1),
    "Concat": (1, 256),
    "Split": (1, 2),
    # one number at a time
    **dict.fromkeys(
        (
            *(
                "Abs",
                "Cast",
                "Ceil",
                "Elu",
                "Erf",
                "Exp",
                "Floor",
                "Gelu",
                "HardSigmoid",
                "HardSwish",
                "Identity",
            ),
            *(
                "LeakyRelu",
                "Log",
                "Mish",
                "Neg",
                "Reciprocal",
                "Relu",
                "Selu",
                "Sigmoid",
                "Softplus",
                "Softsign",
            ),
            *("Sqrt", "Tanh"),
        ),
        (1, 1),
    ),
    **dict.fromkeys(("Add", "Div", "Mul", "PRelu", "Pow", "Sub"), (2, 2)),
    **dict.fromkeys(("Max", "Min"), (1, 256)),
    **dict.fromkeys(("DequantizeLinear", "QuantizeLinear"), (2, 3)),
    "Clip": (1, 3),
    "Constant": (0, 0),
}
"""The operators that are allowed, each with the fewest and the most inputs that it has."""

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
