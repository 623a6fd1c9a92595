"""The numbers that the paper prints, to set ours beside: mean IoU in %, one run each.

Zhao et al. 2019, doi 10.1109/ACCESS.2019.2953085.
"""

from __future__ import annotations

from collections.abc import Mapping

from sporemetry.paper.trial import BCE_A, CE, Trial, cfl, cfl_star, focal, focal_alpha

TABLE_4: Mapping[Trial, float] = {
    CE: 82.4,
    BCE_A: 52.5,
    focal(2.0): 80.6,
    focal_alpha(2.5, 0.3): 76.0,
    cfl(2.0): 89.1,
    cfl(2.5): 87.3,
}
"""DeepLabv3+."""

TABLE_5: Mapping[Trial, float] = {
    CE: 73.2,
    BCE_A: 81.7,
    focal(2.0): 81.1,
    focal_alpha(2.0, 0.3): 70.0,
    cfl(2.0): 86.7,
    cfl(2.5): 88.7,
}
"""U-Net."""

TABLE_6: Mapping[Trial, float] = {
    cfl(1.5): 86.7,
    cfl(2.0): 89.1,
    cfl(2.5): 86.1,
    cfl_star(1.5): 89.1,
    cfl_star(2.0): 91.0,
    cfl_star(2.5): 89.9,
}
"""DeepLabv3+; Table 4 has 87.3 for CFL with beta 2.5."""

TABLE_7_LARGE: Mapping[Trial, float] = {CE: 90.2, focal(2.0): 88.6, focal_alpha(2.0, 0.25): 79.4}
"""1400 pictures, 35,000 iterations."""

TABLE_7_SMALL: Mapping[Trial, float] = {cfl_star(2.0): 91.0}
"""400 pictures, 18,200 iterations."""

HARD_ITERATIONS = ("60", "1000", "6000", "1000", "16000")
"""As printed; the fourth is 10000."""

HARD_SPORE: Mapping[float, tuple[float, ...]] = {
    0.5: (0.76, 0.97, 0.77, 0.85, 0.63),
    0.25: (0.93, 1.00, 0.84, 0.95, 0.67),
}
"""Table 1: share of hard pixels that are spore, by the threshold on p_t."""

HARD_RING: Mapping[float, tuple[float, ...]] = {
    0.5: (0.12, 0.01, 0.19, 0.15, 0.37),
    0.25: (0.07, 0.00, 0.16, 0.05, 0.33),
}
"""Table 2: share that surrounds the contours."""

HARD_EITHER: Mapping[float, tuple[float, ...]] = {
    0.5: (0.88, 0.98, 0.97, 1.00, 1.00),
    0.25: (0.99, 1.00, 1.00, 1.00, 1.00),
}
"""Table 3: share of both together."""
