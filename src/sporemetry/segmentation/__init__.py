"""The seam between a picture and its spores: pixels -> mask, and mask -> labels, by a named method.

Everything behind this seam can be exchanged. The pipeline knows a method by :class:`Segmenter` alone: the
traditional ones, and a packaged network beside them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sporemetry.baselines import METHODS
from sporemetry.errors import SettingsError
from sporemetry.segmentation.decoders import DECODERS, Decoder
from sporemetry.segmentation.example import Example, ExamplePoint
from sporemetry.segmentation.model_settings import ModelSettings
from sporemetry.segmentation.network import MODEL, ModelSegmenter, model_segmenter
from sporemetry.segmentation.scale import Scale
from sporemetry.segmentation.seam import Detections, Segmentation, SegmentationSettings, Segmenter
from sporemetry.segmentation.sharing import all_agree, shared_scale
from sporemetry.segmentation.traditional import DEFAULT_LIMITS, TraditionalSegmenter, traditional_segmenter

__all__ = [
    "DECODERS",
    "DEFAULT_LIMITS",
    "MODEL",
    "SEGMENTERS",
    "Decoder",
    "Detections",
    "Example",
    "ExamplePoint",
    "ModelSegmenter",
    "ModelSettings",
    "Scale",
    "Segmentation",
    "SegmentationSettings",
    "Segmenter",
    "TraditionalSegmenter",
    "all_agree",
    "segmenter",
    "shared_scale",
]


def _traditional(name: str, settings: SegmentationSettings, model: ModelSettings) -> Segmenter:
    del model  # theirs alone
    return traditional_segmenter(METHODS[name], settings)


SEGMENTERS: dict[str, Callable[[SegmentationSettings, ModelSettings], Segmenter]] = {
    MODEL: model_segmenter,
    **{name: partial(_traditional, name) for name in METHODS},
}
"""How to make each method from its settings, by name."""


def segmenter(
    name: str, settings: SegmentationSettings | None = None, model: ModelSettings | None = None
) -> Segmenter:
    """Return the method of that name.

    Parameters
    ----------
    name : str
        A key of :data:`SEGMENTERS`.
    settings : SegmentationSettings, optional
        Sizes and shapes of spores.
    model : ModelSettings, optional
        Which network, and how it runs; for the method ``model``.

    Raises
    ------
    SettingsError
        When there is no method of that name, or no packaged network.
    ModelError
        When the network's file cannot be used.

    Examples
    --------
    >>> segmenter("kmeans").title
    'K-means on colour and watershed'
    """
    if name not in SEGMENTERS:
        raise SettingsError("method", expected=f"one of {', '.join(SEGMENTERS)}", found=repr(name))
    return SEGMENTERS[name](settings or SegmentationSettings(), model or ModelSettings())
