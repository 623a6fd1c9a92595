"""Cross entropy of adjusted logits: the other way to make rare spores count, by a shift and not a weight."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Unpack

from torch import Tensor

from sporemetry.training.losses.binary import ce_loss
from sporemetry.training.losses.bound import BoundLoss
from sporemetry.training.losses.options import PixelOptions, check_float, check_number
from sporemetry.training.losses.pixelwise import spread, working_type
from sporemetry.training.losses.weights import Ratio, resolve_ratio


def logit_adjusted_ce_loss(
    logits: Tensor,
    target: Tensor,
    *,
    ratio: Ratio = "dataset",
    pixel_counts: Sequence[int] | None = None,
    tau: float = 1.0,
    **options: Unpack[PixelOptions],
) -> Tensor:
    """Return the cross entropy of z + tau log(n_o / n_b), z being what the network gives.

    Menon et al. 2021, "Long-tail learning via logit adjustment", eq. 10, arXiv 2007.07314, for one logit.
    The network learns balanced logits; the threshold 0.5 on them is the best for balanced classes.

    Parameters
    ----------
    logits : float tensor, (N, 1, H, W) or (N, H, W)
        Without a sigmoid.
    target : tensor, (N, 1, H, W) or (N, H, W)
        0 background, 1 spore, ``ignore_index``; bool where nothing is ignored.
    ratio, pixel_counts
        n_b / n_o, as in :func:`~.cfl_loss`.
    tau : float
        From 0, which is CE.
    **options
        ``reduction``, ``normalize``, ``ignore_index``: see :class:`~.options.PixelOptions`.

    Returns
    -------
    float32 (or, for float64 logits, float64) tensor, ()
        0 with nothing in it (an empty batch, all ignored); of the logits' shape with ``reduction="none"``.

    Raises
    ------
    SettingsError
        For other shapes, values or settings.

    Examples
    --------
    At a = 3 and z = 0 a spore has p = 1 / (1 + 3), and costs log 4:

    >>> import torch
    >>> logit_adjusted_ce_loss(torch.zeros(1, 1, 1), torch.ones(1, 1, 1), ratio=3.0)
    tensor(1.3863)
    """
    check_number("tau", tau, least=0)
    check_float(logits)
    a = resolve_ratio(ratio, target, pixel_counts)
    wide = logits.to(working_type(logits))
    if isinstance(a, Tensor):
        return ce_loss(wide - tau * spread(a.log(), logits, wide.dtype), target, **options)
    return ce_loss(wide - tau * math.log(a), target, **options)


class LogitAdjustedCrossEntropyLoss(BoundLoss):
    """Cross entropy of adjusted logits: :func:`logit_adjusted_ce_loss` as a module of logits and target.

    Parameters
    ----------
    ratio, pixel_counts, tau, **options
        As there.

    Raises
    ------
    SettingsError
        When it is made, for settings; when it is called, for shapes and values.

    Examples
    --------
    >>> import torch
    >>> loss = LogitAdjustedCrossEntropyLoss(ratio=3.0)
    >>> loss(torch.zeros(1, 1, 1), torch.ones(1, 1, 1))
    tensor(1.3863)
    """

    def __init__(
        self,
        *,
        ratio: Ratio = "dataset",
        pixel_counts: Sequence[int] | None = None,
        tau: float = 1.0,
        **options: Unpack[PixelOptions],
    ) -> None:
        own = {"ratio": ratio, "pixel_counts": pixel_counts, "tau": tau}
        super().__init__(logit_adjusted_ce_loss, {**own, **options})
