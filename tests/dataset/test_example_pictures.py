"""The shipped pictures: made by the renderer, small, readable, and true to their labels."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = Path(__file__).resolve().parents[2] / "examples" / "make_examples.py"
    spec = importlib.util.spec_from_file_location("make_examples", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def files(script: ModuleType) -> dict[str, bytes]:
    made: dict[str, bytes] = script.make_files()
    return made


def test_shipped_files_are_what_the_renderer_makes(
    script: ModuleType, files: dict[str, bytes], repository: Path
) -> None:
    assert script.find_differences(files, repository / "examples") == []


def test_the_check_finds_what_differs(
    script: ModuleType, files: dict[str, bytes], repository: Path, tmp_path: Path
) -> None:
    for part in ("pictures", "truth"):
        shutil.copytree(repository / "examples" / part, tmp_path / part)
    (tmp_path / "pictures" / "stray_1.png").write_bytes(b"")
    (tmp_path / "pictures" / "nosema_hive4_1.tif").unlink()
    labels = tmp_path / "truth" / "labels" / "nosema_hive4_2.png"
    changed = np.array(Image.open(labels))
    changed[0, 0] += 1
    Image.fromarray(changed).save(labels)
    jpeg = tmp_path / "pictures" / "anthracnose_leaf3_1.jpg"
    Image.open(tmp_path / "pictures" / "anthracnose_leaf3_2.jpg").save(jpeg)
    found = {line.split(":")[0] for line in script.find_differences(files, tmp_path)}
    assert found == {
        "pictures/stray_1.png",
        "pictures/nosema_hive4_1.tif",
        "truth/labels/nosema_hive4_2.png",
        "pictures/anthracnose_leaf3_1.jpg",
    }


def test_they_are_small(repository: Path) -> None:
    shipped = [
        *(repository / "examples" / "pictures").rglob("*"),
        *(repository / "examples" / "truth").rglob("*"),
    ]
    assert sum(path.stat().st_size for path in shipped if path.is_file()) < 2_500_000


def test_tiff_states_its_scale_and_jpeg_none(repository: Path) -> None:
    pictures = repository / "examples" / "pictures"
    for path in sorted(pictures.glob("*.tif")):
        with tifffile.TiffFile(path) as tiff:
            assert tiff.is_imagej
            assert tiff.imagej_metadata is not None
            assert tiff.imagej_metadata["unit"] == "um"
            assert tiff.series[0].axes == "YX"
            pixels, um = tiff.pages.first.tags["XResolution"].value
            assert um / pixels == pytest.approx(0.255, rel=1e-6)
    for path in sorted(pictures.glob("*.jpg")):
        with Image.open(path) as picture:
            assert not picture.getexif()
            assert "dpi" not in picture.info


def test_labels_and_table_agree(repository: Path) -> None:
    examples = repository / "examples"
    table = pd.read_csv(examples / "truth" / "spores.csv")
    for path in sorted((examples / "pictures").iterdir()):
        with (
            Image.open(path) as picture,
            Image.open(examples / "truth" / "labels" / f"{path.stem}.png") as truth,
        ):
            labels = np.asarray(truth)
            assert labels.shape == (picture.height, picture.width)
        rows = table[table["image"] == path.name]
        assert rows["area_px"].tolist() == np.bincount(labels.ravel())[1:].tolist()
    assert not (table["image"] == "blank_slide_1.png").any()
