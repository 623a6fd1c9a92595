"""How well counts agree: errors a picture and over the set, bias and limits of agreement."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sporemetry.errors import SettingsError
from sporemetry.evaluation.ratios import UNDEFINED, Spread, ratio, spread, t_factor

LIMIT_SDS = 1.96  # 95 % of normal differences lie within so many standard deviations


@dataclass(frozen=True)
class CountAgreement:
    """Predicted against true counts of a set of pictures; errors are predicted - true.

    Attributes
    ----------
    predicted, truth : int
        Totals over the set.
    relative_error : float
        Pooled: (predicted - truth) / truth of the totals. Undefined without a true spore. Errors of
        opposite sign cancel in it: read it beside ``mean_absolute_error``.
    mean_absolute_error : float
        Spores a picture.
    relative_errors : Spread
        Over the pictures with a true spore; those without are its ``undefined``.
    absolute_relative_errors : Spread
        The same without the sign.
    bias : Spread
        Of the signed errors, in spores a picture: mean, sd and 95 % interval of the mean.
    limits : tuple of float
        Limits of agreement, bias -+ 1.96 sd: 95 % of pictures lie between. Undefined below two pictures.
    limits_half_interval : float
        Half width of the 95 % interval of each limit, t(n - 1) sd sqrt(3 / n).
    """

    predicted: int
    truth: int
    relative_error: float
    mean_absolute_error: float
    relative_errors: Spread
    absolute_relative_errors: Spread
    bias: Spread
    limits: tuple[float, float]
    limits_half_interval: float


def count_agreement(predicted: Sequence[int], truth: Sequence[int]) -> CountAgreement:
    """Compare two counts of the same pictures.

    Parameters
    ----------
    predicted, truth : sequence of int
        One count a picture, in the same order.

    Returns
    -------
    CountAgreement
        Bias, limits of agreement and their intervals after Bland and Altman 1986,
        doi 10.1016/S0140-6736(86)90837-8 (with 1.96 where their example rounds to 2). The pictures are
        taken as independent and the differences as about normal and of even spread.

    Raises
    ------
    SettingsError
        When there is no picture, or the two differ in length.

    Examples
    --------
    >>> agreement = count_agreement([10, 12, 0], [10, 10, 0])
    >>> agreement.relative_error, round(agreement.bias.mean, 3), agreement.relative_errors.undefined
    (0.1, 0.667, 1)
    """
    if len(predicted) != len(truth) or not predicted:
        raise SettingsError(
            "predicted, truth",
            expected="one count a picture on both sides, of one picture or more",
            found=f"{len(predicted)} and {len(truth)} counts",
        )
    errors = np.subtract(predicted, truth, dtype=np.float64)
    relative = [ratio(error, true) for error, true in zip(errors.tolist(), truth, strict=True)]
    bias = spread(errors)
    return CountAgreement(
        predicted=sum(predicted),
        truth=sum(truth),
        relative_error=ratio(sum(predicted) - sum(truth), sum(truth)),
        mean_absolute_error=float(np.abs(errors).mean()),
        relative_errors=spread(relative),
        absolute_relative_errors=spread(np.abs(relative)),
        bias=bias,
        limits=(bias.mean - LIMIT_SDS * bias.sd, bias.mean + LIMIT_SDS * bias.sd),
        limits_half_interval=t_factor(bias.n) * bias.sd * math.sqrt(3 / bias.n) if bias.n > 1 else UNDEFINED,
    )
