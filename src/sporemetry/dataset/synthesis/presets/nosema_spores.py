"""How spores of *Nosema* look: a rod lens above the focus, a pale outline in it and below.

Most are seen a little above the focus, with a narrow bright bar in a dark outline.
"""

from __future__ import annotations

from sporemetry.dataset.synthesis.draws import Spread
from sporemetry.dataset.synthesis.optics import Look, grey
from sporemetry.dataset.synthesis.spores import SporeLook

_FOCUSED = Look(
    body=grey(-0.04),
    rim=grey(0.22),
    rim_at_um=-0.30,
    rim_um=0.36,
    halo=grey(0.03),
    halo_at_um=1.0,
    halo_um=0.35,
    core=grey(0.20),
    core_from=0.50,
    core_soft=0.16,
    waves=grey(0.05),
    wave_um=1.8,
    fade_um=1.1,
)
# Above the focus a spore is a rod lens: a narrow bright bar in a broad dark outline.
_ABOVE = Look(
    body=grey(0.08),
    rim=grey(0.24),
    rim_at_um=-0.12,
    rim_um=0.48,
    halo=grey(0.03),
    halo_at_um=1.5,
    halo_um=0.4,
    core=grey(0.68),
    core_from=0.68,
    core_soft=0.20,
    waves=grey(0.05),
    wave_um=2.2,
    fade_um=1.4,
)
# Below it hardly more than a pale outline.
_BELOW = Look(
    body=grey(-0.11),
    rim=grey(0.17),
    rim_at_um=-0.30,
    rim_um=0.32,
    halo=grey(0.05),
    halo_at_um=0.9,
    halo_um=0.4,
    core=grey(0.08),
    core_from=0.45,
    core_soft=0.25,
    waves=grey(0.04),
    wave_um=1.6,
    fade_um=1.1,
)
SPORES = SporeLook(
    look=_FOCUSED,
    above=_ABOVE,
    below=_BELOW,
    full_depth_um=1.4,
    aperture_slope=0.28,
    core=Spread(1.0, 0.3, 0.2, 1.8),
)
