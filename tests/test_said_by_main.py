"""What the command says of arguments without content and of what the system refuses."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from pathlib import Path

import pytest

from sporemetry.errors import OutputError
from sporemetry.storage import only_writer

MODULE = importlib.import_module("sporemetry.cli.app")  # the package's own name `app` is the Typer in it


def ended(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    monkeypatch.setattr(sys, "argv", ["sporemetry", *arguments])
    with pytest.raises(SystemExit) as end:
        MODULE._run()
    return end.value.code


@pytest.mark.parametrize(
    "arguments",
    [
        ("count", "images", "-o", ""),
        ("count", "images", "--output="),
        ("count", "", "-o", "out"),
        ("measure", "images", "-o", "out", "--pictures", ""),
    ],
)
def test_an_empty_argument_is_no_current_folder(
    arguments: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "images").mkdir()
    before = sorted(tmp_path.rglob("*"))
    assert ended(monkeypatch, *arguments) == 2
    assert "variable of the shell" in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EIO])
def test_what_the_system_refuses_is_no_fault_of_the_program(
    number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(**_: object) -> None:
        raise OSError(number, os.strerror(number), "a\nb")

    monkeypatch.setattr(MODULE, "app", refuse)
    assert ended(monkeypatch, "doctor") == 1
    said = capsys.readouterr().err
    assert "a\\nb" in said
    assert os.strerror(number) in said
    assert "program failed" not in said
    assert said.count("\n") == 1


def test_a_folder_whose_lock_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()
    with pytest.raises(OutputError, match="can be written"), only_writer(tmp_path, tmp_path / "lock"):
        pass
