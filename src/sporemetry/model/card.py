"""The card of a packaged network: what it finds, what it expects of a picture, what it was trained on.

The card is one JSON document in the ONNX file's metadata, under the key :data:`CARD_KEY`. Every field is
required unless its type says otherwise, none but these may be there, and each is checked when it is read.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from sporemetry.model.judge import FEATURES, Judge

CARD_KEY = "sporemetry"
CARD_FORMAT = 1
LARGEST_CARD = 1 << 20
NO_HASH = "0" * 64
SPORE = "spore"
TASK = "spore-segmentation"
_LONGEST_TEXT = 4096
_MOST_ENTRIES = 256
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


def decode_card(content: bytes) -> ModelCard:
    """Return the card of its JSON.

    Parameters
    ----------
    content : bytes
        At most :data:`LARGEST_CARD`.

    Raises
    ------
    CardError
        When it is no JSON, lacks a field, has one too many, or one that is not what it must be.
    """
    if len(content) > LARGEST_CARD:
        raise CardError("a card of at most 1 MiB", f"{len(content):,} bytes")
    try:
        values = json.loads(
            content.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_no_repeats
        )
    except (ValueError, RecursionError) as error:
        raise CardError("a card in JSON", f"{type(error).__name__}: {str(error)[:200]}") from None
    return card_of(values)


def card_of(values: object) -> ModelCard:
    """Return the card of what its JSON holds, checked field by field.

    Raises
    ------
    CardError
        As :func:`decode_card`.
    """
    read = _Table(values, "the card")
    form = read.value("format")
    if type(form) is not int or form != CARD_FORMAT:
        raise CardError(f"a card of format {CARD_FORMAT}", f"format {_shown(form)}")
    card = ModelCard(
        name=read.text("name", least=1),
        version=read.text("version", least=1),
        task=read.choice("task", (TASK,)),
        channels=_channels(read.value("channels")),
        instances=_instances(read.value("instances")),
        normalization=_normalization(read.value("normalization")),
        spore_length_px=_spore_length(read.value("spore_length_px")),
        um_per_px=read.optional_number("um_per_px", 1e-4, 1e4),
        threshold=read.number("threshold", 0.0, 1.0),
        judge=_judge(read.value("judge")),
        score_calibration=_calibration(read.value("score_calibration")),
        training_data=_each(read.value("training_data"), "training_data", _training_set),
        metrics=_metrics(read.value("metrics")),
        halo=read.whole("halo", 0, 65_536),
        stride=read.whole("stride", 1, 1024),
        created_with=read.text("created_with"),
        sha256=_sha256(read.text("sha256")),
    )
    read.end()
    return card


class _Table:
    """A JSON object whose fields are taken one by one; what is left over at the end is an error."""

    def __init__(self, values: object, what: str) -> None:
        if not isinstance(values, dict):
            raise CardError(f"{what} as an object", _shown(values))
        self._values = dict(values)
        self._what = what

    def value(self, name: str) -> object:
        if name not in self._values:
            raise CardError(f"the field {name!r} in {self._what}", "none")
        return self._values.pop(name)

    def text(self, name: str, *, least: int = 0) -> str:
        value = self.value(name)
        if not isinstance(value, str) or not least <= len(value) <= _LONGEST_TEXT or _surrogates(value):
            raise CardError(f"{name} as a text of {least} to {_LONGEST_TEXT:,} characters", _shown(value))
        return value

    def choice(self, name: str, choices: Sequence[str]) -> Any:
        value = self.value(name)
        if not isinstance(value, str) or value not in choices:
            raise CardError(f"{name} as one of {', '.join(choices)}", _shown(value))
        return value

    def number(self, name: str, least: float, most: float) -> float:
        return _number(self.value(name), name, least, most)

    def optional_number(self, name: str, least: float, most: float) -> float | None:
        value = self.value(name)
        return None if value is None else _number(value, name, least, most)

    def whole(self, name: str, least: int, most: int) -> int:
        value = self.value(name)
        if type(value) is not int or not least <= value <= most:
            raise CardError(f"{name} as a whole number from {least} to {most}", _shown(value))
        return value

    def end(self) -> None:
        if self._values:
            raise CardError(f"no other fields in {self._what}", ", ".join(sorted(self._values))[:200])


def _channels(value: object) -> tuple[str, ...]:
    names = _each(value, "channels", lambda each: _name(each, "channels"))
    if not names or names[0] != SPORE or len(set(names)) != len(names):
        raise CardError(f"channels of different names, the first of them {SPORE!r}", _shown(value))
    return names


def _instances(value: object) -> Instances:
    read = _Table(value, "instances")
    decoder = read.text("decoder", least=1)
    options = read.value("options")
    read.end()
    if not isinstance(options, dict) or len(options) > _MOST_ENTRIES:
        raise CardError("options of instances as an object", _shown(options))
    for name, option in options.items():
        sound = isinstance(option, str | bool | int) or (isinstance(option, float) and math.isfinite(option))
        if not sound or len(str(option)) > _LONGEST_TEXT:
            raise CardError(f"the option {name[:80]!r} as a number, text, true or false", _shown(option))
    return Instances(decoder=decoder, options=options)


def _normalization(value: object) -> Normalization:
    read = _Table(value, "normalization")
    kind = read.choice("kind", ("fixed", "picture", "light"))
    mean, std = (
        _each(read.value(name), name, lambda each: _number(each, "mean and std", -1e6, 1e6))
        for name in ("mean", "std")
    )
    floor = read.number("floor", 0.0, 255.0)
    read.end()
    sizes = (len(mean), len(std))
    if kind == "fixed" and (sizes != (3, 3) or min(std) < 1e-3 or floor):
        raise CardError(
            "a fixed normalization with mean and std of 3 channels, std of at least 0.001", _shown(value)
        )
    if kind == "picture" and (sizes != (0, 0) or floor < 0.1):
        raise CardError(
            "a normalization by the picture with a floor of at least 0.1 and nothing else", _shown(value)
        )
    if kind == "light" and (sizes != (0, 0) or floor):
        raise CardError("a normalization by the picture's light with nothing else", _shown(value))
    return Normalization(kind=kind, mean=mean, std=std, floor=floor)


def _spore_length(value: object) -> SporeLength:
    read = _Table(value, "spore_length_px")
    least, median, most = (read.number(name, 1.0, 1e4) for name in ("least", "median", "most"))
    read.end()
    if not least <= median <= most:
        raise CardError("least, median and most spore length in this order", _shown(value))
    return SporeLength(median=median, least=least, most=most)


def _judge(value: object) -> Judge:
    read = _Table(value, "judge")
    weights = read.value("weights")
    bias, least = read.number("bias", -1e3, 1e3), read.number("least", 0.0, 1.0)
    read.end()
    if not isinstance(weights, dict) or set(weights) - set(FEATURES):
        raise CardError(f"weights of judge for some of {', '.join(FEATURES)}", _shown(weights))
    found = {name: _number(weight, "weights of judge", -1e3, 1e3) for name, weight in weights.items()}
    if not found and (bias or least):
        raise CardError("a judge with weights, or without bias and least", _shown(value))
    return Judge(weights=found, bias=bias, least=least)


def _calibration(value: object) -> tuple[tuple[float, float], ...]:
    points = _each(value, "score_calibration", _point)
    rising = all(a[0] < b[0] and a[1] <= b[1] for a, b in itertools.pairwise(points))
    if len(points) == 1 or not rising:
        raise CardError(
            "score_calibration as no points, or two or more of a line that never falls", _shown(value)
        )
    return points


def _point(value: object) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise CardError("points of score_calibration as two numbers", _shown(value))
    first, second = (_number(each, "score_calibration", 0.0, 1.0) for each in value)
    return first, second


def _training_set(value: object) -> TrainingSet:
    read = _Table(value, "training_data")
    entry = TrainingSet(
        name=read.text("name", least=1),
        authors=read.text("authors"),
        licence=read.text("licence", least=1),
        pictures=read.whole("pictures", 0, 1 << 40),
        spores=read.whole("spores", 0, 1 << 40),
    )
    read.end()
    return entry


def _metrics(value: object) -> dict[str, float]:
    if not isinstance(value, dict) or len(value) > _MOST_ENTRIES:
        raise CardError("metrics as an object of names and numbers", _shown(value))
    return {_name(name, "metrics"): _number(number, "metrics", -1e12, 1e12) for name, number in value.items()}


def _sha256(text: str) -> str:
    if len(text) != 64 or set(text) - set("0123456789abcdef"):
        raise CardError("sha256 as 64 hexadecimal digits", _shown(text))
    return text


def _each(value: object, name: str, read: Callable[[object], Any]) -> tuple[Any, ...]:
    if not isinstance(value, list) or len(value) > _MOST_ENTRIES:
        raise CardError(f"{name} as a list of at most {_MOST_ENTRIES}", _shown(value))
    return tuple(read(each) for each in value)


def _name(value: object, what: str) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 200 or _surrogates(value):
        raise CardError(f"names of {what} as texts of 1 to 200 characters", _shown(value))
    return value


def _number(value: object, name: str, least: float, most: float) -> float:
    if type(value) not in (int, float) or not least <= value <= most:  # type: ignore[operator]
        raise CardError(f"{name} as a number from {least:g} to {most:g}", _shown(value))
    return float(value)  # type: ignore[arg-type]


def _surrogates(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)


def _shown(value: object) -> str:
    return ascii(value)[:200]


def _no_constant(name: str) -> float:
    raise ValueError(f"the number {name}")


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a field that is there twice")
    return values
