"""Several sets as one: scaled to one spore length, groups kept, gone on with."""

from __future__ import annotations

import statistics
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.training.training_runs import write_dataset
from typer.testing import CliRunner

from sporemetry.cli import app
from sporemetry.dataset.folder import open_dataset, read_item_ignore, read_item_labels
from sporemetry.dataset.merge import merge_datasets
from sporemetry.errors import SettingsError
from sporemetry.image import read_image
from sporemetry.measurement import measure


@pytest.fixture
def sets(tmp_path: Path) -> list[Path]:
    """Two sets, one of them twice as large and with boxes for one of its pictures."""
    small = write_dataset(tmp_path / "small", pictures=3)
    large = write_dataset(tmp_path / "large", pictures=3)
    for path in [*large.glob("images/*"), *large.glob("labels/*")]:
        array = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        flag = cv2.INTER_NEAREST_EXACT if path.parent.name == "labels" else cv2.INTER_LINEAR
        cv2.imwrite(str(path), cv2.resize(array, None, fx=2, fy=2, interpolation=flag))
    (large / "boxes").mkdir()
    (large / "labels" / "p0_1.png").unlink()
    (large / "boxes" / "p0_1.txt").write_text("0 0.5 0.5 0.19 0.11\n")
    (large / "images" / "p9_1.png").write_bytes((large / "images" / "p1_1.png").read_bytes())
    return [small, large]


def test_spores_have_one_length_afterwards(sets: list[Path], tmp_path: Path) -> None:
    done = merge_datasets(sets, tmp_path / "all", length_px=24)
    assert [each.name for each in done] == ["small", "large"]
    assert [each.pictures for each in done] == [3, 3]  # a picture with neither labels nor boxes is left out
    assert done[0].factor / done[1].factor == pytest.approx(2, rel=0.05)
    merged = open_dataset(tmp_path / "all")
    assert len(merged.items) == 6
    for name in ("small", "large"):
        items = [item for item in merged.items if item.name.startswith(f"{name}/")]
        lengths = [
            length
            for item in items
            for length in measure(read_item_labels(item).labels)["feret_diameter_max"]
        ]
        assert statistics.median(lengths) == pytest.approx(24, rel=0.06)
        for item in items:
            shape = read_item_labels(item).labels.shape
            assert read_image(item.image).pixels.shape[:2] == shape
            assert read_item_ignore(item, shape).any() == (item.name == "large/p0_1")
    assert {item.group for item in merged.items} == {
        f"{name}/p{number}" for name in ("small", "large") for number in range(3)
    }


def test_it_goes_on_where_it_was(sets: list[Path], tmp_path: Path) -> None:
    merge_datasets(sets, tmp_path / "all")
    before = {path: path.read_bytes() for path in (tmp_path / "all").rglob("*.png")}
    gone = tmp_path / "all" / "labels" / "small" / "p1_1.png"
    gone.unlink()
    told: list[tuple[int, int]] = []
    merge_datasets(sets, tmp_path / "all", on_progress=lambda done, total: told.append((done, total)))
    assert {path: path.read_bytes() for path in (tmp_path / "all").rglob("*.png")} == before
    assert told[-1] == (6, 6)


def test_another_merger_is_not_gone_on_with(sets: list[Path], tmp_path: Path) -> None:
    merge_datasets(sets, tmp_path / "all")
    with pytest.raises(SettingsError, match="another set"):
        merge_datasets(sets, tmp_path / "all", length_px=20)
    with pytest.raises(SettingsError, match="another set"):
        merge_datasets(sets[:1], tmp_path / "all")


def test_what_cannot_be_merged(sets: list[Path], tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="different names"):
        merge_datasets([sets[0], sets[0]], tmp_path / "all")
    with pytest.raises(SettingsError, match="above 4"):
        merge_datasets(sets, tmp_path / "all", length_px=float("nan"))
    blank = write_dataset(tmp_path / "blank", pictures=1)
    cv2.imwrite(str(blank / "labels" / "p0_1.png"), np.zeros((72, 96), np.uint8))
    with pytest.raises(SettingsError, match="spores in blank"):
        merge_datasets([blank], tmp_path / "all")


def test_from_the_command_line(sets: list[Path], tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["dataset", "merge", *map(str, sets), "-o", str(tmp_path / "all")])
    assert result.exit_code == 0, result.output
    assert "large: 3 pictures" in result.output
