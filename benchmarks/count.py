"""What a count costs: seconds from the shell to files on disk, and memory a pixel.

    python benchmarks/count.py [PICTURE]

The command is started anew each time, for one picture and one process. Memory is that process's peak above
that of a picture of 64 x 64 pixels, for PICTURE repeated 4 x 4 times, divided by its pixels.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from sporemetry.image import read_image
from sporemetry.segmentation import SEGMENTERS

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "pictures" / "rice_blast_chamberA_1.jpg"
ROUNDS = 5
TILES = 4


def main() -> int:
    """Print one row a method."""
    picture = Path(sys.argv[1]) if len(sys.argv) > 1 else EXAMPLE
    pixels = cv2.cvtColor(read_image(picture).pixels, cv2.COLOR_RGB2BGR)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small, large = folder / "small.png", folder / "large.png"
        cv2.imwrite(str(small), pixels[:64, :64])
        cv2.imwrite(str(large), np.tile(pixels, (TILES, TILES, 1)))
        print(f"{picture.name}, {pixels.shape[1]} x {pixels.shape[0]} px; {ROUNDS} cold starts a method")
        print("| method | s, median (least to most) | bytes a pixel |\n|---|---:|---:|")
        for method in SEGMENTERS:
            times = [run(picture, method, folder / f"{method}{k}")[0] for k in range(ROUNDS)]
            base, peak = (run(each, method, folder / f"{method}_{each.stem}")[1] for each in (small, large))
            each = (peak - base) / (pixels.shape[0] * pixels.shape[1] * TILES**2)
            spread = f"{statistics.median(times):.2f} ({min(times):.2f} to {max(times):.2f})"
            print(f"| {method} | {spread} | {each:.0f} |", flush=True)
    return 0


def run(picture: Path, method: str, output: Path) -> tuple[float, int]:
    """Count one picture in a process of its own; return its seconds and its peak memory in bytes."""
    command = [
        sys.executable,
        "-m",
        "sporemetry",
        "count",
        str(picture),
        "-o",
        str(output),
        "-m",
        method,
        "-q",
    ]
    start = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise RuntimeError(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    process.returncode = 0
    return seconds, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    sys.exit(main())
