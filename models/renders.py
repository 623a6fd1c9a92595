"""The rendered part of what the packaged network is trained on: spores of many forms on many slides.

Each picture draws its own preset: the slide of one of the three, spores of any form, slimness, pigment and
refraction, at such a scale that they are about as long as the network is to see them, and more or less dirt.
Four sets are made: ``varied`` (few touch), ``crowded`` (many do), ``dirty`` (dirt, pollen, hyphae, bubbles
and fibres, and hardly a spore), ``relief`` (as differential interference contrast shows it).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sporemetry.dataset.card import CARD_NAME, DatasetCard, format_card
from sporemetry.dataset.synthesis import PRESETS, RENDERER_VERSION, Preset, Spread, render
from sporemetry.dataset.synthesis.clutter import Bodies
from sporemetry.dataset.synthesis.flocks import Flock
from sporemetry.dataset.synthesis.kinds import bubbles, fibres, hyphae, pollen
from sporemetry.dataset.synthesis.optics import Colour, Look
from sporemetry.dataset.synthesis.spores import SporeLook
from sporemetry.formats.encode import encode_png
from sporemetry.storage import make_folder, write_atomic
from sporemetry.workers import Failure, in_workers

SIDE_PX = 640
LENGTH_PX = (22.0, 36.0)
_SLIDES = ("anthracnose", "nosema", "nosema", "rice_blast")
_LENGTHS_UM = {"anthracnose": (8.0, 18.0), "nosema": (4.5, 9.0), "rice_blast": (15.0, 32.0)}
_FORMS = ("capsule", "ellipse", "spindle", "pear", "barrel", "drop", "egg_up", "bean_left")


@dataclass(frozen=True, slots=True)
class RenderedSet:
    """One of the sets.

    Attributes
    ----------
    name : str
        Its folder.
    spores : (float, float)
        Least and most spores a picture, before chance.
    groups : (float, float)
        Least and most share of the places that hold a touching group.
    dirt : float
        How much more pollen, hyphae, bubbles and fibres there are than on a clean slide.
    relief : bool
        Whether pictures are shown as by differential interference contrast.
    """

    name: str
    spores: tuple[float, float]
    groups: tuple[float, float]
    dirt: float
    relief: bool = False


SETS = (
    RenderedSet("varied", (6.0, 45.0), (0.0, 0.2), 1.0),
    RenderedSet("crowded", (50.0, 160.0), (0.3, 0.8), 0.4),
    RenderedSet("dirty", (0.5, 2.5), (0.0, 0.1), 6.0),
    RenderedSet("relief", (8.0, 40.0), (0.0, 0.4), 1.0, relief=True),
)


@dataclass(frozen=True, slots=True)
class _Task:
    kind: RenderedSet
    number: int
    output: Path


def write_renders(
    output: Path, *, pictures: int, workers: int, on_progress: Callable[[int, int], None] | None = None
) -> list[Path]:
    """Write the sets, ``pictures`` each, and return their folders; what is there is kept."""
    tasks = []
    for kind in SETS:
        folder = output / kind.name
        make_folder(folder)
        card = DatasetCard(
            name=kind.name,
            source=f"Sporemetry renderer {RENDERER_VERSION}, models/renders.py",
            licence="as Sporemetry",
        )
        write_atomic(folder / CARD_NAME, format_card(card).encode("utf-8"))
        wanted = [_Task(kind, number, folder) for number in range(pictures)]
        tasks += [task for task in wanted if not _path(task, "labels").exists()]
    done = len(SETS) * pictures - len(tasks)
    for _, result in in_workers(_write, tasks, workers=workers):
        if isinstance(result, Failure):
            raise RuntimeError(f"expected {result.expected}, found {result.found}")
        done += 1
        if on_progress is not None:
            on_progress(done, len(SETS) * pictures)
    return [output / kind.name for kind in SETS]


def _path(task: _Task, part: str) -> Path:
    return task.output / part / f"{task.kind.name}-{task.number:04d}.png"


def _write(task: _Task) -> int:
    rendered = render(varied_preset(task.kind, task.number), 0, task.number)
    pixels = rendered.pixels
    if task.kind.relief:
        rng = np.random.default_rng([RENDERER_VERSION, len(SETS), task.number])
        pixels = as_relief(pixels, rendered.labels, rng)
    for part, content in (("images", pixels), ("labels", rendered.labels.astype(np.uint16))):
        make_folder(_path(task, part).parent)
        write_atomic(_path(task, part), encode_png(content))
    return task.number


def varied_preset(kind: RenderedSet, number: int) -> Preset:
    """Return the preset of one picture: a function of its arguments alone."""
    rng = np.random.default_rng([RENDERER_VERSION, SETS.index(kind), number])
    slide = PRESETS[str(rng.choice(_SLIDES))]
    painter = PRESETS[str(rng.choice(_SLIDES))]
    low, high = _LENGTHS_UM[painter.name]
    length = float(rng.uniform(low, high))
    um_per_px = length / float(rng.uniform(*LENGTH_PX))
    slimness = float(np.exp(rng.uniform(np.log(1.15), np.log(5.0))))
    if painter.conidia is not None:
        slimness = float(rng.uniform(2.0, 3.2))
    area_mm2 = (SIDE_PX * um_per_px * 1e-3) ** 2
    forms = rng.choice(_FORMS, 2, replace=False).tolist() if painter.conidia is None else ["spindle", "pear"]
    population = replace(
        painter.population,
        per_mm2=float(rng.uniform(*kind.spores)) / area_mm2,
        variation=0.0,
        kinds=((forms[0], 0.7), (forms[1], 0.3)),
        length_um=Spread(length, 0.09 * length, 0.6 * length, 1.4 * length),
        width_um=Spread(length / slimness, 0.07 * length / slimness, 0.5 * length / slimness, 0.95 * length),
        group_share=float(rng.uniform(*kind.groups)),
        group_extra=float(rng.uniform(0.2, 2.5)),
        overlap=float(rng.uniform(0.0, 0.2)),
    )
    scale = um_per_px / slide.um_per_px
    dirt = kind.dirt * float(rng.uniform(0.0, 1.5)) / area_mm2
    return replace(
        slide,
        name=f"{kind.name}-{number}",
        height=SIDE_PX,
        width=SIDE_PX,
        um_per_px=um_per_px,
        population=population,
        sample=replace(slide.sample, empty_share=0.0) if slide.sample is not None else None,
        spores=painter.spores if painter.conidia is not None else _varied(painter.spores, rng),
        conidia=painter.conidia,
        eyepiece=slide.eyepiece if rng.random() < 0.3 else None,
        flocks=tuple(_thinned(flock, scale, rng) for flock in slide.flocks),
        felts=slide.felts if rng.random() < 0.4 else (),
        bodies=(*(_sparse(body, scale) for body in slide.bodies), bubbles(0.8 * dirt)),
        textured=(pollen(1.2 * dirt),),
        threads=(hyphae(1.2 * dirt), fibres(0.15 * dirt)),
        hyphae=slide.hyphae if slide.name == "rice_blast" else (),
    )


def as_relief(
    pixels: NDArray[np.uint8], labels: NDArray[np.int32], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Return a picture as differential interference contrast shows it: the slope of the optical path.

    The path through a spore is taken to be that through an ellipsoid of the label's width, with what the
    bright-field picture shows of its inside and of the dirt as unevenness.
    """
    inside = cv2.distanceTransform((labels > 0).astype(np.uint8), cv2.DIST_L2, 5).astype(np.float64)
    widest = np.zeros(int(labels.max()) + 1)
    np.maximum.at(widest, labels, inside)
    half = np.maximum(widest[labels], 1.0)
    dome = np.where(labels > 0, half * np.sqrt(np.clip(1 - (1 - inside / half) ** 2, 0, 1)), 0.0)
    grey = cv2.GaussianBlur(pixels.mean(axis=2), (0, 0), 1.0)
    texture = (grey - cv2.GaussianBlur(grey, (0, 0), 12.0)) / max(float(np.median(grey)), 1.0)
    path = rng.uniform(0.5, 1.2) * dome + rng.uniform(8.0, 20.0) * texture
    path = cv2.GaussianBlur(path, (0, 0), rng.uniform(0.7, 1.6))
    angle = rng.uniform(0.0, 2 * np.pi)
    down, across = np.gradient(path)
    slope = np.cos(angle) * across + np.sin(angle) * down
    ground = rng.uniform(90.0, 160.0) * (1 + 0.1 * texture)
    shown = ground + rng.uniform(25.0, 70.0) * slope + rng.normal(0.0, rng.uniform(0.5, 3.0), slope.shape)
    return np.repeat(np.clip(np.rint(shown), 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def _thinned(flock: Flock, scale: float, rng: np.random.Generator) -> Flock:
    """Keep about as many things a picture as on the slide itself, or fewer."""
    share = float(rng.uniform(0.05, 1.0)) / max(scale, 0.3) ** 2
    return replace(flock, kind=replace(flock.kind, per_mm2=flock.kind.per_mm2 * min(share, 2.0)))


def _sparse(body: Bodies, scale: float) -> Bodies:
    return replace(body, per_mm2=body.per_mm2 * min(1.0, 1 / scale**2))


def _varied(spores: SporeLook, rng: np.random.Generator) -> SporeLook:
    """Change pigment, rim, halo and core of a look: paler, darker, stained, a stronger or weaker lens."""
    factors = {
        "rim": float(np.exp(rng.normal(0.0, 0.35))),
        "halo": float(np.exp(rng.normal(0.0, 0.45))),
        "core": float(rng.uniform(0.0, 1.3)),
    }
    pigment: Colour = (0.0, 0.0, 0.0)
    if rng.random() < 0.4:
        first, second, third = (rng.uniform(0.05, 0.45) * rng.uniform(0.2, 1.0, 3)).tolist()
        pigment = (first, second, third)
    looks = {
        name: None if look is None else _changed(look, factors, pigment)
        for name, look in (("above", spores.above), ("below", spores.below))
    }
    return replace(
        spores,
        look=_changed(spores.look, factors, pigment),
        above=looks["above"],
        below=looks["below"],
        septa=int(rng.integers(0, 4)) if rng.random() < 0.25 else spores.septa,
        septum=Look(body=(0.25, 0.25, 0.25), body_edge_um=0.3),
    )


def _changed(look: Look, factors: dict[str, float], pigment: Colour) -> Look:
    return replace(
        look,
        rim=_times(look.rim, factors["rim"]),
        halo=_times(look.halo, factors["halo"]),
        core=_times(look.core, factors["core"]),
        body=(look.body[0] + pigment[0], look.body[1] + pigment[1], look.body[2] + pigment[2]),
    )


def _times(colour: Colour, factor: float) -> Colour:
    return factor * colour[0], factor * colour[1], factor * colour[2]
