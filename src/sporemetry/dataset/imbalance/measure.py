"""The imbalance of a whole data set."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sporemetry.dataset.folder import Dataset
from sporemetry.dataset.imbalance.picture import SPORE_COLUMNS, PictureNumbers, measure_picture
from sporemetry.dataset.imbalance.rings import RING_SHAPES
from sporemetry.dataset.imbalance.settings import ImbalanceSettings
from sporemetry.dataset.imbalance.weights import loss_weights
from sporemetry.errors import FileError

PICTURE_COLUMNS = (
    "picture",
    "group",
    "kind",
    "width",
    "height",
    "spores",
    "spore_px",
    "background_px",
    "ignored_px",
    "ratio",
    "um_per_px",
)
RING_COLUMNS = ("shape", "radius_px", "ring_px", "of_spore", "of_background")
_DEFAULTS = ImbalanceSettings()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Imbalance:
    """How rare spores are in a data set.

    Attributes
    ----------
    name : str
        The data set's folder.
    settings : ImbalanceSettings
    pictures : DataFrame
        :data:`PICTURE_COLUMNS`, one row a picture. ``ratio`` is n_b / n_o, NaN without spores. ``kind`` is
        ``labels``, or ``boxes`` where pixels under boxes stand for spores.
    spores : DataFrame
        :data:`~sporemetry.dataset.imbalance.picture.SPORE_COLUMNS`, one row a spore. Of boxes the area is
        the box's, and gaps are not known.
    rings : DataFrame
        :data:`RING_COLUMNS`: pixels that dilation by a radius adds, pooled, and their share of the spore and
        of the background pixels. No rows without labels.
    weights : DataFrame
        Of :func:`~sporemetry.dataset.imbalance.weights.loss_weights`, from the labels. No rows without.
    ratio_all, ratio_kept : float or None
        Pooled n_b / n_o of the labels, with and without what ``ignore/`` marks; None without spores.
    box_ratio : float or None
        The same of the pictures with boxes: pixels outside boxes a pixel inside.
    unlabelled : tuple of str
        Pictures with neither.
    failures : tuple of FileError
        Pictures left out because a file cannot be read.
    notes : tuple of str
        What the reader of the numbers should know.
    """

    name: str
    settings: ImbalanceSettings
    pictures: pd.DataFrame
    spores: pd.DataFrame
    rings: pd.DataFrame
    weights: pd.DataFrame
    ratio_all: float | None
    ratio_kept: float | None
    box_ratio: float | None
    unlabelled: tuple[str, ...]
    failures: tuple[FileError, ...]
    notes: tuple[str, ...]

    @property
    def ratio(self) -> float | None:
        """Pooled n_b / n_o of the labels, as the settings ask for it: the paper's ``a``."""
        return self.ratio_kept if self.settings.leave_out_ignored else self.ratio_all

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON; what is not defined is None."""
        return {
            "name": self.name,
            "ratio": self.ratio,
            "ratio_with_ignored": self.ratio_all,
            "ratio_without_ignored": self.ratio_kept,
            "ratio_by_boxes": self.box_ratio,
            "pictures": _records(self.pictures),
            "rings": _records(self.rings),
            "weights": _records(self.weights),
            "spores": _records(self.spores),
            "unlabelled": list(self.unlabelled),
            "failures": [str(failure) for failure in self.failures],
            "notes": list(self.notes),
        }


def measure_imbalance(
    dataset: Dataset,
    settings: ImbalanceSettings = _DEFAULTS,
    on_progress: Callable[[int, int], None] | None = None,
) -> Imbalance:
    """Count what makes spores rare: pixels, sizes, rings, neighbours.

    Parameters
    ----------
    dataset : Dataset
        Pictures without labels or boxes are named and left out; none at all gives empty tables.
    settings : ImbalanceSettings
    on_progress : callable, optional
        Called with (done, all).

    Returns
    -------
    Imbalance
        Read one picture at a time; a file that cannot be read is a failure and ends nothing.
    """
    chosen = [item for item in dataset.items if item.labels is not None or item.boxes is not None]
    numbers: list[PictureNumbers] = []
    failures: list[FileError] = []
    for done, item in enumerate(chosen, start=1):
        try:
            numbers.append(measure_picture(item, settings, dataset.card.um_per_px))
        except FileError as error:
            failures.append(error)
        if on_progress is not None:
            on_progress(done, len(chosen))
    labelled = [each for each in numbers if each.kind == "labels"]
    boxed = [each for each in numbers if each.kind == "boxes"]
    spore, background = _pixels(labelled, kept=settings.leave_out_ignored)
    rings = _rings(labelled, spore, background, settings)
    chosen_ring = rings[(rings["shape"] == "cross") & (rings["radius_px"] == settings.cfl_radius)]
    ring = int(chosen_ring["ring_px"].sum())
    spores = [each.spores for each in numbers if len(each.spores)]
    return Imbalance(
        name=dataset.card.name or dataset.root.resolve().name,
        settings=settings,
        pictures=_pictures(numbers, kept=settings.leave_out_ignored),
        spores=pd.concat(spores, ignore_index=True) if spores else pd.DataFrame(columns=list(SPORE_COLUMNS)),
        rings=rings,
        weights=loss_weights(spore, background, ring, settings.betas),
        ratio_all=_ratio(*_pixels(labelled, kept=False)),
        ratio_kept=_ratio(*_pixels(labelled, kept=True)),
        box_ratio=_ratio(*_pixels(boxed, kept=settings.leave_out_ignored)),
        unlabelled=tuple(item.name for item in dataset.items if item.labels is None and item.boxes is None),
        failures=tuple(failures),
        notes=_notes(labelled, boxed, len(dataset.items) - len(chosen)),
    )


def _pixels(numbers: Sequence[PictureNumbers], *, kept: bool) -> tuple[int, int]:
    """Return spore and background pixels, pooled."""
    if kept:
        return sum(each.kept_spore_px for each in numbers), sum(each.kept_background_px for each in numbers)
    return sum(each.spore_px for each in numbers), sum(each.background_px for each in numbers)


def _ratio(spore: int, background: int) -> float | None:
    return background / spore if spore else None


def _pictures(numbers: Sequence[PictureNumbers], *, kept: bool) -> pd.DataFrame:
    rows = []
    for each in numbers:
        spore, background = _pixels([each], kept=kept)
        rows.append(
            {
                "picture": each.name,
                "group": each.group,
                "kind": each.kind,
                "width": each.width,
                "height": each.height,
                "spores": len(each.spores),
                "spore_px": spore,
                "background_px": background,
                "ignored_px": each.width * each.height - each.kept_spore_px - each.kept_background_px,
                "ratio": background / spore if spore else math.nan,
                "um_per_px": math.nan if each.um_per_px is None else each.um_per_px,
            }
        )
    return pd.DataFrame(rows, columns=list(PICTURE_COLUMNS))


def _rings(
    labelled: Sequence[PictureNumbers], spore: int, background: int, settings: ImbalanceSettings
) -> pd.DataFrame:
    if not (labelled and spore and background):
        return pd.DataFrame({name: pd.Series(dtype="float64") for name in RING_COLUMNS})
    parts = []
    for shape in RING_SHAPES:
        pixels = np.sum([each.rings[shape] for each in labelled], axis=0)
        parts.append(
            pd.DataFrame(
                {
                    "shape": shape,
                    "radius_px": np.arange(1, settings.largest_radius + 1),
                    "ring_px": pixels,
                    "of_spore": pixels / spore,
                    "of_background": pixels / background,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _notes(
    labelled: Sequence[PictureNumbers], boxed: Sequence[PictureNumbers], unlabelled: int
) -> tuple[str, ...]:
    notes = []
    if not (labelled or boxed):
        notes.append("No picture with readable labels or boxes: there is nothing to count.")
    if unlabelled:
        notes.append(f"Pictures with neither labels nor boxes, left out: {unlabelled}.")
    if labelled and not any(len(each.spores) for each in labelled):
        notes.append("The labels hold no spore: n_b / n_o, rings and loss weights are not defined.")
    if boxed:
        notes.append(
            f"Pictures with boxes only: {len(boxed)}. Their areas are those of the boxes, larger than "
            "the spores, and no ring, gap or loss weight is counted on them."
        )
    scales = {each.um_per_px for each in labelled}
    if len(scales) > 1:
        notes.append("The scale is not the same for all pictures: areas in px² are not comparable.")
    return tuple(notes)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    rows = table.to_dict(orient="records")
    return [{str(key): _plain(value) for key, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
