"""A picture as a packaged network sees it at several scales, and the spores of which it is sure at each."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sporemetry.instances import LabelArray, keep_labels, label_components
from sporemetry.model import ModelPackage, load_network, picture_logits
from sporemetry.model.evaluation import field_box, resample, working_size
from sporemetry.model.likeness import brightness
from sporemetry.segmentation.decoders import sigmoid
from sporemetry.segmentation.model_settings import ModelSettings
from sporemetry.segmentation.scale import median_length
from sporemetry.segmentation.seam import MaskArray, Pixels

SetOut = Callable[[LabelArray, NDArray[np.float32], NDArray[np.float32], MaskArray, float], LabelArray]
"""Labels with their outlines set out, from labels, probability, brightness, field and spore length."""
SMALLEST = 9
"""Pixels of the smallest thing that can be a spore."""
_SURE = 0.8  # mean probability of spores whose length is taken for an estimate


class Looks:
    """One picture, looked at at several scales; the last look is kept, since it is often the one wanted.

    Parameters
    ----------
    package : ModelPackage
    model : ModelSettings
        How the network runs.
    pixels : (H, W, 3) uint8 or uint16 array
    field_mask : (H, W) bool array
        Nowhere: there is nothing to look at, and ``shape`` is (0, 0).
    set_out : SetOut
        How outlines of confident spores are set out before their length is taken.
    """

    def __init__(
        self,
        package: ModelPackage,
        model: ModelSettings,
        pixels: Pixels,
        field_mask: MaskArray,
        set_out: SetOut,
    ) -> None:
        self._package = package
        self._model = model
        self._set_out = set_out
        self._pixels = pixels
        self._field = field_mask
        box = field_box(field_mask)
        self._box = box or (slice(0, 0), slice(0, 0))
        self.shape = field_mask[self._box].shape
        self._last: tuple[float, NDArray[np.float32]] | None = None

    def logits(self, factor: float) -> NDArray[np.float32]:
        """Return the logits (K, H, W) of the picture, looked at at ``factor``."""
        if self._last is None or self._last[0] != factor:
            network = load_network(self._package, device=self._model.device, precision=self._model.precision)
            logits = picture_logits(
                network,
                self._package.card,
                self._pixels,
                self._field,
                factor=factor,
                turns=self._model.turns,
            )
            self._last = (factor, logits)
        return self._last[1]

    def confident_labels(self, factor: float) -> LabelArray:
        """Return labels, at the scale ``factor``, of spores inside the field of which the network is sure."""
        if not min(self.shape):
            return np.zeros(self.shape, dtype=np.int32)
        size = working_size(self.shape, factor)
        probability = resample(sigmoid(self.logits(factor)[0][self._box]), size)
        inside = resample(self._field[self._box].astype(np.float32), size) > 0.5
        labels = label_components((probability >= self._package.card.threshold) & inside)
        whole = np.ones(int(labels.max()) + 1, dtype=np.bool_)
        for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
            whole[side] = False
        places = np.flatnonzero(labels != 0)
        numbers = labels.ravel()[places]
        sizes = np.bincount(numbers, minlength=len(whole))
        sums = np.bincount(numbers, weights=probability.ravel()[places], minlength=len(whole))
        keep = whole & (sizes >= SMALLEST) & (sums >= _SURE * sizes)
        keep[0] = False
        labels = keep_labels(labels, keep)
        length = median_length(labels)
        if length is None:
            return labels
        grey = resample(brightness(self._pixels)[self._box], size)
        return self._set_out(labels, probability, grey, inside, length)
