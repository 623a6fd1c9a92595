"""What lies on the slides of ``rice_blast`` besides the spores: shadows, bubbles, hyphae, scraps, clumps."""

from __future__ import annotations

from sporemetry.dataset.synthesis.clutter import Bodies, Threads
from sporemetry.dataset.synthesis.draws import Spread
from sporemetry.dataset.synthesis.hyphae import Hypha, Hyphae
from sporemetry.dataset.synthesis.mycelium import Clumps
from sporemetry.dataset.synthesis.optics import Look, grey
from sporemetry.dataset.synthesis.scraps import Scraps

BODIES = (
    Bodies(
        name="shadows",
        per_mm2=34.0,
        radius_um=Spread(10.0, 4.0, 3.0, 22.0),
        look=Look(body=(0.34, 0.34, 0.32), body_edge_um=2.0),
        strength=Spread(0.75, 0.75, 0.05, 2.4),
        blur_um=Spread(8.0, 3.5, 3.0, 15.0),
        irregularity=0.25,
        per_cluster=1.6,
        cluster_um=24.0,
        variation=1.0,
    ),
    Bodies(
        name="lenses",
        per_mm2=0.7,
        radius_um=Spread(20.0, 10.0, 7.0, 45.0),
        look=Look(
            body=(0.55, 0.55, 0.52),
            body_edge_um=2.0,
            core=(1.0, 1.0, 1.05),
            core_from=0.55,
            core_soft=0.22,
            halo=grey(0.08),
            halo_at_um=9.0,
            halo_um=5.0,
        ),
        strength=Spread(0.6, 0.4, 0.15, 1.3),
        blur_um=Spread(7.0, 3.0, 2.5, 13.0),
        irregularity=0.12,
        variation=1.5,
    ),
    Bodies(
        name="bubbles",
        per_mm2=0.1,
        radius_um=Spread(45.0, 20.0, 30.0, 90.0),
        look=Look(
            body=grey(0.97),
            body_edge_um=1.2,
            core=grey(0.9),
            core_from=0.9,
            core_soft=0.02,
            halo=grey(0.15),
            halo_at_um=3.0,
            halo_um=1.2,
        ),
    ),
    Bodies(
        name="great bubbles",
        per_mm2=0.04,
        radius_um=Spread(350.0, 80.0, 250.0, 500.0),
        look=Look(
            body=grey(0.03),
            rim=grey(0.98),
            rim_at_um=-22.0,
            rim_um=9.0,
            halo=grey(0.15),
            halo_at_um=4.0,
            halo_um=2.0,
        ),
    ),
)

THREADS = (
    Threads(
        name="smudges",
        per_mm2=0.6,
        length_um=Spread(260.0, 120.0, 80.0, 600.0),
        width_um=Spread(24.0, 8.0, 12.0, 45.0),
        look=Look(body=(0.15, 0.14, 0.14), body_edge_um=3.0),
        step_um=25.0,
        waviness=0.06,
        strength=Spread(0.6, 0.5, 0.15, 2.2),
        blur_um=Spread(7.0, 4.0, 3.0, 14.0),
        per_cluster=2.0,
        cluster_um=120.0,
        variation=1.0,
        aligned=0.3,
    ),
)

_HYPHA_LOOK = Look(
    body=(0.16, 0.17, 0.19),
    body_edge_um=0.5,
    rim=(0.30, 0.29, 0.27),
    rim_at_um=-0.3,
    rim_um=0.6,
    halo=grey(0.06),
    halo_at_um=1.4,
    halo_um=0.7,
)

HYPHAE = (
    Hyphae(
        name="hyphae",
        per_mm2=9.0,
        hypha=Hypha(
            length_um=Spread(75.0, 45.0, 15.0, 220.0),
            width_um=Spread(2.4, 0.7, 1.2, 4.2),
            look=_HYPHA_LOOK,
            waviness=0.07,
            kinks=0.05,
            taper=0.5,
            rough=0.17,
            branches=0.5,
            cell_um=Spread(16.0, 8.0, 6.0, 40.0),
            patchy=0.3,
            strength=Spread(0.95, 0.45, 0.2, 1.8),
            blur_um=Spread(0.3, 0.6, 0.0, 2.6),
        ),
        per_cluster=1.5,
        cluster_um=60.0,
        variation=0.6,
    ),
    Hyphae(
        name="threads",
        per_mm2=20.0,
        hypha=Hypha(
            length_um=Spread(22.0, 14.0, 5.0, 70.0),
            width_um=Spread(1.1, 0.4, 0.6, 2.0),
            look=Look(body=(0.17, 0.16, 0.14), body_edge_um=0.5),
            waviness=0.22,
            kinks=0.12,
            taper=0.3,
            rough=0.3,
            branches=0.4,
            cell_um=Spread(8.0, 5.0, 3.0, 20.0),
            patchy=0.5,
            strength=Spread(0.8, 0.5, 0.15, 2.0),
        ),
        per_cluster=1.6,
        cluster_um=14.0,
        variation=0.6,
    ),
)

SCRAPS = (
    Scraps(
        name="scraps",
        per_mm2=60.0,
        radius_um=Spread(4.0, 2.2, 1.6, 10.0),
        shade=(0.05, 0.055, 0.075),
        contrast=(0.10, 0.095, 0.10),
        grain_um=1.6,
        slim=0.3,
        strength=Spread(0.9, 0.5, 0.2, 2.2),
        variation=0.5,
        per_cluster=1.5,
        cluster_um=9.0,
    ),
    Scraps(
        name="grit",
        per_mm2=26.0,
        radius_um=Spread(2.6, 1.2, 1.2, 6.0),
        shade=(0.30, 0.28, 0.24),
        contrast=(0.18, 0.17, 0.15),
        grain_um=1.8,
        slim=0.35,
        strength=Spread(0.9, 0.4, 0.3, 1.8),
        variation=0.5,
        per_cluster=1.7,
        cluster_um=7.0,
    ),
    Scraps(
        name="specks",
        per_mm2=320.0,
        radius_um=Spread(1.0, 0.5, 0.5, 2.4),
        shade=(0.09, 0.09, 0.08),
        contrast=(0.10, 0.09, 0.08),
        grain_um=1.2,
        slim=0.5,
        strength=Spread(0.7, 0.6, 0.1, 2.5),
        variation=0.5,
    ),
)

CLUMPS = Clumps(
    per_mm2=0.75,
    variation=0.8,
    spread_um=Spread(13.0, 8.0, 3.0, 32.0),
    scraps=9.0,
    scrap=Scraps(
        name="tangles",
        per_mm2=0.0,
        radius_um=Spread(8.0, 4.0, 3.0, 16.0),
        shade=(0.22, 0.29, 0.34),
        contrast=(0.15, 0.14, 0.12),
        grain_um=1.9,
        strength=Spread(1.0, 0.3, 0.4, 1.6),
    ),
    hyphae=8.0,
    hypha=Hypha(
        length_um=Spread(40.0, 35.0, 8.0, 150.0),
        width_um=Spread(2.6, 0.8, 1.4, 4.5),
        look=Look(
            body=(0.24, 0.29, 0.33),
            body_edge_um=0.6,
            rim=(0.28, 0.29, 0.29),
            rim_at_um=-0.3,
            rim_um=0.8,
            halo=grey(0.05),
            halo_at_um=1.8,
            halo_um=0.8,
        ),
        waviness=0.12,
        kinks=0.12,
        taper=0.35,
        rough=0.2,
        branches=0.6,
        cell_um=Spread(11.0, 6.0, 4.0, 30.0),
        patchy=0.35,
        strength=Spread(0.95, 0.35, 0.25, 1.7),
        blur_um=Spread(0.7, 0.9, 0.0, 3.2),
    ),
    strength=Spread(0.95, 0.3, 0.4, 1.5),
)
