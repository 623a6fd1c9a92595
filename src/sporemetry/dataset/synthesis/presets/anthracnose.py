"""*Colletotrichum* conidia in water, a phone at the eyepiece.

Focused a little low: a dark rim inside the contour, a bright halo outside. Towards the field's edge the focus
strays and the colours part. About one in six is small or seen nearly on end. The dirt of the optics lies as
on the real microscope: streaks and mottled patches across the lower left, rings of dust everywhere.
"""

from __future__ import annotations

from sporemetry.dataset.synthesis.camera import Camera
from sporemetry.dataset.synthesis.clutter import Bodies, Threads
from sporemetry.dataset.synthesis.draws import Spread
from sporemetry.dataset.synthesis.eyepiece import Eyepiece
from sporemetry.dataset.synthesis.flocks import Flock
from sporemetry.dataset.synthesis.kinds import bubbles, fibres, hyphae, pollen
from sporemetry.dataset.synthesis.light import Light, Mottle
from sporemetry.dataset.synthesis.mixtures import Mixed
from sporemetry.dataset.synthesis.optics import Look, grey
from sporemetry.dataset.synthesis.scene import Population
from sporemetry.dataset.synthesis.settings import Preset
from sporemetry.dataset.synthesis.spores import Inner, SporeLook

_FOCUSED = Look(
    body=(0.27, 0.22, 0.25),
    body_edge_um=0.38,
    rim=(0.36, 0.38, 0.31),
    rim_at_um=-0.95,
    rim_um=0.48,
    halo=(0.175, 0.19, 0.14),
    halo_at_um=0.85,
    halo_um=0.55,
    ring=(0.005, 0.03, 0.01),
    ring_at_um=2.2,
    ring_um=0.45,
    core=(0.07, 0.08, 0.07),
    core_from=0.7,
    core_soft=0.2,
    waves=(0.05, 0.06, 0.05),
    wave_um=1.7,
    fade_um=1.3,
)
# Above the focus: dark throughout, with a wide, bright halo.
_ABOVE = Look(
    body=(0.30, 0.24, 0.28),
    body_edge_um=0.45,
    rim=(0.20, 0.20, 0.16),
    rim_at_um=-1.0,
    rim_um=0.6,
    halo=(0.23, 0.24, 0.20),
    halo_at_um=0.95,
    halo_um=0.65,
    ring=(0.03, 0.05, 0.03),
    ring_at_um=2.6,
    ring_um=0.5,
    core=(0.02, 0.03, 0.0),
    waves=(0.08, 0.09, 0.08),
    wave_um=1.8,
    fade_um=1.6,
)
# Below it: pale, with a thin dark outline.
_BELOW = Look(
    body=(0.13, 0.09, 0.17),
    body_edge_um=0.35,
    rim=(0.34, 0.34, 0.26),
    rim_at_um=-0.65,
    rim_um=0.36,
    halo=(0.10, 0.11, 0.07),
    halo_at_um=0.75,
    halo_um=0.45,
    ring=(0.005, 0.02, 0.01),
    ring_at_um=1.9,
    ring_um=0.4,
    core=(0.10, 0.11, 0.08),
    core_from=0.6,
    core_soft=0.25,
    waves=(0.03, 0.04, 0.03),
    wave_um=1.5,
    fade_um=1.2,
)

ANTHRACNOSE = Preset(
    name="anthracnose",
    height=1080,
    width=1920,
    um_per_px=0.32,
    population=Population(
        per_mm2=147.0,
        variation=0.38,
        kinds=(
            ("capsule", 0.14),
            ("ellipse", 0.10),
            ("barrel", 0.26),
            ("egg_up", 0.13),
            ("egg_down", 0.13),
            ("bean_left", 0.12),
            ("bean_right", 0.12),
        ),
        length_um=Mixed(13.2, 0.8, 2.8, 16.5, share=0.143, other_mean=3.3, other_sd=0.4),
        width_um=Spread(5.72, 0.30, 4.6, 6.8),
        group_share=0.06,
        depth_um=Spread(0.05, 0.55, -1.8, 1.8),
        strength=Spread(0.98, 0.16, 0.45, 1.3),
    ),
    spores=SporeLook(
        look=_FOCUSED,
        above=_ABOVE,
        below=_BELOW,
        full_depth_um=1.3,
        field_curve_um=-12.0,
        clear=0.08,
        inner=(
            Inner(
                count=5.0,
                look=Look(body=(0.34, 0.30, 0.32), body_edge_um=0.26),
                radius=Spread(0.15, 0.08, 0.06, 0.34),
                strength=Spread(0.7, 0.4, 0.2, 1.5),
            ),
            Inner(
                count=1.5,
                look=Look(
                    body=(-0.34, -0.36, -0.26), body_edge_um=0.24, rim=grey(0.14), rim_at_um=0.3, rim_um=0.25
                ),
                radius=Spread(0.20, 0.12, 0.08, 0.46),
                strength=Spread(0.9, 0.4, 0.3, 1.6),
                spread=0.55,
            ),
        ),
    ),
    light=Light(
        level=(193.6, 193.0, 175.0),
        edge=(1.055, 1.03, 1.01),
        tilt=0.006,
        tint=0.004,
        mottles=(
            Mottle(60.0, 0.012),
            Mottle(16.0, 0.008),
            Mottle(6.0, 0.008),
            Mottle(2.4, 0.008),
            Mottle(1.2, 0.006),
            Mottle(2.0, 0.028, patchy=60.0),
        ),
    ),
    camera=Camera(grey=False, floor=1.0, photon=1.15, colour_noise=0.25, smear=1, jpeg_quality=90),
    flocks=(
        Flock(
            kind=Bodies(
                name="discs",
                per_mm2=9500.0,
                radius_um=Spread(2.4, 0.55, 1.2, 4.0),
                look=Look(
                    body=(0.022, 0.024, 0.018),
                    body_edge_um=0.7,
                    rim=(0.085, 0.088, 0.078),
                    rim_at_um=-0.1,
                    rim_um=0.42,
                    halo=grey(0.045),
                    halo_at_um=0.95,
                    halo_um=0.42,
                    core=grey(0.035),
                    core_from=0.6,
                    core_soft=0.3,
                ),
                strength=Spread(0.5, 0.55, 0.08, 2.4),
                blur_um=Spread(0.45, 0.25, 0.0, 1.0),
                irregularity=0.05,
                per_cluster=3.5,
                cluster_um=13.0,
            ),
            prints=60,
            variation=0.35,
        ),
        Flock(
            kind=Bodies(
                name="grime",
                per_mm2=4200.0,
                radius_um=Spread(1.7, 0.8, 0.6, 4.0),
                look=Look(
                    body=(0.07, 0.075, 0.075),
                    body_edge_um=0.6,
                    rim=grey(0.03),
                    rim_at_um=-0.2,
                    rim_um=0.5,
                    halo=grey(0.04),
                    halo_at_um=1.0,
                    halo_um=0.5,
                ),
                strength=Spread(0.8, 0.6, 0.1, 2.4),
                blur_um=Spread(0.9, 0.4, 0.2, 1.8),
                irregularity=0.25,
                per_cluster=70.0,
                cluster_um=14.0,
            ),
            prints=60,
            variation=0.5,
        ),
        Flock(
            kind=Bodies(
                name="particles",
                per_mm2=230.0,
                radius_um=Spread(1.0, 0.5, 0.4, 2.3),
                look=Look(
                    body=grey(0.16),
                    body_edge_um=0.3,
                    rim=grey(0.34),
                    rim_at_um=-0.2,
                    rim_um=0.35,
                    halo=grey(0.12),
                    halo_at_um=0.75,
                    halo_um=0.4,
                ),
                strength=Spread(0.6, 0.4, 0.1, 1.4),
                irregularity=0.35,
                per_cluster=1.3,
                cluster_um=2.0,
            ),
            prints=60,
            variation=0.4,
        ),
        Flock(
            kind=Bodies(
                name="sparks",
                per_mm2=90.0,
                radius_um=Spread(0.5, 0.2, 0.3, 0.9),
                look=Look(body=grey(-0.10), body_edge_um=0.3, rim=grey(0.04), rim_at_um=0.7, rim_um=0.3),
                strength=Spread(0.7, 0.3, 0.2, 1.3),
            ),
            prints=60,
            variation=0.3,
        ),
    ),
    bodies=(
        Bodies(
            name="smudges",
            per_mm2=190.0,
            radius_um=Spread(5.5, 3.0, 2.5, 16.0),
            look=Look(body=(0.060, 0.058, 0.056), body_edge_um=2.0),
            strength=Spread(0.9, 0.9, 0.1, 3.4),
            blur_um=Spread(2.0, 0.9, 0.6, 4.0),
            irregularity=0.35,
            per_cluster=1.8,
            cluster_um=10.0,
        ),
        bubbles(0.8),
    ),
    textured=(pollen(0.4),),
    threads=(
        hyphae(1.5),
        fibres(0.25),
        Threads(
            name="streaks",
            per_mm2=420.0,
            length_um=Spread(42.0, 22.0, 10.0, 90.0),
            width_um=Spread(1.6, 1.0, 0.5, 4.5),
            look=Look(
                body=(0.060, 0.062, 0.058),
                body_edge_um=0.7,
                halo=grey(0.018),
                halo_at_um=1.2,
                halo_um=0.5,
            ),
            step_um=5.0,
            waviness=0.035,
            aligned=0.09,
            strength=Spread(0.8, 0.6, 0.1, 2.2),
            blur_um=Spread(0.8, 0.5, 0.0, 2.0),
            per_cluster=30.0,
            cluster_um=34.0,
        ),
        Threads(
            name="scratches",
            per_mm2=8.0,
            length_um=Spread(110.0, 60.0, 25.0, 260.0),
            width_um=Spread(1.5, 0.5, 0.6, 2.6),
            look=Look(body=grey(-0.03), body_edge_um=0.5, rim=grey(0.028), rim_at_um=0.7, rim_um=0.5),
            step_um=8.0,
            waviness=0.012,
            strength=Spread(0.8, 0.3, 0.2, 1.4),
            blur_um=Spread(0.3, 0.2, 0.0, 0.8),
        ),
    ),
    eyepiece=Eyepiece(
        centre_y=Spread(0.70, 0.012, 0.66, 0.74),
        centre_x=Spread(0.54, 0.008, 0.51, 0.57),
        radius=Spread(0.394, 0.004, 0.38, 0.405),
        softness_px=4.5,
        fringe_px=0.2,
        rim=0.18,
        stray=(23.0, 22.0, 32.0),
        needle_width=0.0136,
        needle_taper=0.062,
        red_magnified=-0.00022,
        blue_magnified=0.0009,
        left=(1.035, 1.0, 0.985),
        right=(1.065, 1.055, 1.075),
        veil=0.8,
    ),
)
