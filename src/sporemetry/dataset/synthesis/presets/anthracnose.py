"""*Colletotrichum* conidia in water, a phone at the eyepiece.

Focused a little low: a dark rim inside the contour, a bright halo outside. Towards the field's edge the
focus strays and the colours part. About one in twenty is small or seen nearly on end. The dirt
of the optics lies as on the real microscope: a felt of fine strokes across the lower left, soft spots of
granules everywhere.
"""

from __future__ import annotations

from sporemetry.dataset.synthesis.camera import Camera
from sporemetry.dataset.synthesis.clutter import Bodies, Threads
from sporemetry.dataset.synthesis.draws import Spread
from sporemetry.dataset.synthesis.eyepiece import Eyepiece
from sporemetry.dataset.synthesis.felt import Felt, Strokes
from sporemetry.dataset.synthesis.flocks import Flock
from sporemetry.dataset.synthesis.kinds import bubbles, fibres, hyphae, pollen
from sporemetry.dataset.synthesis.light import Light, Mottle
from sporemetry.dataset.synthesis.mixtures import Mixed
from sporemetry.dataset.synthesis.optics import Look, grey
from sporemetry.dataset.synthesis.presets.anthracnose_spores import SPORES
from sporemetry.dataset.synthesis.samples import Sample
from sporemetry.dataset.synthesis.scene import Population
from sporemetry.dataset.synthesis.settings import Preset

_FLOCKS = (
    # Granules out of focus: most are soft grey spots, some soft bright ones.
    Flock(
        kind=Bodies(
            name="spots",
            per_mm2=8500.0,
            radius_um=Spread(1.9, 0.6, 0.8, 3.6),
            look=Look(
                body=(0.060, 0.070, 0.078),
                body_edge_um=0.7,
                rim=(0.034, 0.032, 0.024),
                rim_at_um=-0.1,
                rim_um=0.6,
                halo=grey(0.030),
                halo_at_um=1.1,
                halo_um=0.5,
            ),
            strength=Spread(0.15, 0.75, -0.9, 3.2),
            blur_um=Spread(0.7, 0.4, 0.2, 2.0),
            irregularity=0.08,
            per_cluster=3.0,
            cluster_um=11.0,
        ),
        prints=80,
        variation=0.35,
    ),
    # Some of them at a depth that shows a ring.
    Flock(
        kind=Bodies(
            name="discs",
            per_mm2=5200.0,
            radius_um=Spread(2.1, 0.55, 0.9, 3.6),
            look=Look(
                body=(0.030, 0.034, 0.036),
                body_edge_um=0.7,
                rim=(0.075, 0.078, 0.070),
                rim_at_um=-0.2,
                rim_um=0.5,
                halo=grey(0.045),
                halo_at_um=1.0,
                halo_um=0.45,
                core=grey(0.025),
                core_from=0.6,
                core_soft=0.3,
            ),
            strength=Spread(0.3, 0.6, 0.05, 2.6),
            blur_um=Spread(0.65, 0.3, 0.1, 1.5),
            irregularity=0.05,
            per_cluster=2.5,
            cluster_um=15.0,
        ),
        prints=60,
        variation=0.35,
    ),
    # Far out of focus, in heaps: what lies on the cover slip.
    Flock(
        kind=Bodies(
            name="clouds",
            per_mm2=420.0,
            radius_um=Spread(5.0, 2.5, 2.0, 13.0),
            look=Look(
                body=(0.064, 0.067, 0.068), body_edge_um=1.6, halo=grey(0.012), halo_at_um=4.0, halo_um=2.0
            ),
            strength=Spread(0.2, 0.9, 0.02, 3.6),
            blur_um=Spread(2.4, 1.2, 0.6, 5.0),
            irregularity=0.4,
            per_cluster=4.0,
            cluster_um=16.0,
        ),
        prints=40,
        variation=0.9,
    ),
    Flock(
        kind=Bodies(
            name="grime",
            per_mm2=8000.0,
            radius_um=Spread(1.5, 0.8, 0.5, 4.0),
            look=Look(
                body=(0.075, 0.082, 0.080),
                body_edge_um=0.6,
                rim=grey(0.03),
                rim_at_um=-0.2,
                rim_um=0.5,
                halo=grey(0.05),
                halo_at_um=1.0,
                halo_um=0.5,
            ),
            strength=Spread(0.3, 0.8, -0.8, 3.0),
            blur_um=Spread(0.8, 0.4, 0.2, 1.8),
            irregularity=0.3,
            per_cluster=70.0,
            cluster_um=20.0,
        ),
        prints=80,
        variation=0.5,
    ),
    Flock(
        kind=Bodies(
            name="particles",
            per_mm2=90.0,
            radius_um=Spread(0.8, 0.4, 0.4, 2.0),
            look=Look(
                body=grey(0.16),
                body_edge_um=0.3,
                rim=grey(0.30),
                rim_at_um=-0.2,
                rim_um=0.35,
                halo=grey(0.14),
                halo_at_um=0.75,
                halo_um=0.4,
            ),
            strength=Spread(0.5, 0.4, 0.1, 1.4),
            blur_um=Spread(0.2, 0.3, 0.0, 0.9),
            irregularity=0.2,
            per_cluster=1.3,
            cluster_um=2.0,
        ),
        prints=60,
        variation=0.4,
    ),
    Flock(
        kind=Bodies(
            name="sparks",
            per_mm2=120.0,
            radius_um=Spread(0.5, 0.2, 0.3, 0.9),
            look=Look(body=grey(-0.10), body_edge_um=0.3, rim=grey(0.06), rim_at_um=0.7, rim_um=0.3),
            strength=Spread(0.7, 0.3, 0.2, 1.3),
        ),
        prints=60,
        variation=0.3,
    ),
)
# The dirt of the optics: wiped across the lower left of the field.
_FELTS = (
    Felt(
        name="wiped",
        middle_y=Spread(0.82, 0.04, 0.70, 0.95),
        middle_x=Spread(0.44, 0.025, 0.36, 0.52),
        radius_um=Spread(150.0, 18.0, 110.0, 190.0),
        slim=0.62,
        heading=Spread(0.62, 0.08, 0.35, 0.9),
        strokes=(
            Strokes(long_um=40.0, wide_um=1.3, contrast=0.028),
            Strokes(long_um=70.0, wide_um=3.2, contrast=0.022, turn=0.12),
            Strokes(long_um=26.0, wide_um=2.0, contrast=0.018, turn=-0.16),
            Strokes(long_um=2.4, wide_um=1.6, contrast=0.036, turn=0.5),
            Strokes(long_um=14.0, wide_um=8.0, contrast=0.020),
        ),
        shade=(0.050, 0.055, 0.065),
        strength=Spread(0.9, 0.25, 0.4, 1.5),
    ),
    Felt(
        name="wisps",
        middle_y=Spread(0.28, 0.08, 0.10, 0.45),
        middle_x=Spread(0.55, 0.06, 0.40, 0.70),
        radius_um=Spread(75.0, 20.0, 40.0, 120.0),
        slim=0.6,
        heading=Spread(-0.15, 0.3, -0.8, 0.5),
        strokes=(
            Strokes(long_um=22.0, wide_um=1.6, contrast=0.020),
            Strokes(long_um=5.0, wide_um=2.2, contrast=0.018, turn=0.3),
        ),
        shade=(0.012, 0.012, 0.014),
        strength=Spread(0.5, 0.4, 0.05, 1.3),
    ),
)

ANTHRACNOSE = Preset(
    name="anthracnose",
    height=1080,
    width=1920,
    um_per_px=0.32,
    population=Population(
        per_mm2=132.5,
        variation=0.38,
        kinds=(
            ("capsule", 0.66),
            ("bean_left", 0.09),
            ("bean_right", 0.09),
            ("barrel", 0.06),
            ("egg_up", 0.05),
            ("egg_down", 0.05),
        ),
        length_um=Mixed(12.6, 0.9, 2.8, 16.5, share=0.06, other_mean=3.6, other_sd=0.6),
        width_um=Spread(5.53, 0.34, 4.4, 6.7),
        group_share=0.06,
        depth_um=Spread(0.1, 0.6, -2.2, 2.4),
        strength=Spread(0.98, 0.16, 0.45, 1.3),
    ),
    sample=Sample(focus_um=0.4),
    spores=SPORES,
    light=Light(
        level=(193.6, 193.0, 175.0),
        edge=(1.055, 1.03, 1.01),
        tilt=0.006,
        tint=0.007,
        mottles=(
            Mottle(60.0, 0.012),
            Mottle(16.0, 0.008),
            Mottle(6.0, 0.008),
            Mottle(2.4, 0.010),
            Mottle(1.2, 0.009),
            Mottle(2.0, 0.028, patchy=60.0),
        ),
    ),
    camera=Camera(grey=False, floor=1.0, photon=1.15, colour_noise=0.25, smear=1, jpeg_quality=90),
    flocks=_FLOCKS,
    felts=_FELTS,
    bodies=(
        Bodies(
            name="smudges",
            per_mm2=110.0,
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
        red_magnified=-0.0008,
        blue_magnified=0.0020,
        left=(1.035, 1.0, 0.985),
        right=(1.065, 1.055, 1.075),
        veil=0.8,
    ),
)
