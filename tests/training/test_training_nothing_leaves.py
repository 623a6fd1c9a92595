"""Training, and what is done with a run, opens no socket and leaves the home folder as it was."""

from __future__ import annotations

from pathlib import Path

from tests.training.training_runs import train_command, write_dataset
from tests.watched import check_quiet, run_watched


def test_from_training_to_counting_nothing_leaves_the_machine(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "set")
    command = train_command(
        data,
        tmp_path / "run",
        workers=1,
        steps=2,
        keep="[2]",
        validate_every=2,
        preview_every=2,
        save_every=2,
        crop__size=32,
        network__architecture="unet",
    )
    check_quiet(
        run_watched(command[3:], tmp_path)
    )  # the worker that loads is a fork, and watched as its parent
    for arguments in (
        ["evaluate", "run", "set", "-o", "scores", "--part", "all"],
        ["hard-examples", "run", "set", "-o", "hard"],
        ["export", "run", "-o", "tiny.onnx", "--dataset", "set", "--pictures", "set/images"],
        ["count", "set/images", "-o", "out", "--model", "tiny.onnx", "--workers", "1"],
    ):
        check_quiet(run_watched(arguments, tmp_path))
