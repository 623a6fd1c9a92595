"""The wire format of Protocol Buffers, as far as an ONNX file needs it: bytes -> fields, and back.

A message is a row of fields, each a key (number and kind) and a value. Nothing is copied and nothing is
allocated by what a length says: a value is a place in the bytes that were given, and a length that leaves
them is an error. Source: https://protobuf.dev/programming-guides/encoding/.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_LONGEST_VARINT = 10
_SIZES = {FIXED64: 8, FIXED32: 4}


class WireError(ValueError):
    """Bytes that are no message."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message.

    Attributes
    ----------
    number, kind : int
        The key.
    value : int
        Of a varint; 0 for other kinds.
    start, stop : int
        Where the value's own bytes lie in what was read.
    begin : int
        Where the field's key lies.
    """

    number: int
    kind: int
    value: int
    start: int
    stop: int
    begin: int

    @property
    def signed(self) -> int:
        """The varint as the 64-bit number with a sign that it stands for."""
        return self.value - (1 << 64) if self.value >> 63 else self.value


def fields(content: memoryview, start: int = 0, stop: int | None = None) -> Iterator[Field]:
    """Go through the fields of the message that lies at ``content[start:stop]``.

    Parameters
    ----------
    content : memoryview of bytes
    start, stop : int
        Bounds of the message; by default all of ``content``. An empty message has no fields.

    Raises
    ------
    WireError
        When a key or a length is broken, a group (given up since 2008) is used, or a value leaves the bounds.

    Examples
    --------
    >>> [(field.number, field.value) for field in fields(memoryview(bytes([8, 150, 1])))]
    [(1, 150)]
    """
    end = len(content) if stop is None else stop
    place = start
    while place < end:
        begin = place
        key, place = read_varint(content, place, end)
        number, kind = key >> 3, key & 7
        if number < 1:
            raise WireError("a field without a number")
        value = 0
        if kind == VARINT:
            first = place
            value, place = read_varint(content, place, end)
            yield Field(number, kind, value, first, place, begin)
            continue
        if kind == BYTES:
            size, place = read_varint(content, place, end)
        elif kind in _SIZES:
            size = _SIZES[kind]
        else:
            raise WireError(f"a field of kind {kind}")
        if size > end - place:
            raise WireError(f"a value of {size:,} bytes where {end - place:,} are left")
        yield Field(number, kind, value, place, place + size, begin)
        place += size


def read_varint(content: memoryview, place: int, end: int) -> tuple[int, int]:
    """Return the number that is written at ``place`` in groups of seven bits, and the place after it."""
    value = shift = 0
    for _ in range(_LONGEST_VARINT):
        if place >= end:
            raise WireError("an end in the middle of a number")
        byte = content[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, place
        shift += 7
    raise WireError("a number of more than ten bytes")


def varints(content: memoryview, field: Field) -> Iterator[int]:
    """Go through the signed 64-bit numbers of a repeated field: packed, or one a field."""
    if field.kind == VARINT:
        yield field.signed
        return
    if field.kind != BYTES:
        raise WireError(f"numbers in a field of kind {field.kind}")
    place = field.start
    while place < field.stop:
        value, place = read_varint(content, place, field.stop)
        yield value - (1 << 64) if value >> 63 else value


def encode_varint(value: int) -> bytes:
    """Return a number of 0 or more in groups of seven bits.

    >>> encode_varint(150).hex()
    '9601'
    """
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)


def encode_bytes(number: int, value: bytes) -> bytes:
    """Return a field of bytes with its key and length."""
    return encode_varint(number << 3 | BYTES) + encode_varint(len(value)) + value
