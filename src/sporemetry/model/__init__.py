"""A packaged network: one ONNX file with its card, checked when read, and the runtime that evaluates it.

file -> read_model -> ModelPackage (card, graph) -> load_network -> Network -> picture_logits -> logits
"""

from sporemetry.model.card import (
    SPORE,
    Instances,
    ModelCard,
    Normalization,
    SporeLength,
    TrainingSet,
)
from sporemetry.model.card_reading import card_of, decode_card
from sporemetry.model.evaluation import Tiling, picture_logits
from sporemetry.model.judge import Judge, features_of, judge_objects, observe
from sporemetry.model.normalization import DEFAULT_FLOOR, grey_levels, normalise
from sporemetry.model.package import ModelPackage, pack_model, read_model, unpack_model
from sporemetry.model.runtime import DEVICES, PRECISIONS, Network, load_network
from sporemetry.model.turns import TURNS

__all__ = [
    "DEFAULT_FLOOR",
    "DEVICES",
    "PRECISIONS",
    "SPORE",
    "TURNS",
    "Instances",
    "Judge",
    "ModelCard",
    "ModelPackage",
    "Network",
    "Normalization",
    "SporeLength",
    "Tiling",
    "TrainingSet",
    "card_of",
    "decode_card",
    "features_of",
    "grey_levels",
    "judge_objects",
    "load_network",
    "normalise",
    "observe",
    "pack_model",
    "picture_logits",
    "read_model",
    "unpack_model",
]
