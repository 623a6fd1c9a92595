"""A packaged network as a bioimage.io package: a zip file that other programs of that collection open.

The package holds the network's file as it is, a description (``rdf.yaml``, format 0.5), a test picture with
the logits that it must give, and a page of text. Source: https://github.com/bioimage-io/spec-bioimage-io.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import SettingsError
from sporemetry.model.graph import INPUT_NAME, OUTPUT_NAME
from sporemetry.model.normalization import normalise
from sporemetry.model.package import ModelPackage
from sporemetry.model.runtime import load_network

_FORMAT = "0.5.3"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # of every entry, so that the same network gives the same bytes
_PAPER = {
    "text": (
        "Zhao, Lin, Liu, Hu, Li, Bai: Constrained-Focal-Loss Based Deep Learning for Segmentation of Spores. "
        "IEEE Access, 2019"
    ),
    "doi": "10.1109/ACCESS.2019.2953085",
}
_LEFT_OVER = 64
_ALLOWED_NAME = re.compile(r"[^\w\- ()]")


def encode_bioimageio(package: ModelPackage, *, authors: Sequence[str], licence: str, opset: int) -> bytes:
    """Return a bioimage.io package.

    Parameters
    ----------
    package : ModelPackage
    authors : sequence of str
        Names; at least one.
    licence : str
        Of the network, an SPDX name such as ``CC-BY-4.0``.
    opset : int
        Version of the network's operators.

    Raises
    ------
    SettingsError
        Without an author or licence.
    """
    if not authors or not all(name.strip() for name in authors):
        raise SettingsError("--author", expected="at least one name", found="none")
    if not licence:
        raise SettingsError("--licence", expected="an SPDX name, for instance CC-BY-4.0", found="none")
    pixels = _test_picture(package)
    made = pixels
    if package.card.normalization.kind == "fixed":  # which the description does, as preprocessing
        values = pixels[0].transpose(1, 2, 0)
        made = normalise(values, np.ones(values.shape[:2], dtype=np.bool_), package.card.normalization)
    logits = load_network(package).logits(made)[None]
    files = {
        "weights.onnx": package.onnx,
        "test_input.npy": _npy(pixels),
        "test_output.npy": _npy(logits),
        "README.md": _text(package).encode(),
    }
    description = _description(package, files, authors=authors, licence=licence, opset=opset)
    # JSON is YAML too.
    files["rdf.yaml"] = (json.dumps(description, indent=1) + "\n").encode()
    return _zip(files)


def _description(
    package: ModelPackage, files: dict[str, bytes], *, authors: Sequence[str], licence: str, opset: int
) -> dict[str, object]:
    card = package.card

    def file(name: str) -> dict[str, str]:
        return {"source": name, "sha256": hashlib.sha256(files[name]).hexdigest()}

    return {
        "type": "model",
        "format_version": _FORMAT,
        "name": _ALLOWED_NAME.sub(" ", f"Sporemetry {card.name} {card.version}")[:128].strip(),
        "description": "Segmentation of fungal spores in bright-field microscope pictures.",
        "authors": [{"name": name} for name in authors],
        "cite": [_PAPER],
        "license": licence,
        "documentation": "README.md",
        "tags": ["spores", "fungi", "segmentation", "light-microscopy", "2d"],
        "inputs": [_input(package, file("test_input.npy"))],
        "outputs": [_output(package, file("test_output.npy"))],
        "weights": {"onnx": {**file("weights.onnx"), "opset_version": opset}},
    }


def _input(package: ModelPackage, test: dict[str, str]) -> dict[str, object]:
    card, stride = package.card, package.card.stride
    size = {"min": _least_side(package), "step": stride}
    made: dict[str, object] = {
        "id": INPUT_NAME,
        "axes": [
            {"type": "batch", "size": 1},
            {"type": "channel", "channel_names": ["red", "green", "blue"]},
            {"type": "space", "id": "y", "size": size},
            {"type": "space", "id": "x", "size": size},
        ],
        "data": {"type": "float32"},
        "test_tensor": test,
    }
    if card.normalization.kind == "fixed":
        numbers = {"mean": list(card.normalization.mean), "std": list(card.normalization.std)}
        step = {"id": "fixed_zero_mean_unit_variance", "kwargs": {"axis": "channel", **numbers}}
        made["preprocessing"] = [step]
    return made


def _output(package: ModelPackage, test: dict[str, str]) -> dict[str, object]:
    sizes = [{"tensor_id": INPUT_NAME, "axis_id": axis} for axis in "yx"]
    halo = {"halo": package.card.halo} if package.card.halo else {}  # there is none of 0 in the format
    return {
        "id": OUTPUT_NAME,
        "axes": [
            {"type": "batch", "size": 1},
            {"type": "channel", "channel_names": list(package.card.channels)},
            {"type": "space", "id": "y", "size": sizes[0], **halo},
            {"type": "space", "id": "x", "size": sizes[1], **halo},
        ],
        "data": {"type": "float32"},
        "test_tensor": test,
    }


def _least_side(package: ModelPackage) -> int:
    """Return the least height and width: programs cut the halo from each side, and something must be left."""
    card = package.card
    return -(-(2 * card.halo + _LEFT_OVER) // card.stride) * card.stride


def _test_picture(package: ModelPackage) -> NDArray[np.float32]:
    """Return an input of noise, the same each time: grey values where the description normalises them."""
    side = _least_side(package)
    noise = np.random.default_rng(0).normal(size=(1, 3, side, side)).astype(np.float32)
    return 128 + 32 * noise if package.card.normalization.kind == "fixed" else noise


def _text(package: ModelPackage) -> str:
    card = package.card
    floor, threshold = card.normalization.floor, card.threshold
    how = {
        "fixed": "(value - mean) / std of each channel, from grey values of 0 to 255, as in the description",
        "picture": (
            "(value - median) / spread of each channel of the whole picture, grey values of 0 to 255; the "
            f"spread is 1.4826 times the median distance from the median, at least {floor:g}"
        ),
        "light": ("(value / median - 1) / 0.25 of each channel, the median being that of the whole picture"),
    }[card.normalization.kind]
    sets = [
        f"- {each.name}: {each.pictures:,} pictures, {each.spores:,} spores; {each.authors}; {each.licence}"
        for each in card.training_data
    ]
    lengths = card.spore_length_px
    return "\n".join(
        [
            f"# {card.name}, version {card.version}",
            "",
            "Segments fungal spores in bright-field pictures. The network file is also a packaged network of "
            "Sporemetry: `sporemetry count PICTURES -o OUT --model weights.onnx`.",
            "",
            f"- Input: red, green and blue, normalised: {how}.",
            f"- Output: logits of {', '.join(card.channels)}; a pixel is spore where 1 / (1 + exp(-logit)) "
            f"is at least {threshold:g}.",
            f"- Spores {lengths.least:g} to {lengths.most:g} px long, best {lengths.median:g}; resample "
            "other pictures.",
            f"- Logits depend on pixels up to {card.halo} px away.",
            "",
            "## Trained on",
            "",
            *(sets or ["Not stated."]),
            "",
            "## Validation",
            "",
            *([f"- {name}: {value:g}" for name, value in card.metrics.items()] or ["Not stated."]),
            "",
        ]
    )


def _npy(array: NDArray[np.float32]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
