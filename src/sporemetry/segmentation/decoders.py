"""From a network's channels to labels: one visible dict of ways, of which a card names one.

A decoder says which channels it needs, which options it has with their defaults, and how it makes labels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import SettingsError
from sporemetry.instances import LabelArray, Separation, separate_touching
from sporemetry.instances.learned import LearnedSeparation, separate_by_borders, separate_by_centres
from sporemetry.model.card import SPORE, Option

MaskArray = NDArray[np.bool_]


def sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return probabilities of logits, without overflow.

    >>> sigmoid(np.array([-1000, 0, 1000], dtype=np.float32)).tolist()
    [0.0, 0.5, 1.0]
    """
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logits)), dtype=np.float32)


@dataclass(frozen=True, eq=False)
class DecoderInput:
    """What a decoder is given.

    Attributes
    ----------
    mask : (H, W) bool array
        Pixels at or above the threshold, inside the field.
    outputs : mapping of str to (H, W) float32 array
        Logits of each channel, at the picture's size.
    spore_length_px : float
        How long spores are in this picture.
    min_area : int
        No piece is made smaller than this, px.
    """

    mask: MaskArray
    outputs: Mapping[str, NDArray[np.float32]]
    spore_length_px: float
    min_area: int


@dataclass(frozen=True)
class Decoder:
    """One way from channels to labels.

    Attributes
    ----------
    title : str
        In plain words, as the end of "touching ones are parted by".
    decode : callable
        ``decode(given, options) -> labels``; options are complete and of the types of the defaults.
    channels : tuple of str
        What the network must give beside ``spore``.
    options : mapping
        Names and defaults. All have ``outline``: the probability from which pixels beside a spore are given
        to it once spores are parted; from the threshold up, none are. And ``relief``: whether outlines that
        cut through spores in relief are set out, see :func:`sporemetry.instances.fill_relief`.
    """

    title: str
    decode: Callable[[DecoderInput, Mapping[str, Option]], LabelArray]
    channels: tuple[str, ...] = ()
    options: Mapping[str, Option] = field(default_factory=dict)


def _watershed(given: DecoderInput, options: Mapping[str, Option]) -> LabelArray:
    return separate_touching(
        given.mask,
        Separation(
            min_area=given.min_area,
            max_hole_area=int(options["max_hole_area"]),
            neck=float(options["neck"]),
            notch=float(options["notch"]),
            reach=float(options["reach"]),
            smoothing=float(options["smoothing"]),
        ),
    )


def _centres(given: DecoderInput, options: Mapping[str, Option]) -> LabelArray:
    return separate_by_centres(given.mask, sigmoid(given.outputs["centre"]), _learned(given, options))


def _borders(given: DecoderInput, options: Mapping[str, Option]) -> LabelArray:
    return separate_by_borders(given.mask, sigmoid(given.outputs["border"]), _learned(given, options))


def _learned(given: DecoderInput, options: Mapping[str, Option]) -> LearnedSeparation:
    return LearnedSeparation(
        level=float(options["level"]),
        min_seed_area=max(1, round(float(options["min_seed_share"]) * given.min_area)),
        min_area=given.min_area,
        max_hole_area=int(options["max_hole_area"]),
    )


OUTLINE, RELIEF = "outline", "relief"
_OUTLINED: Mapping[str, Option] = {OUTLINE: 1.0, RELIEF: True}
_LEARNED_OPTIONS: Mapping[str, Option] = {"min_seed_share": 0.1, "max_hole_area": 0, **_OUTLINED}

DECODERS: dict[str, Decoder] = {
    "centres": Decoder(
        title="the middles of spores that the network has learnt",
        decode=_centres,
        channels=("centre",),
        options={"level": 0.45, **_LEARNED_OPTIONS},
    ),
    "borders": Decoder(
        title="the borders between spores that the network has learnt",
        decode=_borders,
        channels=("border",),
        options={"level": 0.5, **_LEARNED_OPTIONS},
    ),
    "watershed": Decoder(
        title="a watershed on the distance to their outline, and cuts between notches that face one another",
        decode=_watershed,
        options={
            name: getattr(Separation(), name)
            for name in ("max_hole_area", "neck", "notch", "reach", "smoothing")
        }
        | dict(_OUTLINED),
    ),
}
"""The ways by the name that a card gives; add one here and a network may name it."""


def decoder_with(
    name: str, options: Mapping[str, Option], channels: tuple[str, ...]
) -> tuple[Decoder, dict[str, Option]]:
    """Return the decoder that a card names, with all of its options.

    Raises
    ------
    SettingsError
        When there is none of that name, the network lacks a channel that it needs, or an option is not known
        or of another type.
    """
    if name not in DECODERS:
        raise SettingsError(
            "instances.decoder", expected=f"one of {', '.join(DECODERS)}", found=repr(name)[:200]
        )
    decoder = DECODERS[name]
    missing = [channel for channel in (SPORE, *decoder.channels) if channel not in channels]
    if missing:
        raise SettingsError(
            "channels", expected=f"{', '.join(missing)} for the decoder {name}", found=", ".join(channels)
        )
    complete = dict(decoder.options)
    for key, value in options.items():
        default = complete.get(key)
        if default is None:
            raise SettingsError(
                "instances.options",
                expected=f"one of {', '.join(decoder.options) or 'none'}",
                found=repr(key)[:200],
            )
        if type(default) is float and type(value) is int:
            value = float(value)
        if type(value) is not type(default):
            raise SettingsError(
                f"instances.options.{key}", expected=f"a {type(default).__name__}", found=repr(value)[:200]
            )
        complete[key] = value
    return decoder, complete


__all__ = ["DECODERS", "SPORE", "Decoder", "DecoderInput", "decoder_with"]
