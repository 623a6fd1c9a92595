"""What the README says can be done, done."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from sporemetry.label_image import read_labels

_BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
_COMMAND = re.compile(r"^ {4}(?:\S*/)?(sporemetry [^#\n]*)", re.MULTILINE)
_LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")


@pytest.fixture(scope="module")
def readme(repository: Path) -> str:
    return (repository / "README.md").read_text(encoding="utf-8")


def test_its_python_runs(readme: str, repository: Path) -> None:
    pytest.importorskip("torch")
    blocks = _BLOCK.findall(readme)
    said = []
    for block in blocks:
        result = subprocess.run([sys.executable, "-c", block], cwd=repository, capture_output=True, text=True)
        assert result.returncode == 0, result.stderr
        said.append(result.stdout)
    counted, loss = said
    assert "spores" in counted
    assert loss == "0.6931\n"  # of background at p = 0.5, weight 1


def test_every_option_that_it_shows_exists(readme: str) -> None:
    commands = [shlex.split(line) for line in _COMMAND.findall(readme)]
    verbs = {"count", "measure", "evaluate", "doctor", "dataset", "train", "export", "hard-examples", "paper"}
    assert {words[1] for words in commands} == verbs
    for words in commands:
        verb = words[1:3] if words[1] == "dataset" else words[1:2]
        command = [sys.executable, "-m", "sporemetry", *verb, "--help"]
        shown = subprocess.run(
            command, capture_output=True, text=True, check=True, env={"COLUMNS": "200"}
        ).stdout
        for option in (word for word in words if word.startswith("-")):
            assert option in shown, f"{' '.join(words)}: no {option}"


def test_its_links_lead_somewhere(readme: str, repository: Path) -> None:
    for target in _LINK.findall(readme):
        assert (repository / target).exists(), target


def test_its_targets_are_in_the_makefile(readme: str, repository: Path) -> None:
    makefile = (repository / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"^ {4}make (\w+)", readme, re.MULTILINE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_demo_counts_what_is_there(repository: Path, tmp_path: Path) -> None:
    """The shipped pictures are easy ones: each count is within half of the truth, the blank one's is 0."""
    makefile = (repository / "Makefile").read_text(encoding="utf-8")
    line = re.search(r"\$\(BIN\)/(sporemetry count examples/pictures .*)", makefile)
    assert line is not None
    words = [sys.executable, "-m", *line.group(1).replace("demo_out", str(tmp_path / "out")).split()]
    subprocess.run(words, cwd=repository, capture_output=True, check=True)
    summary = pd.read_csv(tmp_path / "out" / "summary.csv")
    assert len(summary) == 8
    for row in summary.itertuples():
        truth = repository / "examples" / "truth" / "labels" / f"{Path(str(row.image)).stem}.png"
        spores = len(set(read_labels(truth).labels.ravel().tolist()) - {0})
        assert abs(int(str(row.spores)) - spores) <= spores / 2, row.image
