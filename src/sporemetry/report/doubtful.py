"""The spores that the method is least sure of, cut out of the outlined pictures: what to look at first."""

from __future__ import annotations

import base64
import io
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from sporemetry.report.data import ReportData
from sporemetry.report.embedding import told_as_overlay

_SIDE_PX = 132  # of a cut-out on the page
_WINDOW_LENGTHS = 3.2  # of the spore
_LEAST_WINDOW = 48
_QUALITY = 85


@dataclass(frozen=True, slots=True)
class Doubtful:
    """One spore: its picture and number, its score as text, and the cut-out as a data URI."""

    image: str
    label: str
    score: str
    uri: str


@dataclass(frozen=True, slots=True)
class DoubtfulSpores:
    """The least sure spores first, and how many there are of how many."""

    shown: tuple[Doubtful, ...] = ()
    doubtful: int = 0
    counted: int = 0


def find_doubtful(data: ReportData) -> DoubtfulSpores:
    """Return the doubtful spores that are to be looked at first, and how many there are.

    Methods that give no score, and tables that lack the places of spores, give none.

    Raises
    ------
    FileError
        When an outlined picture cannot be read.
    ImageDamagedError
        When it is no picture.
    """
    spores = data.spores
    names = data.summary["image"].astype(str).to_numpy()
    first = spores.first.assign(image=names[spores.first["place"].to_numpy(dtype=np.int64)])
    overlays = {picture.name: picture.overlay for picture in data.pictures}
    cut: dict[object, Doubtful] = {}
    for name, own in first.groupby("image", sort=False):
        if str(name) in overlays:
            cut |= _cut_out(str(name), overlays[str(name)], own)
    shown = tuple(cut[place] for place in first.index if place in cut)
    return DoubtfulSpores(shown, spores.doubtful, spores.counted)


def _cut_out(name: str, overlay: Path, spores: pd.DataFrame) -> Mapping[object, Doubtful]:
    """Cut the spores of one picture out, by their place in the table."""
    with told_as_overlay(overlay), Image.open(overlay) as opened:
        picture = opened.convert("RGB")
    return {
        place: Doubtful(name, f"{int(row['label'])}", f"{row['score']:.2f}", _window(picture, row))
        for place, row in zip(spores.index, spores.to_dict("records"), strict=True)
    }


def _window(picture: Image.Image, row: Mapping[Hashable, Any]) -> str:
    half = max(_LEAST_WINDOW, _WINDOW_LENGTHS * float(row["length_px"])) / 2
    y, x = float(row["centroid-0"]), float(row["centroid-1"])
    box = tuple(round(edge) for edge in (x - half, y - half, x + half, y + half))
    # Beyond the picture a cut-out is black.
    part = picture.crop((box[0], box[1], box[2], box[3])).resize(
        (_SIDE_PX, _SIDE_PX), Image.Resampling.BICUBIC
    )
    buffer = io.BytesIO()
    part.save(buffer, "JPEG", quality=_QUALITY, subsampling=0)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
