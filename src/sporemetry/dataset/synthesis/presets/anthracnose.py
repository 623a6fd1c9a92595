"""*Colletotrichum* conidia in water, a phone at the eyepiece.

Focused a little low: a dark rim inside the contour, a bright halo outside.
"""

from __future__ import annotations

from sporemetry.dataset.synthesis.camera import Camera
from sporemetry.dataset.synthesis.clutter import Bodies, Threads
from sporemetry.dataset.synthesis.draws import Spread
from sporemetry.dataset.synthesis.eyepiece import Eyepiece
from sporemetry.dataset.synthesis.light import Light, Mottle
from sporemetry.dataset.synthesis.optics import Look, grey
from sporemetry.dataset.synthesis.scene import Population
from sporemetry.dataset.synthesis.settings import Preset
from sporemetry.dataset.synthesis.spores import Inner, SporeLook

ANTHRACNOSE = Preset(
    name="anthracnose",
    height=1080,
    width=1920,
    um_per_px=0.32,
    population=Population(
        per_mm2=180.0,
        variation=0.35,
        kinds=(("capsule", 1.0),),
        length_um=Spread(13.2, 1.0, 10.0, 17.0),
        width_um=Spread(5.35, 0.35, 4.3, 6.6),
        group_share=0.06,
        depth_um=Spread(0.0, 0.9, -2.5, 2.5),
        strength=Spread(1.0, 0.14, 0.6, 1.35),
    ),
    spores=SporeLook(
        look=Look(
            body=(0.14, 0.12, 0.17),
            body_edge_um=0.35,
            rim=(0.38, 0.39, 0.34),
            rim_at_um=-1.0,
            rim_um=0.45,
            halo=(0.20, 0.22, 0.20),
            halo_at_um=0.68,
            halo_um=0.50,
            ring=(0.005, 0.06, 0.02),
            ring_at_um=1.9,
            ring_um=0.4,
            core=(0.10, 0.11, 0.07),
            core_from=0.7,
            core_soft=0.2,
        ),
        inner=(
            Inner(
                count=6.0,
                look=Look(body=grey(0.38), body_edge_um=0.22),
                radius=Spread(0.16, 0.05, 0.08, 0.28),
                strength=Spread(0.8, 0.3, 0.3, 1.4),
            ),
            Inner(
                count=2.6,
                look=Look(
                    body=(-0.26, -0.26, -0.20),
                    body_edge_um=0.22,
                    rim=grey(0.12),
                    rim_at_um=0.3,
                    rim_um=0.25,
                ),
                radius=Spread(0.24, 0.07, 0.12, 0.42),
                spread=0.6,
            ),
        ),
    ),
    light=Light(
        level=(193.0, 191.0, 169.0),
        edge=(1.08, 1.02, 1.07),
        tilt=0.012,
        tint=0.006,
        mottles=(
            Mottle(60.0, 0.010),
            Mottle(6.0, 0.012),
            Mottle(2.4, 0.015),
            Mottle(1.1, 0.012),
            Mottle(4.0, 0.075, patchy=70.0),
        ),
    ),
    camera=Camera(grey=False, floor=1.0, photon=1.7, colour_noise=0.5, smear=1, jpeg_quality=88),
    bodies=(
        Bodies(
            name="discs",
            per_mm2=3000.0,
            radius_um=Spread(2.6, 0.6, 1.3, 4.6),
            look=Look(
                body=(0.075, 0.080, 0.060),
                body_edge_um=0.5,
                rim=(0.065, 0.068, 0.048),
                rim_at_um=-0.2,
                rim_um=0.35,
                halo=grey(0.03),
                halo_at_um=0.8,
                halo_um=0.4,
            ),
            strength=Spread(0.5, 0.6, 0.1, 2.4),
            blur_um=Spread(0.5, 0.3, 0.0, 1.2),
            irregularity=0.10,
            per_cluster=2.5,
            cluster_um=16.0,
        ),
        Bodies(
            name="particles",
            per_mm2=150.0,
            radius_um=Spread(1.2, 0.5, 0.5, 2.4),
            look=Look(
                body=grey(0.22),
                body_edge_um=0.3,
                rim=grey(0.38),
                rim_at_um=-0.3,
                rim_um=0.35,
                halo=grey(0.16),
                halo_at_um=0.8,
                halo_um=0.45,
            ),
            strength=Spread(0.7, 0.4, 0.15, 1.5),
            irregularity=0.12,
        ),
        Bodies(
            name="sparks",
            per_mm2=120.0,
            radius_um=Spread(0.6, 0.2, 0.3, 1.1),
            look=Look(body=grey(-0.14), body_edge_um=0.3, rim=grey(0.05), rim_at_um=0.7, rim_um=0.3),
            strength=Spread(0.7, 0.3, 0.2, 1.3),
        ),
        Bodies(
            name="smudges",
            per_mm2=22.0,
            radius_um=Spread(4.0, 1.5, 1.5, 8.0),
            look=Look(body=(0.10, 0.10, 0.085), body_edge_um=0.8),
            strength=Spread(0.8, 0.4, 0.2, 1.6),
            blur_um=Spread(1.4, 0.5, 0.5, 2.5),
            irregularity=0.3,
            per_cluster=5.0,
            cluster_um=12.0,
        ),
    ),
    threads=(
        Threads(
            name="scratches",
            per_mm2=420.0,
            length_um=Spread(16.0, 9.0, 4.0, 40.0),
            width_um=Spread(1.2, 0.5, 0.4, 2.6),
            look=Look(body=(0.055, 0.055, 0.045), body_edge_um=0.4),
            step_um=4.0,
            waviness=0.03,
            aligned=0.06,
            strength=Spread(1.0, 0.6, 0.1, 2.4),
            blur_um=Spread(0.6, 0.4, 0.0, 1.5),
            per_cluster=14.0,
            cluster_um=30.0,
        ),
    ),
    eyepiece=Eyepiece(
        centre_y=Spread(0.70, 0.03, 0.60, 0.80),
        centre_x=Spread(0.54, 0.015, 0.50, 0.58),
        radius=Spread(0.393, 0.004, 0.38, 0.405),
        softness_px=4.0,
        fringe_px=0.9,
        rim=0.10,
        stray=(26.0, 25.0, 36.0),
        needle_width=0.0136,
        needle_taper=0.062,
    ),
    colour_spread=-0.0017,
)
