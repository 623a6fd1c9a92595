"""Losses that know distances: U-Net's weights between spores, and the boundary loss; for comparison.

Distances are measured by SciPy on the CPU, picture by picture and never across pictures, in pixels. Logits
are (N, 1, H, W) or (N, H, W), targets 0, 1 and ``ignore_index``; results are float32 (float64 for float64
logits), 0 with nothing in it; wrong input raises SettingsError. Ours: no library here has U-Net's weights,
and monai's BoundaryLoss, to which ours is equal otherwise, knows no ignored pixels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final, Unpack

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from sporemetry.training.losses.binary import ce_loss, pixel_weights
from sporemetry.training.losses.bound import BoundLoss
from sporemetry.training.losses.options import (
    IGNORE_INDEX,
    PixelOptions,
    check_binary,
    check_number,
    check_options,
    count_pixels,
    divide,
    reduce_pixels,
)
from sporemetry.training.losses.pixelwise import working_type
from sporemetry.training.losses.region import DEFAULT_SMOOTH, Pool, dice_loss, plus
from sporemetry.training.losses.weights import Ratio

DEFAULT_W0: Final = 10.0
DEFAULT_SIGMA: Final = 5.0
_NEGLIGIBLE: Final = 1e-6


def gap_weights(
    labels: NDArray[np.integer], *, w0: float = DEFAULT_W0, sigma: float = DEFAULT_SIGMA
) -> NDArray[np.float32]:
    """Return U-Net's weights of the gaps between spores, w0 exp(-(d1 + d2)^2 / (2 sigma^2)).

    d1 and d2 are the distances to the nearest and the second nearest spore; on spores it is 0. Ronneberger
    et al. 2015, eq. 2 without its first term, doi 10.1007/978-3-319-24574-4_28.

    Parameters
    ----------
    labels : integer array, (H, W)
        0 background, a number for each spore.
    w0, sigma : float
        Above 0; sigma in pixels.

    Returns
    -------
    float32 array, (H, W)
        0 throughout with fewer than two spores; what is below 1e-6 may be 0.

    Examples
    --------
    >>> gap_weights(np.array([[1, 0, 2, 0, 0, 0]]), w0=1.0, sigma=2.0).round(3)
    array([[0.   , 0.607, 0.   , 0.135, 0.011, 0.   ]], dtype=float32)
    """
    _check_gaps(w0, sigma)
    # Beyond this reach even d1 + d2 = d2 gives next to nothing: distances are needed near spores only.
    reach = math.ceil(sigma * math.sqrt(2 * math.log(max(w0 / _NEGLIGIBLE, 1)))) + 1
    nearest = np.full(labels.shape, np.inf)
    second = np.full(labels.shape, np.inf)
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is None:
            continue
        window = tuple(slice(max(side.start - reach, 0), side.stop + reach) for side in box)
        distance = ndimage.distance_transform_edt(labels[window] != number)
        further = np.maximum(nearest[window], distance)
        second[window] = np.minimum(second[window], further)
        nearest[window] = np.minimum(nearest[window], distance)
    weights = w0 * np.exp(-np.square(nearest + second) / (2 * sigma**2))
    weights[labels != 0] = 0
    return np.asarray(weights, dtype=np.float32)


def _check_gaps(w0: float, sigma: float) -> None:
    check_number("w0", w0, above=0)
    check_number("sigma", sigma, above=0)


def signed_distance(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the distance to the spores' border: above 0 outside, 0 on their outermost pixels, below inside.

    Kervadec et al. 2021, doi 10.1016/j.media.2020.101851, as in their released code.

    Parameters
    ----------
    mask : bool array, (H, W)

    Returns
    -------
    float32 array, (H, W)
        0 throughout where there is no border: no spore, or nothing else.

    Examples
    --------
    >>> signed_distance(np.array([[False, False, True, True, True]]))
    array([[ 2.,  1.,  0., -1., -2.]], dtype=float32)
    """
    if not mask.any() or mask.all():
        return np.zeros(mask.shape, np.float32)
    outside = ndimage.distance_transform_edt(~mask)
    inside = ndimage.distance_transform_edt(mask)
    return np.asarray(np.where(mask, 1 - inside, outside), dtype=np.float32)


def distance_weighted_ce_loss(
    logits: Tensor,
    target: Tensor,
    *,
    w0: float = DEFAULT_W0,
    sigma: float = DEFAULT_SIGMA,
    ratio: Ratio = "dataset",
    beta: float = 1.0,
    pixel_counts: Sequence[int] | None = None,
    **options: Unpack[PixelOptions],
) -> Tensor:
    """Return the cross entropy under U-Net's weights: of the classes, and of gaps between spores.

    Spores are the connected components (8 neighbours) of the target: where two touch there is no gap.

    Parameters
    ----------
    logits, target, **options
        See the module and :class:`~.PixelOptions`.
    w0, sigma
        As in :func:`gap_weights`.
    ratio, beta, pixel_counts
        The weights of the classes, as in :func:`~.cfl_loss`. The paper says only that they balance the
        classes: beta = 1 does so, an infinite one gives every class 1.
    """
    _check_gaps(w0, sigma)
    reduction, normalize, ignore = check_options(options)
    target = check_binary(logits, target, ignore)
    weights = pixel_weights(target, ratio=ratio, beta=beta, pixel_counts=pixel_counts, ignore_index=ignore)

    def gaps(spores: NDArray[np.bool_]) -> NDArray[np.float32]:
        labels, _ = ndimage.label(spores, structure=np.ones((3, 3)))
        return gap_weights(labels, w0=w0, sigma=sigma)

    extra = _by_picture(target, gaps)
    weights = weights + (extra if ignore is None else extra * (target != ignore))
    losses = ce_loss(logits, target, reduction="none", ignore_index=ignore)
    return reduce_pixels(losses * weights, weights, target, reduction, normalize, ignore)


def boundary_loss(logits: Tensor, target: Tensor, *, ignore_index: int | None = IGNORE_INDEX) -> Tensor:
    """Return the boundary loss, the mean over pixels of p times the signed distance; may be below 0.

    Kervadec et al. 2021, doi 10.1016/j.media.2020.101851. Ignored pixels are no spore when distances are
    measured, and do not count. It says nothing about pictures without spores: add it to another loss.

    Examples
    --------
    >>> boundary_loss(torch.zeros(1, 1, 5), torch.tensor([[[0, 0, 1, 1, 1]]]))
    tensor(0.)
    """
    check_options({"ignore_index": ignore_index})
    target = check_binary(logits, target, ignore_index)
    probability = torch.sigmoid(logits.to(working_type(logits)))
    distances = _by_picture(target, signed_distance)
    if ignore_index is not None:
        distances = distances * (target != ignore_index)
    return divide((probability * distances).sum(), count_pixels(target, ignore_index))


def dice_boundary_loss(
    logits: Tensor,
    target: Tensor,
    *,
    boundary_weight: float = 0.01,
    smooth: float = DEFAULT_SMOOTH,
    pool: Pool = "batch",
    ignore_index: int | None = IGNORE_INDEX,
) -> Tensor:
    """Return Dice plus ``boundary_weight`` times the boundary loss; the weight stays, it is not scheduled."""
    dice = dice_loss(logits, target, smooth=smooth, pool=pool, ignore_index=ignore_index)
    boundary = boundary_loss(logits, target, ignore_index=ignore_index)
    return plus(dice, "boundary_weight", boundary_weight, boundary)


def _by_picture(target: Tensor, measure: Callable[[NDArray[np.bool_]], NDArray[np.float32]]) -> Tensor:
    """Return what is measured on the spores of each picture, in the target's shape."""
    # SciPy cannot be traced: torch.compile leaves its graph here and enters it again.
    result: Tensor = torch.compiler.disable(_measured)(target, measure)  # type: ignore[no-untyped-call]
    return result


def _measured(target: Tensor, measure: Callable[[NDArray[np.bool_]], NDArray[np.float32]]) -> Tensor:
    spores = (target == 1).reshape(target.shape[0], *target.shape[-2:]).cpu().numpy()
    result = np.zeros(spores.shape, np.float32)
    for picture, mask in zip(result, spores, strict=True):
        if mask.size:
            picture[...] = measure(mask)
    return torch.from_numpy(result).reshape(target.shape).to(target.device)


class DistanceWeightedCrossEntropyLoss(BoundLoss):
    """Cross entropy under U-Net's weights; options of :func:`distance_weighted_ce_loss`."""

    def __init__(
        self,
        *,
        w0: float = DEFAULT_W0,
        sigma: float = DEFAULT_SIGMA,
        ratio: Ratio = "dataset",
        beta: float = 1.0,
        pixel_counts: Sequence[int] | None = None,
        **options: Unpack[PixelOptions],
    ) -> None:
        own = {"w0": w0, "sigma": sigma, "ratio": ratio, "beta": beta, "pixel_counts": pixel_counts}
        super().__init__(distance_weighted_ce_loss, {**own, **options})


class BoundaryLoss(BoundLoss):
    """The boundary loss alone; options of :func:`boundary_loss`."""

    def __init__(self, *, ignore_index: int | None = IGNORE_INDEX) -> None:
        super().__init__(boundary_loss, {"ignore_index": ignore_index})


class DiceBoundaryLoss(BoundLoss):
    """Dice plus the boundary loss; options of :func:`dice_boundary_loss`."""

    def __init__(
        self,
        *,
        boundary_weight: float = 0.01,
        smooth: float = DEFAULT_SMOOTH,
        pool: Pool = "batch",
        ignore_index: int | None = IGNORE_INDEX,
    ) -> None:
        own = {"boundary_weight": boundary_weight, "smooth": smooth, "pool": pool}
        super().__init__(dice_boundary_loss, {**own, "ignore_index": ignore_index})
