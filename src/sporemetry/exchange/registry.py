"""Which formats there are, by the names that the command line knows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

from sporemetry.errors import SettingsError
from sporemetry.exchange.annotation import Importer, LabelledPicture
from sporemetry.exchange.cellpose import read_cellpose, write_cellpose
from sporemetry.exchange.coco import read_coco, write_coco
from sporemetry.exchange.cvat import read_cvat, write_cvat
from sporemetry.exchange.imagej import read_imagej, write_imagej
from sporemetry.exchange.labelme import read_labelme, write_labelme
from sporemetry.exchange.nnunet import write_nnunet
from sporemetry.exchange.qupath import read_qupath, write_qupath
from sporemetry.exchange.yolo import read_yolo, read_yolo_seg, write_yolo_seg

Exporter = Callable[[Path, Iterable[LabelledPicture]], list[Path]]
_Value = TypeVar("_Value")

IMPORTERS: Mapping[str, Importer] = {
    "coco": read_coco,
    "labelme": read_labelme,
    "cvat": read_cvat,
    "qupath": read_qupath,
    "imagej": read_imagej,
    "cellpose": read_cellpose,
    "yolo": read_yolo,
    "yolo-seg": read_yolo_seg,
}
EXPORTERS: Mapping[str, Exporter] = {
    "coco": write_coco,
    "nnunet": write_nnunet,
    "nnunet-border": partial(write_nnunet, border=True),
    "cellpose": write_cellpose,
    "yolo-seg": write_yolo_seg,
    "qupath": write_qupath,
    "imagej": write_imagej,
    "labelme": write_labelme,
    "cvat": write_cvat,
}


def find_importer(name: str) -> Importer:
    """Return the importer of that name.

    Raises
    ------
    SettingsError
        For an unknown name; it lists the choices.
    """
    return _find(IMPORTERS, name, "--from")


def find_exporter(name: str) -> Exporter:
    """Return the exporter of that name.

    Raises
    ------
    SettingsError
        For an unknown name; it lists the choices.
    """
    return _find(EXPORTERS, name, "--to")


def _find(choices: Mapping[str, _Value], name: str, option: str) -> _Value:
    if name not in choices:
        raise SettingsError(option, expected=f"one of {', '.join(choices)}", found=repr(name))
    return choices[name]
