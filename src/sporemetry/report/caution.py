"""One thing that a reader must be warned of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["problem", "caution", "note"]


@dataclass(frozen=True, slots=True)
class Caution:
    """A warning in plain words.

    Attributes
    ----------
    level : str
        ``problem``: numbers are wrong or missing; ``caution``: they may be; ``note``: good to know.
    headline, text : str
        What it is; what it means for the reader and what to do.
    pictures, samples : tuple of str
        Which are concerned; both empty when all are.
    """

    level: Level
    headline: str
    text: str
    pictures: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()
