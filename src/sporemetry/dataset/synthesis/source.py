"""Rendered pictures as an endless source: nothing is written, and any of them can be had at any time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from sporemetry.dataset.synthesis.render import Rendered, render
from sporemetry.dataset.synthesis.settings import Preset


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedPictures:
    """The pictures 0, 1, 2, ... of a preset and a seed.

    Picture ``k`` is :func:`render` of (preset, seed, k) whoever asks for it and whenever, so that workers and
    ranks can share the source by sharing out the indices. Iterating never ends.

    Attributes
    ----------
    preset : str or Preset
        A preset's name, or settings of your own.
    seed : int
        0 or more.
    first : int
        The index that iteration begins with.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from sporemetry.dataset.synthesis import find_preset
    >>> source = RenderedPictures(preset=replace(find_preset("nosema"), height=64, width=96), seed=3)
    >>> next(iter(source)).pixels.shape == source[0].pixels.shape == (64, 96, 3)
    True
    """

    preset: str | Preset
    seed: int
    first: int = 0

    def __getitem__(self, index: int) -> Rendered:
        """Return picture ``index``, 0 or more; a negative index is a SettingsError."""
        return render(self.preset, self.seed, index)

    def __iter__(self) -> Iterator[Rendered]:
        """Render one picture after the other from ``first`` on, for ever."""
        return (self[index] for index in count(self.first))
