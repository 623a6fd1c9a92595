"""What a class weighs: from the frequencies of the classes, tempered by beta.

The frequencies are those of the data set unless a batch's or a picture's own are asked for. Zhao et al. 2019,
eq. 6 and 10, doi 10.1109/ACCESS.2019.2953085.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

import torch
from torch import Tensor

from sporemetry.errors import SettingsError
from sporemetry.training.losses.options import check_choice, check_number

Ratio: TypeAlias = float | Literal["dataset", "batch", "image"]
"""Background pixels a spore pixel, or whose ratio is meant."""

ClassRatio: TypeAlias = Sequence[float] | Literal["dataset", "batch", "image"]
"""Pixels of a class of reference a pixel of each class, or whose class frequencies are meant."""

RATIO_SOURCES: Final = ("dataset", "batch", "image")


def tempered_weight(ratio: float, beta: float) -> float:
    """Return the weight a^(1/beta) of a spore pixel under CFL (eq. 10); an infinite beta gives 1.

    Examples
    --------
    >>> import math
    >>> [round(tempered_weight(200, beta), 1) for beta in (1, 1.5, 2, 2.5, 3, 4, math.inf)]
    [200.0, 34.2, 14.1, 8.3, 5.8, 3.8, 1.0]
    """
    return float(ratio ** (1 / beta))


def check_beta(beta: float) -> None:
    """Raise SettingsError where beta is not above 0."""
    check_number("beta", beta, above=0, infinite=True)


def check_ratio(ratio: Ratio, pixel_counts: Sequence[int] | None = None) -> float | Literal["batch", "image"]:
    """Return the ratio as a number, or ``batch`` or ``image``.

    Parameters
    ----------
    ratio : float or {"dataset", "batch", "image"}
        A number is taken as it is.
    pixel_counts : sequence of 2 int, optional
        Background and spore pixels of the data set, for ``dataset``.

    Raises
    ------
    SettingsError
        For a number that is not positive and finite, an unknown word, or ``dataset`` without counts, with a
        class that the data set lacks, or with other than two.

    Examples
    --------
    >>> check_ratio("dataset", (2000, 10)), check_ratio(204.9), check_ratio("batch")
    (200.0, 204.9, 'batch')
    """
    if isinstance(ratio, str):
        check_choice("ratio", ratio, RATIO_SOURCES)
        if ratio != "dataset":
            return ratio
        counts = _check_counts(pixel_counts, 2)
        return counts[0] / counts[1]
    check_number("ratio", ratio, above=0)
    return float(ratio)


def _check_counts(counts: Sequence[int] | None, least: int) -> tuple[int, ...]:
    if counts is None:
        raise SettingsError(
            "pixel_counts",
            expected="the data set's pixels of each class (background, spores), to weigh them by",
            found="None",
            remedy="Give them, or a number as ratio, or ratio='batch'.",
        )
    if (least == 2 and len(counts) != 2) or len(counts) < 2 or min(counts) <= 0:
        expected = "pixels of background and spores" if least == 2 else "pixels of two classes or more"
        raise SettingsError("pixel_counts", expected=f"{expected}, all above 0", found=str(tuple(counts)))
    return tuple(counts)


def measured_ratio(target: Tensor, *, per_image: bool) -> Tensor:
    """Return n_b / n_o of a batch, or of each of its pictures.

    Parameters
    ----------
    target : tensor, (N, ...)
        0 background, 1 spore; other values are in neither count.
    per_image : bool
        For each picture instead of the batch.

    Returns
    -------
    float32 tensor, () or (N,)
        1 where spores or background are missing: there is nothing to balance.
    """
    background, spores = measured_counts(target, 2, per_image=per_image).unbind(dim=-1)
    ratio = background.float() / spores.clamp(min=1).float()
    return torch.where((spores > 0) & (background > 0), ratio, torch.ones_like(ratio))


def resolve_ratio(ratio: Ratio, target: Tensor, pixel_counts: Sequence[int] | None) -> float | Tensor:
    """Return the ratio of background to spores that a loss takes: a number, or a tensor () or (N,)."""
    source = check_ratio(ratio, pixel_counts)
    if isinstance(source, float):
        return source
    return measured_ratio(target, per_image=source == "image")


def tempered(ratio: float | Tensor, beta: float) -> float | Tensor:
    """Return ratio^(1/beta) of a number or a tensor."""
    check_beta(beta)
    return ratio.pow(1 / beta) if isinstance(ratio, Tensor) else tempered_weight(ratio, beta)


def inverse_frequencies(ratio: float | Tensor) -> tuple[float | Tensor, float | Tensor]:
    """Return BCE_A's weights of background and spores, 1 / f (eq. 6), from a = n_b / n_o.

    Examples
    --------
    >>> inverse_frequencies(199.0)
    (1.00502..., 200.0)
    """
    return (1 + ratio) / ratio, 1 + ratio


def class_weights(counts: Sequence[int] | None, beta: float) -> tuple[float, ...]:
    """Return w_c = (max_k n_k / n_c)^(1/beta), the many-class form of eq. 10.

    Parameters
    ----------
    counts : sequence of int
        The data set's pixels of each class, two classes or more, all above 0.
    beta : float
        Above 0; infinite gives 1 for all.

    Examples
    --------
    >>> class_weights((2000, 10, 500), 2.0)
    (1.0, 14.142..., 2.0)
    """
    check_beta(beta)
    sound = _check_counts(counts, 0)
    return tuple((max(sound) / count) ** (1 / beta) for count in sound)


def check_class_ratio(
    ratio: ClassRatio,
) -> tuple[float, ...] | Literal["dataset", "batch", "image"]:
    """Return the ratios of many classes as numbers, or whose they are.

    Raises
    ------
    SettingsError
        For an unknown word, a number alone, fewer than two numbers, or one that is not positive and finite.

    Examples
    --------
    >>> check_class_ratio([1, 9.0, 30]), check_class_ratio("batch")
    ((1.0, 9.0, 30.0), 'batch')
    >>> check_class_ratio([9.0])
    Traceback (most recent call last):
    sporemetry.errors.SettingsError: ratio: expected dataset, batch, image or a number for each class; ...
    """
    if isinstance(ratio, Sequence) and not isinstance(ratio, str) and len(ratio) > 1:
        for a in ratio:
            check_number("ratio", a, above=0)
        return tuple(float(a) for a in ratio)
    if ratio == "dataset" or ratio == "batch" or ratio == "image":
        return ratio
    expected = f"{', '.join(RATIO_SOURCES)} or a number for each class"
    raise SettingsError("ratio", expected=expected, found=repr(ratio))


def tempered_ratios(ratios: Sequence[float], beta: float) -> tuple[float, ...]:
    """Return CFL's weights a_c^(1/beta) of classes.

    Examples
    --------
    >>> tempered_ratios((1.0, 9.0, 4.0), 2.0)
    (1.0, 3.0, 2.0)
    """
    check_beta(beta)
    return tuple(tempered_weight(a, beta) for a in ratios)


def inverse_shares(ratios: Sequence[float]) -> tuple[float, ...]:
    """Return BCE_A's weights 1 / f_c of classes with a_c = n_r / n_c: f_c is 1 / a_c over the sum of them.

    Examples
    --------
    Of 4 + 2 + 1 pixels, the first class has 4:

    >>> inverse_shares((1.0, 2.0, 4.0))
    (1.75, 3.5, 7.0)
    """
    whole = sum(1 / a for a in ratios)
    return tuple(a * whole for a in ratios)


def inverse_class_weights(counts: Sequence[int] | None) -> tuple[float, ...]:
    """Return 1 / f_c of each class, BCE_A for many classes.

    Examples
    --------
    >>> inverse_class_weights((150, 50))
    (1.333..., 4.0)
    """
    sound = _check_counts(counts, 0)
    return tuple(sum(sound) / count for count in sound)


def measured_counts(target: Tensor, classes: int, *, per_image: bool) -> Tensor:
    """Return the pixels of each class in a batch (N, ...), (K,), or in each picture, (N, K)."""
    dims = tuple(range(1 if per_image else 0, target.ndim))
    return torch.stack([(target == c).sum(dim=dims) for c in range(classes)], dim=-1)


def tempered_counts(counts: Tensor, beta: float) -> Tensor:
    """Return :func:`class_weights` of counts (..., K) as a tensor; a class that is absent weighs 1."""
    check_beta(beta)
    most = counts.amax(dim=-1, keepdim=True).float()
    weights = (most / counts.clamp(min=1).float()).pow(1 / beta)
    return torch.where(counts > 0, weights, torch.ones_like(weights))


def inverse_counts(counts: Tensor) -> Tensor:
    """Return :func:`inverse_class_weights` of counts (..., K); a class that is absent weighs 1."""
    weights = counts.sum(dim=-1, keepdim=True).float() / counts.clamp(min=1).float()
    return torch.where(counts > 0, weights, torch.ones_like(weights))
