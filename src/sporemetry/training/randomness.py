"""Randomness as a function of (seed, sample) or (seed, step), and of nothing else.

So training goes on exactly where it was, with any number of loading processes, and no generator is saved.
"""

from __future__ import annotations

import zlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


def generator(seed: int, purpose: str, index: int = 0) -> np.random.Generator:
    """Return the generator of one purpose and index.

    Parameters
    ----------
    seed : int
        0 or more.
    purpose : str
        Different purposes draw independent numbers.
    index : int
        0 or more: a sample, a step, an epoch.

    Examples
    --------
    >>> int(generator(1, "crop", 7).integers(100)) == int(generator(1, "crop", 7).integers(100))
    True
    """
    entropy = [seed, zlib.crc32(purpose.encode("utf-8")), index]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))


def step_seed(seed: int, step: int, rank: int = 0) -> int:
    """Return the seed of the network's own draws (dropout) in one step, below 2 to the 63."""
    state = np.random.SeedSequence([seed, zlib.crc32(b"step"), step, rank]).generate_state(1, np.uint64)
    return int(state[0] >> np.uint64(1))


def picture_of(seed: int, sample: int, pictures: int) -> int:
    """Return which of the pictures a sample is cut from: each once an epoch, in an order new for each.

    >>> sorted(picture_of(3, sample, 5) for sample in range(5, 10))
    [0, 1, 2, 3, 4]
    """
    epoch, position = divmod(sample, pictures)
    return int(_order(seed, epoch, pictures)[position])


def picture_of_sets(seed: int, sample: int, sizes: tuple[int, ...], turns: tuple[int, ...] = ()) -> int:
    """Return the same where each of several sets is drawn as often as it is to be, whatever its size.

    The pictures are numbered through the sets; ``sizes`` are those of the sets, none of them 0. In each round
    a set has as many ``turns`` as are stated, one where none are.

    >>> sorted(picture_of_sets(3, sample, (1, 3)) for sample in range(6))
    [0, 0, 0, 1, 2, 3]
    >>> sorted(picture_of_sets(3, sample, (1, 3), (1, 3)) for sample in range(8))
    [0, 0, 1, 1, 2, 2, 3, 3]
    """
    turns = turns or (1,) * len(sizes)
    places = [(chosen, each) for chosen, count in enumerate(turns) for each in range(count)]
    number, position = divmod(sample, len(places))
    chosen, each = places[int(generator(seed, "sets", number).permutation(len(places))[position])]
    return sum(sizes[:chosen]) + picture_of(seed + chosen, number * turns[chosen] + each, sizes[chosen])


@lru_cache(maxsize=16)
def _order(seed: int, epoch: int, pictures: int) -> NDArray[np.int64]:
    return generator(seed, "order", epoch).permutation(pictures)
