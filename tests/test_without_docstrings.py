"""``python -OO``, which leaves out docstrings and assertions: the same help and the same results."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer import Typer
from typer.main import get_command
from typer.models import DefaultPlaceholder

from sporemetry.cli.app import app


def run(*arguments: str, folder: Path, optimised: bool) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *(["-OO"] if optimised else []), "-m", "sporemetry", *arguments]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=300, env={**os.environ, "COLUMNS": "100"}
    )


def commands(of: Typer = app, before: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], str]]:
    """Return the words of each command, and the help that is given for it, not read from a docstring."""
    found = [
        ((*before, each.name or "?"), "" if each.help is None else each.help)
        for each in of.registered_commands
    ]
    for group in of.registered_groups:
        assert group.typer_instance is not None
        name = group.name
        assert isinstance(name, str)
        helped = group.typer_instance.info.help
        found.append(((*before, name), "" if isinstance(helped, DefaultPlaceholder) else str(helped or "")))
        found += commands(group.typer_instance, (*before, name))
    return found


@pytest.mark.parametrize(("words", "text"), commands(), ids=lambda value: " ".join(value)[:30])
def test_the_help_of_a_command_is_no_docstring(words: tuple[str, ...], text: str) -> None:
    assert text.strip(), f"sporemetry {' '.join(words)}: give its help as help=..., as the other commands do"


def test_all_commands_were_looked_at() -> None:
    assert {words[0] for words, _ in commands()} == set(get_command(app).commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize("words", [(), ("count",), ("dataset",), ("dataset", "split")], ids=" ".join)
def test_the_help_is_the_same(words: tuple[str, ...], tmp_path: Path) -> None:
    plain, optimised = (
        run(*words, "--help", folder=tmp_path, optimised=optimised) for optimised in (False, True)
    )
    assert plain.returncode == optimised.returncode == 0
    assert plain.stdout == optimised.stdout


def test_a_count_and_its_report_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in range(2):
        pixels = np.full((120, 160), 200, dtype=np.uint8)
        cv2.ellipse(pixels, (60, 60), (16, 7), 30.0 * number, 0, 360, 80, -1)
        cv2.imwrite(str(tmp_path / "in" / f"leaf_{number}.png"), pixels)
    made = []
    for optimised in (False, True):
        options = ("--sample-by", "name", "--chamber", "neubauer", "--um-per-px", "0.5", "--workers", "1")
        done = run("count", "in", "-o", "out", *options, folder=tmp_path, optimised=optimised)
        assert done.returncode == 0, done.stderr
        (tmp_path / "out").rename(tmp_path / f"out{optimised}")
        made.append(
            {
                path.name: _without_times(path)
                for path in sorted((tmp_path / f"out{optimised}").iterdir())
                if path.is_file() and path.name != "manifest.json"
            }
        )
    assert made[0].keys() >= {"summary.csv", "samples.csv", "report.html"}
    assert made[0] == made[1]
    assert b"are one sample" in made[1]["report.html"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("measure", "out", "-o", "measured", "--workers", "1"),
        ("evaluate", "out", "out", "-o", "scores"),
        ("doctor",),
    ],
    ids=lambda arguments: arguments[0],
)
def test_other_commands_work(arguments: tuple[str, ...], tmp_path: Path) -> None:
    pixels = np.full((120, 160), 200, dtype=np.uint8)
    cv2.ellipse(pixels, (60, 60), (16, 7), 30.0, 0, 360, 80, -1)
    cv2.imwrite(str(tmp_path / "leaf.png"), pixels)
    run(
        "count",
        "leaf.png",
        "-o",
        "out",
        "--method",
        "otsu",
        "--workers",
        "1",
        folder=tmp_path,
        optimised=True,
    )
    done = run(*arguments, folder=tmp_path, optimised=True)
    assert done.returncode == 0, done.stderr


def test_training_says_what_it_lacks(tmp_path: Path) -> None:
    done = run("train", "set", "-o", "run", folder=tmp_path, optimised=True)
    assert done.returncode == 2
    assert "-OO" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def _without_times(path: Path) -> bytes:
    return re.sub(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?", b"", path.read_bytes())
