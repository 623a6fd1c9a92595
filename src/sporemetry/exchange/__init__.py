"""Other programs' formats, one module each, from and to label pictures.

    COCO, LabelMe, CVAT, QuPath, ImageJ ROI, Cellpose, YOLO -> Annotation(labels | boxes)
    LabelledPicture -> COCO, nnU-Net, Cellpose, YOLO-seg, QuPath, ImageJ ROI, LabelMe, CVAT

:mod:`~sporemetry.exchange.registry` lists them by name.

Outlines follow pixel edges (:mod:`~sporemetry.exchange.outlines`), so that areas are equal to the
pixel and what is written reads back as it was.
"""

from __future__ import annotations
