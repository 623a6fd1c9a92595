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
    logits, target, ratio, pixel_counts, **options
        As in :func:`~.cfl_loss`; see :mod:`~.binary` for shapes, errors and what nothing costs.
    tau : float
        From 0, which is CE.

    Examples
    --------
    >>> import torch
    >>> logit_adjusted_ce_loss(torch.zeros(1, 1, 1), torch.ones(1, 1, 1), ratio=3.0) / math.log(4)
    tensor(1.)
    """
    check_number("tau", tau, least=0)
    check_float(logits)
    a = resolve_ratio(ratio, target, pixel_counts)
    wide = logits.to(working_type(logits))
    if isinstance(a, Tensor):
        return ce_loss(wide - tau * spread(a.log(), logits, wide.dtype), target, **options)
    return ce_loss(wide - tau * math.log(a), target, **options)


class LogitAdjustedCrossEntropyLoss(BoundLoss):
    """Cross entropy of adjusted logits; options of :func:`logit_adjusted_ce_loss`.

    Examples
    --------
    >>> LogitAdjustedCrossEntropyLoss(ratio=200.0)
    LogitAdjustedCrossEntropyLoss(ratio=200.0, pixel_counts=None, tau=1.0)
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
