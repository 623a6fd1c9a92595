"""What a network takes for spores where there are none: empty slides, dirt, pollen and hyphae, rendered.

    python benchmarks/false_spores.py [MODEL] [--pictures 5] [--stated]

Three slides as the presets have them, without a spore, and then with nothing but pollen, with nothing but
hyphae, and bare. Seeds are other than those that the packaged network was trained with. Printed are false
spores a picture, and the greatest number in one. With --stated the count is told how long the slide's own
spores would be, as a user does who knows the magnification; else it estimates that from the debris.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from sporemetry.dataset.synthesis import PRESETS, Preset, render
from sporemetry.dataset.synthesis.kinds import hyphae, pollen
from sporemetry.image import Image
from sporemetry.measurement import measure_sizes
from sporemetry.pipeline import PictureSettings, count_image
from sporemetry.segmentation import ModelSettings
from sporemetry.segmentation.network import default_model

SEED = 7001
_PER_MM2 = 10.0


def main() -> None:
    """Render, count and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", type=Path, nargs="?", default=default_model())
    parser.add_argument("--pictures", type=int, default=5, help="of each kind and slide")
    parser.add_argument("--stated", action="store_true", help="tell the count how long spores are")
    given = parser.parse_args()
    print("| slide | what lies on it | pictures | false spores a picture | most in one |")
    print("|---|---|---:|---:|---:|")
    total = pictures = 0
    for slide in PRESETS.values():
        length = spore_length(slide) if given.stated else None
        model = ModelSettings(model_file=str(given.model), spore_length_px=length)
        settings = PictureSettings(model=model)
        for what, preset in kinds(slide).items():
            counts = [count(preset, index, settings) for index in range(given.pictures)]
            print(
                f"| {slide.name} | {what} | {len(counts)} | {sum(counts) / len(counts):.2f} | {max(counts)} |"
            )
            total, pictures = total + sum(counts), pictures + len(counts)
    print(f"| all | | {pictures} | {total / pictures:.2f} | |")


def spore_length(slide: Preset) -> float:
    """Return the median length of the spores of one rendering of a slide, px."""
    lengths, _ = measure_sizes(render(slide, SEED, 0).labels)
    return round(float(np.median(lengths)), 1)


def kinds(slide: Preset) -> dict[str, Preset]:
    """Return presets without a spore, by what lies on the slide instead."""
    none = replace(slide.population, per_mm2=0.0)
    empty = replace(slide, population=none)
    bare = replace(
        empty,
        flocks=(), felts=(), bodies=(), textured=(), threads=(), hyphae=(), scraps=(), clumps=None,
    )  # fmt: skip
    return {
        "nothing": bare,
        "its usual dirt": empty,
        "pollen": replace(bare, textured=(pollen(_PER_MM2 * 6),)),
        "hyphae": replace(bare, threads=(hyphae(_PER_MM2 * 6),)),
    }


def count(preset: Preset, index: int, settings: PictureSettings) -> int:
    """Return how many spores are counted in one rendering."""
    return len(count_image(Image(render(preset, SEED, index).pixels), settings).spores)


if __name__ == "__main__":
    main()
