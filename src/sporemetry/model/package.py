"""A packaged network on disk: one ONNX file whose metadata hold its card, and the card the file's hash.

The hash is the SHA-256 of the whole file with the hash's own 64 digits as zeros, so that weights, graph and
card are all held by it. Reading runs nothing, opens no other file, and takes memory for the file alone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from sporemetry.errors import (
    ModelAlteredError,
    ModelCardError,
    ModelError,
    ModelFormatError,
    ModelGraphError,
)
from sporemetry.guarded_file import read_file
from sporemetry.model.card import CARD_KEY, NO_HASH, CardError, ModelCard
from sporemetry.model.card_reading import decode_card
from sporemetry.model.graph import check_graph
from sporemetry.model.onnx_file import OnnxError, OnnxFile, parse_onnx
from sporemetry.model.wire import WireError, encode_bytes

LARGEST_FILE = 256 << 20
_METADATA, _KEY, _VALUE = 14, 1, 2
_HASH_FIELD = b'"sha256":"'
_MADE_BY = "a network that `sporemetry export` has packaged"


@dataclass(frozen=True, slots=True, eq=False)
class ModelPackage:
    """A packaged network that has been checked.

    Attributes
    ----------
    card : ModelCard
    onnx : bytes
        The whole file, card and all.
    path : Path
        Where it was read; for messages alone.
    """

    card: ModelCard
    onnx: bytes
    path: Path


def read_model(path: str | Path) -> ModelPackage:
    """Read a packaged network and check all of it: file, card, hash, graph.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    ModelPackage
        Nothing of it has been run.

    Raises
    ------
    ModelFormatError
        When there is no such file, or it is no ONNX file, truncated, or larger than 256 MiB.
    ModelCardError
        When it has no card, or one that cannot be used.
    ModelAlteredError
        When its content is not what the card's hash is of.
    ModelGraphError
        When its network has external data, operators or sizes that are refused.
    """
    path = Path(path)
    content = _read_bounded(path)
    return unpack_model(content, path)


def unpack_model(content: bytes, path: Path) -> ModelPackage:
    """Check the content of a packaged network; as :func:`read_model`, ``path`` being for messages."""
    parsed = _parse(content, path)
    card = _card(parsed, content, path)
    try:
        channels = check_graph(parsed)
    except OnnxError as error:
        raise _refused(path, error) from None
    if channels != len(card.channels):
        raise ModelCardError(
            path,
            expected=f"names of the network's {channels} channels in its card",
            found=f"{len(card.channels)}: {', '.join(card.channels)}"[:200],
            remedy="Package the network anew with `sporemetry export`.",
        )
    return ModelPackage(card, content, path)


def pack_model(network: bytes, card: ModelCard) -> bytes:
    """Return a network's ONNX file with the card, and in the card the hash of it all.

    Parameters
    ----------
    network : bytes
        An ONNX file; metadata that it already has are taken out.
    card : ModelCard
        Its ``sha256`` is not looked at.

    Raises
    ------
    WireError, OnnxError
        When ``network`` is no ONNX file, or one that is refused.
    """
    bare = bytearray(network)
    for _, begin, stop in sorted(parse_onnx(network).entries, key=lambda entry: -entry[1]):
        del bare[begin:stop]
    text = replace(card, sha256=NO_HASH).encode()
    entry = encode_bytes(_KEY, CARD_KEY.encode()) + encode_bytes(_VALUE, text)
    content = bytes(bare) + encode_bytes(_METADATA, entry)
    digest = hashlib.sha256(content).hexdigest().encode()
    place = content.rindex(_HASH_FIELD) + len(_HASH_FIELD)
    return content[:place] + digest + content[place + len(digest) :]


def _read_bounded(path: Path) -> bytes:
    remedy = "Give a file made by `sporemetry export`."
    try:
        return read_file(path, LARGEST_FILE)
    except OSError as error:
        found = error.strerror or type(error).__name__
        expected = f"{_MADE_BY}, a file of at most {LARGEST_FILE >> 20} MiB"
        raise ModelFormatError(path, expected=expected, found=found, remedy=remedy) from error


def _parse(content: bytes, path: Path) -> OnnxFile:
    try:
        return parse_onnx(content)
    except WireError as error:
        raise ModelFormatError(
            path,
            expected=_MADE_BY,
            found=f"no ONNX file, or a truncated one: {error}",
            remedy="Copy the file again, or package the network anew.",
        ) from None
    except OnnxError as error:
        raise _refused(path, error) from None


def _refused(path: Path, error: OnnxError) -> ModelError:
    return ModelGraphError(
        path,
        expected="a network of standard ONNX operators that see a bounded neighbourhood, in one file",
        found=str(error),
        remedy="Package one with `sporemetry export`, which says what to change.",
    )


def _card(parsed: OnnxFile, content: bytes, path: Path) -> ModelCard:
    remedy = "Package the network anew with `sporemetry export`."
    if CARD_KEY not in parsed.metadata:
        raise ModelCardError(path, expected=_MADE_BY, found="an ONNX file without a card", remedy=remedy)
    start, stop = parsed.metadata[CARD_KEY]
    text = content[start:stop]
    try:
        card = decode_card(text)
    except CardError as error:
        raise ModelCardError(path, expected=error.expected, found=error.found, remedy=remedy) from None
    if text.count(_HASH_FIELD) != 1:
        raise ModelCardError(path, expected="one field sha256", found="another number of them", remedy=remedy)
    place = start + text.index(_HASH_FIELD) + len(_HASH_FIELD)
    digest = hashlib.sha256(content[:place])
    digest.update(NO_HASH.encode())
    digest.update(memoryview(content)[place + 64 :])
    if digest.hexdigest() != card.sha256:
        raise ModelAlteredError(
            path,
            expected=f"a file whose SHA-256 is {card.sha256[:16]}…",
            found=f"{digest.hexdigest()[:16]}…",
            remedy="It was damaged or changed after it was packaged: copy it again, or package it anew.",
        )
    return card
