"""*Magnaporthe oryzae* conidia in a Neubauer chamber, a colour camera at low power.

Dark, septate spores in many touching groups, and much mycelium.
"""

from __future__ import annotations

from sporemetry.dataset.synthesis.camera import Camera
from sporemetry.dataset.synthesis.clutter import Bodies, Threads
from sporemetry.dataset.synthesis.draws import Spread
from sporemetry.dataset.synthesis.grid import Ruling
from sporemetry.dataset.synthesis.light import Light, Mottle
from sporemetry.dataset.synthesis.optics import Look, grey
from sporemetry.dataset.synthesis.scene import Population
from sporemetry.dataset.synthesis.settings import Preset
from sporemetry.dataset.synthesis.spores import Inner, SporeLook

RICE_BLAST = Preset(
    name="rice_blast",
    height=1125,
    width=2000,
    um_per_px=0.76,
    population=Population(
        per_mm2=330.0,
        variation=0.25,
        kinds=(("spindle", 0.6), ("pear", 0.4)),
        length_um=Spread(20.8, 3.0, 13.0, 28.0),
        width_um=Spread(9.4, 1.0, 6.8, 12.4),
        group_share=0.13,
        group_extra=0.6,
        overlap=0.18,
        depth_um=Spread(0.0, 2.0, -6.0, 6.0),
        strength=Spread(1.0, 0.15, 0.5, 1.3),
    ),
    spores=SporeLook(
        look=Look(
            body=(0.37, 0.32, 0.30),
            body_edge_um=0.8,
            rim=(0.24, 0.23, 0.21),
            rim_at_um=-1.6,
            rim_um=1.2,
            halo=(0.06, 0.06, 0.06),
            halo_at_um=1.8,
            halo_um=0.9,
            core=(0.05, 0.05, 0.04),
            core_from=0.7,
            core_soft=0.2,
        ),
        inner=(
            Inner(
                count=1.4,
                look=Look(body=(-0.30, -0.32, -0.28), body_edge_um=0.6),
                radius=Spread(0.25, 0.06, 0.15, 0.4),
                spread=0.5,
            ),
        ),
        septa=2,
        septum=Look(body=(0.26, 0.24, 0.20), body_edge_um=0.6),
        septum_um=1.1,
    ),
    light=Light(
        level=(133.0, 135.0, 139.0),
        edge=(0.90, 0.91, 0.93),
        tilt=0.03,
        tint=0.008,
        mottles=(Mottle(120.0, 0.018), Mottle(40.0, 0.03, patchy=160.0), Mottle(9.0, 0.010)),
    ),
    camera=Camera(grey=False, floor=0.5, photon=1.6, colour_noise=0.4, smear=1, jpeg_quality=90),
    bodies=(
        Bodies(
            name="shadows",
            per_mm2=26.0,
            radius_um=Spread(10.0, 4.0, 3.0, 22.0),
            look=Look(body=(0.34, 0.34, 0.32), body_edge_um=2.0),
            strength=Spread(0.7, 0.4, 0.1, 1.7),
            blur_um=Spread(6.0, 3.0, 1.5, 12.0),
            irregularity=0.25,
            per_cluster=1.6,
            cluster_um=24.0,
        ),
        Bodies(
            name="grains",
            per_mm2=60.0,
            radius_um=Spread(2.6, 1.2, 1.0, 6.0),
            look=Look(body=grey(0.34), body_edge_um=0.7, rim=grey(0.2), rim_at_um=-0.6, rim_um=0.8),
            strength=Spread(0.6, 0.4, 0.1, 1.5),
            irregularity=0.3,
            per_cluster=1.5,
            cluster_um=8.0,
        ),
    ),
    threads=(
        Threads(
            name="hyphae",
            per_mm2=13.0,
            length_um=Spread(90.0, 45.0, 25.0, 220.0),
            width_um=Spread(2.9, 0.4, 2.0, 4.0),
            look=Look(
                body=(0.14, 0.11, 0.10), body_edge_um=0.6, rim=(0.42, 0.40, 0.34), rim_at_um=-0.3, rim_um=0.7
            ),
            step_um=6.0,
            waviness=0.14,
            branches=0.5,
            strength=Spread(0.8, 0.4, 0.2, 1.5),
            blur_um=Spread(0.4, 0.5, 0.0, 2.0),
        ),
        Threads(
            name="mycelium",
            per_mm2=24.0,
            length_um=Spread(70.0, 35.0, 20.0, 180.0),
            width_um=Spread(2.7, 0.5, 1.8, 4.2),
            look=Look(
                body=(0.20, 0.20, 0.20), body_edge_um=0.6, rim=(0.40, 0.40, 0.36), rim_at_um=-0.3, rim_um=0.7
            ),
            step_um=5.0,
            waviness=0.22,
            branches=1.2,
            strength=Spread(0.9, 0.3, 0.3, 1.5),
            blur_um=Spread(0.8, 0.8, 0.0, 3.0),
            per_cluster=16.0,
            cluster_um=18.0,
        ),
        Threads(
            name="wisps",
            per_mm2=60.0,
            length_um=Spread(14.0, 7.0, 5.0, 40.0),
            width_um=Spread(1.4, 0.4, 0.8, 2.4),
            look=Look(body=(0.16, 0.15, 0.14), body_edge_um=0.6),
            step_um=3.0,
            waviness=0.35,
            branches=0.8,
            strength=Spread(0.6, 0.4, 0.1, 1.4),
        ),
    ),
    ruling=Ruling(
        spacing_um=250.0,
        width_um=16.0,
        look=Look(
            body=(0.14, 0.085, 0.25),
            body_edge_um=0.8,
            rim=(0.62, 0.64, 0.36),
            rim_at_um=0.0,
            rim_um=1.25,
            halo=grey(0.07),
            halo_at_um=3.2,
            halo_um=1.0,
        ),
        lean=0.004,
    ),
    colour_spread=0.0,
    colour_slip_um=(-0.65, -0.65),
)
