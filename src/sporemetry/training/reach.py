"""How far a network looks: which pixels a logit depends on, found by poisoning some columns and some rows.

A NaN goes through every operator that reads it and through none that does not, whatever the weights are. So
the logits that are NaN after some columns of the picture were made NaN are just those that depend on them.
"""

from __future__ import annotations

import torch
from torch import nn

_FIRST_TRY = 32  # bands
_LAST_TRY = 256


def measure_halo(network: nn.Module, *, stride: int) -> int | None:
    """Measure how far away the pixels are on which a logit depends, in whole bands of the stride.

    Parameters
    ----------
    network : Module
        In evaluation mode, on the CPU: (1, 3, H, W) to (1, K, H, W), H and W multiples of ``stride``.
    stride : int
        Bands of so many rows or columns are poisoned, since tiles begin at multiples of it.

    Returns
    -------
    int or None
        A multiple of ``stride``: a tile with so much context gives what the whole picture gives. None for
        networks that see the whole picture (image pooling, squeeze-and-excite, attention).

    Examples
    --------
    Two 3x3 convolutions reach 2 px, and so into the next band of 4:

    >>> network = nn.Sequential(nn.Conv2d(3, 2, 3, padding=1), nn.Conv2d(2, 1, 3, padding=1))
    >>> measure_halo(network.eval(), stride=4)
    4
    """
    bands = _FIRST_TRY
    while bands <= _LAST_TRY:
        found = [_bands_reached(network, stride, bands, along) for along in (2, 3)]
        reached = [each for each in found if each is not None]
        if len(reached) == len(found):
            return stride * max(reached)
        bands *= 2
    return None


def _bands_reached(network: nn.Module, stride: int, bands: int, along: int) -> int | None:
    """Return how many bands away logits are reached along one side, None where it comes to the border."""
    middle = bands // 2
    shape = [1, 3, stride, stride]
    shape[along] = stride * bands
    picture = torch.zeros(shape)
    picture.narrow(along, stride * middle, stride).fill_(float("nan"))
    with torch.inference_mode():
        reached = torch.isnan(network(picture)).any(dim=1)[0].any(dim=3 - along)
    places = torch.nonzero(reached)[:, 0] // stride
    least, most = int(places[0]), int(places[-1])
    if least == 0 or most == bands - 1:
        return None
    return max(middle - least, most - middle)
