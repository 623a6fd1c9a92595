"""Render the pictures in this folder, or check that they are what the renderer makes.

python examples/make_examples.py            write pictures/ and truth/
python examples/make_examples.py --check    compare with what is there; exit code 1 if anything differs
"""

from __future__ import annotations

import argparse
import io
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import tifffile
from numpy.typing import NDArray
from PIL import Image

from sporemetry.dataset.synthesis import PRESETS, Preset, Rendered, render
from sporemetry.dataset.synthesis.camera import encode_jpeg
from sporemetry.storage import write_atomic

HERE = Path(__file__).resolve().parent
JPEG_QUALITY = 88
MOST_JPEG_DIFFERENCE = 0.5  # mean grey values, between JPEG libraries of different versions

PixelArray = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Example:
    """One shipped picture: its file name, and what it is rendered from."""

    name: str
    preset: Preset
    seed: int
    index: int

    @property
    def stem(self) -> str:
        """The name without its ending."""
        return Path(self.name).stem


def phone_picture(per_mm2: float) -> Preset:
    """Return the anthracnose preset at the size of a small phone picture."""
    preset = PRESETS["anthracnose"]
    return replace(
        preset,
        height=720,
        width=1280,
        um_per_px=0.36,
        population=replace(preset.population, per_mm2=per_mm2, variation=0.0),
        camera=replace(preset.camera, jpeg_quality=0),
    )


def bee_picture(per_mm2: float) -> Preset:
    """Return the nosema preset on a part of the camera's chip, of a washed sample: with fine dust only."""
    preset = PRESETS["nosema"]
    population = replace(preset.population, per_mm2=per_mm2, variation=0.0)
    dust = tuple(flock for flock in preset.flocks if flock.kind.name in {"haze", "bright specks"})
    washed = replace(preset, sample=None, bodies=(), flocks=dust, textured=())
    return replace(washed, height=540, width=720, population=population)


def chamber_picture() -> Preset:
    """Return the rice blast preset on a part of the chamber."""
    preset = PRESETS["rice_blast"]
    return replace(preset, height=720, width=1280, camera=replace(preset.camera, jpeg_quality=0))


def blank_picture() -> Preset:
    """Return a clean slide: light and noise, no spore and no dirt."""
    preset = PRESETS["nosema"]
    return replace(
        preset,
        height=360,
        width=480,
        population=replace(preset.population, per_mm2=0.0),
        sample=None,
        bodies=(),
        flocks=(),
        textured=(),
        engraving=None,
    )


EXAMPLES = (
    Example("anthracnose_leaf3_1.jpg", phone_picture(330.0), seed=3, index=1),
    Example("anthracnose_leaf3_2.jpg", phone_picture(330.0), seed=3, index=2),
    Example("anthracnose_leaf8_1.jpg", phone_picture(520.0), seed=8, index=1),
    Example("nosema_hive4_1.tif", bee_picture(950.0), seed=4, index=1),
    Example("nosema_hive4_2.tif", bee_picture(950.0), seed=4, index=2),
    Example("rice_blast_chamberA_1.jpg", chamber_picture(), seed=11, index=1),
    Example("rice_blast_chamberA_2.jpg", chamber_picture(), seed=11, index=2),
    Example("blank_slide_1.png", blank_picture(), seed=1, index=1),
)


def encode_picture(name: str, rendered: Rendered) -> bytes:
    """Return the file of a picture, of the kind that its name says."""
    if name.endswith(".jpg"):
        return encode_jpeg(rendered.pixels, JPEG_QUALITY)
    grey = np.ascontiguousarray(rendered.pixels[:, :, 0])
    if name.endswith(".png"):
        return encode_png(grey)
    file = io.BytesIO()
    resolution = (1.0 / rendered.um_per_px, 1.0 / rendered.um_per_px)
    tifffile.imwrite(file, grey, imagej=True, resolution=resolution, metadata={"unit": "um", "axes": "YX"})
    return file.getvalue()


def encode_png(values: NDArray[np.uint8] | NDArray[np.uint16]) -> bytes:
    """Return a grey PNG of 8 or 16 bits, without loss."""
    file = io.BytesIO()
    Image.fromarray(values).save(file, format="PNG", optimize=True)
    return file.getvalue()


def spore_table(rendered: dict[str, Rendered]) -> str:
    """Return the true parameters of all spores as CSV, one row a spore."""
    parts = []
    for name, picture in rendered.items():
        table = picture.spores.copy()
        table.insert(0, "image", name)
        parts.append(table)
    return pd.concat(parts, ignore_index=True).to_csv(index=False, float_format="%.4f", lineterminator="\n")


def make_files() -> dict[str, bytes]:
    """Return every file by its path in this folder."""
    rendered = {example.name: render(example.preset, example.seed, example.index) for example in EXAMPLES}
    files: dict[str, bytes] = {}
    for example in EXAMPLES:
        picture = rendered[example.name]
        files[f"pictures/{example.name}"] = encode_picture(example.name, picture)
        files[f"truth/labels/{example.stem}.png"] = encode_png(picture.labels.astype(np.uint16))
    files["truth/spores.csv"] = spore_table(rendered).encode()
    return files


def find_differences(files: dict[str, bytes], folder: Path) -> list[str]:
    """Return a line for each file in ``folder`` that is missing, left over or not as rendered."""
    kept = {
        path.relative_to(folder).as_posix()
        for part in ("pictures", "truth")
        for path in _files_in(folder / part)
    }
    differences = [f"{name}: not made by this script" for name in sorted(kept - files.keys())]
    for name, content in files.items():
        path = folder / name
        if not path.is_file():
            differences.append(f"{name}: missing")
        elif (found := _difference(name, content, path.read_bytes())) is not None:
            differences.append(f"{name}: {found}")
    return differences


def main(arguments: list[str] | None = None) -> int:
    """Write the files or check them; return the exit code."""
    parser = argparse.ArgumentParser(description="Render the example pictures, or check them.")
    parser.add_argument("--check", action="store_true", help="compare with the files that are there")
    wanted = parser.parse_args(arguments)
    files = make_files()
    if wanted.check:
        differences = find_differences(files, HERE)
        print("\n".join(differences) or f"{len(files)} files are as the renderer makes them")
        return 1 if differences else 0
    for name, content in files.items():
        (HERE / name).parent.mkdir(parents=True, exist_ok=True)
        write_atomic(HERE / name, content)
    print(f"wrote {len(files)} files, {sum(map(len, files.values())) / 1e6:.2f} MB, to {HERE}")
    return 0


def _files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]


def _difference(name: str, made: bytes, kept: bytes) -> str | None:
    if made == kept:
        return None
    if name.endswith(".csv"):
        return "other rows"
    new, old = _decode(made), _decode(kept)
    if new.shape != old.shape or new.dtype != old.dtype:
        return f"{old.shape} {old.dtype}, rendered {new.shape} {new.dtype}"
    apart = np.abs(new.astype(np.int32) - old)
    allowed = MOST_JPEG_DIFFERENCE if name.endswith(".jpg") else 0.0
    if apart.mean() > allowed:
        return f"{np.count_nonzero(apart)} values differ, by {apart.mean():.3f} on average"
    return None


def _decode(content: bytes) -> NDArray[np.uint8] | NDArray[np.uint16]:
    return np.asarray(Image.open(io.BytesIO(content)))


if __name__ == "__main__":
    raise SystemExit(main())
