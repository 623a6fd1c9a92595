"""The page on the paper shows what the results beside it say, and nothing else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sporemetry.cli.app import app
from sporemetry.paper.insertion import read_parts

PAGE = Path(__file__).resolve().parents[2] / "docs" / "paper.md"
KEPT = sorted(card.parent for card in (PAGE.parent / PAGE.stem).glob("*/paper.json"))


@pytest.mark.parametrize("kept", KEPT, ids=lambda folder: folder.name)
def test_the_page_is_drawn_from_the_results_that_are_kept(kept: Path, tmp_path: Path) -> None:
    card = json.loads((kept / "paper.json").read_text(encoding="utf-8"))
    scale, data = card["scale"], card["data"]
    assert kept.name == f"{scale}-{data}"
    names = [part.place[2] for part in read_parts(PAGE) if part.place[:2] == (scale, data)]
    seeds = 1 + max(int(path.stem.rpartition("_s")[2]) for path in kept.glob("results/*.json"))
    out, page = tmp_path / "out", tmp_path / PAGE.name
    for name in ("results", "hard", "classes"):
        if (kept / name).is_dir():
            shutil.copytree(kept / name, out / name)
    shutil.copy(kept / "paper.json", out)
    shutil.copy(PAGE, page)
    command = ["paper", *names, "--scale", scale, "--data", data, "--seeds", str(seeds)]
    drawn = CliRunner().invoke(app, [*command, "-o", str(out), "--draw-only", "--into", str(page)])
    assert drawn.exit_code == 0, drawn.output
    assert page.read_text(encoding="utf-8") == PAGE.read_text(encoding="utf-8")


def test_results_are_there() -> None:
    assert KEPT
