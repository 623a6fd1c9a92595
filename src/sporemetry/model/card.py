"""The card of a packaged network: what it finds, what it expects of a picture, what it was trained on.

The card is one JSON document in the ONNX file's metadata, under the key :data:`CARD_KEY`. Every field is
required unless its type says otherwise, none but these may be there, and each is checked when it is read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

from sporemetry.model.judge import Judge

CARD_KEY = "sporemetry"
CARD_FORMAT = 1
LARGEST_CARD = 1 << 20
NO_HASH = "0" * 64
SPORE = "spore"
TASK = "spore-segmentation"
Option = float | int | str | bool


class CardError(ValueError):
    """A card that cannot be used: what was expected and what was found."""

    def __init__(self, expected: str, found: str) -> None:
        self.expected = expected
        self.found = found
        super().__init__(f"expected {expected}; found {found}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalization:
    """How grey values (0 to 255) become the network's input.

    Attributes
    ----------
    kind : str
        ``fixed``: (value - mean) / std of each channel. ``picture``: the picture's own median and spread
        inside its field take the place of mean and std, see :mod:`sporemetry.model.normalization`.
        ``light``: the median of each channel inside the field becomes 0, and a quarter less light -1.
    mean, std : tuple of 3 float
        Of ``fixed``; empty otherwise.
    floor : float
        Of ``picture``: the least spread, in grey values.
    """

    kind: Literal["fixed", "picture", "light"]
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    floor: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SporeLength:
    """The length of spores, in px at the scale that the network works at.

    Attributes
    ----------
    median : float
        What pictures are resampled to.
    least, most : float
        From where to where spores are found without resampling.
    """

    median: float
    least: float
    most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSet:
    """Pictures that a network was trained on."""

    name: str
    authors: str
    licence: str
    pictures: int
    spores: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Instances:
    """How logits become labels: a key of :data:`sporemetry.segmentation.DECODERS` and its options."""

    decoder: str = "watershed"
    options: Mapping[str, Option] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """Everything that is said of a packaged network.

    Attributes
    ----------
    name, version : str
        Of the network.
    task : str
        :data:`TASK`.
    channels : tuple of str
        What each channel of the logits is; the first is ``spore``.
    instances : Instances
        How touching spores are parted.
    normalization : Normalization
    spore_length_px : SporeLength
    um_per_px : float or None
        The scale that the network was trained at, where it was trained at one alone.
    threshold : float
        From which probability a pixel is spore.
    judge : Judge
        How sure one may be of an object, and how sure one must be to count it. Without weights: the mean
        probability of its pixels, put through the calibration.
    score_calibration : tuple of (float, float)
        Mean probability of a spore to how often such a spore is one: points of a line that never falls.
        Empty: the mean probability is the score.
    training_data : tuple of TrainingSet
    metrics : mapping of str to float
        As measured where the network was made.
    halo : int
        Logits depend on pixels up to so many px away, and on none further.
    stride : int
        Heights and widths are multiples of this.
    created_with : str
        Programs and versions.
    sha256 : str
        Of the file, with these 64 digits as zeros.
    """

    name: str
    version: str
    task: str = TASK
    channels: tuple[str, ...] = (SPORE,)
    instances: Instances = field(default_factory=Instances)
    normalization: Normalization
    spore_length_px: SporeLength
    um_per_px: float | None = None
    threshold: float
    judge: Judge = field(default_factory=Judge)
    score_calibration: tuple[tuple[float, float], ...] = ()
    training_data: tuple[TrainingSet, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    halo: int
    stride: int
    created_with: str
    sha256: str = NO_HASH

    def encode(self) -> bytes:
        """Return the card as JSON: the same card gives the same bytes."""
        content = {"format": CARD_FORMAT, **asdict(self)}
        text = json.dumps(content, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
        return text.encode("ascii")
