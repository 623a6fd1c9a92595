r"""Bright-field pictures of spores from a seed, with exact truth.

    preset, seed, index -> scene -> labels, table of spores        (truth)
                               \-> transmission -> light -> pixels  (picture)

:func:`render` composes it. ``scene`` places outlines (``shapes``, ``forms``, ``contact``); ``truth`` makes
labels of them; ``canvas`` stamps each outline with the look that ``optics`` gives it; ``spores``, ``clutter``
(``debris``) and ``grid`` say what is stamped; ``light``, ``eyepiece`` and ``camera`` make a photograph of it;
``settings`` gathers their settings, ``presets`` holds named ones, ``draws`` makes the random numbers.
"""

from __future__ import annotations

from sporemetry.dataset.synthesis.draws import RENDERER_VERSION, Spread
from sporemetry.dataset.synthesis.presets import PRESETS, find_preset
from sporemetry.dataset.synthesis.render import Rendered, render
from sporemetry.dataset.synthesis.settings import Preset
from sporemetry.dataset.synthesis.source import RenderedPictures

__all__ = [
    "PRESETS",
    "RENDERER_VERSION",
    "Preset",
    "Rendered",
    "RenderedPictures",
    "Spread",
    "find_preset",
    "render",
]
