"""Small training runs in processes of their own, and what they leave behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tests.processes import start_interruptible

SMALL = {
    "steps": 40,
    "batch": 2,
    "ema": 0.9,
    "validate_every": 7,
    "save_every": 3,
    "preview_every": 14,
    "keep": "[5, 20]",
    "crop.size": 49,
    "crop.foreground": 0.5,
    "network.architecture": "deeplabv3plus",
    "network.encoder": "tu-test_resnet",
    "augment.turn": "true",
    "augment.blur": 1.0,
    "augment.noise": 4.0,
}


def write_dataset(folder: Path, pictures: int = 6, size: tuple[int, int] = (72, 96)) -> Path:
    """Write bright pictures of dark ellipses with their labels; each is its own group."""
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True)
    for number in range(pictures):
        generator = np.random.default_rng(number)
        picture = generator.normal(200, 6, (*size, 3)).clip(0, 255).astype(np.uint8)
        labels = np.zeros(size, dtype=np.uint16)
        for spore in range(1, 4 + number % 2):
            centre = (int(generator.integers(0, size[1])), int(generator.integers(0, size[0])))
            angle = float(generator.integers(0, 180))
            cv2.ellipse(picture, centre, (9, 4), angle, 0, 360, (90, 100, 80), -1)
            cv2.ellipse(labels, centre, (9, 4), angle, 0, 360, spore, -1)
        cv2.imwrite(str(folder / "images" / f"p{number}_1.png"), picture)
        cv2.imwrite(str(folder / "labels" / f"p{number}_1.png"), labels)
    return folder


def train_command(
    dataset: Path, run: Path, *, workers: int = 0, ranks: int = 1, **changes: object
) -> list[str]:
    """Return the command of a small run; names of changes have ``__`` for the dot."""
    settings = SMALL | {name.replace("__", "."): value for name, value in changes.items()}
    start = [sys.executable, "-m"]
    if ranks > 1:
        start += ["torch.distributed.run", "--standalone", f"--nproc-per-node={ranks}", "-m"]
    command = [*start, "sporemetry", "train", str(dataset), "-o", str(run), "--recipe", "paper"]
    command += ["--workers", str(workers), "--threads", "1", "--accelerator", "cpu"]
    for name, value in settings.items():
        command += ["--set", f"{name}={value}"]
    return command


def start(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    """Start a command in a process group of its own; what it says is added to ``log``."""
    with log.open("ab") as file:
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        return start_interruptible(command, stdout=file, stderr=file, env=environment)


def finish(command: list[str], log: Path) -> None:
    """Run a command to its end, which must be a good one."""
    code = start(command, log).wait()
    assert code == 0, log.read_text(encoding="utf-8")[-3000:]


def left_behind(run: Path) -> dict[str, bytes]:
    """Return every file of a run with its bytes; of TensorBoard's, steps and values, for they hold times."""
    files = {
        path.relative_to(run).as_posix(): path.read_bytes()
        for path in sorted(run.rglob("*"))
        if path.is_file() and "tensorboard" not in path.parts and path.name != "lock"
    }
    files["tensorboard"] = repr(sorted(board_values(run / "tensorboard").items())).encode()
    return files


def board_values(folder: Path) -> dict[tuple[str, int], bytes]:
    """Return what TensorBoard shows: of each tag and step the value that was written last."""
    shown: dict[tuple[str, int], bytes] = {}
    for path in sorted(folder.iterdir(), key=lambda path: (path.stat().st_mtime_ns, path.name)):
        for event in EventFileLoader(str(path)).Load():
            for value in event.summary.value:
                shown[value.tag, event.step] = (
                    value.tensor.SerializeToString() or repr(value.simple_value).encode()
                )
    return shown
