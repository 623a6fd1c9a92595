"""Writes are complete or absent."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sporemetry.errors import OutputError
from sporemetry.storage import (
    TEMPORARY_PREFIX,
    bytes_sha256,
    file_sha256,
    remove_temporaries,
    write_atomic,
    write_pieces,
)


def test_a_write_replaces_the_whole_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write_atomic(path, b"first, and longer")
    write_atomic(path, b"second")
    assert path.read_bytes() == b"second"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="run the same command again"):
        write_atomic(tmp_path / "gone" / "a.csv", b"x")


def test_a_full_disk_is_an_output_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    write_atomic(path, b"before")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        write_atomic(path, b"after" * 100_000)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_may_be_as_long_as_the_disk_allows(tmp_path: Path) -> None:
    path = tmp_path / ("a" * 251 + ".csv")
    write_atomic(path, b"whole")
    assert path.read_bytes() == b"whole"


def test_what_interrupted_writes_left_is_taken_away(tmp_path: Path) -> None:
    (tmp_path / f"{TEMPORARY_PREFIX}123-a.csv").write_bytes(b"hal")
    (tmp_path / "a.csv").write_bytes(b"whole")
    assert remove_temporaries(tmp_path) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
    assert remove_temporaries(tmp_path / "gone") == 0


@given(st.lists(st.binary(max_size=50), max_size=5))
def test_the_hash_is_of_the_joined_parts(parts: list[bytes]) -> None:
    assert bytes_sha256(parts) == hashlib.sha256(b"".join(parts)).hexdigest()


def test_the_hash_of_a_file_is_that_of_its_bytes(tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    (tmp_path / "big").write_bytes(content)
    assert file_sha256(tmp_path / "big") == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    "before", [None, b"", b"one", b"onetwo", b"onetwothree", b"onexwothree", b"onetwothree4"]
)
def test_pieces_make_the_whole_file_whatever_was_there(tmp_path: Path, before: bytes | None) -> None:
    path = tmp_path / "table.csv"
    if before is not None:
        path.write_bytes(before)
    changed, digest = write_pieces(path, [b"one", b"", b"two", b"three"])
    assert changed == (before != b"onetwothree")
    assert (path.read_bytes(), digest) == (b"onetwothree", bytes_sha256([b"onetwothree"]))
    assert list(tmp_path.iterdir()) == [path]
    assert write_pieces(path, []) == (True, bytes_sha256([]))
    assert path.read_bytes() == b""


def test_pieces_that_fail_leave_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b"before")

    def failing() -> Iterator[bytes]:
        yield b"other"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_pieces(path, failing())
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"before"]
    with pytest.raises(OutputError, match="room on its disk"):
        write_pieces(tmp_path / "missing" / "table.csv", [b"one"])
