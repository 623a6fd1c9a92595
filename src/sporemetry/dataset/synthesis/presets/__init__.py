"""Settings of whole pictures, by the kind of slide that they imitate.

The numbers are read off real pictures: sizes from hand-drawn contours, looks from the mean grey value over
the distance to those contours, noise and mottle from flat patches. They make pictures that resemble the real
ones; they are not fitted to the sets' statistics.
"""

from __future__ import annotations

from sporemetry.dataset.synthesis.presets.anthracnose import ANTHRACNOSE
from sporemetry.dataset.synthesis.presets.nosema import NOSEMA
from sporemetry.dataset.synthesis.presets.rice_blast import RICE_BLAST
from sporemetry.dataset.synthesis.settings import Preset
from sporemetry.errors import SettingsError

PRESETS: dict[str, Preset] = {preset.name: preset for preset in (ANTHRACNOSE, NOSEMA, RICE_BLAST)}


def find_preset(name: str) -> Preset:
    """Return the preset of that name.

    Raises
    ------
    SettingsError
        For an unknown name; it lists the choices.

    Examples
    --------
    >>> find_preset("nosema").camera.grey
    True
    """
    if name not in PRESETS:
        raise SettingsError("preset", expected=f"one of {', '.join(sorted(PRESETS))}", found=repr(name))
    return PRESETS[name]
