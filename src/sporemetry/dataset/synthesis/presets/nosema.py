"""Microsporidian spores of honey bees in a Goryaev chamber, a grey microscope camera.

Focused a little high: a bright core in a dark outline, hardly a halo.
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
from sporemetry.dataset.synthesis.spores import SporeLook

NOSEMA = Preset(
    name="nosema",
    height=1040,
    width=1388,
    um_per_px=0.255,
    population=Population(
        per_mm2=340.0,
        variation=0.7,
        kinds=(("capsule", 0.65), ("ellipse", 0.35)),
        length_um=Spread(5.7, 0.45, 4.4, 7.2),
        width_um=Spread(3.15, 0.25, 2.6, 4.0),
        group_share=0.03,
        depth_um=Spread(0.0, 1.3, -3.5, 3.5),
        strength=Spread(0.85, 0.28, 0.25, 1.35),
    ),
    spores=SporeLook(
        look=Look(
            rim=grey(0.23),
            rim_at_um=-0.36,
            rim_um=0.48,
            halo=grey(0.02),
            halo_at_um=1.5,
            halo_um=0.5,
            core=grey(0.60),
            core_from=0.76,
            core_soft=0.19,
        ),
    ),
    light=Light(
        level=grey(97.0),
        edge=grey(0.97),
        tilt=0.02,
        mottles=(Mottle(40.0, 0.012), Mottle(9.0, 0.008), Mottle(3.0, 0.012)),
    ),
    camera=Camera(grey=True, floor=0.9, photon=1.5, smear=0),
    bodies=(
        Bodies(
            name="shadows",
            per_mm2=320.0,
            radius_um=Spread(2.6, 1.2, 0.8, 7.0),
            look=Look(body=grey(0.20), body_edge_um=0.5, halo=grey(0.02), halo_at_um=1.5, halo_um=0.6),
            strength=Spread(0.6, 0.6, 0.1, 2.4),
            blur_um=Spread(2.0, 0.8, 0.6, 4.0),
            irregularity=0.18,
        ),
        Bodies(
            name="clouds",
            per_mm2=700.0,
            radius_um=Spread(0.8, 0.4, 0.3, 2.0),
            look=Look(body=grey(-0.10), body_edge_um=0.25, rim=grey(0.12), rim_at_um=0.4, rim_um=0.3),
            strength=Spread(0.9, 0.6, 0.1, 2.2),
            blur_um=Spread(0.35, 0.15, 0.1, 0.8),
            irregularity=0.25,
            per_cluster=9.0,
            cluster_um=3.0,
        ),
        Bodies(
            name="grains",
            per_mm2=420.0,
            radius_um=Spread(0.9, 0.35, 0.4, 2.0),
            look=Look(
                body=grey(0.18),
                body_edge_um=0.3,
                rim=grey(0.16),
                rim_at_um=0.1,
                rim_um=0.3,
                halo=grey(0.06),
                halo_at_um=1.0,
                halo_um=0.4,
            ),
            strength=Spread(0.4, 0.5, 0.05, 1.9),
            blur_um=Spread(0.2, 0.2, 0.0, 0.7),
            irregularity=0.15,
        ),
    ),
    threads=(
        Threads(
            name="squiggles",
            per_mm2=420.0,
            length_um=Spread(4.5, 2.5, 1.2, 14.0),
            width_um=Spread(0.8, 0.25, 0.4, 1.6),
            look=Look(body=grey(-0.12), body_edge_um=0.25, rim=grey(0.09), rim_at_um=0.35, rim_um=0.35),
            step_um=0.8,
            waviness=0.22,
            branches=0.3,
            strength=Spread(0.7, 0.5, 0.1, 1.8),
            blur_um=Spread(0.2, 0.15, 0.0, 0.6),
        ),
    ),
    ruling=Ruling(
        spacing_um=50.0,
        width_um=2.0,
        look=Look(body=grey(0.05), body_edge_um=0.7, halo=grey(0.015), halo_at_um=2.0, halo_um=0.8),
        blur_um=0.4,
        lean=0.012,
    ),
)
