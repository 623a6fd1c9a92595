"""From a mask to labels: which pixels belong to which spore, touching spores apart.

    mask -> fill_holes -> label_components -> cut at necks -> cut between notches -> filter_shapes -> labels

Labels are int32, 0 is background, spores are 1..n in the order of their first pixel, row by row, and
each is one component whose pixels meet at an edge or a corner.
"""

from sporemetry.instances.components import (
    LabelArray,
    MaskArray,
    fill_holes,
    keep_labels,
    label_components,
)
from sporemetry.instances.relief import fill_relief, is_relief
from sporemetry.instances.separation import Separation, separate_touching
from sporemetry.instances.shape import ShapeLimits, filter_shapes
from sporemetry.instances.widening import widen

__all__ = [
    "LabelArray",
    "MaskArray",
    "Separation",
    "ShapeLimits",
    "fill_holes",
    "fill_relief",
    "filter_shapes",
    "is_relief",
    "keep_labels",
    "label_components",
    "separate_touching",
    "widen",
]
