"""The paper's losses for many classes, one logit a class: its future work, and its binary losses for two.

Logits are (N, K, H, W), targets (N, H, W) with 0 ... K-1 and ``ignore_index``. With s the log-odds against a
pixel's class, logsumexp of the other logits less its own, every formula is the binary one; two classes with
logits (0, z) are one logit z. Options, results and errors are those of :mod:`~.binary`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Unpack

import torch
from torch import Tensor

from sporemetry.errors import SettingsError
from sporemetry.training.losses.binary import DEFAULT_BETA, DEFAULT_GAMMA, DEFAULT_RADIUS
from sporemetry.training.losses.options import (
    IGNORE_INDEX,
    PixelOptions,
    check_ignorable,
    check_number,
    check_options,
    check_same_device,
    check_values,
    reduce_pixels,
)
from sporemetry.training.losses.pixelwise import pixel_loss, working_type
from sporemetry.training.losses.ring import check_ring, dilate
from sporemetry.training.losses.weights import (
    ClassRatio,
    check_class_ratio,
    class_weights,
    inverse_class_weights,
    inverse_counts,
    inverse_shares,
    measured_counts,
    tempered_counts,
    tempered_ratios,
)


def many_class_ce_loss(logits: Tensor, target: Tensor, **options: Unpack[PixelOptions]) -> Tensor:
    """Return the cross entropy of the softmax."""
    return _loss(logits, target, None, 0.0, options)


def many_class_bce_loss(
    logits: Tensor, target: Tensor, *, alpha: Sequence[float], **options: Unpack[PixelOptions]
) -> Tensor:
    """Return the cross entropy weighted by one alpha a class."""
    return _loss(logits, target, _alphas(alpha, logits), 0.0, options)


def many_class_bce_a_loss(
    logits: Tensor,
    target: Tensor,
    *,
    ratio: ClassRatio = "dataset",
    pixel_counts: Sequence[int] | None = None,
    **options: Unpack[PixelOptions],
) -> Tensor:
    """Return the cross entropy over the frequency of the pixel's class; ratio: :func:`many_class_cfl_loss`.

    Examples
    --------
    With a = 9 for class 1 its frequency is 1/10, and -log(1/2) is 0.6931:

    >>> many_class_bce_a_loss(torch.zeros(1, 2, 1, 1), torch.ones(1, 1, 1), ratio=(1.0, 9.0))
    tensor(6.9315)
    """
    weights = _frequency_weights(logits, target, ratio, pixel_counts, None)
    return _loss(logits, target, weights, 0.0, options)


def many_class_focal_loss(
    logits: Tensor, target: Tensor, *, gamma: float = DEFAULT_GAMMA, **options: Unpack[PixelOptions]
) -> Tensor:
    """Return the focal loss of the softmax (not of one sigmoid a class)."""
    return _loss(logits, target, None, gamma, options)


def many_class_focal_alpha_loss(
    logits: Tensor,
    target: Tensor,
    *,
    alpha: Sequence[float],
    gamma: float = DEFAULT_GAMMA,
    **options: Unpack[PixelOptions],
) -> Tensor:
    """Return the focal loss weighted by one alpha a class."""
    return _loss(logits, target, _alphas(alpha, logits), gamma, options)


def many_class_cfl_loss(
    logits: Tensor,
    target: Tensor,
    *,
    ratio: ClassRatio = "dataset",
    beta: float = DEFAULT_BETA,
    pixel_counts: Sequence[int] | None = None,
    **options: Unpack[PixelOptions],
) -> Tensor:
    """Return CFL with w_c = (max_k n_k / n_c)^(1/beta).

    Parameters
    ----------
    logits, target, **options
        See the module.
    ratio : {"dataset", "batch", "image"} or sequence of K float
        Whose pixels are counted (a class absent from a batch or picture weighs 1); or a_c = n_r / n_c of each
        class, pixels of a class of reference, as a rule the commonest, for one of class c. These are taken as
        they are: (1, a) is the binary loss of the ratio a.
    beta : float
        Above 0.
    pixel_counts : sequence of K int, optional
        The data set's pixels of each class, for ``dataset``.

    Examples
    --------
    Class 1 weighs (900 / 100)^(1/2) = 3, and -log(1/3) is 1.0986:

    >>> logits, target = torch.zeros(1, 3, 1, 1), torch.ones(1, 1, 1)
    >>> many_class_cfl_loss(logits, target, pixel_counts=(900, 100, 400))
    tensor(3.2958)
    >>> many_class_cfl_loss(logits, target, ratio=(1.0, 9.0, 2.25))
    tensor(3.2958)
    """
    return _loss(logits, target, _frequency_weights(logits, target, ratio, pixel_counts, beta), 0.0, options)


def many_class_cfl_star_loss(
    logits: Tensor,
    target: Tensor,
    *,
    ratio: ClassRatio = "dataset",
    beta: float = DEFAULT_BETA,
    radius: int = DEFAULT_RADIUS,
    shape: str = "cross",
    pixel_counts: Sequence[int] | None = None,
    **options: Unpack[PixelOptions],
) -> Tensor:
    """Return CFL* for many classes: a pixel takes the largest weight of the classes dilated onto it."""
    check_ring(radius, shape)
    weights = _frequency_weights(logits, target, ratio, pixel_counts, beta)
    return _loss(logits, target, weights, 0.0, options, (radius, shape))


def many_class_pixel_weights(
    target: Tensor,
    *,
    ratio: ClassRatio = "dataset",
    beta: float = DEFAULT_BETA,
    radius: int = 0,
    shape: str = "cross",
    pixel_counts: Sequence[int] | None = None,
    classes: int | None = None,
    ignore_index: int | None = IGNORE_INDEX,
) -> Tensor:
    """Return the weight that CFL (radius 0) or CFL* for many classes gives each pixel, for plots.

    Parameters are those of :func:`many_class_cfl_star_loss`; ``target`` is (N, H, W), and ``classes`` their
    number where neither ``pixel_counts`` nor ``ratio`` tells it.

    Returns
    -------
    float32 tensor, (N, H, W)
        0 where ignored.

    Examples
    --------
    >>> many_class_pixel_weights(torch.tensor([[[0, 0, 1, 2]]]), pixel_counts=(900, 100, 225), radius=1)
    tensor([[[1., 3., 3., 3.]]])
    """
    check_ring(radius, shape)
    told = pixel_counts if isinstance(ratio, str) else ratio
    if classes is None and told is None:
        raise SettingsError("classes", expected="the number of classes", found="neither it nor pixel_counts")
    number = classes if classes is not None else len(told or ())
    weights = _class_weights(target, number, torch.float32, ratio, pixel_counts, beta)
    return many_class_weight_map(target, weights, (radius, shape), ignore_index)


def many_class_weight_map(
    target: Tensor, weights: Tensor, ring: tuple[int, str] | None, ignore: int | None
) -> Tensor:
    """Return each pixel's weight, (N, H, W), 0 where ignored.

    Parameters
    ----------
    target : integer tensor, (N, H, W)
        Classes 0 ... K-1 and ``ignore``.
    weights : tensor, (K,) or (N, K)
        Of each class.
    ring : (radius, shape), optional
        Each class is dilated so, and the largest weight holds; None: every pixel has its own class's.
    ignore : int or None
        The ignored value; such pixels grow no ring.
    """
    weights = weights if weights.ndim == 2 else weights.expand(target.shape[0], -1)
    result = torch.zeros(target.shape, dtype=weights.dtype, device=target.device)
    for c in range(weights.shape[1]):
        held = target == c
        if ring is not None and ring[0]:
            held = dilate(held, *ring)
        result = torch.maximum(result, held * weights[:, c, None, None])
    return result if ignore is None else result * (target != ignore)


def log_odds_against(logits: Tensor, target: Tensor, valid: Tensor | None) -> Tensor:
    """Return logsumexp of the other classes' logits less its own, (N, H, W); class 0 where ignored."""
    index = (target if valid is None else target * valid).long().unsqueeze(1)
    own = logits.gather(1, index).squeeze(1)
    return logits.scatter(1, index, -math.inf).logsumexp(dim=1) - own


def _alphas(alpha: Sequence[float], logits: Tensor) -> Tensor:
    if len(alpha) != logits.shape[1]:
        raise SettingsError("alpha", expected=f"{logits.shape[1]} numbers", found=str(len(alpha)))
    for value in alpha:
        check_number("alpha", value, least=0)
    return torch.tensor(tuple(alpha), dtype=working_type(logits), device=logits.device)


def _frequency_weights(
    logits: Tensor, target: Tensor, ratio: ClassRatio, counts: Sequence[int] | None, beta: float | None
) -> Tensor:
    """Return the weights (K,) or (N, K) that frequencies give; beta None: their inverse."""
    _check(logits, target)
    return _class_weights(target, logits.shape[1], working_type(logits), ratio, counts, beta)


def _class_weights(
    target: Tensor,
    classes: int,
    dtype: torch.dtype,
    ratio: ClassRatio,
    counts: Sequence[int] | None,
    beta: float | None,
) -> Tensor:
    source = check_class_ratio(ratio)
    if source in ("batch", "image"):
        measured = measured_counts(target, classes, per_image=source == "image")
        return (inverse_counts(measured) if beta is None else tempered_counts(measured, beta)).to(dtype)
    if isinstance(source, tuple):
        known = inverse_shares(source) if beta is None else tempered_ratios(source, beta)
    else:
        known = inverse_class_weights(counts) if beta is None else class_weights(counts, beta)
    if len(known) != classes:
        stated = "ratio" if isinstance(source, tuple) else "pixel_counts"
        raise SettingsError(stated, expected=f"{classes} numbers", found=str(len(known)))
    return torch.tensor(known, dtype=dtype, device=target.device)


def _check(logits: Tensor, target: Tensor) -> None:
    if not logits.is_floating_point() or logits.ndim != 4 or logits.shape[1] < 2:
        raise SettingsError(
            "logits",
            expected="a float tensor (N, K, H, W) with two channels or more",
            found=f"{logits.dtype} {tuple(logits.shape)}",
        )
    if tuple(target.shape) != (logits.shape[0], *logits.shape[2:]):
        expected = f"(N, H, W), here {(logits.shape[0], *logits.shape[2:])}"
        raise SettingsError("target", expected=expected, found=str(tuple(target.shape)))
    check_same_device(logits, target)


def _loss(
    logits: Tensor,
    target: Tensor,
    weights: Tensor | None,
    gamma: float,
    options: PixelOptions,
    ring: tuple[int, str] | None = None,
) -> Tensor:
    """Return the loss with class weights (K,) or (N, K); None: all 1."""
    reduction, normalize, ignore = check_options(options)
    _check(logits, target)
    check_ignorable(target, ignore)
    if ignore is not None and 0 <= ignore < logits.shape[1]:
        raise SettingsError("ignore_index", expected="a value that is not a class", found=str(ignore))
    check_number("gamma", gamma, least=0)
    if target.device.type == "cpu" and not torch.compiler.is_compiling():
        check_values(target, logits.shape[1], ignore)
    valid = None if ignore is None else target != ignore
    wide = logits.to(working_type(logits))
    losses = pixel_loss(log_odds_against(wide, target, valid), gamma)
    if weights is None:
        weights = wide.new_ones(wide.shape[1])
    scale = many_class_weight_map(target, weights, ring, ignore)
    return reduce_pixels(losses * scale, scale, target, reduction, normalize, ignore)
