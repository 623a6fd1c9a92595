"""What the scores of a picture and of a set are: what was counted, adding up, and its measures."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

from sporemetry.evaluation.boundaries import BoundaryTally
from sporemetry.evaluation.counts import CountAgreement
from sporemetry.evaluation.detections import DetectionTally
from sporemetry.evaluation.instances import InstanceTally
from sporemetry.evaluation.pixels import Confusion
from sporemetry.evaluation.ratios import Spread
from sporemetry.evaluation.settings import EvaluationSettings


@dataclass(frozen=True)
class LabelScores:
    """Everything counted with labels as truth, of one picture or of several; they add up."""

    pixels: Confusion
    boundary: BoundaryTally
    spores: InstanceTally
    kind: ClassVar[Literal["labels"]] = "labels"

    def __add__(self, other: LabelScores) -> LabelScores:
        """Pool two pictures."""
        return LabelScores(
            self.pixels + other.pixels, self.boundary + other.boundary, self.spores + other.spores
        )

    def measures(self) -> dict[str, float]:
        """Return every measure by name; NaN where it is undefined."""
        return {
            "mean_iou": self.pixels.mean_iou,
            "spore_iou": self.pixels.spore_iou,
            "dice": self.pixels.dice,
            "boundary_precision": self.boundary.precision,
            "boundary_recall": self.boundary.recall,
            "boundary_f1": self.boundary.f1,
            "precision": self.spores.precision,
            "recall": self.spores.recall,
            "f1": self.spores.f1,
            "mean_f1": self.spores.mean_f1,
            "segmentation_quality": self.spores.segmentation_quality,
            "panoptic_quality": self.spores.panoptic_quality,
        }

    def numbers(self) -> dict[str, int]:
        """Return the whole numbers behind the measures."""
        return {
            "matched": self.spores.matched,
            "merges": self.spores.merges,
            "splits": self.spores.splits,
            "dropped_predicted": self.spores.dropped_predicted,
            "dropped_true": self.spores.dropped_truth,
            "pixels_tp": self.pixels.tp,
            "pixels_fp": self.pixels.fp,
            "pixels_fn": self.pixels.fn,
            "pixels_tn": self.pixels.tn,
        }


@dataclass(frozen=True)
class DetectionScores:
    """Everything counted with boxes or points as truth, of one picture or of several; they add up."""

    spores: DetectionTally
    kind: Literal["boxes", "points"] = "boxes"

    def __add__(self, other: DetectionScores) -> DetectionScores:
        """Pool two pictures."""
        return DetectionScores(self.spores + other.spores, self.kind)

    def measures(self) -> dict[str, float]:
        """Return every measure by name; NaN where it is undefined."""
        return {"precision": self.spores.precision, "recall": self.spores.recall, "f1": self.spores.f1}

    def numbers(self) -> dict[str, int]:
        """Return the whole numbers behind the measures."""
        return {
            "matched": self.spores.matched,
            "dropped_predicted": self.spores.dropped_predicted,
            "dropped_true": self.spores.dropped_truth,
        }


@dataclass(frozen=True)
class PictureScores:
    """The scores of one picture.

    Attributes
    ----------
    found : LabelScores or DetectionScores
        What was counted; ``found.measures()`` are the scores.
    name : str
        The picture's name; empty when it came as arrays.
    notes : tuple of str
        What the user should know of how it was read.
    """

    found: LabelScores | DetectionScores
    name: str = ""
    notes: tuple[str, ...] = ()

    @property
    def predicted(self) -> int:
        """The predicted spores that count."""
        return self.found.spores.predicted

    @property
    def truth(self) -> int:
        """The true spores that count."""
        return self.found.spores.truth


@dataclass(frozen=True)
class SetScores:
    """The scores of a set of pictures.

    Attributes
    ----------
    pictures : tuple of PictureScores
        In the order given, one or more.
    pooled : LabelScores or DetectionScores
        Everything counted over the set; its ``measures()`` are the pooled ones, the paper's mean IoU
        among them.
    per_picture : dict of str to Spread
        Each measure's mean over the pictures and its scatter; a picture where it is undefined stays out.
    counts : CountAgreement
        Predicted against true counts.
    settings : EvaluationSettings
        How it was scored.
    notes : tuple of str
        Of the set, then of its pictures.
    """

    pictures: tuple[PictureScores, ...]
    pooled: LabelScores | DetectionScores
    per_picture: dict[str, Spread]
    counts: CountAgreement
    settings: EvaluationSettings
    notes: tuple[str, ...]

    @property
    def blank(self) -> int:
        """How many pictures have no true spore that counts."""
        return sum(picture.truth == 0 for picture in self.pictures)

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the single pictures as plain types for JSON; undefined is None."""
        report: dict[str, Any] = {
            "truth": self.pooled.kind,
            "pictures": len(self.pictures),
            "pictures_without_true_spore": self.blank,
            "settings": asdict(self.settings),
            "pooled": self.pooled.measures(),
            "pooled_numbers": self.pooled.numbers(),
            "per_picture": {name: asdict(value) for name, value in self.per_picture.items()},
            "counts": asdict(self.counts),
            "notes": list(self.notes),
        }
        if isinstance(self.pooled, LabelScores):
            pairs = zip(self.settings.sweep_ious, self.pooled.spores.sweep_f1, strict=True)
            report["pooled_f1_at_iou"] = {f"{iou:.2f}": value for iou, value in pairs}
        return {name: _plain(value) for name, value in report.items()}

    def table(self) -> list[dict[str, Any]]:
        """Return one row a picture: name, counts, measures, the numbers behind them; undefined is None."""
        return [_row(picture) for picture in self.pictures]


def _row(picture: PictureScores) -> dict[str, Any]:
    error = picture.predicted - picture.truth
    return {
        "image": picture.name,
        "predicted": picture.predicted,
        "true": picture.truth,
        "count_error": error,
        "count_relative_error": error / picture.truth if picture.truth else None,
        **{name: _plain(value) for name, value in picture.found.measures().items()},
        **picture.found.numbers(),
        "notes": "; ".join(picture.notes),
    }


def _plain(value: Any) -> Any:
    """Turn tuples into lists and NaN into None, all the way down."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and math.isnan(value) else value
