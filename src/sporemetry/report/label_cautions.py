"""Cautions about label images that may not mean what was counted."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from sporemetry.label_fault import FAULT_KINDS
from sporemetry.report.caution import Caution
from sporemetry.report.data import ReportData
from sporemetry.report.formatting import plural

# What the checks of objects read of an image: not known, as far as its labels are doubtful.
_OF_OBJECTS = ("spores", "edge_spores", "area_median_px", "length_um_median", "left_out_share", "counted")
_OF_DIGEST = ("area_mean", "area_sd", "covered_px")

_TEXTS = {
    "mask-as-ids": (
        "One value stands for all spores in {}: its connected parts were counted",
        "Such an image is a mask. Its connected components were counted, so spores that touch in it "
        "count as one: counts may be too low, and sizes too large. Give each spore a number of its own "
        "where spores touch.",
    ),
    "scattered-id": (
        "One id stands for several objects in {}",
        "Each id counts as one spore, with the sizes of all its pieces together. Probably a number was "
        "used twice, or the values are classes. Give each object an id of its own, or delete stray "
        "pieces.",
    ),
    "ignore-value": (
        "A value for pixels to ignore may be among the ids of {}",
        "Other programs write 255, 65535 or -1 for pixels to ignore or for borders. Here that value "
        "counts as a spore. If these are spores that you drew, give each a number of its own; if they are "
        "none, set the value to 0.",
    ),
    "class-values": (
        "Values may be classes and not ids in {}",
        "Few values stand for many objects, or one value lies around another. Each value counts as one "
        "spore, so the count is probably wrong. Give each object an id of its own.",
    ),
    "white-background": (
        "Black and white may be exchanged in {}",
        "One object covers much of the image. Probably it is the background or the field of view, and its "
        "holes are the spores. Invert the image where it is so.",
    ),
    "outlines": (
        "Objects are outlines, not filled, in {}",
        "Only the pixels of an outline count to an object, so areas are too small. Fill the objects, or "
        "export filled labels.",
    ),
    "not-drawn": (
        "Entries of the file of outlines are not counted in {}",
        "Points, lines and entries with a fault have no outline that can be measured. Where they mark "
        "spores, the count is too low. The notes of the image name them. Outline them, or delete them.",
    ),
    "no-background": (
        "There is hardly any background in {}",
        "Objects cover most of the image. Probably background has an id, or black and white are "
        "exchanged. Set background to 0, or invert the image.",
    ),
}


def doubtful_labels(data: ReportData) -> list[Caution]:
    """Warn of label images that may not mean what was counted: one caution for each kind of fault."""
    faults = _faults(data)
    if faults is None:
        return []
    kinds = list(dict.fromkeys(kind for text in faults for kind in text.split("; ") if kind))
    return [_caution(kind, data.summary["image"][_has(faults, kind)]) for kind in kinds]


def without_doubtful(data: ReportData) -> ReportData:
    """Return ``data`` with what is said of objects unknown where labels are doubtful.

    A fault of the labels is not to be explained by crowding, debris or a wrong scale.
    """
    faults = _faults(data)
    if faults is None or not (faults != "").any():
        return data
    doubted = (faults != "").to_numpy()
    summary, images = data.summary.copy(), data.spores.images.copy()
    for table, columns in ((summary, _OF_OBJECTS), (images, _OF_DIGEST)):
        for column in columns:
            table[column] = pd.to_numeric(table[column]).astype(float).mask(doubted, np.nan)
    return dataclasses.replace(data, summary=summary, spores=dataclasses.replace(data.spores, images=images))


def _faults(data: ReportData) -> pd.Series[str] | None:
    if "label_fault" not in data.summary.columns:
        return None
    return data.summary["label_fault"].fillna("").astype(str)


def _has(faults: pd.Series[str], kind: str) -> pd.Series[bool]:
    return faults.map(lambda text: kind in text.split("; "))


def _caution(kind: str, names: pd.Series[str]) -> Caution:
    meaning = FAULT_KINDS.get(kind, kind)
    headline, text = _TEXTS.get(
        kind,
        (f"Perhaps {meaning} in {{}}", f"Their values look like {meaning}. Look at the outlines."),
    )
    images = plural(len(names), "label image")
    return Caution("caution", headline.format(images), text, tuple(map(str, names)))
