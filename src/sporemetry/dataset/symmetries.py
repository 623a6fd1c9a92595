"""The eight symmetries of the square: what turns and mirrors a picture without inventing a pixel.

Each is a mirroring from left to right (or none), then quarter turns counter-clockwise. A set of 1,600
pictures has 12,800 under them, the number of Zhao et al. (2019), DOI 10.1109/ACCESS.2019.2953085.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sporemetry.dataset.folder import DatasetItem
from sporemetry.errors import SettingsError

_Value = TypeVar("_Value", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Symmetry:
    """One of the eight.

    Attributes
    ----------
    name : str
        As in :data:`SYMMETRIES`.
    mirrored : bool
        Mirrored from left to right first.
    quarter_turns : int
        0 to 3, counter-clockwise, after the mirroring.
    """

    name: str
    mirrored: bool
    quarter_turns: int

    def apply(self, array: NDArray[_Value]) -> NDArray[_Value]:
        """Return ``array`` (H x W or H x W x C) turned so: a view, no pixel is copied.

        >>> SYMMETRIES["rot90"].apply(np.array([[1, 2, 3]])).tolist()
        [[3], [2], [1]]
        """
        return np.rot90(array[:, ::-1] if self.mirrored else array, self.quarter_turns)

    def apply_to_points(self, points: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.float64]:
        """Return points N x 2 as (y, x) in a picture of ``shape`` where they lie after :meth:`apply`.

        Coordinates are those of pixel centres: (0, 0) is the middle of the first pixel.
        """
        y, x = np.asarray(points, dtype=np.float64).reshape(-1, 2).T
        height, width = shape
        if self.mirrored:
            x = width - 1 - x
        for _ in range(self.quarter_turns):
            y, x = width - 1 - x, y
            height, width = width, height
        return np.stack([y, x], axis=1)

    @property
    def inverse(self) -> Symmetry:
        """The symmetry that undoes this one; a mirrored one undoes itself."""
        return self if self.mirrored else _find(False, -self.quarter_turns)

    def then(self, other: Symmetry) -> Symmetry:
        """Return the one symmetry that is this one followed by ``other``.

        >>> SYMMETRIES["rot90"].then(SYMMETRIES["mirror"]).name
        'mirror-rot270'
        """
        # Mirroring after a turn is turning the other way after mirroring.
        turns = -self.quarter_turns if other.mirrored else self.quarter_turns
        return _find(self.mirrored != other.mirrored, turns + other.quarter_turns)


def _all() -> Iterator[Symmetry]:
    for mirrored in (False, True):
        for turns in range(4):
            turned = f"rot{90 * turns}" if turns else ""
            name = "-".join(filter(None, ["mirror" if mirrored else "", turned])) or "identity"
            yield Symmetry(name, mirrored, turns)


SYMMETRIES: dict[str, Symmetry] = {symmetry.name: symmetry for symmetry in _all()}


def _find(mirrored: bool, turns: int) -> Symmetry:
    return next(s for s in SYMMETRIES.values() if (s.mirrored, s.quarter_turns) == (mirrored, turns % 4))


def find_symmetry(name: str) -> Symmetry:
    """Return the symmetry of that name.

    Raises
    ------
    SettingsError
        For an unknown name; it lists the choices.
    """
    if name not in SYMMETRIES:
        raise SettingsError("symmetry", expected=f"one of {', '.join(SYMMETRIES)}", found=repr(name))
    return SYMMETRIES[name]


@dataclass(frozen=True, slots=True)
class Augmented:
    """Items under symmetries, none of them written: entry ``k`` is item ``k // n`` under symmetry ``k % n``.

    Attributes
    ----------
    items : sequence of DatasetItem
        The items; an entry keeps its item's group, so that a split by group never parts copies.
    symmetries : tuple of Symmetry
        Which; all eight if not given.

    Examples
    --------
    >>> from pathlib import Path
    >>> item = DatasetItem(name="a_1", group="a", image=Path("a_1.png"))
    >>> augmented = Augmented([item] * 1600)
    >>> len(augmented), augmented[9][1].name
    (12800, 'rot90')
    """

    items: Sequence[DatasetItem]
    symmetries: tuple[Symmetry, ...] = tuple(SYMMETRIES.values())

    def __len__(self) -> int:
        return len(self.items) * len(self.symmetries)

    def __getitem__(self, index: int) -> tuple[DatasetItem, Symmetry]:
        """Return entry ``index`` from 0; past the end is an IndexError."""
        if not 0 <= index < len(self):
            raise IndexError(f"entry {index} of {len(self)}")
        item, symmetry = divmod(index, len(self.symmetries))
        return self.items[item], self.symmetries[symmetry]

    def __iter__(self) -> Iterator[tuple[DatasetItem, Symmetry]]:
        """Go through all entries in order."""
        return (self[index] for index in range(len(self)))
