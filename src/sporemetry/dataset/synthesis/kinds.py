"""Things that are found on many slides, ready for any preset: pollen, bubbles, hyphae, fibres."""

from __future__ import annotations

from dataclasses import replace

from sporemetry.dataset.synthesis.clutter import Bodies, Threads
from sporemetry.dataset.synthesis.draws import Spread
from sporemetry.dataset.synthesis.optics import Look, grey
from sporemetry.dataset.synthesis.textured import Textured

_POLLEN = Textured(
    outer=Bodies(
        name="pollen",
        per_mm2=0.0,
        radius_um=Spread(9.5, 1.8, 6.0, 14.0),
        look=Look(
            body=grey(0.10),
            body_edge_um=0.5,
            rim=grey(0.34),
            rim_at_um=-1.0,
            rim_um=0.65,
            halo=grey(0.12),
            halo_at_um=0.75,
            halo_um=0.4,
            ring=grey(-0.14),
            ring_at_um=-2.9,
            ring_um=0.6,
        ),
        strength=Spread(1.0, 0.25, 0.4, 1.4),
        blur_um=Spread(0.2, 0.4, 0.0, 1.2),
        irregularity=0.15,
    ),
    variation=0.8,
    grain_um=Spread(1.9, 0.6, 1.1, 3.2),
    contrast=0.24,
    creased=True,
    edge_um=1.5,
    kernel=Look(body=grey(0.12), rim=grey(0.22), rim_at_um=-0.3, rim_um=0.4, halo=grey(0.16), halo_um=0.4),
)
_BUBBLES = Bodies(
    name="bubbles",
    per_mm2=0.0,
    radius_um=Spread(5.0, 3.0, 2.0, 16.0),
    # Total reflection darkens all but the middle of a bubble; the middle is a lens.
    look=Look(
        body=grey(0.10),
        rim=grey(0.62),
        rim_at_um=-1.1,
        rim_um=0.6,
        halo=grey(0.16),
        halo_at_um=0.7,
        halo_um=0.35,
        core=grey(0.45),
        core_from=0.62,
        core_soft=0.16,
    ),
    strength=Spread(0.95, 0.15, 0.6, 1.2),
    blur_um=Spread(0.2, 0.2, 0.0, 0.8),
)


_HYPHAE = Threads(
    name="hyphae",
    per_mm2=0.0,
    length_um=Spread(90.0, 40.0, 30.0, 220.0),
    width_um=Spread(3.0, 0.5, 2.0, 4.5),
    look=Look(
        body=grey(0.10),
        body_edge_um=0.5,
        rim=grey(0.26),
        rim_at_um=-0.4,
        rim_um=0.45,
        halo=grey(0.13),
        halo_at_um=0.8,
        halo_um=0.5,
    ),
    step_um=5.0,
    waviness=0.11,
    branches=1.2,
    septa_um=20.0,
    septum=Look(body=grey(0.26), body_edge_um=0.4),
    strength=Spread(0.8, 0.3, 0.3, 1.4),
    blur_um=Spread(0.5, 0.5, 0.0, 2.0),
)
# A textile fibre: as thick as several spores are long, its middle clear, both walls dark.
_FIBRES = Threads(
    name="fibres",
    per_mm2=0.0,
    length_um=Spread(420.0, 200.0, 150.0, 900.0),
    width_um=Spread(11.0, 3.0, 6.0, 20.0),
    look=Look(
        body=grey(0.06),
        body_edge_um=0.8,
        rim=grey(0.42),
        rim_at_um=-0.9,
        rim_um=0.9,
        halo=grey(0.16),
        halo_at_um=1.2,
        halo_um=0.7,
    ),
    step_um=22.0,
    waviness=0.10,
    strength=Spread(0.8, 0.3, 0.3, 1.3),
    blur_um=Spread(0.8, 0.8, 0.0, 3.0),
)


def pollen(per_mm2: float) -> Textured:
    """Return pollen grains of about 20 µm: a dark wall, wrinkles, the cell within.

    >>> pollen(3.0).outer.per_mm2
    3.0
    """
    return replace(_POLLEN, outer=replace(_POLLEN.outer, per_mm2=per_mm2))


def bubbles(per_mm2: float) -> Bodies:
    """Return air bubbles of 4 to 30 µm: a broad dark rim about a bright middle.

    >>> bubbles(2.0).per_mm2
    2.0
    """
    return replace(_BUBBLES, per_mm2=per_mm2)


def hyphae(per_mm2: float) -> Threads:
    """Return hyphae of 3 µm, branched, a cross-wall every 20 µm.

    >>> hyphae(2.0).per_mm2
    2.0
    """
    return replace(_HYPHAE, per_mm2=per_mm2)


def fibres(per_mm2: float) -> Threads:
    """Return textile fibres of 6 to 20 µm with dark walls.

    >>> fibres(0.5).per_mm2
    0.5
    """
    return replace(_FIBRES, per_mm2=per_mm2)
