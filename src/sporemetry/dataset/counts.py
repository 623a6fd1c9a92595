"""How many spores each picture of a data set holds by its labels or boxes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from sporemetry.dataset.folder import DatasetItem, read_item_labels
from sporemetry.exchange.yolo_boxes import read_boxes


def spore_counts(items: Iterable[DatasetItem]) -> dict[str, int]:
    """Return name -> number of spores; one label picture at a time is in memory.

    Of a picture with boxes only, its boxes are counted; without either it holds 0.

    Raises
    ------
    LabelReadError, ImageReadError
        When a label picture or box file cannot be read.
    """
    return {item.name: _count(item) for item in items}


def _count(item: DatasetItem) -> int:
    if item.labels is not None:
        labels = read_item_labels(item).labels
        return int(np.count_nonzero(np.unique(labels)))
    if item.boxes is not None:
        return len(read_boxes(item.boxes).classes)
    return 0
