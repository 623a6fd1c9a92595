"""A card from its JSON, of which nothing is believed: each field is checked, none missing or extra."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable, Sequence
from typing import Any

from sporemetry.model.card import (
    CARD_FORMAT,
    LARGEST_CARD,
    SPORE,
    TASK,
    CardError,
    Instances,
    ModelCard,
    Normalization,
    SporeLength,
    TrainingSet,
)
from sporemetry.model.judge import FEATURES, Judge

_LONGEST_TEXT = 4096
_MOST_ENTRIES = 256


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
    weights, alike = (_judge_weights(read.value(name)) for name in ("weights", "alike_weights"))
    bias, alike_bias = (read.number(name, -1e3, 1e3) for name in ("bias", "alike_bias"))
    least = read.number("least", 0.0, 1.0)
    read.end()
    if not weights and (bias or least or alike):
        raise CardError("a judge with weights, or without bias, least and alike_weights", _shown(value))
    if not alike and alike_bias:
        raise CardError("a judge with alike_weights, or without alike_bias", _shown(value))
    return Judge(weights=weights, bias=bias, alike_weights=alike, alike_bias=alike_bias, least=least)


def _judge_weights(value: object) -> dict[str, float]:
    if not isinstance(value, dict) or set(value) - set(FEATURES):
        raise CardError(f"weights of judge for some of {', '.join(FEATURES)}", _shown(value))
    return {name: _number(weight, "weights of judge", -1e3, 1e3) for name, weight in value.items()}


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
