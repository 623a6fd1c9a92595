"""The statistics of a set: hand-counted, on labels and boxes, with nothing in it, and on the real sets."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Rectangle
from PIL import Image
from typer.testing import CliRunner

from sporemetry.cli.app import app
from sporemetry.dataset.folder import open_dataset
from sporemetry.dataset.imbalance import (
    OUTPUT_NAMES,
    ImbalanceSettings,
    format_table,
    format_weights,
    imbalance_figure,
    measure_imbalance,
    write_imbalance,
)

GREY = np.full((10, 20, 3), 200, dtype=np.uint8)


def _labels() -> np.ndarray:
    """Three spores: 2 x 3 and 2 x 2 side by side, and one pixel 6 columns on."""
    labels = np.zeros((10, 20), dtype=np.uint16)
    labels[2:4, 2:5], labels[2:4, 5:7], labels[2, 13] = 1, 2, 5
    return labels


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "set"
    for folder in ("images", "labels", "ignore"):
        (root / folder).mkdir(parents=True)
    for name, labels in (("a_1", _labels()), ("a_2", np.zeros((10, 20), dtype=np.uint16))):
        Image.fromarray(GREY).save(root / f"images/{name}.png")
        Image.fromarray(labels).save(root / f"labels/{name}.png")
    ignore = np.zeros((10, 20), dtype=np.uint8)
    ignore[:, 12:] = 255
    Image.fromarray(ignore).save(root / "ignore/a_1.png")
    (root / "dataset.toml").write_text("um_per_px = 0.5\n")
    return root


def test_counted_by_hand(root: Path) -> None:
    result = measure_imbalance(open_dataset(root))
    assert result.pictures[["spores", "spore_px", "background_px", "ignored_px"]].to_numpy().tolist() == [
        [3, 11, 189, 80],
        [0, 0, 200, 0],
    ]
    assert result.ratio == result.ratio_all == pytest.approx(389 / 11)
    assert result.ratio_kept == pytest.approx((120 - 10 + 200) / 10)
    assert result.spores["label"].tolist() == [1, 2, 5]
    assert result.spores["area_px"].tolist() == [6, 4, 1]
    assert result.spores["area_um2"].tolist() == [1.5, 1.0, 0.25]
    assert result.spores["touches"].tolist() == [1, 1, 0]
    assert result.spores["gap_px"].tolist() == [0, 0, 6]
    np.testing.assert_allclose(result.spores["centre_px"], [2.5, 2.5, np.hypot(13 - 5.5, 0.5)])
    cross = result.rings[result.rings["shape"] == "cross"].set_index("radius_px")
    assert cross.loc[1, "ring_px"] == 5 * 2 + 2 * 2 + 4
    assert cross.loc[1, "of_spore"] == pytest.approx(18 / 11)
    cfl = result.weights[(result.weights["loss"] == "CFL") & (result.weights["beta"] == 2)]
    assert cfl["spore_weight"].item() == pytest.approx((389 / 11) ** 0.5)


def test_ignored_pixels_left_out(root: Path) -> None:
    result = measure_imbalance(open_dataset(root), ImbalanceSettings(leave_out_ignored=True))
    assert result.ratio == result.ratio_kept
    assert result.spores["label"].tolist() == [1, 2]
    assert result.pictures["spore_px"].tolist() == [10, 0]


def test_boxes_are_kept_apart_from_labels(root: Path) -> None:
    (root / "boxes").mkdir()
    Image.fromarray(GREY).save(root / "images/b_1.png")
    # Two boxes of 4 x 2 px that share 2 x 2.
    (root / "boxes/b_1.txt").write_text("0 0.2 0.3 0.2 0.2\n0 0.3 0.3 0.2 0.2\n")
    result = measure_imbalance(open_dataset(root))
    assert result.ratio == pytest.approx(389 / 11)
    assert result.box_ratio == pytest.approx((200 - 12) / 12)
    boxes = result.spores[result.spores["picture"] == "b_1"]
    np.testing.assert_allclose(boxes["area_px"], [8, 8])
    np.testing.assert_allclose(boxes["centre_px"], [2, 2])
    assert boxes["gap_px"].isna().all()
    assert "boxes only" in result.notes[0]
    table = dict(format_table(result))
    assert table["by boxes: px outside a px inside, pooled"] == "15.67"
    assert table["n_b / n_o, pooled"] == "35.36"
    areas, _, ratios = imbalance_figure(result).axes[:3]
    assert (
        sum(bar.get_height() for bar in areas.patches if isinstance(bar, Rectangle)) == 3
    )  # the outlines only
    assert "35.4 pooled" in ratios.get_title(loc="left")


def test_nothing_in_it(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    result = measure_imbalance(open_dataset(tmp_path))
    assert (result.ratio, len(result.pictures), len(result.spores), len(result.weights)) == (None, 0, 0, 0)
    assert dict(format_table(result))["pictures"] == "none"
    assert "nothing to count" in result.notes[0]
    assert len(format_weights(result)) == 1
    assert len(write_imbalance(result, tmp_path)) == len(OUTPUT_NAMES)


def test_pictures_without_spores(root: Path) -> None:
    (root / "images/a_1.png").unlink()
    result = measure_imbalance(open_dataset(root))
    assert result.ratio is None
    assert result.weights.empty
    assert result.to_dict()["pictures"][0]["ratio"] is None
    assert "no spore" in result.notes[0]
    assert imbalance_figure(result).axes[0].get_title(loc="left") == "Area"
    assert dict(format_table(result))["n_b / n_o, pooled"] == "–"


def test_a_bad_file_is_named_and_the_rest_is_counted(root: Path) -> None:
    (root / "labels/a_2.png").write_bytes(b"no picture")
    Image.fromarray(GREY).save(root / "images/c_1.png")
    result = measure_imbalance(open_dataset(root))
    assert [failure.path.name for failure in result.failures] == ["a_2.png"]
    assert result.unlabelled == ("c_1",)
    assert len(result.pictures) == 1


def test_files_are_complete_and_the_same_each_time(root: Path, tmp_path: Path) -> None:
    result = measure_imbalance(open_dataset(root))
    contents = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        contents.append([path.read_bytes() for path in write_imbalance(result, tmp_path / name)])
    assert contents[0] == contents[1]
    stated = json.loads((tmp_path / "one/stats.json").read_text())
    assert stated["ratio"] == pytest.approx(389 / 11)
    assert len(pd.read_csv(tmp_path / "one/spores.csv")) == 3
    assert Image.open(tmp_path / "one/stats.png").size == (1753, 1240)
    assert (tmp_path / "one/stats.pdf").read_bytes().count(b"/Type /Page ") == 1


def test_the_command(root: Path, tmp_path: Path) -> None:
    run = CliRunner().invoke(app, ["dataset", "stats", str(root), "-o", str(tmp_path / "out")])
    assert run.exit_code == 0, run.output
    assert "35.36" in run.output
    assert all((tmp_path / "out" / name).stat().st_size for name in OUTPUT_NAMES)
    run = CliRunner().invoke(app, ["dataset", "stats", str(root), "--json", "--quiet"])
    assert json.loads(run.stdout)["ratio"] == pytest.approx(389 / 11)
    (root / "labels/a_2.png").write_bytes(b"no picture")
    assert CliRunner().invoke(app, ["dataset", "stats", str(root)]).exit_code == 3


@pytest.mark.real
def test_real_sets_agree_with_independent_counts(real_data: Path) -> None:
    """The figures were counted with another program on the same label files."""
    found = {name: measure_imbalance(open_dataset(real_data / name)) for name in ("anthracnose", "nosema")}
    assert found["anthracnose"].ratio == pytest.approx(172.71, abs=0.005)
    assert found["nosema"].ratio == pytest.approx(187.64, abs=0.005)
    assert [len(each.spores) for each in found.values()] == [103, 848]
    own = found["anthracnose"].pictures.set_index("picture").loc[["1", "10"]]
    assert own["background_px"].sum() / own["spore_px"].sum() == pytest.approx(122.99, abs=0.005)


def test_left_out_part_of_a_spore_is_a_border(tmp_path: Path) -> None:
    for folder in ("images", "labels", "ignore"):
        (tmp_path / folder).mkdir()
    labels = np.zeros((10, 20), dtype=np.uint16)
    labels[2:9, 2:9], labels[2:9, 12:18] = 1, 2
    ignore = np.zeros((10, 20), dtype=np.uint8)
    ignore[:, 6:9] = 255
    Image.fromarray(GREY).save(tmp_path / "images/a.png")
    Image.fromarray(labels).save(tmp_path / "labels/a.png")
    Image.fromarray(ignore).save(tmp_path / "ignore/a.png")
    whole, part = (
        measure_imbalance(open_dataset(tmp_path), ImbalanceSettings(leave_out_ignored=left_out)).spores
        for left_out in (False, True)
    )
    assert whole["gap_px"].tolist() == [3, 3]
    assert part["gap_px"].tolist() == [6, 6]
    assert part["area_px"].tolist() == [28, 42]


def test_names_are_no_formulas(root: Path, tmp_path: Path) -> None:
    (root / "dataset.toml").write_text('name = "$\\\\frac$"\n')
    for folder in ("images", "labels"):
        (root / folder / "a_1.png").rename(root / folder / "$x_{$.png")
    result = measure_imbalance(open_dataset(root))
    assert result.name == "$\\frac$"
    assert write_imbalance(result, tmp_path)[-2].stat().st_size
