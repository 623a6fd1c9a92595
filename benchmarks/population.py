"""Spores of a preset against the real ones: numbers, areas and n_b / n_o over many pictures, without drawing.

python benchmarks/population.py --preset anthracnose --pictures 400

Where the real set has boxes only (rice_blast), both sides are measured by boxes: their areas, and the pixels
outside all boxes over those inside any.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, stats

from sporemetry.dataset.folder import open_dataset
from sporemetry.dataset.imbalance import measure_imbalance
from sporemetry.dataset.synthesis import find_preset
from sporemetry.dataset.synthesis.render import render_truth


def _quartiles(areas: NDArray[np.int64]) -> str:
    return " ".join(f"{value:.0f}" for value in np.quantile(areas, [0.25, 0.5, 0.75]))


def main() -> int:
    """Print the comparison."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--preset", default="anthracnose")
    parser.add_argument("--pictures", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--real", type=Path, default=Path("../shared/data"))
    given = parser.parse_args()
    preset = find_preset(given.preset)
    real = None
    if (given.real / given.preset).is_dir():
        real = measure_imbalance(open_dataset(given.real / given.preset))
    by_boxes = real is not None and real.ratio is None
    counts, areas, background, inside = [], [], 0, 0
    for index in range(given.pictures):
        labels, spores = render_truth(preset, given.seed, index)
        counts.append(len(spores))
        covered = labels > 0
        if by_boxes:
            boxes = ndimage.find_objects(labels)
            for box in boxes:
                covered[box] = True
            areas.append(np.array([labels[box].size for box in boxes], dtype=np.int64))
        else:
            areas.append(spores["area_px"].to_numpy())
        inside += int(np.count_nonzero(covered))
        background += int(np.count_nonzero(~covered))
    rendered = np.concatenate(areas)
    print(f"{given.preset}: {given.pictures} rendered pictures, seed {given.seed}")
    print(f"spores a picture  {np.mean(counts):.2f} (sd {np.std(counts):.1f})")
    print(f"empty pictures    {np.mean(np.array(counts) == 0):.1%}")
    print(
        f"area px2          mean {rendered.mean():.0f}, quartiles {np.quantile(rendered, [0.25, 0.5, 0.75])}"
    )
    print(f"n_b / n_o         {background / inside:.2f}{' (by boxes)' if by_boxes else ''}")
    if real is not None:
        own = real.spores["area_px"].to_numpy()
        found = real.pictures["spores"]
        sd, empty = found.std(ddof=0), (found == 0).mean()
        print(f"real              {found.mean():.2f} (sd {sd:.1f}), {empty:.1%} empty")
        print(f"                  mean {own.mean():.0f}, quartiles {_quartiles(own)}")
        ratio = real.ratio if real.ratio is not None else real.box_ratio
        print(f"                  n_b / n_o {ratio:.2f}")
        print(f"KS distance       {stats.ks_2samp(rendered, own).statistic:.3f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
