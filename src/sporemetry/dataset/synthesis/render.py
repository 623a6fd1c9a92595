"""A picture from a preset, a seed and an index, with its truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sporemetry.dataset.synthesis.camera import expose
from sporemetry.dataset.synthesis.canvas import Canvas, Lens
from sporemetry.dataset.synthesis.chamber import stamp_chamber
from sporemetry.dataset.synthesis.clutter import stamp_bodies, stamp_threads
from sporemetry.dataset.synthesis.conidia import paint_conidia
from sporemetry.dataset.synthesis.draws import stream
from sporemetry.dataset.synthesis.engraving import stamp_engraving
from sporemetry.dataset.synthesis.eyepiece import View, draw_view, field_mask, look_through, needle_mask
from sporemetry.dataset.synthesis.felt import stamp_felt
from sporemetry.dataset.synthesis.flocks import stamp_flock
from sporemetry.dataset.synthesis.fringes import part_colours
from sporemetry.dataset.synthesis.grid import stamp_ruling
from sporemetry.dataset.synthesis.hyphae import stamp_hyphae
from sporemetry.dataset.synthesis.light import illuminate
from sporemetry.dataset.synthesis.mycelium import stamp_clumps
from sporemetry.dataset.synthesis.presets import find_preset
from sporemetry.dataset.synthesis.samples import draw_population
from sporemetry.dataset.synthesis.scene import Spore, place_spores
from sporemetry.dataset.synthesis.scraps import stamp_scraps
from sporemetry.dataset.synthesis.settings import Preset
from sporemetry.dataset.synthesis.spores import paint_spore
from sporemetry.dataset.synthesis.textured import stamp_textured
from sporemetry.dataset.synthesis.truth import settle


@dataclass(frozen=True, slots=True, eq=False)
class Rendered:
    """A picture and everything true about it.

    Attributes
    ----------
    pixels : uint8 array, H x W x 3
        The picture, red first; three equal channels from a grey camera.
    labels : int32 array, H x W
        0 background, 1..n spores in raster order, each 4-connected.
    um_per_px : float
        The scale.
    spores : DataFrame
        One row a spore; see :func:`sporemetry.dataset.synthesis.truth.settle`.
    field : bool array, H x W
        Where spores can be counted: the eyepiece's circle, the needle included; else everywhere.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int32]
    um_per_px: float
    spores: pd.DataFrame
    field: NDArray[np.bool_]


def render(preset: str | Preset, seed: int, index: int = 0) -> Rendered:
    """Render one picture.

    Parameters
    ----------
    preset : str or Preset
        A key of :data:`~sporemetry.dataset.synthesis.presets.PRESETS`, or settings of your own.
    seed : int
        Of the set of pictures, 0 or more.
    index : int
        Of the picture in the set, 0 or more.

    Returns
    -------
    Rendered
        A function of the arguments and :data:`~sporemetry.dataset.synthesis.draws.RENDERER_VERSION` alone. A
        preset without spores gives a picture of background and a table without rows.

    Raises
    ------
    SettingsError
        For an unknown preset, a negative seed or index, or a density that asks for too many spores.

    Examples
    --------
    >>> from dataclasses import replace
    >>> small = replace(find_preset("nosema"), height=120, width=160)
    >>> rendered = render(small, seed=1, index=0)
    >>> rendered.pixels.shape, int(rendered.labels.max()) == len(rendered.spores)
    ((120, 160, 3), True)
    """
    chosen = find_preset(preset) if isinstance(preset, str) else preset
    streams = _Streams(chosen.name, seed, index)
    shape = (chosen.height, chosen.width)
    view = draw_view(chosen.eyepiece, shape, streams.part("view")) if chosen.eyepiece else None
    field = field_mask(view, shape) if view else np.ones(shape, dtype=bool)
    spores, labels, table = _populate(chosen, view, field, streams)
    canvas = _stamp_slide(chosen, spores, _make_lens(chosen, view), streams)
    light = illuminate(chosen.light, shape, len(canvas.transmission), chosen.um_per_px, streams.part("light"))
    light *= canvas.transmission
    if chosen.eyepiece and view:
        light = look_through(chosen.eyepiece, view, light, streams.part("eyepiece"))
    if chosen.fringes:
        part_colours(light, chosen.fringes, streams.part("fringes"))
    pixels = expose(chosen.camera, light, streams.part("camera"))
    return Rendered(pixels, labels, chosen.um_per_px, table, field)


def render_truth(preset: str | Preset, seed: int, index: int = 0) -> tuple[NDArray[np.int32], pd.DataFrame]:
    """Return labels and table of :func:`render` without drawing the picture, some thirty times as fast.

    Parameters
    ----------
    preset, seed, index
        As of :func:`render`.

    Examples
    --------
    >>> labels, spores = render_truth("nosema", seed=1)
    >>> int(labels.max()) == len(spores)
    True
    """
    chosen = find_preset(preset) if isinstance(preset, str) else preset
    streams = _Streams(chosen.name, seed, index)
    shape = (chosen.height, chosen.width)
    view = draw_view(chosen.eyepiece, shape, streams.part("view")) if chosen.eyepiece else None
    field = field_mask(view, shape) if view else np.ones(shape, dtype=bool)
    _, labels, table = _populate(chosen, view, field, streams)
    return labels, table


def _populate(
    preset: Preset, view: View | None, field: NDArray[np.bool_], streams: _Streams
) -> tuple[list[Spore], NDArray[np.int32], pd.DataFrame]:
    """Return the spores that can be seen, their labels and their table."""
    population = preset.population
    if preset.sample:
        population = draw_population(population, preset.sample, streams.part("sample"))
    shape = (preset.height, preset.width)
    placed = place_spores(population, shape, preset.um_per_px, streams.part("spores"))
    hidden = needle_mask(view, shape) if view else None
    return settle(placed, shape, preset.um_per_px, field=field if view else None, hidden=hidden)


@dataclass(frozen=True, slots=True)
class _Streams:
    """The random numbers of one picture, by part."""

    preset: str
    seed: int
    index: int

    def part(self, name: str) -> np.random.Generator:
        return stream(self.preset, self.seed, self.index, name)


def _make_lens(preset: Preset, view: View | None) -> Lens:
    middle = (0.5 * preset.height, 0.5 * preset.width) if view is None else (view.y, view.x)
    centre = (middle[0] * preset.um_per_px, middle[1] * preset.um_per_px)
    return Lens(preset.um_per_px, centre, preset.colour_spread, preset.colour_slip_um)


def _stamp_slide(preset: Preset, spores: list[Spore], lens: Lens, streams: _Streams) -> Canvas:
    """Return the slide's transmission: the ruling, what lies about, the spores."""
    canvas = Canvas((preset.height, preset.width), 1 if preset.camera.grey else 3, lens)
    if preset.ruling:
        stamp_ruling(canvas, preset.ruling, streams.part("ruling"))
    if preset.chamber:
        stamp_chamber(canvas, preset.chamber, streams.part("chamber"))
    if preset.engraving:
        stamp_engraving(canvas, preset.engraving, streams.part("engraving"))
    for felt in preset.felts:
        stamp_felt(canvas, felt, streams.part(f"felt {felt.name}"))
    for flock in preset.flocks:
        stamp_flock(canvas, flock, streams.part(f"flock {flock.kind.name}"))
    for textured in preset.textured:
        stamp_textured(canvas, textured, streams.part(f"textured {textured.outer.name}"))
    for bodies in preset.bodies:
        stamp_bodies(canvas, bodies, streams.part(f"bodies {bodies.name}"))
    for threads in preset.threads:
        stamp_threads(canvas, threads, streams.part(f"threads {threads.name}"))
    for scraps in preset.scraps:
        stamp_scraps(canvas, scraps, streams.part(f"scraps {scraps.name}"))
    for hyphae in preset.hyphae:
        stamp_hyphae(canvas, hyphae, streams.part(f"hyphae {hyphae.name}"))
    if preset.clumps:
        stamp_clumps(canvas, preset.clumps, streams.part("clumps"))
    paint = streams.part("paint")
    if preset.conidia:
        paint_conidia(canvas, spores, preset.conidia, paint)
        return canvas
    for spore in spores:
        paint_spore(canvas, spore, preset.spores, paint)
    return canvas
