"""Sporemetry away from its checkout, as pip installs it."""

from __future__ import annotations

import ast
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

# What a test of the installed program may look for beside it: nothing of the checkout.
_OF_THE_CHECKOUT = ("examples", "docs", "models", "tests", "benchmarks", "tools", "shared")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Path:
    """A folder with the package's files and nothing else, under a name that is no checkout's."""
    folder = tmp_path_factory.mktemp("elsewhere") / "site"
    source = repository / "src" / "sporemetry"
    for path in source.rglob("*"):
        if path.is_file() and path.suffix != ".pyc":
            target = folder / "sporemetry" / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    return folder


def run(site: Path, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(site), "OMP_NUM_THREADS": "1"}
    where = subprocess.run(
        [sys.executable, "-c", "import sporemetry; print(sporemetry.__file__)"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(where.stdout.strip()).is_relative_to(site)
    return subprocess.run(
        [sys.executable, "-m", "sporemetry", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_it_counts(site: Path, tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).normal(200, 3, (120, 160)).clip(0, 255).astype(np.uint8)
    cv2.ellipse(pixels, (60, 60), (16, 7), 30.0, 0, 360, 80, -1)
    cv2.imwrite(str(tmp_path / "a.png"), pixels)
    done = run(site, "count", "a.png", "-o", "out", "--workers", "1", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert pd.read_csv(tmp_path / "out" / "summary.csv")["spores"].tolist() == [1]
    for arguments in (
        ("measure", "out", "-o", "measured", "--workers", "1"),
        ("evaluate", "out", "out", "-o", "scores"),
        ("dataset", "synthesize", "--preset", "nosema", "-n", "1", "-o", "bench", "--workers", "1"),
        ("doctor",),
    ):
        done = run(site, *arguments, folder=tmp_path)
        assert done.returncode == 0, done.stderr


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="needs the extra train")
def test_it_trains_and_exports(site: Path, tmp_path: Path) -> None:
    from tests.training.training_runs import train_command, write_dataset

    write_dataset(tmp_path / "set")
    command = train_command(Path("set"), Path("run"), steps=2, keep="[]", network__architecture="unet")
    done = run(site, *command[3:], folder=tmp_path)
    assert done.returncode == 0, done.stderr
    done = run(site, "export", "run", "-o", "tiny.onnx", "--dataset", "set", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "tiny.onnx").is_file()
    done = run(site, "paper", "losses", "--scale", "smoke", "--plan", "-o", "paper", folder=tmp_path)
    assert done.returncode == 0, done.stderr


def test_no_module_looks_for_a_file_of_the_checkout(repository: Path) -> None:
    """A path that climbs out of the package, or names a folder of the checkout."""
    found = []
    for path in sorted((repository / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            beside = isinstance(node, ast.Name) and node.id == "__file__"
            below = (
                isinstance(node, ast.BinOp)
                and isinstance(node.right, ast.Constant)
                and node.right.value in _OF_THE_CHECKOUT
                and "resources" not in ast.unparse(node)
            )
            if beside or below:
                found.append(f"{path.relative_to(repository)}: {ast.unparse(node)}")
    assert found == []
