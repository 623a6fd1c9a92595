"""The losses of the paper for one logit a pixel: CE, BCE, BCE_A, FL, FL#, CFL, CFL*.

Zhao et al. 2019, "Constrained-Focal-Loss Based Deep Learning for Segmentation of Spores",
doi 10.1109/ACCESS.2019.2953085. All take

    logits : float tensor, (N, 1, H, W) or (N, H, W)
        Unbounded; no sigmoid before.
    target : tensor, (N, 1, H, W) or (N, H, W)
        0 background, 1 spore, ``ignore_index`` (255) what counts neither way; bool where nothing is ignored.
    options
        ``reduction``, ``normalize``, ``ignore_index``: see :class:`~.options.PixelOptions`.

and return a float32 tensor (float64 for float64 logits): one number, or one of the logits' shape with
``reduction="none"``. With nothing in it (an empty batch, every pixel ignored) a loss is 0, and so is its
gradient. Wrong shapes, values and settings raise :class:`~sporemetry.errors.SettingsError`. In half precision
the gradient of a mean over millions of pixels is below what float16 holds: scale it, as GradScaler does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import torch
from torch import Tensor

from sporemetry.training.losses.chunked import weighted_sum
from sporemetry.training.losses.options import (
    IGNORE_INDEX,
    PixelOptions,
    check_binary,
    check_number,
    check_options,
    count_pixels,
    divide,
    spores_of,
    without_ignored,
)
from sporemetry.training.losses.pixelwise import pixel_loss, weight_map, working_type
from sporemetry.training.losses.ring import check_ring, grown_label
from sporemetry.training.losses.weights import (
    Ratio,
    check_ratio,
    inverse_counts,
    inverse_frequencies,
    measured_counts,
    resolve_ratio,
    tempered,
)

DEFAULT_BETA = 2.0
DEFAULT_GAMMA = 2.0
DEFAULT_ALPHA = 0.25
DEFAULT_RADIUS = 3


def ce_loss(logits: Tensor, target: Tensor, **options: Unpack[PixelOptions]) -> Tensor:
    """Return the cross entropy, -log p_t (eq. 2).

    Examples
    --------
    >>> ce_loss(torch.zeros(1, 2, 2), torch.tensor([[[0, 1], [1, 255]]]))
    tensor(0.6931)
    """
    return _loss(logits, target, (1.0, 1.0), 0.0, options)


def bce_loss(
    logits: Tensor, target: Tensor, *, alpha: float = 0.5, **options: Unpack[PixelOptions]
) -> Tensor:
    """Return the balanced cross entropy (eq. 4, 5): alpha weighs spores, 1 - alpha background."""
    return _loss(logits, target, _alpha(alpha), 0.0, options)


def bce_a_loss(
    logits: Tensor,
    target: Tensor,
    *,
    ratio: Ratio = "dataset",
    pixel_counts: Sequence[int] | None = None,
    **options: Unpack[PixelOptions],
) -> Tensor:
    """Return BCE_A (eq. 6), -log(p_t) over the frequency of the pixel's class; ratio: :func:`cfl_loss`."""
    weights = bce_a_weights(target, ratio, pixel_counts)
    return _loss(logits, target, weights, 0.0, options)


def focal_loss(
    logits: Tensor, target: Tensor, *, gamma: float = DEFAULT_GAMMA, **options: Unpack[PixelOptions]
) -> Tensor:
    """Return the focal loss FL (eq. 7), -(1 - p_t)^gamma log p_t; any gamma from 0 on."""
    return _loss(logits, target, (1.0, 1.0), gamma, options)


def focal_alpha_loss(
    logits: Tensor,
    target: Tensor,
    *,
    gamma: float = DEFAULT_GAMMA,
    alpha: float = DEFAULT_ALPHA,
    **options: Unpack[PixelOptions],
) -> Tensor:
    """Return FL# (eq. 8), the focal loss weighted by alpha; below 0.5 it favours background."""
    return _loss(logits, target, _alpha(alpha), gamma, options)


def cfl_loss(
    logits: Tensor,
    target: Tensor,
    *,
    ratio: Ratio = "dataset",
    beta: float = DEFAULT_BETA,
    pixel_counts: Sequence[int] | None = None,
    **options: Unpack[PixelOptions],
) -> Tensor:
    """Return the constrained focal loss CFL (eq. 9, 10): spores weigh (n_b / n_o)^(1/beta), background 1.

    Parameters
    ----------
    logits, target, **options
        See the module.
    ratio : float or {"dataset", "batch", "image"}
        n_b / n_o: of the data set (default; needs ``pixel_counts``), of each batch or picture (1 where it
        lacks spores or background), or a number. With several processes a batch is each process's own.
    beta : float
        Above 0. beta = 1 is BCE_A up to a factor, an infinite one CE.
    pixel_counts : sequence of 2 int, optional
        The data set's background and spore pixels.

    Examples
    --------
    >>> import math
    >>> cfl_loss(torch.zeros(1, 2, 2), torch.tensor([[[0, 0], [0, 1]]]), ratio=9.0) / math.log(2)
    tensor(1.5000)
    """
    weights = cfl_weights(target, ratio, beta, pixel_counts)
    return _loss(logits, target, weights, 0.0, options)


def cfl_star_loss(
    logits: Tensor,
    target: Tensor,
    *,
    ratio: Ratio = "dataset",
    beta: float = DEFAULT_BETA,
    radius: int = DEFAULT_RADIUS,
    shape: str = "cross",
    pixel_counts: Sequence[int] | None = None,
    **options: Unpack[PixelOptions],
) -> Tensor:
    """Return CFL* (eq. 11, 12): CFL whose spore weight also holds on a ring around the spores.

    Parameters
    ----------
    logits, target, ratio, beta, pixel_counts, **options
        As in :func:`cfl_loss`; the ratio is that of the labels before the ring.
    radius : int
        Of the ring, in pixels; 0 is CFL.
    shape : {"cross", "disc", "square"}
        See :data:`~.ring.RING_SHAPES`.
    """
    weights = cfl_weights(target, ratio, beta, pixel_counts)
    return _loss(logits, target, weights, 0.0, options, (radius, shape))


def cfl_weights(
    target: Tensor, ratio: Ratio, beta: float, pixel_counts: Sequence[int] | None
) -> tuple[float | Tensor, float | Tensor]:
    """Return CFL's weights of background and spores; tensors (N,) for ``ratio="image"``."""
    return 1.0, tempered(resolve_ratio(ratio, target, pixel_counts), beta)


def bce_a_weights(
    target: Tensor, ratio: Ratio, pixel_counts: Sequence[int] | None
) -> tuple[float | Tensor, float | Tensor]:
    """Return BCE_A's weights of background and spores; a class that a batch or picture lacks weighs 1."""
    source = check_ratio(ratio, pixel_counts)
    if isinstance(source, float):
        return inverse_frequencies(source)
    counts = measured_counts(target, 2, per_image=source == "image")
    background, spores = inverse_counts(counts).unbind(dim=-1)
    return background, spores


def pixel_weights(
    target: Tensor,
    *,
    ratio: Ratio = "dataset",
    beta: float = DEFAULT_BETA,
    radius: int = 0,
    shape: str = "cross",
    pixel_counts: Sequence[int] | None = None,
    ignore_index: int | None = IGNORE_INDEX,
) -> Tensor:
    """Return the weight that CFL (radius 0) or CFL* gives each pixel, for plots.

    Parameters are those of :func:`cfl_star_loss`; ``target`` is (N, H, W) or (N, 1, H, W).

    Returns
    -------
    float32 tensor, the target's shape
        0 where ignored.

    Examples
    --------
    >>> pixel_weights(torch.tensor([[[0, 0, 1, 0, 255]]]), ratio=9.0, radius=1)
    tensor([[[1., 3., 3., 3., 0.]]])
    """
    check_ring(radius, shape)
    light, heavy = cfl_weights(target, ratio, beta, pixel_counts)
    grown = grown_label(target, radius, shape, ignore_index=ignore_index)
    return weight_map(target, light, heavy, grown, ignore_index, torch.float32)


def _alpha(alpha: float) -> tuple[float, float]:
    check_number("alpha", alpha, least=0, most=1)
    return 1 - alpha, alpha


def _loss(
    logits: Tensor,
    target: Tensor,
    weights: tuple[float | Tensor, float | Tensor],
    gamma: float,
    options: PixelOptions,
    ring: tuple[int, str] | None = None,
) -> Tensor:
    """Return the loss with weights of background and spores, and a ring of the latter."""
    reduction, normalize, ignore = check_options(options)
    check_number("gamma", gamma, least=0)
    target = check_binary(logits, target, ignore)
    target, ignore = without_ignored(target, ignore)
    light, heavy = weights
    grown = None
    if ring is not None:
        check_ring(*ring)
        grown = grown_label(target, *ring, ignore_index=ignore) if ring[0] else None
    dtype = working_type(logits)
    if reduction == "none":
        s = torch.where(spores_of(target), -logits.to(dtype), logits.to(dtype))
        return weight_map(target, light, heavy, grown, ignore, dtype) * pixel_loss(s, gamma)
    total = weighted_sum(logits, target, light, heavy, grown, gamma, ignore)
    if reduction == "sum":
        return total
    if normalize == "pixels":
        return divide(total, count_pixels(target, ignore))
    return divide(total, weight_map(target, light, heavy, grown, ignore, dtype).sum())
