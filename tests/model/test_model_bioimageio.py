"""bioimage.io packages, judged by that collection's own test where it is installed."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from tests.model.networks import card, dark_nodes, dark_package, graph_bytes

from sporemetry.errors import SettingsError
from sporemetry.model import ModelPackage, Normalization, load_network, pack_model, unpack_model
from sporemetry.model.bioimageio import encode_bioimageio


def encoded(package: ModelPackage) -> bytes:
    return encode_bioimageio(package, authors=["A. N. Author"], licence="CC-BY-4.0", opset=17)


def test_the_network_in_it_is_the_packaged_one_and_its_test_holds() -> None:
    package = dark_package()
    content = encoded(package)
    assert content == encoded(package)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.read("weights.onnx") == package.onnx
        pixels, logits = (
            np.load(io.BytesIO(archive.read(f"test_{name}.npy"))) for name in ("input", "output")
        )
        description = json.loads(archive.read("rdf.yaml"))
    assert np.array_equal(load_network(package).logits(pixels), logits[0])
    assert description["license"] == "CC-BY-4.0"
    assert "preprocessing" not in description["inputs"][0]


def test_authors_and_licence_are_asked_for() -> None:
    with pytest.raises(SettingsError, match="--author"):
        encode_bioimageio(dark_package(), authors=[], licence="MIT", opset=17)
    with pytest.raises(SettingsError, match="--licence"):
        encode_bioimageio(dark_package(), authors=["A"], licence="", opset=17)


def test_bioimageio_finds_it_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOIMAGEIO_CACHE_PATH", str(tmp_path / "cache"))
    from bioimageio.core import test_model as judge

    fixed = Normalization(kind="fixed", mean=(120.0, 121.0, 122.0), std=(30.0, 31.0, 32.0))
    package = unpack_model(pack_model(graph_bytes(*dark_nodes()), card(normalization=fixed)), Path("x"))
    for number, content in enumerate((encoded(dark_package()), encoded(package))):
        path = tmp_path / f"{number}.zip"
        path.write_bytes(content)
        summary = judge(path)
        wrong = [error.msg for detail in summary.details for error in detail.errors]
        assert summary.status in ("passed", "valid-format"), wrong
        assert summary.status == "passed", wrong
