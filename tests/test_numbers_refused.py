"""Numbers that cannot be meant: one clear line and exit code 2, before anything is read or written."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
from tests.dataset_folder import write_small_set

import sporemetry.cli

HUGE = "99999999999999999999"
TRAIN = ("train", "set", "-o", "out", "--accelerator", "cpu")
PAPER = ("paper", "losses", "--scale", "smoke", "--data", "set", "-o", "out", "--plan")
EVALUATE = ("evaluate", "set", "set")
SPLIT = ("dataset", "split", "set", "-o", "out")
MERGE = ("dataset", "merge", "set", "-o", "out")
IMPORT = ("dataset", "import", "set", "--from", "coco", "--images", "set", "-o", "out")
SYNTHESIZE = ("dataset", "synthesize", "--preset", "nosema", "-o", "out")
HARD = ("hard-examples", "run", "set", "-o", "out")
NEED_TORCH = {"train", "paper", "hard-examples"}
CASES = [
    *(
        (TRAIN, option, value)
        for option in ("--threads", "--devices")
        for value in ("0", "-1", "100000", HUGE)
    ),
    *((TRAIN, "--workers", value) for value in ("-1", "100000", HUGE)),
    *((TRAIN, "--set", f"steps={value}") for value in ("0", "-1", "nan", "1e308")),
    *((TRAIN, "--set", f"batch={value}") for value in ("0", "-1", HUGE)),
    *((PAPER, option, value) for option in ("--seeds", "--jobs", "--threads") for value in ("0", "-1", HUGE)),
    *((EVALUATE, "--tolerance", value) for value in ("-1", "nan", "inf", "1e308")),
    *((EVALUATE, "--match-iou", value) for value in ("0", "-1", "nan", "2")),
    *(
        (SPLIT, part, value)
        for part in ("--train", "--val")
        for value in ("-1", "nan", "inf", "1e308", "1e-308")
    ),
    *((SPLIT, "--folds", value) for value in ("0", "-1", "1", HUGE)),
    *((MERGE, "--spore-length-px", value) for value in ("0", "-1", "nan", "inf", "1e308", "1e-308")),
    *((IMPORT, "--um-per-px", value) for value in ("0", "-1", "nan", "inf", "1e308")),
    *((SYNTHESIZE, "--pictures", value) for value in ("0", "-1", HUGE)),
    *(((*SYNTHESIZE, "-n", "1"), "--workers", value) for value in ("0", "-1", HUGE)),
    *(((*SYNTHESIZE, "-n", "1"), "--seed", value) for value in ("-1",)),
    *((HARD, "--maps", value) for value in ("-1",)),
]


@pytest.mark.parametrize(
    ("words", "option", "value"),
    CASES,
    ids=[f"{words[0]} {words[1] if words[0] == 'dataset' else ''} {o} {v}" for words, o, v in CASES],
)
def test_a_number_that_cannot_be_meant(
    words: tuple[str, ...],
    option: str,
    value: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if words[0] in NEED_TORCH and importlib.util.find_spec("torch") is None:
        pytest.skip("needs the extra train")
    write_small_set(tmp_path / "set")
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.chdir(tmp_path)
    program = sys.modules["sporemetry.cli.app"]  # by its name one reaches the Typer app within
    monkeypatch.setattr(program, "keep_out_of_home", lambda: None)  # it sets variables of this process
    monkeypatch.setattr(sys, "argv", ["sporemetry", *words, option, value])
    with pytest.raises(SystemExit) as ended:
        sporemetry.cli.main()
    said = capsys.readouterr().err
    assert ended.value.code == 2, said
    assert said.startswith("Error: ")
    assert len(said.splitlines()) == 1
    assert sorted(tmp_path.rglob("*")) == before
