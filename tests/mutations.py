"""Damage done to good files: mutation ``k`` is a function of (seed, k) alone, so each can be made again."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from random import Random

Mutation = Callable[[Random, bytearray, bytes], None]

_INTERESTING = (
    0,
    1,
    2,
    3,
    4,
    5,
    7,
    8,
    9,
    16,
    17,
    255,
    256,
    4095,
    32767,
    32768,
    65535,
    1 << 16,
    (1 << 24) + 1,
)
_WIDE = (*_INTERESTING, (1 << 31) - 1, 1 << 31, (1 << 32) - 1)
_PNG = b"\x89PNG\r\n\x1a\n"


def mutate(seed: int, k: int, files: list[tuple[str, bytes]]) -> tuple[str, bytes]:
    """Return the name and content of mutation ``k``: one of ``files`` with one to six damages."""
    random = Random(f"{seed}:{k}")
    name, content = random.choice(files)
    damaged = bytearray(content)
    other = random.choice(files)[1]
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        if damaged:
            random.choice(MUTATIONS)(random, damaged, other)
    if damaged.startswith(_PNG) and random.random() < 0.8:
        repair_checksums(damaged)  # or nearly every mutation would end at the checksum
    return name, bytes(damaged)


def _place(random: Random, content: bytearray) -> int:
    # Headers are short and decide most: half of the damage goes into the first 200 or last 400 bytes.
    size = len(content)
    lot = random.random()
    if lot < 0.3:
        return random.randrange(min(size, 200))
    if lot < 0.5:
        return random.randrange(max(0, size - 400), size)
    return random.randrange(size)


def _flip_bit(random: Random, content: bytearray, _: bytes) -> None:
    content[_place(random, content)] ^= 1 << random.randrange(8)


def _set_byte(random: Random, content: bytearray, _: bytes) -> None:
    content[_place(random, content)] = random.randrange(256)


def _set_number(random: Random, content: bytearray, _: bytes) -> None:
    place = _place(random, content)
    code = random.choice(("<H", ">H", "<I", ">I", "<Q"))
    most = 65_535 if code.endswith("H") else (1 << 32) - 1
    value = min(random.choice(_WIDE), most)
    if random.random() < 0.3:
        value = min(len(content) - random.randrange(8), most) if len(content) > 8 else value
    packed = struct.pack(code, value)
    content[place : place + len(packed)] = packed


def _add_number(random: Random, content: bytearray, _: bytes) -> None:
    place = _place(random, content)
    content[place] = (content[place] + random.choice((1, 255, 2, 254, 16, 128))) & 255


def _cut_end(random: Random, content: bytearray, _: bytes) -> None:
    del content[random.randrange(len(content)) :]


def _delete(random: Random, content: bytearray, _: bytes) -> None:
    place = _place(random, content)
    del content[place : place + random.choice((1, 2, 4, 12, 100))]


def _insert(random: Random, content: bytearray, _: bytes) -> None:
    place = _place(random, content)
    content[place:place] = random.randbytes(random.choice((1, 2, 4, 12, 100)))


def _repeat(random: Random, content: bytearray, _: bytes) -> None:
    place, size = _place(random, content), random.choice((1, 4, 12, 64, 500))
    content[place:place] = content[place : place + size]


def _blank(random: Random, content: bytearray, _: bytes) -> None:
    place, size = _place(random, content), random.choice((2, 4, 12, 64, 1000))
    size = min(size, len(content) - place)
    content[place : place + size] = bytes([random.choice((0, 0, 255, 65))]) * size


def _splice(random: Random, content: bytearray, other: bytes) -> None:
    place, size = _place(random, content), random.choice((4, 12, 40, 300))
    start = random.randrange(len(other))
    part = other[start : start + size]
    content[place : place + len(part)] = part


def _swap(random: Random, content: bytearray, _: bytes) -> None:
    # Entries of a TIFF directory are 12 bytes: an exchange of two makes tags take each other's values.
    first, second = _place(random, content), _place(random, content)
    size = min(random.choice((4, 8, 12)), len(content) - max(first, second))
    content[first : first + size], content[second : second + size] = (
        content[second : second + size],
        content[first : first + size],
    )


MUTATIONS: tuple[Mutation, ...] = (
    _flip_bit,
    _set_byte,
    _set_number,
    _set_number,
    _add_number,
    _cut_end,
    _delete,
    _insert,
    _repeat,
    _blank,
    _splice,
    _swap,
)


def repair_checksums(content: bytearray) -> None:
    """Make the checksums of a PNG's chunks right again, as far as the chunks can be followed."""
    position = len(_PNG)
    while position + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, position)
        end = position + 8 + length
        if end + 4 > len(content):
            return
        struct.pack_into(">I", content, end, zlib.crc32(content[position + 4 : end]))
        position = end + 4
