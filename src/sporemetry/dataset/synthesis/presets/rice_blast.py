"""*Magnaporthe oryzae* conidia in a Neubauer chamber, a colour camera at low power.

Dark, septate spores in many touching groups, and much mycelium.
"""

from __future__ import annotations

from sporemetry.dataset.synthesis.camera import Camera
from sporemetry.dataset.synthesis.chamber import Chamber
from sporemetry.dataset.synthesis.conidia import Conidium
from sporemetry.dataset.synthesis.draws import Spread
from sporemetry.dataset.synthesis.fringes import Fringes
from sporemetry.dataset.synthesis.joints import Mitre, Wear
from sporemetry.dataset.synthesis.light import Lamp, Light, Mottle
from sporemetry.dataset.synthesis.mixtures import Mixed
from sporemetry.dataset.synthesis.optics import Look
from sporemetry.dataset.synthesis.presets.rice_blast_slide import BODIES, CLUMPS, HYPHAE, SCRAPS, THREADS
from sporemetry.dataset.synthesis.samples import Sample
from sporemetry.dataset.synthesis.scene import Population
from sporemetry.dataset.synthesis.settings import Preset
from sporemetry.dataset.synthesis.spores import Inner, SporeLook

RICE_BLAST = Preset(
    name="rice_blast",
    height=1125,
    width=2000,
    um_per_px=0.76,
    population=Population(
        per_mm2=268.0,
        variation=0.2,
        kinds=(("drop", 0.88), ("spindle", 0.12)),
        length_um=Spread(23.9, 3.2, 12.0, 31.5),
        width_um=Spread(9.6, 1.0, 6.6, 12.8),
        group_share=0.14,
        group_extra=0.75,
        overlap=0.18,
        depth_um=Spread(0.0, 2.6, -9.0, 9.0),
        strength=Spread(1.0, 0.2, 0.4, 1.45),
    ),
    sample=Sample(focus_um=3.0, crowded_share=0.07, crowded=3.0),
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
        level=(133.2, 135.4, 139.2),
        edge=(0.90, 0.91, 0.93),
        tilt=0.03,
        tint=0.004,
        mottles=(
            Mottle(160.0, 0.013),
            Mottle(45.0, 0.009),
            Mottle(9.0, 0.0065),
            Mottle(40.0, 0.05, patchy=160.0),
        ),
        spread=0.012,
        cast=(0.004, 0.004, 0.008),
        others=(
            Lamp(0.06, level=(138.0, 135.0, 112.0), edge=(0.68, 0.68, 0.72)),
            Lamp(0.04, level=(139.0, 138.0, 126.0), edge=(0.8, 0.8, 0.84)),
        ),
    ),
    camera=Camera(grey=False, floor=0.4, photon=1.6, colour_noise=0.0, smear=1, jpeg_quality=75, soften=1),
    bodies=BODIES,
    threads=THREADS,
    hyphae=HYPHAE,
    scraps=SCRAPS,
    clumps=CLUMPS,
    chamber=Chamber(
        cell_um=(284.0, 250.0),
        width_um=Spread(16.5, 3.5, 12.0, 25.0),
        main_um=Spread(30.0, 2.5, 25.0, 35.0),
        floor=(0.135, 0.085, 0.19),
        floor_spread=0.03,
        shade=Spread(0.09, 0.07, 0.0, 0.25),
        stripe=Spread(0.02, 0.07, -0.06, 0.16),
        dark=Spread(0.5, 0.26, 0.04, 0.9),
        dark_um=Spread(1.5, 0.9, 0.6, 3.6),
        pale=Spread(0.24, 0.2, 0.0, 0.6),
        gap_um=1.2,
        bare_share=0.45,
        none_share=0.08,
        beads_share=0.12,
        wear=Wear(waver_um=0.22, waver_size_um=5.0, rough=0.13, rough_size_um=4.0),
        mitre=Mitre(
            bright=Spread(0.36, 0.14, 0.12, 0.6),
            inwards=Spread(0.75, 0.25, 0.35, 1.0),
            breadth_um=Spread(1.0, 0.3, 0.7, 1.7),
            colour=(1.0, 0.92, 1.05),
        ),
    ),
    conidia=Conidium(
        body=(0.52, 0.465, 0.45),
        body_at_um=-1.15,
        wall=(0.30, 0.265, 0.20),
        wall_at_um=-1.5,
        wall_um=0.8,
        halo=(0.13, 0.105, 0.075),
        halo_at_um=0.7,
        halo_um=1.1,
        lit=0.5,
        lit_from=-0.8,
        septa=2,
        septum=0.26,
        septum_um=1.1,
        cells=0.58,
        grain=0.32,
        grain_um=1.6,
        ragged_um=0.4,
        ragged_size_um=2.6,
        waist_um=Spread(0.9, 0.6, 0.0, 2.2),
        uneven=0.9,
        flank=0.5,
        tip=0.5,
        pale_share=0.06,
        pale=0.35,
        mood=0.2,
        turn=0.5,
        aperture_slope=0.4,
    ),
    fringes=Fringes(
        # One microscope takes nearly all of the real pictures: its colours meet below the picture.
        red=0.0009,
        blue=-0.0014,
        axis_y=Mixed(1.35, 0.12, -0.5, 1.7, share=0.14, other_mean=0.4, other_sd=0.6),
        axis_x=Mixed(0.5, 0.1, -0.2, 1.2, share=0.14, other_mean=0.5, other_sd=0.3),
    ),
)
