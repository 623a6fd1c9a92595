"""What a results folder knows of an image, for whoever measures its labels again."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sporemetry.errors import LabelReadError
from sporemetry.field import CIRCLE, WHOLE, Circle, Field, circle_mask
from sporemetry.formats.scale import NO_SCALE
from sporemetry.pipeline.job_record import JobRecord
from sporemetry.pipeline.record import Record, spores_path
from sporemetry.storage import bytes_sha256, file_sha256
from sporemetry.uncovered import NOT_CHECKED, CountCheck

# By these an object is known again, whatever its number. Equal to the last digit: nobody drew it anew.
_SHAPE = (
    "area", "bbox-0", "bbox-1", "bbox-2", "bbox-3", "centroid-0", "centroid-1", "perimeter",
    "axis_major_length", "axis_minor_length", "orientation",
)  # fmt: skip
# What labels alone cannot tell of an object.
_CARRIED = ("score", "intensity_mean")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedImage:
    """What the record of an image says that its labels do not.

    Attributes
    ----------
    folder : Path
        The results folder.
    name, image : str
        What its outputs begin with, and how the tables name it.
    height, width : int
        Of the image.
    field_kind : str
        ``whole picture`` or ``eyepiece circle``; empty where the field shall be found anew.
    circle : Circle or None
        Of an eyepiece; None of one that an earlier version recorded without its place.
    field_area_px : int
        Of the field.
    um_per_px : float or None
        The scale.
    scale_source : str
        Where it came from.
    left_out_share, spore_length_px
        As the summary has them.
    photograph_sha256 : str
        Of the photograph that was counted; empty where it is not known.
    files : mapping of str to str
        The labels and exports of the count, to their SHA-256.
    edited : frozenset of str
        Those of them that a person had changed before, and that were counted as they are.
    is_edited : bool
        Whether a person had changed the labels that were counted.
    spores_sha256 : str
        Of the rows of its spores; empty where there are none.
    page, projection
        How a stack was read.
    check : CountCheck
        What speaks against the count.
    """

    folder: Path
    name: str
    image: str
    height: int
    width: int
    field_kind: str
    circle: Circle | None
    field_area_px: int
    um_per_px: float | None
    scale_source: str
    left_out_share: float
    spore_length_px: float | None
    photograph_sha256: str
    files: Mapping[str, str]
    edited: frozenset[str]
    is_edited: bool
    spores_sha256: str
    page: int | None = None
    projection: str | None = None
    check: CountCheck = NOT_CHECKED

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the image."""
        return self.height, self.width

    def identity(self) -> str:
        """Return a text that changes whenever what is measured by this record could."""
        content = {
            key: value for key, value in asdict(self).items() if key not in ("folder", "files", "edited")
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def rows(self) -> bytes:
        """Return the rows of its spores; none where they are not those that were written."""
        try:
            content = spores_path(self.folder, self.name).read_bytes()
        except OSError:
            return b""
        return content if bytes_sha256([content]) == self.spores_sha256 else b""

    def has_scores(self) -> bool:
        """Tell whether any of its spores has a score; traditional methods give none."""
        rows = csv.DictReader(io.StringIO(self.rows().decode("utf-8", "replace")))
        return any(row.get("score") for row in rows)

    def is_unchanged(self, path: Path) -> bool:
        """Tell whether a file is one that the count wrote, byte by byte."""
        wrote = self.files.get(path.name)
        return wrote is not None and path.is_file() and file_sha256(path) == wrote

    def field(self, path: Path) -> Field:
        """Return the field that was counted.

        Raises
        ------
        LabelReadError
            When its place is not known: then its area would be wrong without a word. ``path`` is named.
        """
        if self.field_kind == WHOLE:
            return Field(np.ones(self.shape, dtype=np.bool_), WHOLE, None)
        if self.circle is not None:
            field = Field(circle_mask(self.circle, self.shape), CIRCLE, self.circle)
            if field.area_px == self.field_area_px:
                return field
        raise LabelReadError(
            path,
            expected="the circle of the eyepiece in which its image was counted",
            found=f"a record without its place, in {self.folder}",
            remedy="Count the image again; or name the photographs with --pictures, or a field with --field.",
        )


def recorded_image(folder: Path, record: Record, job: JobRecord | None) -> RecordedImage:
    """Return what ``record``, of the results folder ``folder``, says of its image.

    Parameters
    ----------
    folder : Path
        The results folder.
    record : Record
        As it was read: facts that are not of the form that we write are taken for unknown.
    job : JobRecord or None
        Of the folder.
    """
    facts = record.facts
    rows = spores_path(folder, record.name)
    counted = job is not None and job.verb == "count"
    return RecordedImage(
        folder=folder,
        name=record.name,
        image=record.image,
        height=int(facts["height_px"]),
        width=int(facts["width_px"]),
        field_kind=str(facts["field"]),
        circle=_circle(facts),
        field_area_px=int(facts["field_area_px"]),
        um_per_px=facts["um_per_px"],
        scale_source=str(facts["scale_source"] or NO_SCALE),
        left_out_share=float(facts["left_out_share"] or 0.0),
        spore_length_px=facts["spore_length_px"],
        photograph_sha256=record.input_sha256 if counted else "",
        files={**record.outputs, **record.exports, **record.edited},
        edited=frozenset(record.edited),
        is_edited=facts.get("edited") is True,
        spores_sha256=record.outputs.get(rows.relative_to(folder).as_posix(), ""),
        page=None if job is None else job.page,
        projection=None if job is None else job.projection,
        check=CountCheck(
            str(facts.get("count_fault", "")),
            facts.get("mask_confidence"),
            int(facts.get("uncovered_objects", 0)),
            facts.get("uncovered_length_px"),
        ),
    )


@dataclass(frozen=True, slots=True)
class Carried:
    """What of the objects that are measured is as it was counted.

    Attributes
    ----------
    objects : int
        How many are as they were counted.
    counted, measured : int
        How many there were, and how many there are.
    known : bool
        Whether it is known what was counted.
    """

    objects: int
    counted: int
    measured: int
    known: bool = True

    @property
    def same(self) -> bool:
        """Whether nothing was changed."""
        return self.known and self.objects == self.counted == self.measured

    @property
    def note(self) -> str:
        """What was changed, in one sentence."""
        if not self.known:
            return "What was counted is not known any more, so that no object has a score"
        new, gone = self.measured - self.objects, self.counted - self.objects
        return (
            f"{self.objects} object{'' if self.objects == 1 else 's'} as counted, {new} new or changed and "
            f"without a score, {gone} of the count gone or changed"
        )


def carry(spores: pd.DataFrame, recorded: RecordedImage, *, intensity: bool, number_format: str) -> Carried:
    """Give objects that were not changed the score that they were counted with, in place.

    An object is the same when its shape and place are, whatever its number: programs renumber what they save.

    Parameters
    ----------
    spores : DataFrame
        Of the labels, with the columns of ``spores.csv``.
    recorded : RecordedImage
        Whose rows are read.
    intensity : bool
        Whether to carry the mean intensity as well, for labels that are measured without their image.
    number_format : str
        How numbers were written.
    """
    before = _rows(recorded)
    if before is None:
        return Carried(0, 0, len(spores), known=False)
    if not len(spores) or not len(before):
        return Carried(0, len(before), len(spores))
    known = {key: place for place, key in enumerate(_keys(before))}
    written = spores[list(_SHAPE)].to_csv(index=False, float_format=number_format)
    places = np.array([known.get(key, -1) for key in _keys(_as_text(written.encode()))])
    for column in _CARRIED if intensity else _CARRIED[:1]:
        values = pd.to_numeric(before[column], errors="coerce").to_numpy(dtype=np.float64)
        spores[column] = np.where(places >= 0, values[places], np.nan)
    return Carried(int(np.count_nonzero(places >= 0)), len(before), len(spores))


def _rows(recorded: RecordedImage) -> pd.DataFrame | None:
    """Return the rows of an image as text; None where they are not those that were written."""
    content = recorded.rows()
    if not content:
        return None
    rows = _as_text(content)
    return rows if set(rows.columns) >= {*_SHAPE, *_CARRIED} else None


def _as_text(content: bytes) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)


def _keys(rows: pd.DataFrame) -> list[tuple[str, ...]]:
    return list(zip(*(rows[name].tolist() for name in _SHAPE), strict=True))


def _circle(facts: Mapping[str, Any]) -> Circle | None:
    numbers = [facts.get(name) for name in ("field_centre_y", "field_centre_x", "field_radius")]
    y, x, radius = (float(number) if isinstance(number, int | float) else math.nan for number in numbers)
    if not math.isfinite(y + x + radius):
        return None
    return Circle(y, x, radius) if 0 < radius < 1e9 else None
