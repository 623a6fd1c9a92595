"""Checks of sizes: whether these can be spores, and whether they could be measured.

Only whole spores are judged: those that touch the edge are cut.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from sporemetry.report.caution import Caution
from sporemetry.report.data import ReportData, numbers
from sporemetry.report.formatting import number_text, percent_text, plural

# The smallest conidia are about 2 µm long, the longest of what is counted under a microscope (Alternaria with
# its beak) reach 200 µm. A median outside 1..200 µm is more likely a wrong scale.
LENGTH_UM_MIN, LENGTH_UM_MAX = 1.0, 200.0
# Areas of one species' spores vary by a fraction of their mean. With a coefficient of variation above 1,
# several kinds of things were counted: specks, clumps, hyphae.
AREA_VARIATION_MAX = 1.0
# Below, the coefficient of variation is itself too uncertain to judge.
AREA_VARIATION_SPORES_MIN = 20
# 30 pixels are a disc of 6 across, where one pixel more or less is 16 % of length or width.
AREA_MEDIAN_PX_MIN = 30
# On real pictures the default method leaves out up to a quarter (debris, rulings, mycelium); where spores are
# larger than the limit it is more than half.
LEFT_OUT_MAX = 0.5
# Lengths of one species scatter by a tenth, and their median by far less; a network resamples from here on.
LENGTH_RATIO_MAX = 1.4


def implausible_length(data: ReportData) -> Caution | None:
    """Warn of pictures whose median length no spore has."""
    length = numbers(data.summary, "length_um_median")
    hits = data.summary[(length < LENGTH_UM_MIN) | (length > LENGTH_UM_MAX)]
    if hits.empty:
        return None
    found = length[hits.index]
    span = (
        number_text(found.min())
        if len(hits) == 1
        else f"{number_text(found.min())} to {number_text(found.max())}"
    )
    return Caution(
        "problem",
        f"Implausible spore sizes in {plural(len(hits), 'picture')}",
        f"The median length is {span} µm. Nearly all spores of fungi are {LENGTH_UM_MIN:g} to "
        f"{LENGTH_UM_MAX:g} µm long. The scale is probably wrong (a wrong objective, or a picture scaled "
        "after it was taken), or what is outlined is not spores. Sizes and densities of these pictures "
        "cannot be used as they are.",
        _names(hits["image"]),
    )


def wider_than_long(data: ReportData) -> Caution | None:
    """Warn of spores whose width is above their length, which a caliper cannot give."""
    wider = data.spores.images["wider_than_long"].to_numpy()
    if not wider.any():
        return None
    return Caution(
        "problem",
        f"{plural(int(wider.sum()), 'spore')} wider than long",
        "Length is the largest caliper diameter, so this cannot be. The table of spores was changed or is "
        "damaged; delete the output folder and run the command again.",
        _names(data.summary["image"][wider > 0]),
    )


def mixed_sizes(data: ReportData) -> Caution | None:
    """Warn of pictures whose areas vary more than those of one kind of spore."""
    images = data.spores.images
    variation = images["area_sd"] / images["area_mean"]
    hits = (images["whole"] >= AREA_VARIATION_SPORES_MIN) & (variation > AREA_VARIATION_MAX)
    if not hits.any():
        return None
    return Caution(
        "caution",
        f"Very unequal sizes in {plural(int(hits.sum()), 'picture')}",
        f"The areas of the objects counted vary by up to {number_text(variation[hits].max())} times their "
        "mean (standard deviation / mean); those of one species vary far less. "
        + (
            "Look at the smallest and the largest outlines: specks, clumps or several spores under "
            "one id may be among the labels."
            if data.of_labels
            else "Probably debris or clumps are counted too. Look at the smallest and the largest "
            "outlines, and leave them out with --min-area and --max-area."
        ),
        _names(data.summary["image"][hits.to_numpy()]),
    )


def left_out(data: ReportData) -> Caution | None:
    """Warn of pictures where most of what was found was then left out by its size or shape."""
    share = numbers(data.summary, "left_out_share")
    hits = data.summary[share > LEFT_OUT_MAX]
    if hits.empty:
        return None
    return Caution(
        "caution",
        f"Most of what was found was left out in {plural(len(hits), 'picture')}",
        f"Up to {percent_text(float(share.max()))} of the pixels found belong to objects that are too small, "
        "too large, too long or too ragged to be counted. If spores lack an outline, they are probably "
        "larger than --max-area allows: raise it, or scale the pictures down.",
        _names(hits["image"]),
    )


def unlike_lengths(data: ReportData) -> Caution | None:
    """Warn of pictures in which spores were taken to be far longer or shorter than in most of their like.

    Pictures are alike where their size and scale are: of one camera behind one objective, as far as can be
    told. The length that most counted spores were taken to have stands for them.
    """
    summary = data.summary[numbers(data.summary, "spore_length_px").notna()]
    keys = [
        (width, height, "" if scale != scale else f"{scale:.6g}")
        for width, height, scale in zip(
            summary["width_px"], summary["height_px"], numbers(summary, "um_per_px"), strict=True
        )
    ]
    unlike: list[str] = []
    usual: list[str] = []
    for _, alike in summary.groupby(pd.Series(keys, index=summary.index, dtype=object), sort=False):
        length = numbers(alike, "spore_length_px")
        middle = _weighted_median(length, numbers(alike, "counted"))
        hits = alike[(length > LENGTH_RATIO_MAX * middle) | (length * LENGTH_RATIO_MAX < middle)]
        if len(hits):
            unlike += _names(hits["image"])
            usual.append(f"{middle:.0f}")
    if not unlike:
        return None
    return Caution(
        "caution",
        f"Spores were taken to be of another length in {plural(len(unlike), 'picture')}",
        f"The network estimates from each picture how long spores are in it, and where there are few, dirt "
        f"can decide. Most spores counted in pictures like these were taken to be {' or '.join(usual)} px "
        "long. Count those that were taken with the same objective and camera again with --spore-length-px "
        f"{' or '.join(usual)}: all are then looked at alike, and fewer specks are taken for spores.",
        tuple(unlike),
    )


def too_coarse(data: ReportData) -> Caution | None:
    """Warn of pictures whose spores have too few pixels to be measured."""
    hits = data.summary[numbers(data.summary, "area_median_px") < AREA_MEDIAN_PX_MIN]
    if hits.empty:
        return None
    return Caution(
        "caution",
        f"Spores too small to measure in {plural(len(hits), 'picture')}",
        f"Half of the objects cover fewer than {AREA_MEDIAN_PX_MIN} pixels. Their lengths and widths are "
        "uncertain by 15 % or more"
        + (
            ". Specks among the labels look the same: look at the smallest outlines."
            if data.of_labels
            else ", and specks of noise look the same. Use a higher magnification or the camera's full "
            "resolution."
        ),
        _names(hits["image"]),
    )


SIZE_CHECKS = (implausible_length, wider_than_long, left_out, unlike_lengths, mixed_sizes, too_coarse)


def _weighted_median(values: pd.Series[float], weights: pd.Series[float]) -> float:
    """Return the value at which half of the weight is reached; without weight the plain median."""
    if not weights.sum():
        return float(values.median())
    order = values.argsort()
    reached = weights.iloc[order].cumsum()
    return float(values.iloc[order][reached >= weights.sum() / 2].iloc[0])


def _names(values: Iterable[object]) -> tuple[str, ...]:
    return tuple(str(value) for value in values)
