"""The spores that the method is least sure of, cut out: what to look at first.

Each is shown twice: as it is in the image, with marks around it, and with its outline, which would cover a
small spore.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

from sporemetry.errors import SporemetryError
from sporemetry.report.data import PictureEntry, ReportData
from sporemetry.report.embedding import told_as_overlay

SIDE_PX = 132  # of a cut-out on the page
_WINDOW_LENGTHS = 3.2  # of the spore
_LEAST_WINDOW = 48
_MARKED_LENGTHS = 1.5  # side of the square whose corners are marked
_MARK_PX = 9
_QUALITY = 85


@dataclass(frozen=True, slots=True)
class Doubtful:
    """One spore.

    Attributes
    ----------
    image, label, score : str
        Its image, its number there, and how sure the method is.
    plain, outlined : str
        Cut-outs as data URIs: of the image itself (empty where it cannot be read), and with outlines.
    """

    image: str
    label: str
    score: str
    plain: str
    outlined: str


@dataclass(frozen=True, slots=True)
class DoubtfulSpores:
    """The spores to look at first, and what they stand for.

    Attributes
    ----------
    shown : tuple of Doubtful
        The least sure first.
    doubtful, counted : int
        How many doubtful spores there are, of how many counted.
    samples : int
        How many samples the shown ones are of.
    """

    shown: tuple[Doubtful, ...] = ()
    doubtful: int = 0
    counted: int = 0
    samples: int = 0


def find_doubtful(data: ReportData) -> DoubtfulSpores:
    """Return the doubtful spores that are to be looked at first, and how many there are.

    They are chosen by :func:`~sporemetry.report.ranking.first_of`, from all samples in turn, and shown by
    their scores. Methods that give no score, and tables that lack the places of spores, give none.

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
    cut: dict[object, Doubtful] = {}
    for name, own in first.groupby("image", sort=False):
        if str(name) in data.pictures:
            cut |= _cut_out(str(name), data.pictures[str(name)], own)
    order = first.sort_values("score", kind="stable").index
    shown = tuple(cut[place] for place in order if place in cut)
    return DoubtfulSpores(shown, spores.doubtful, spores.counted, int(first["sample"].nunique()))


def _cut_out(name: str, entry: PictureEntry, spores: pd.DataFrame) -> Mapping[object, Doubtful]:
    """Cut the spores of one picture out, by their place in the table."""
    rows = spores.to_dict("records")
    plain = _plain(entry, rows)
    with told_as_overlay(entry.overlay), Image.open(entry.overlay) as opened:
        picture = opened if opened.mode == "RGB" else opened.convert("RGB")
        outlined = [_encoded(_window(picture, row)) for row in rows]
    return {
        place: Doubtful(name, f"{int(row['label'])}", f"{row['score']:.2f}", *both)
        for place, row, both in zip(spores.index, rows, zip(plain, outlined, strict=True), strict=True)
    }


def _plain(entry: PictureEntry, rows: list[dict[Hashable, Any]]) -> list[str]:
    if entry.original is None:
        return [""] * len(rows)
    try:
        picture = Image.fromarray(entry.original())
    except (SporemetryError, OSError):  # moved since it was counted: the outlined one is shown alone
        return [""] * len(rows)
    return [_encoded(_marked(_window(picture, row), row)) for row in rows]


def _half(row: Mapping[Hashable, Any]) -> float:
    return max(_LEAST_WINDOW, _WINDOW_LENGTHS * float(row["length_px"])) / 2


def _window(picture: Image.Image, row: Mapping[Hashable, Any]) -> Image.Image:
    half = _half(row)
    y, x = float(row["centroid-0"]), float(row["centroid-1"])
    box = tuple(round(edge) for edge in (x - half, y - half, x + half, y + half))
    # Beyond the picture a cut-out is black.
    part = picture.crop((box[0], box[1], box[2], box[3]))
    return part.resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC)


def _marked(window: Image.Image, row: Mapping[Hashable, Any]) -> Image.Image:
    """Draw the corners of a square around the spore in the middle, white on black."""
    middle = SIDE_PX / 2
    reach = min(_MARKED_LENGTHS * float(row["length_px"]) / 2 * middle / _half(row), middle - 4)
    reach = max(reach, _MARK_PX + 3)
    drawing = ImageDraw.Draw(window)
    for colour, width in (((0, 0, 0), 4), ((255, 255, 255), 2)):
        for down in (-1, 1):
            for right in (-1, 1):
                x, y = middle + right * reach, middle + down * reach
                drawing.line(
                    [(x - right * _MARK_PX, y), (x, y), (x, y - down * _MARK_PX)], fill=colour, width=width
                )
    return window


def _encoded(part: Image.Image) -> str:
    buffer = io.BytesIO()
    part.save(buffer, "JPEG", quality=_QUALITY, subsampling=0)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
