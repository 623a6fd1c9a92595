"""Sporemetry: counts, densities and sizes of fungal spores from microscope pictures.

The way of the data, one name for each form:

    file -> Image -> probability -> mask -> labels -> spores (a table) -> counts -> report

    read_image        file -> Image: H x W x 3 pixels of 8 or 16 bits, with µm per pixel where known
    find_field        pixels -> Field: the part of the picture that can be counted
    segmenter         a method by name: pixels -> mask -> labels (0 background, 1..n spores)
    measure           labels -> spores, one row a spore
    apply_edge_rule   labels -> which spores on the border count
    pool_counts       counts of replicate pictures -> total, spread, interval
    concentration     counts in a chamber -> spores per mL
    count_picture     all of these for one picture
    count_image       the same for pixels in memory
    run_folder        all of these for many, with tables, outlines and a report

>>> import numpy as np
>>> import sporemetry
>>> labels = np.zeros((40, 60), dtype=np.int32)
>>> labels[10:20, 10:40] = 1
>>> spores = sporemetry.measure(labels, um_per_px=0.5)
>>> [float(area) for area in spores["area_um2"]]
[75.0]
>>> low, high = sporemetry.poisson_interval(len(spores))
>>> print(f"{len(spores)} spore, {low:.3f} to {high:.2f}")
1 spore, 0.025 to 5.57

Names are imported when they are first used, so that ``import sporemetry`` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from sporemetry.counting import (
        CHAMBERS,
        apply_edge_rule,
        concentration,
        poisson_interval,
        pool_counts,
        size_string,
    )
    from sporemetry.errors import FileError, ImageReadError, SettingsError, SporemetryError
    from sporemetry.evaluation import (
        evaluate_boxes,
        evaluate_labels,
        evaluate_points,
        run_evaluation,
        summarise,
    )
    from sporemetry.field import Field, find_field
    from sporemetry.image import Image, ReadSettings, read_image
    from sporemetry.label_image import read_labels, write_labels
    from sporemetry.measurement import measure
    from sporemetry.pipeline import (
        CountingSettings,
        CountSettings,
        PictureSettings,
        count_image,
        count_picture,
        find_pictures,
        run_folder,
    )
    from sporemetry.segmentation import SegmentationSettings, segmenter

_HOMES = {
    "counting": (
        "CHAMBERS",
        "apply_edge_rule",
        "concentration",
        "poisson_interval",
        "pool_counts",
        "size_string",
    ),
    "errors": ("FileError", "ImageReadError", "SettingsError", "SporemetryError"),
    "evaluation": ("evaluate_boxes", "evaluate_labels", "evaluate_points", "run_evaluation", "summarise"),
    "field": ("Field", "find_field"),
    "image": ("Image", "ReadSettings", "read_image"),
    "label_image": ("read_labels", "write_labels"),
    "measurement": ("measure",),
    "pipeline": (
        "CountSettings",
        "CountingSettings",
        "PictureSettings",
        "count_image",
        "count_picture",
        "find_pictures",
        "run_folder",
    ),
    "segmentation": ("SegmentationSettings", "segmenter"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "CHAMBERS",
    "CountSettings",
    "CountingSettings",
    "Field",
    "FileError",
    "Image",
    "ImageReadError",
    "PictureSettings",
    "ReadSettings",
    "SegmentationSettings",
    "SettingsError",
    "SporemetryError",
    "__version__",
    "apply_edge_rule",
    "concentration",
    "count_image",
    "count_picture",
    "evaluate_boxes",
    "evaluate_labels",
    "evaluate_points",
    "find_field",
    "find_pictures",
    "measure",
    "poisson_interval",
    "pool_counts",
    "read_image",
    "read_labels",
    "run_evaluation",
    "run_folder",
    "segmenter",
    "size_string",
    "summarise",
    "write_labels",
]


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        return getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
