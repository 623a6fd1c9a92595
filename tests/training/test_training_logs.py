"""Logs that go on where the checkpoint was."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.training.training_runs import board_values

from sporemetry.errors import OutputError
from sporemetry.training.logs import STEP_COLUMNS, Board, RunLogs, StepTable

HEADER = "step,loss,learning_rate\n"


def table(path: Path, done: int) -> StepTable:
    return StepTable(path, STEP_COLUMNS, done)


def write(path: Path, steps: range, done: int = 0) -> None:
    opened = table(path, done)
    for step in steps:
        opened.add({"step": step, "loss": step / 3, "learning_rate": 1e-7})
    opened.close()


def test_rows_keep_every_digit(tmp_path: Path) -> None:
    path = tmp_path / "steps.csv"
    write(path, range(1, 3))
    assert path.read_text() == f"{HEADER}1,{1 / 3!r},1e-07\n2,{2 / 3!r},1e-07\n"
    assert float(path.read_text().splitlines()[1].split(",")[1]) == 1 / 3


@pytest.mark.parametrize("done", [0, 1, 3, 5, 9])
def test_a_table_is_cut_back_and_made_again(done: int, tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.csv", tmp_path / "cut.csv"
    write(whole, range(1, 10))
    write(cut, range(1, 10))
    write(cut, range(done + 1, 10), done)
    assert cut.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize(
    "tail", [b"7", b"7,0.3", b"7,0.3,1e-07", b"\0\0\0\0", b"\xff\xfe\n", b"7,\n\xc3", b"\n\n", b"x,1,2\n"]
)
def test_a_line_that_was_cut_off_is_dropped(tail: bytes, tmp_path: Path) -> None:
    path = tmp_path / "steps.csv"
    write(path, range(1, 7))
    whole = path.read_bytes()
    path.write_bytes(whole + tail)
    table(path, 6).close()
    assert path.read_bytes() == whole


def test_a_new_run_leaves_nothing_of_an_old_one(tmp_path: Path) -> None:
    path = tmp_path / "steps.csv"
    write(path, range(1, 5))
    table(path, 0).close()
    assert path.read_text() == HEADER


def test_rows_are_on_the_disk_after_a_flush(tmp_path: Path) -> None:
    opened = table(tmp_path / "steps.csv", 0)
    opened.add({"step": 1, "loss": 0.5, "learning_rate": 0.1})
    opened.flush()
    assert (tmp_path / "steps.csv").read_text() == f"{HEADER}1,0.5,0.1\n"
    opened.close()


def test_a_log_that_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "steps.csv").mkdir()
    with pytest.raises(OutputError, match=r"steps\.csv: expected a log that can be written"):
        table(tmp_path / "steps.csv", 3)
    (tmp_path / "board").write_bytes(b"")
    with pytest.raises(OutputError, match=r"board"):
        Board(tmp_path / "board", 0)


def test_tensorboard_shows_the_newest_values(tmp_path: Path) -> None:
    for done, value in ((0, 1.0), (2, 5.0)):
        logs = RunLogs(tmp_path, done)
        for step in range(done + 1, 5):
            logs.step(step, value, 0.1)
        logs.validation(4, {"mean_iou": 0.5, "spore_iou": 0.25, "mean_iou_by_picture": float("nan")})
        logs.close()
    shown = board_values(tmp_path / "tensorboard")
    assert {step for tag, step in shown if tag == "loss"} == {1, 2, 3, 4}
    assert shown["loss", 2] != shown["loss", 3] == shown["loss", 4]
    assert ("validation/spore_iou", 4) in shown
    rows = (tmp_path / "validation.csv").read_text().splitlines()
    assert rows == ["step,mean_iou,spore_iou,mean_iou_by_picture", "4,0.5,0.25,nan"]
    assert (tmp_path / "steps.csv").read_text().splitlines()[2:] == ["2,1.0,0.1", "3,5.0,0.1", "4,5.0,0.1"]
