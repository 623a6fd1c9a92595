"""The settings of a whole picture."""

from __future__ import annotations

from dataclasses import dataclass

from sporemetry.dataset.synthesis.camera import Camera
from sporemetry.dataset.synthesis.chamber import Chamber
from sporemetry.dataset.synthesis.clutter import Bodies, Threads
from sporemetry.dataset.synthesis.conidia import Conidium
from sporemetry.dataset.synthesis.engraving import Engraving
from sporemetry.dataset.synthesis.eyepiece import Eyepiece
from sporemetry.dataset.synthesis.felt import Felt
from sporemetry.dataset.synthesis.flocks import Flock
from sporemetry.dataset.synthesis.fringes import Fringes
from sporemetry.dataset.synthesis.grid import Ruling
from sporemetry.dataset.synthesis.hyphae import Hyphae
from sporemetry.dataset.synthesis.light import Light
from sporemetry.dataset.synthesis.mycelium import Clumps
from sporemetry.dataset.synthesis.samples import Sample
from sporemetry.dataset.synthesis.scene import Population
from sporemetry.dataset.synthesis.scraps import Scraps
from sporemetry.dataset.synthesis.spores import SporeLook
from sporemetry.dataset.synthesis.textured import Textured
from sporemetry.errors import SettingsError

MOST_PIXELS = 100_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """Everything that a picture is rendered from, but for seed and index.

    Change one with :func:`dataclasses.replace`.

    Attributes
    ----------
    name : str
        Enters the random numbers.
    height, width : int
        In pixels.
    um_per_px : float
        The scale.
    population : Population
        Which spores lie where.
    spores : SporeLook
        How they look.
    light : Light
        The light behind the slide.
    camera : Camera
        Noise and JPEG.
    bodies : tuple of Bodies
        Round things that are no spores.
    threads : tuple of Threads
        Long things that are no spores.
    ruling : Ruling or None
        The lines of a counting chamber.
    eyepiece : Eyepiece or None
        The bright circle of an eyepiece.
    colour_spread : float
        Lateral chromatic aberration about the middle; see :class:`~sporemetry.dataset.synthesis.canvas.Lens`.
    colour_slip_um : (float, float)
        The same everywhere, ``(y, x)``.
    chamber : Chamber or None
        The lines of a counting chamber as grooves lit from one side, instead of ``ruling``.
    clumps : Clumps or None
        Mycelium.
    conidia : Conidium or None
        Paints the spores as dark, septate conidia, instead of ``spores``.
    engraving : Engraving or None
        The lines of a counting chamber as worn, dotted strokes, instead of ``ruling``.
    flocks : tuple of Flock
        Many small things, each kind copied from a few prints.
    textured : tuple of Textured
        Things with an inner structure: pollen, flakes, heaps of granules.
    sample : Sample or None
        How pictures differ as a whole in their spores.
    felts : tuple of Felt
        Patches of fine parallel strokes.
    fringes : Fringes or None
        The colours of the whole picture slipped and magnified against each other.
    hyphae : tuple of Hyphae
        Hyphae that taper, with cells of unlike darkness.
    scraps : tuple of Scraps
        Patches of fine light and dark without a contour.

    Raises
    ------
    SettingsError
        When the picture would have no pixels or more than :data:`MOST_PIXELS`, or no scale.
    """

    name: str
    height: int
    width: int
    um_per_px: float
    population: Population
    spores: SporeLook
    light: Light
    camera: Camera
    bodies: tuple[Bodies, ...] = ()
    threads: tuple[Threads, ...] = ()
    ruling: Ruling | None = None
    eyepiece: Eyepiece | None = None
    colour_spread: float = 0.0
    colour_slip_um: tuple[float, float] = (0.0, 0.0)
    chamber: Chamber | None = None
    clumps: Clumps | None = None
    conidia: Conidium | None = None
    engraving: Engraving | None = None
    flocks: tuple[Flock, ...] = ()
    textured: tuple[Textured, ...] = ()
    sample: Sample | None = None
    felts: tuple[Felt, ...] = ()
    fringes: Fringes | None = None
    hyphae: tuple[Hyphae, ...] = ()
    scraps: tuple[Scraps, ...] = ()

    def __post_init__(self) -> None:
        if not (self.height >= 1 and self.width >= 1 and self.height * self.width <= MOST_PIXELS):
            raise SettingsError(
                "height and width",
                expected=f"at least 1 each, and at most {MOST_PIXELS} pixels together",
                found=f"{self.height} x {self.width}",
            )
        if not 0 < self.um_per_px < float("inf"):
            raise SettingsError("um_per_px", expected="a number above 0", found=repr(self.um_per_px))
