"""Microsporidian spores of honey bees in a Goryaev chamber, a grey microscope camera.

Focused a little high: a bright core in a dark outline, hardly a halo. The water is full of what a crushed bee
leaves: granules, shreds, pollen, and shadows of what floats above and below.
"""

from __future__ import annotations

from sporemetry.dataset.synthesis.camera import Camera
from sporemetry.dataset.synthesis.clutter import Bodies, Threads
from sporemetry.dataset.synthesis.draws import Spread
from sporemetry.dataset.synthesis.engraving import Engraving, Stroke
from sporemetry.dataset.synthesis.flocks import Flock
from sporemetry.dataset.synthesis.kinds import bubbles, pollen
from sporemetry.dataset.synthesis.light import Light, Mottle
from sporemetry.dataset.synthesis.optics import Look, grey
from sporemetry.dataset.synthesis.presets.nosema_spores import SPORES
from sporemetry.dataset.synthesis.samples import Sample
from sporemetry.dataset.synthesis.scene import Population
from sporemetry.dataset.synthesis.settings import Preset
from sporemetry.dataset.synthesis.textured import Textured

_BRIGHT = Look(
    body=grey(-0.18),
    body_edge_um=0.25,
    rim=grey(0.09),
    rim_at_um=0.45,
    rim_um=0.40,
    halo=grey(0.025),
    halo_at_um=1.2,
    halo_um=0.35,
)
_DARK = Look(
    body=grey(0.20),
    body_edge_um=0.25,
    rim=grey(0.10),
    rim_um=0.3,
    halo=grey(0.07),
    halo_at_um=0.8,
    halo_um=0.35,
)
# Out of focus: a disc with a darker edge and, often, a darker middle.
_SHADOW = Look(
    body=grey(0.10),
    body_edge_um=0.4,
    rim=grey(0.05),
    rim_at_um=-0.3,
    rim_um=0.4,
    halo=grey(0.02),
    halo_at_um=1.3,
    halo_um=0.6,
    core=grey(-0.08),
    core_from=0.6,
    core_soft=0.25,
)

_FLOCKS = (
    Flock(
        kind=Bodies(
            name="bright specks",
            per_mm2=16000.0,
            radius_um=Spread(0.45, 0.2, 0.2, 1.1),
            look=_BRIGHT,
            strength=Spread(0.05, 0.33, 0.01, 2.0),
            blur_um=Spread(0.3, 0.2, 0.1, 0.8),
            irregularity=0.5,
            per_cluster=2.5,
            cluster_um=2.0,
        ),
        variation=0.3,
    ),
    Flock(
        kind=Bodies(
            name="dark specks",
            per_mm2=9000.0,
            radius_um=Spread(0.5, 0.3, 0.2, 1.5),
            look=_DARK,
            strength=Spread(0.05, 0.32, 0.01, 2.2),
            blur_um=Spread(0.35, 0.3, 0.05, 1.0),
            irregularity=0.4,
            per_cluster=1.5,
            cluster_um=2.5,
        ),
        variation=0.4,
    ),
    Flock(
        kind=Bodies(
            name="shadows",
            per_mm2=4200.0,
            radius_um=Spread(1.3, 0.9, 0.5, 4.5),
            look=_SHADOW,
            strength=Spread(0.1, 0.6, 0.02, 2.6),
            blur_um=Spread(0.6, 0.4, 0.2, 1.8),
            irregularity=0.2,
            per_cluster=1.4,
            cluster_um=6.0,
        ),
        prints=60,
        variation=0.4,
    ),
    Flock(
        kind=Threads(
            name="shreds",
            per_mm2=5200.0,
            length_um=Spread(1.2, 0.8, 0.4, 4.0),
            width_um=Spread(0.5, 0.3, 0.25, 1.3),
            look=_BRIGHT,
            step_um=0.45,
            waviness=0.6,
            strength=Spread(0.35, 0.5, 0.03, 1.9),
            blur_um=Spread(0.25, 0.15, 0.05, 0.6),
            per_cluster=18.0,
            cluster_um=2.2,
        ),
        prints=60,
        variation=0.6,
    ),
    Flock(
        kind=Bodies(
            name="haze",
            per_mm2=26000.0,
            radius_um=Spread(0.8, 0.5, 0.3, 2.4),
            look=Look(body=grey(0.045), body_edge_um=0.4, rim=grey(-0.02), rim_at_um=0.6, rim_um=0.5),
            strength=Spread(0.0, 0.7, -1.8, 1.8),
            blur_um=Spread(0.5, 0.2, 0.3, 1.0),
            irregularity=0.5,
        ),
        prints=50,
        variation=0.2,
    ),
    Flock(
        kind=Threads(
            name="curls",
            per_mm2=1500.0,
            length_um=Spread(1.8, 1.2, 0.7, 6.0),
            width_um=Spread(0.45, 0.3, 0.2, 1.3),
            look=_BRIGHT,
            step_um=0.5,
            waviness=0.5,
            strength=Spread(0.05, 0.4, 0.03, 1.8),
            blur_um=Spread(0.25, 0.2, 0.05, 0.7),
            per_cluster=3.0,
            cluster_um=4.0,
        ),
        variation=0.5,
    ),
)

_TEXTURED = (
    Textured(
        outer=Bodies(
            name="heaps",
            per_mm2=110.0,
            radius_um=Spread(3.0, 2.5, 1.2, 10.0),
            look=Look(body=grey(0.02), body_edge_um=0.8),
            strength=Spread(0.7, 0.5, 0.15, 1.8),
            blur_um=Spread(0.0, 0.3, 0.0, 0.8),
            irregularity=0.5,
        ),
        variation=0.8,
        grain_um=Spread(1.0, 0.25, 0.7, 1.7),
        contrast=0.24,
        creased=True,
        gaps=0.9,
        edge_um=1.5,
    ),
    Textured(
        outer=Bodies(
            name="flakes",
            per_mm2=9.0,
            radius_um=Spread(5.0, 3.5, 2.0, 16.0),
            look=Look(
                body=grey(0.04), rim=grey(0.26), rim_at_um=0.0, rim_um=0.3, halo=grey(0.06), halo_at_um=1.0
            ),
            strength=Spread(0.7, 0.5, 0.2, 1.6),
            blur_um=Spread(0.1, 0.3, 0.0, 1.0),
            irregularity=0.35,
        ),
        variation=0.9,
        form="shard",
        grain_um=Spread(1.6, 0.6, 0.8, 3.0),
        contrast=0.12,
        creased=True,
        gaps=0.5,
    ),
    pollen(5.0),
)

_BODIES = (
    Bodies(
        name="floating",
        per_mm2=520.0,
        radius_um=Spread(2.2, 1.4, 0.7, 6.5),
        look=Look(body=grey(0.20), body_edge_um=0.4, halo=grey(0.07), halo_at_um=1.9, halo_um=0.8),
        strength=Spread(0.4, 0.8, 0.05, 3.2),
        blur_um=Spread(1.0, 0.8, 0.2, 3.5),
        irregularity=0.25,
    ),
    Bodies(
        name="smudges",
        per_mm2=85.0,
        radius_um=Spread(4.0, 3.0, 1.5, 12.0),
        look=Look(body=grey(0.20), body_edge_um=1.0),
        strength=Spread(0.5, 0.6, 0.1, 2.2),
        blur_um=Spread(3.0, 1.5, 1.0, 7.0),
        irregularity=0.4,
        per_cluster=4.0,
        cluster_um=9.0,
    ),
    Bodies(
        name="droplets",
        per_mm2=220.0,
        radius_um=Spread(0.9, 0.7, 0.5, 2.6),
        look=Look(
            rim=grey(0.34),
            rim_at_um=-0.1,
            rim_um=0.42,
            halo=grey(0.05),
            halo_at_um=1.2,
            core=grey(0.75),
            core_from=0.6,
        ),
        strength=Spread(0.7, 0.6, 0.15, 2.0),
        blur_um=Spread(0.3, 0.3, 0.0, 1.0),
        irregularity=0.3,
    ),
    bubbles(0.4),
)

NOSEMA = Preset(
    name="nosema",
    height=1040,
    width=1388,
    um_per_px=0.255,
    population=Population(
        per_mm2=345.0,
        variation=0.75,
        kinds=(("capsule", 0.60), ("ellipse", 0.40)),
        length_um=Spread(5.82, 0.95, 3.4, 8.6),
        width_um=Spread(3.18, 0.46, 2.0, 4.6),
        group_share=0.03,
        depth_um=Spread(0.5, 1.2, -4.0, 4.0),
        strength=Spread(0.95, 0.28, 0.3, 1.5),
    ),
    sample=Sample(empty_share=0.06, size_sd=0.11),
    spores=SPORES,
    light=Light(
        level=grey(96.6),
        edge=grey(0.975),
        tilt=0.012,
        mottles=(Mottle(45.0, 0.006), Mottle(1.3, 0.005)),
        spread=0.033,
    ),
    camera=Camera(grey=True, floor=0.85, photon=1.38, smear=0),
    flocks=_FLOCKS,
    textured=_TEXTURED,
    bodies=_BODIES,
    engraving=Engraving(
        spacing_um=50.0,
        stripe=4,
        divided_share=0.45,
        strokes=(
            Stroke(-1.3, 0.42, -0.075),
            Stroke(1.3, 0.42, -0.055),
            Stroke(0.0, 1.1, -0.020),
            Stroke(2.9, 1.0, 0.018),
        ),
        strength=Spread(0.58, 0.20, 0.2, 1.2),
        unequal=0.6,
        uneven=0.35,
        uneven_um=9.0,
        waver_um=0.35,
        lean=0.012,
        grains=Bodies(
            name="line grains",
            per_mm2=0.0,
            radius_um=Spread(0.5, 0.3, 0.25, 1.4),
            look=_DARK,
            strength=Spread(0.0, 0.15, -0.6, 1.0),
            blur_um=Spread(0.3, 0.2, 0.0, 0.8),
            irregularity=0.5,
        ),
        grain_every_um=1.6,
    ),
)
