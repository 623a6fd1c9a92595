"""Numbers that cannot be: refused with the option's name before anything is written."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sporemetry.errors import SettingsError, SporemetryError
from sporemetry.image import ReadSettings
from sporemetry.pipeline import CountingSettings, read_settings
from sporemetry.segmentation import ModelSettings, SegmentationSettings

SETTINGS: dict[str, type] = {
    "um_per_px": ReadSettings,
    "spore_length_px": ModelSettings,
    "spore_length_um": ModelSettings,
    "min_solidity": SegmentationSettings,
    "dilution": CountingSettings,
    "confidence": CountingSettings,
    "squares": CountingSettings,
    "depth_mm": CountingSettings,
    "square_area_mm2": CountingSettings,
}
WHOLE: dict[str, type] = {
    "page": ReadSettings,
    "max_pixels": ReadSettings,
    "min_area_px": SegmentationSettings,
    "max_area_px": SegmentationSettings,
}
WRONG: tuple[object, ...] = (
    1e308,
    1e-308,
    float("nan"),
    float("inf"),
    -float("inf"),
    -0.0,
    -1,
    10**400,
    "1",
    True,
    [1.0],
    {"a": 1},
)


@pytest.mark.parametrize("value", WRONG, ids=str)
@pytest.mark.parametrize("name", [*SETTINGS, *WHOLE])
def test_a_setting_that_cannot_be_is_refused_by_name(name: str, value: object) -> None:
    if name == "min_solidity" and value in (1e-308, -0.0):
        return  # a share of nothing is a share
    with pytest.raises(SettingsError) as refused:
        {**SETTINGS, **WHOLE}[name](**{name: value})
    option = (
        name if name == "min_solidity" else f"--{name.removesuffix('_px') if 'area_px' in name else name}"
    )
    assert refused.value.name.startswith(option.replace("_", "-") if option.startswith("--") else option)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("value", [0.9999999999999999, 1e-300, 0.3, 1])
def test_a_confidence_that_no_one_means_is_refused(value: float) -> None:
    with pytest.raises(SettingsError, match="--confidence"):
        CountingSettings(confidence=value)


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 100_000,
        "a" + ".a" * 100_000 + " = 1",
        "[picture]\nmethod = []",
        "[picture]\nexports = [[]]",
        "[picture.model]\ndevice = {}",
        "[counting]\nsample_by = 1979-05-27",
        "[counting]\ndilution = '10'",
        "[counting]\nchamber = ['neubauer']",
        "[picture]\nreading = 1",
        f"[picture.reading]\npage = {'9' * 5000}",
    ],
    ids=lambda text: text[:30],
)
def test_a_file_of_settings_that_makes_no_sense_gives_one_clear_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SporemetryError) as refused:
        read_settings(tmp_path / "s.toml")
    assert len(str(refused.value)) < 400
    assert "\n" not in str(refused.value)


def test_the_command_names_the_option_and_writes_nothing(tmp_path: Path) -> None:
    Image.fromarray(np.full((64, 80, 3), 200, dtype=np.uint8)).save(tmp_path / "a.png")
    for option, value in (("--dilution", "1e308"), ("--um-per-px", "1e-308"), ("--page", "1" + "0" * 30)):
        command = ["count", "a.png", "-o", "out", "-m", "otsu", option, value]
        done = subprocess.run(
            [sys.executable, "-m", "sporemetry", *command],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 2
        assert done.stderr.startswith(f"Error: {option}: expected ")
        assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
