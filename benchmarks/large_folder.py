"""What a folder of 30,000 images costs when nothing is left to count: memory, seconds, size of the report.

    python benchmarks/large_folder.py [--images 30000] [--spores 50] [--samples 30] [--keep FOLDER]

A few small images are counted with Otsu's threshold. The other images are copies of them, with outputs and
records of their own, as if each had been counted. Then the command runs twice in a process of its own: the
first run writes tables, report and manifest, the second finds nothing to do. The memory is the largest that
the process ever held.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from sporemetry.pipeline import CountSettings, PictureSettings, find_pictures, run_folder
from sporemetry.pipeline.record import RECORD_FOLDER

KINDS = 8
SIDE_PX = 224
# Runs in a process of its own; prints seconds and the largest memory in MiB after the report.
_RUN = """
import pathlib, resource, sys, time
sys.argv[0] = "sporemetry"
from sporemetry.cli import main
begun = time.perf_counter()
code = 0
try:
    main()
except SystemExit as end:
    code = end.code or 0
# On Linux ru_maxrss also holds what the process that started this one had; VmHWM does not.
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
status = pathlib.Path("/proc/self/status")
if status.exists():
    peak = next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM"))
print(f"\\n{time.perf_counter() - begun:.2f} {time.process_time():.2f} {peak / 1024:.1f} {code}")
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """One run of the command: seconds, those of the processor, largest memory in MiB, exit code."""

    seconds: float
    processor_s: float
    peak_mib: float
    code: int


def main() -> None:
    """Make the folder, run and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--images", type=int, default=30_000)
    parser.add_argument("--spores", type=int, default=50, help="of each image, about")
    parser.add_argument("--samples", type=int, default=30)
    parser.add_argument("--keep", type=Path, help="make the folder here and leave it")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = given.keep or Path(scratch)
        begun = time.perf_counter()
        images, output = make_folder(root, given.images, spores=given.spores, samples=given.samples)
        print(f"made in {time.perf_counter() - begun:.0f} s")
        for title in ("tables written", "unchanged rerun"):
            cost = run_count(images, output)
            print(
                f"{title}: {cost.seconds:.1f} s ({cost.processor_s:.1f} s of the processor), "
                f"at most {cost.peak_mib:.0f} MiB, exit code {cost.code}"
            )
        for name in ("report.html", "manifest.json", "spores.csv", "summary.csv"):
            print(f"{name}: {(output / name).stat().st_size / 1e6:.2f} MB")


def make_folder(root: Path, count: int, *, spores: int, samples: int) -> tuple[Path, Path]:
    """Make ``count`` images in ``samples`` folders, and an output folder in which all are counted.

    Parameters
    ----------
    root : Path
        Where; made if missing.
    count, spores, samples : int
        Images, spores of each (about), and folders that they are spread over.

    Returns
    -------
    Path, Path
        The folders of images and of outputs. Tables and report are not yet those of all images.
    """
    images, output = root / "images", root / "out"
    originals = root / "originals"
    originals.mkdir(parents=True)
    for kind in range(KINDS):
        cv2.imwrite(str(originals / f"{kind}.png"), drawn(kind, spores))
    picture = PictureSettings(method="otsu")
    run_folder(find_pictures([originals]), output, CountSettings(picture=picture), workers=0)
    records = [json.loads((output / RECORD_FOLDER / f"{kind}.json").read_bytes()) for kind in range(KINDS)]
    contents = [(originals / f"{kind}.png").read_bytes() for kind in range(KINDS)]
    for number in range(count):
        kind, sample = number % KINDS, f"plot_{number % samples:04d}"
        (images / sample).mkdir(parents=True, exist_ok=True)
        image = f"{sample}/field_{number:05d}.png"
        (images / image).write_bytes(contents[kind])
        _adapt(output, records[kind], image, f"field_{number:05d}")
    for kind in range(KINDS):
        _remove(output, records[kind])
    return images, output


def drawn(kind: int, spores: int) -> np.ndarray:
    """Return a bright image with dark ellipses of unlike sizes at random places of a grid."""
    rng = np.random.default_rng(kind)
    side = int(np.ceil(np.sqrt(spores)))
    pixels = np.full((SIDE_PX, SIDE_PX, 3), 210, np.uint8)
    step = SIDE_PX / side
    for place in rng.permutation(side * side)[: max(0, spores - kind)]:
        centre = (np.array(divmod(int(place), side)) + 0.5) * step
        axes = np.maximum(step * rng.uniform(0.2, 0.3, 2), 2).round().astype(int)
        cv2.ellipse(
            pixels,
            (int(centre[0]), int(centre[1])),
            (int(axes[0]), int(axes[1])),
            float(rng.uniform(0, 180)),
            0,
            360,
            (90, 80, 70),
            -1,
        )
    return pixels


def run_count(images: Path, output: Path, *more: str) -> Cost:
    """Run the command on such a folder in a process of its own."""
    arguments = ["count", str(images), "-r", "-o", str(output), "--method", "otsu", "--workers", "1", *more]
    done = subprocess.run(
        [sys.executable, "-c", _RUN, *arguments],
        stdout=subprocess.PIPE,
        check=False,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    seconds, processor, peak, code = done.stdout.splitlines()[-1].split()
    return Cost(float(seconds), float(processor), float(peak), int(code))


def _adapt(output: Path, record: dict, image: str, name: str) -> None:  # type: ignore[type-arg]
    """Give an image that is a copy the outputs and the record that counting it would give."""
    import hashlib

    before = record["name"]
    outputs = {}
    for file, digest in record["outputs"].items():
        target = file.replace(f"{before}_", f"{name}_").replace(f"/{before}.", f"/{name}.")
        content = (output / file).read_bytes()
        if file.endswith(".csv"):
            content = content.replace(f"\n{before}.png,".encode(), f"\n{image},".encode())
            digest = hashlib.sha256(content).hexdigest()
        (output / target).write_bytes(content)
        outputs[target] = digest
    adapted = {**record, "image": image, "name": name, "outputs": outputs}
    (output / RECORD_FOLDER / f"{name}.json").write_text(
        json.dumps(adapted, indent=1, ensure_ascii=False), encoding="utf-8"
    )


def _remove(output: Path, record: dict) -> None:  # type: ignore[type-arg]
    for file in record["outputs"]:
        (output / file).unlink()
    (output / RECORD_FOLDER / f"{record['name']}.json").unlink()


if __name__ == "__main__":
    main()
