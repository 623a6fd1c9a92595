"""How *Colletotrichum* conidia look: in focus, above and below it, with granules, guttules and a nucleus.

The looks are read off single spores at four times their size; the mean profile over many drawn outlines is
flatter, as outlines drawn by hand stray by a pixel or two.
"""

from __future__ import annotations

from sporemetry.dataset.synthesis.draws import Spread
from sporemetry.dataset.synthesis.optics import Look, grey
from sporemetry.dataset.synthesis.spores import Inner, SporeLook

_FOCUSED = Look(
    body=(0.34, 0.30, 0.33),
    body_edge_um=0.36,
    rim=(0.24, 0.24, 0.21),
    rim_at_um=-1.05,
    rim_um=0.50,
    halo=(0.26, 0.28, 0.17),
    halo_at_um=0.85,
    halo_um=0.55,
    ring=(0.02, 0.065, 0.02),
    ring_at_um=2.3,
    ring_um=0.45,
    core=(0.14, 0.15, 0.13),
    core_from=0.68,
    core_soft=0.16,
    waves=(0.05, 0.06, 0.05),
    wave_um=1.7,
    fade_um=1.3,
)
# Above the focus: dark throughout, with a wide, bright halo.
_ABOVE = Look(
    body=(0.41, 0.36, 0.36),
    body_edge_um=0.45,
    rim=(0.18, 0.18, 0.13),
    rim_at_um=-1.0,
    rim_um=0.65,
    halo=(0.31, 0.33, 0.22),
    halo_at_um=0.95,
    halo_um=0.65,
    ring=(0.04, 0.085, 0.035),
    ring_at_um=2.7,
    ring_um=0.5,
    core=(0.22, 0.22, 0.19),
    core_from=0.72,
    core_soft=0.2,
    waves=(0.08, 0.09, 0.08),
    wave_um=1.8,
    fade_um=1.6,
)
# Below it: paler, with a thin dark outline.
_BELOW = Look(
    body=(0.20, 0.14, 0.17),
    body_edge_um=0.35,
    rim=(0.30, 0.30, 0.24),
    rim_at_um=-0.75,
    rim_um=0.40,
    halo=(0.20, 0.21, 0.12),
    halo_at_um=0.8,
    halo_um=0.48,
    ring=(0.015, 0.05, 0.015),
    ring_at_um=2.0,
    ring_um=0.4,
    core=(0.16, 0.17, 0.13),
    core_from=0.6,
    core_soft=0.22,
    waves=(0.03, 0.04, 0.03),
    wave_um=1.5,
    fade_um=1.2,
)

_GUTTULE = Look(body=(-0.30, -0.32, -0.25), body_edge_um=0.38, rim=grey(0.12), rim_at_um=0.45, rim_um=0.35)
_GRANULE = Look(body=(0.34, 0.30, 0.28), body_edge_um=0.32)
SPORES = SporeLook(
    look=_FOCUSED,
    above=_ABOVE,
    below=_BELOW,
    full_depth_um=1.3,
    field_curve_um=-12.0,
    clear=0.06,
    core=Spread(0.6, 0.6, -0.6, 1.7),
    grain=Spread(0.12, 0.05, 0.03, 0.24),
    grain_um=0.66,
    grain_inset_um=0.55,
    inner=(
        # The clear zone of the nucleus, about the middle.
        Inner(
            count=0.7,
            look=Look(body=(-0.22, -0.23, -0.20), body_edge_um=0.45),
            radius=Spread(0.30, 0.08, 0.18, 0.45),
            strength=Spread(0.8, 0.4, 0.2, 1.6),
            spread=0.15,
            stretch=1.5,
        ),
        Inner(
            count=7.0,
            look=_GRANULE,
            radius=Spread(0.13, 0.06, 0.06, 0.30),
            strength=Spread(0.6, 0.4, 0.15, 1.4),
            spread=0.85,
        ),
        Inner(
            count=1.5,
            look=_GUTTULE,
            radius=Spread(0.17, 0.10, 0.07, 0.42),
            strength=Spread(0.7, 0.4, 0.2, 1.4),
            spread=0.6,
        ),
    ),
)
