"""One spore that a person points at: it sets how long spores are, and how they look."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import SettingsError

OPTION = "--example"
"""As it is named on the command line."""


@dataclass(frozen=True, slots=True)
class ExamplePoint:
    """A point on one spore.

    Attributes
    ----------
    image : str
        As the tables call it, or its path.
    x, y : float
        px of the image as a viewer shows it, from the left and from the top.
    """

    image: str
    x: float
    y: float

    @classmethod
    def read(cls, text: str) -> ExamplePoint:
        """Read ``IMAGE:X,Y``; the last colon ends the image, which may hold others.

        Raises
        ------
        SettingsError
            When it is of another form, or X or Y is no finite number.

        Examples
        --------
        >>> ExamplePoint.read("day:3/leaf.png:120,80.5")
        ExamplePoint(image='day:3/leaf.png', x=120.0, y=80.5)
        """
        image, _, place = text.rpartition(":")
        try:
            x, y = (float(part) for part in place.split(","))
        except ValueError:
            x = y = math.nan
        if not image or not (math.isfinite(x) and math.isfinite(y)):
            raise SettingsError(
                OPTION,
                expected="IMAGE:X,Y, the name of an image and two numbers",
                found=repr(text),
                remedy="X and Y are px of the image, from the left and from the top.",
            )
        return cls(image, x, y)

    def __str__(self) -> str:
        """Say where it is."""
        return f"{self.x:g},{self.y:g} of {self.image}"


@dataclass(frozen=True, slots=True)
class Example:
    """The spore at a point, as it was measured.

    Attributes
    ----------
    point : ExamplePoint
    length_px : float
        How long it is, px of its image.
    um_per_px : float or None
        The scale of its image.
    look : tuple of float
        Its patch, turned along its axis: see :func:`sporemetry.model.likeness.patches`.
    """

    point: ExamplePoint
    length_px: float
    um_per_px: float | None
    look: tuple[float, ...] = field(repr=False)

    @property
    def patch(self) -> NDArray[np.float32]:
        """The look as an array (336,)."""
        return np.array(self.look, dtype=np.float32)

    def identity(self) -> tuple[object, ...]:
        """Return all that results depend on, with a hash of the look."""
        digest = hashlib.sha256(self.patch.tobytes()).hexdigest()
        return ("example", str(self.point), self.length_px, self.um_per_px, digest)

    def length_in(self, um_per_px: float | None) -> float:
        """Return how long spores are in an image of such a scale, px.

        Where one of the two images has no scale, they are as long as in the example's image.

        Examples
        --------
        >>> example = Example(ExamplePoint("a.png", 3, 4), 60.0, 0.2, ())
        >>> round(example.length_in(0.4)), example.length_in(None)
        (30, 60.0)
        """
        if um_per_px is None or self.um_per_px is None:
            return self.length_px
        return self.length_px * self.um_per_px / um_per_px

    def __str__(self) -> str:
        """Say where it is and how long."""
        point = self.point
        return f"{point.image}:{point.x:g},{point.y:g} (a spore {self.length_px:g} px long)"
