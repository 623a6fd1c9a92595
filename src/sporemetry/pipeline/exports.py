"""What ``--export`` asks for: the spores of a picture as other programs open them, beside its labels."""

from __future__ import annotations

import io
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sporemetry.exchange.imagej import ROIS_SUFFIX, encode_rois
from sporemetry.exchange.qupath import ENDING, encode_geojson
from sporemetry.pipeline.record import Record, plain_sha256

# Columns of spores.csv and what QuPath shows them as.
_MEASURED = {
    "area": "Area px^2",
    "length_px": "Length px",
    "width_px": "Width px",
    "area_um2": "Area µm^2",
    "length_um": "Length µm",
    "width_um": "Width µm",
}


@dataclass(frozen=True, slots=True)
class Export:
    """One format: what its files end in, and how labels, the picture's name and spores.csv become one."""

    ending: str
    encode: Callable[[NDArray[np.int32], str, bytes], bytes]


def _fiji(labels: NDArray[np.int32], name: str, spores_csv: bytes) -> bytes:
    del name, spores_csv
    return encode_rois(labels)


def _qupath(labels: NDArray[np.int32], name: str, spores_csv: bytes) -> bytes:
    spores = pd.read_csv(io.BytesIO(spores_csv))
    columns = {key: spores[key].astype(float).tolist() for key in _MEASURED}
    measurements = {
        int(label): {_MEASURED[key]: values[row] for key, values in columns.items()}
        for row, label in enumerate(spores["label"].tolist())
    }
    return encode_geojson(labels, name, measurements)


EXPORTS: Mapping[str, Export] = {"fiji": Export(ROIS_SUFFIX, _fiji), "qupath": Export(ENDING, _qupath)}


def encode_exports(
    name: str,
    exports: Iterable[str],
    labels: NDArray[np.int32],
    spores_csv: bytes,
    without: Container[str] = (),
) -> dict[str, bytes]:
    """Return the exports of one image.

    Parameters
    ----------
    name : str
        What the image's outputs begin with.
    exports : iterable of str
        Keys of :data:`EXPORTS`; none give no file.
    labels : int32 array, H x W
        The spores; none give files without objects.
    spores_csv : bytes
        The image's rows of ``spores.csv``.
    without : container of str
        Files that are left out: those that a person changed.

    Returns
    -------
    dict of str to bytes
        File in the output folder to content.
    """
    return {
        file: EXPORTS[each].encode(labels, name, spores_csv)
        for each in exports
        if (file := export_file(name, each)) not in without
    }


def export_file(name: str, export: str) -> str:
    """Return the file of an export below the output folder."""
    return f"{name}{EXPORTS[export].ending}"


def exports_are_current(record: Record, output: Path, exports: Iterable[str]) -> bool:
    """Tell whether just these exports are recorded, and their files there, unchanged.

    Those that a person changed are not ours to write, and say nothing here.
    """
    recorded = record.exports
    if set(recorded) != {export_file(record.name, each) for each in exports} - set(record.edited):
        return False
    return all(_has(output / file, digest) for file, digest in recorded.items())


def _has(path: Path, digest: str) -> bool:
    try:
        return plain_sha256(path) == digest
    except OSError:
        return False
