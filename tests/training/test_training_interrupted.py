"""Training that is stopped, short of disk or short of memory: what it says, and what it leaves."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import safetensors.torch
from tests.training.training_runs import finish, left_behind, start, train_command, write_dataset

from sporemetry.training.recipe import find_recipe
from sporemetry.training.run import Machine, Watcher, train


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("set") / "dots")


@pytest.fixture(scope="module")
def undisturbed(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    finish(train_command(dataset, folder / "run"), folder / "log.txt")
    return folder / "run"


def test_ctrl_c_saves_and_the_same_command_goes_on(dataset: Path, undisturbed: Path, tmp_path: Path) -> None:
    command, log = train_command(dataset, tmp_path / "run"), tmp_path / "log.txt"
    process = start(command, log)
    deadline = time.monotonic() + 120
    while not (tmp_path / "run" / "validation.csv").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.wait() == 130, log.read_text()
    assert "Run the same command again to go on" in log.read_text()
    finish(command, log)
    assert left_behind(tmp_path / "run") == left_behind(undisturbed)
    finish(command, log)  # once more: there is nothing to do
    assert left_behind(tmp_path / "run") == left_behind(undisturbed)


def test_a_damaged_checkpoint_is_passed_over(dataset: Path, undisturbed: Path, tmp_path: Path) -> None:
    recipe = find_recipe("paper", {"steps": 20, "save_every": 4, "validate_every": 0, **_small()})
    one, machine = tmp_path / "one", Machine(accelerator="cpu", threads=1)
    asked = iter([False] * 9 + [True])
    stopped = train(dataset, one, recipe, machine=machine, watcher=Watcher(should_stop=lambda: next(asked)))
    assert (stopped.finished, stopped.steps) == (False, 10)
    newest = one / "checkpoints" / "step-00000010" / "model.safetensors"
    newest.write_bytes(newest.read_bytes()[:-100])
    with pytest.warns(UserWarning, match="other content than when it was written"):
        result = train(dataset, one, recipe, machine=machine)
    assert result.finished
    train(dataset, tmp_path / "two", recipe, machine=machine)
    assert left_behind(one) == left_behind(tmp_path / "two")


def test_a_full_disk_is_a_loud_error_and_what_was_saved_stays(dataset: Path, tmp_path: Path) -> None:
    run, log = tmp_path / "run", tmp_path / "log.txt"
    command = train_command(dataset, run, steps=30, keep="[]", validate_every=0)
    finish(train_command(dataset, run, steps=30, keep="[]", validate_every=0), log)
    whole = left_behind(run)
    for path in sorted(run.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    size = len(whole["checkpoints/step-00000030/model.safetensors"])
    # A limit on the size of files is how a process meets a disk without room: writing fails with an OSError.
    limited = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(size // 2), *command[3:]], capture_output=True, text=True
    )
    assert limited.returncode == 1, limited.stderr
    assert "room for a checkpoint" in limited.stderr or "with room on its disk" in limited.stderr
    assert "Traceback" not in limited.stderr
    assert not list(run.glob("checkpoints/step-*"))
    finish(command, log)
    assert left_behind(run) == whole


def test_out_of_memory_says_what_to_change(dataset: Path, tmp_path: Path) -> None:
    command = train_command(dataset, tmp_path / "run", batch=64, crop__size=2049)
    room = 6 << 30
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (room, room)),
    )
    assert done.returncode == 1
    assert "memory: expected room for 64 crops of 2049 x 2049 px" in done.stderr, done.stderr[-2000:]
    assert "--set accumulate=2" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_training_in_the_folder_is_refused(dataset: Path, undisturbed: Path, tmp_path: Path) -> None:
    command, log = train_command(dataset, tmp_path / "run"), tmp_path / "log.txt"
    first = start(command, log)
    deadline = time.monotonic() + 120
    while not (tmp_path / "run" / "steps.csv").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    first.send_signal(signal.SIGSTOP)  # so that it cannot end before the second one has been refused
    second = subprocess.run(command, capture_output=True, text=True)
    first.send_signal(signal.SIGCONT)
    assert second.returncode == 1
    assert "another sporemetry command at work on it" in second.stderr
    assert first.wait() == 0, log.read_text()
    assert left_behind(tmp_path / "run") == left_behind(undisturbed)


def test_another_recipe_in_the_folder_is_refused(dataset: Path, undisturbed: Path) -> None:
    before = left_behind(undisturbed)
    process = subprocess.run(
        train_command(dataset, undisturbed, crop__size=65), capture_output=True, text=True
    )
    assert process.returncode == 2
    assert "recipe.crop.size" in process.stderr
    assert left_behind(undisturbed) == before


def test_the_number_of_workers_and_the_logs(undisturbed: Path) -> None:
    """What an undisturbed run leaves is all there."""
    left = left_behind(undisturbed)
    steps = left["steps.csv"].decode().splitlines()
    assert steps[0] == "step,loss,learning_rate"
    assert [line.split(",")[0] for line in steps[1:]] == [str(step) for step in range(1, 41)]
    assert {
        "checkpoints/kept-00000005/model.safetensors",
        "checkpoints/kept-00000020/ema.safetensors",
    } <= set(left)
    assert sum(name.startswith("checkpoints/step-") and name.endswith("state.json") for name in left) == 2
    assert sum(name.startswith("checkpoints/best-") and name.endswith("state.json") for name in left) == 1
    assert any(name.startswith("previews/step-00000014/") for name in left)
    assert b"validation/spore_iou" in left["tensorboard"]
    weights = safetensors.torch.load(left["checkpoints/step-00000040/model.safetensors"])
    averaged = safetensors.torch.load(left["checkpoints/step-00000040/ema.safetensors"])
    assert any((weights[name] != averaged[name]).any() for name in weights)


def _small() -> dict[str, object]:
    return {"crop": {"size": 49}, "network": {"architecture": "deeplabv3plus", "encoder": "tu-test_resnet"}}


_LIMITED = """
import resource, runpy, sys
size = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
sys.argv = ["sporemetry", *sys.argv[2:]]
runpy.run_module("sporemetry", run_name="__main__")
"""
