"""Whether chamber and scale tell of the same area, image by image; if not, the report says both results."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from sporemetry.counting import AreaAgreement, compare_areas
from sporemetry.pipeline.settings import CountingSettings
from sporemetry.pipeline.stated import NOTHING_STATED, Stated, chamber_stated, counting_settings_of
from sporemetry.pipeline.volume import chamber_depth_mm, squares_area_mm2
from sporemetry.report import Caution
from sporemetry.report.formatting import number_text, plural


@dataclass(frozen=True, slots=True)
class Disagreement:
    """The images of which chamber and scale disagree, by name."""

    images: Mapping[str, AreaAgreement]

    def notes(self) -> dict[str, str]:
        """Return what is said beside each of the images."""
        return {
            name: f"Chamber and scale disagree: {_both(found)}; so {_concentrations(found)}"
            for name, found in self.images.items()
        }


def find_disagreement(
    summary: pd.DataFrame, settings: CountingSettings, stated: Mapping[str, Stated]
) -> Disagreement:
    """Compare, for each image of which both are known, the squares' area with the field's.

    Parameters
    ----------
    summary : DataFrame
        With ``image``, ``counted`` and ``field_area_mm2``.
    settings : CountingSettings
        The chamber and its squares.
    stated : mapping of str to Stated
        What a sample sheet states, by image.
    """
    found: dict[str, AreaAgreement] = {}
    columns = (summary["image"], summary["counted"], pd.to_numeric(summary["field_area_mm2"]))
    for image, counted, area in zip(*columns, strict=True):
        own = counting_settings_of(settings, chamber_stated(stated.get(image, NOTHING_STATED)))
        squares, depth = squares_area_mm2(own), chamber_depth_mm(own)
        if squares is None or depth is None or math.isnan(area):
            continue
        compared = compare_areas(
            int(counted),
            squares_area_mm2=squares,
            field_area_mm2=float(area),
            depth_mm=depth,
            dilution=own.dilution,
        )
        if compared.differs:
            found[str(image)] = compared
    return Disagreement(found)


def disagreement_caution(found: Disagreement) -> Caution | None:
    """Return the warning, with both concentrations of the image that is furthest apart; None without any."""
    if not found.images:
        return None
    worst, most = max(found.images.items(), key=lambda item: (item[1].per_ml_by_squares > 0, item[1].factor))
    several = f"; furthest apart in {worst}" if len(found.images) > 1 else ""
    return Caution(
        "caution",
        f"Chamber and scale disagree in {plural(len(found.images), 'picture')}: "
        f"{_concentrations(most)}{several}; the tables go by the squares",
        "The squares that were named and the field by its scale are of different size: "
        f"{_both(most)}, a factor of {number_text(most.factor)}. One of them is wrong, and the "
        "concentrations with it, which go by the squares. Check --square and --squares (which squares a "
        "picture shows, and how many), and the scale (the objective, and whether the picture was made "
        "smaller after it was taken). If a picture shows no whole squares, leave them out: its area then "
        "follows from the scale.",
        tuple(found.images),
    )


def _both(found: AreaAgreement) -> str:
    return (
        f"{number_text(found.squares_area_mm2)} mm² by the squares, "
        f"{number_text(found.field_area_mm2)} mm² by the scale"
    )


def _concentrations(found: AreaAgreement) -> str:
    return (
        f"{number_text(found.per_ml_by_squares)} spores per mL by the squares, "
        f"{number_text(found.per_ml_by_field)} by the scale"
    )
