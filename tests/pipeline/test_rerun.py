"""What makes a rerun count anew: another network, wherever its file lies."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
from tests.model.networks import noise, write_dark

from sporemetry.pipeline import CountSettings, PictureSettings, find_pictures, run_folder
from sporemetry.pipeline.picture import work_of
from sporemetry.segmentation import ModelSettings


def test_another_network_counts_anew_and_the_same_one_elsewhere_does_not(tmp_path: Path) -> None:
    pictures, output = tmp_path / "pictures", tmp_path / "out"
    pictures.mkdir()
    cv2.imwrite(str(pictures / "a.png"), noise((64, 80)))

    def worked(network: Path) -> int:
        model = ModelSettings(model_file=str(network), spore_length_px=32.0)
        settings = CountSettings(picture=PictureSettings(method="model", model=model))
        return run_folder(find_pictures([pictures]), output, settings, verb="count").worked

    network = write_dark(tmp_path, "one.onnx", seed=0)
    assert worked(network) == 1
    assert worked(network) == 0
    assert worked(Path(shutil.copy(network, tmp_path / "moved.onnx"))) == 0
    write_dark(tmp_path, "one.onnx", seed=1)
    assert worked(network) == 1


def test_work_names_the_method_with_its_revision() -> None:
    assert '"method": "otsu' in work_of(PictureSettings(method="otsu"), verb="count")
    assert work_of(PictureSettings(method="otsu"), verb="count").count('"method"') == 1
    assert '"method": "otsu"' not in work_of(PictureSettings(method="otsu"), verb="count")
