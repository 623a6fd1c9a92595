"""Each kind of mistake is found, named by file, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from sporemetry.cli.app import app
from sporemetry.dataset.checking import FINDING_COLUMNS, KINDS, CheckReport, CheckSettings, check_dataset
from sporemetry.dataset.folder import open_dataset
from sporemetry.dataset.split import Split
from sporemetry.dataset.split_file import write_split
from sporemetry.dataset.synthesize import synthesize
from sporemetry.errors import SettingsError

SHAPE = (60, 80)


def _labels(value: int = 1) -> np.ndarray:
    labels = np.zeros(SHAPE, dtype=np.uint16)
    labels[5:15, 5:15] = value
    labels[30:40, 50:60] = value + 1
    return labels


def _add(root: Path, name: str, labels: np.ndarray | None = None, seed: int | None = None) -> None:
    for folder in ("images", "labels"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(len(name) * 1000 + sum(map(ord, name)) if seed is None else seed)
    coarse = rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize(SHAPE[::-1], Image.Resampling.BICUBIC).save(root / f"images/{name}.png")
    if labels is not None:
        Image.fromarray(labels).save(root / f"labels/{name}.png")


def _check(root: Path, min_area_px: int = 12) -> CheckReport:
    return check_dataset(open_dataset(root), settings=CheckSettings(min_area_px=min_area_px))


def _found(report: CheckReport) -> list[tuple[str, str]]:
    return [(each.kind, each.file.as_posix()) for each in report.findings]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    _add(tmp_path, "a_1", _labels())
    _add(tmp_path, "b_1", _labels())
    return tmp_path


def test_a_sound_set_has_no_findings(root: Path) -> None:
    one_spore = (_labels() == 1).astype(np.uint16)
    _add(root, "c_1", one_spore)
    _add(root, "d_1", np.zeros(SHAPE, dtype=np.uint16))
    report = _check(root)
    assert report.findings == ()
    assert (report.pictures, report.spores) == (4, 5)
    assert list(report.to_frame().columns) == list(FINDING_COLUMNS)


def test_pairs(root: Path) -> None:
    _add(root, "c_1")
    Image.fromarray(_labels()).save(root / "labels/gone_1.png")
    Image.fromarray(_labels()).save(root / "labels/a_1_labels.tif")
    assert _found(_check(root)) == [
        ("no-labels", "images/c_1.png"),
        ("no-picture", "labels/gone_1.png"),
        ("double", "labels/a_1_labels.tif"),
    ]


def test_sizes(root: Path) -> None:
    _add(root, "c_1", _labels().T.copy())
    (root / "ignore").mkdir()
    Image.fromarray(np.zeros((5, 6), dtype=np.uint8)).save(root / "ignore/a_1.png")
    report = _check(root)
    assert _found(report) == [("size-mismatch", "ignore/a_1.png"), ("size-mismatch", "labels/c_1.png")]
    assert "60 x 80, its picture 80 x 60" in report.findings[1].found
    assert "Turn" in report.findings[1].remedy
    assert len(report.errors) == 2


@pytest.mark.parametrize("value", [1, 255])
def test_masks(root: Path, value: int) -> None:
    _add(root, "c_1", (_labels() > 0).astype(np.uint8) * value)
    (finding,) = _check(root).findings
    assert (finding.kind, finding.severity) == ("mask-as-ids", "warning")
    assert f"0 and {value}" in finding.found


def test_broken_and_small_spores(root: Path) -> None:
    labels = _labels()
    labels[50, 70] = 1
    labels[55, 3:6] = 7
    _add(root, "c_1", labels)
    broken, small = _check(root).findings
    assert (broken.kind, broken.ids) == ("broken-spore", (1,))
    assert "100, 1 px" in broken.found
    assert (small.kind, small.ids) == ("small-spore", (7,))
    assert _found(_check(root, min_area_px=3)) == [("broken-spore", "labels/c_1.png")]


def test_values_out_of_range_and_bad_files_do_not_end_the_check(root: Path) -> None:
    Image.fromarray(_labels().astype(np.float32) + 0.5).save(root / "labels/a_1.tif")
    (root / "labels/a_1.png").unlink()
    (root / "images/b_1.png").write_bytes((root / "images/b_1.png").read_bytes()[:300])
    (root / "boxes").mkdir()
    _add(root, "c_1", np.full(SHAPE, 4, dtype=np.uint16))
    (root / "boxes/c_1.txt").write_text("0 1.5 0.5 0.1 0.1\n")
    report = _check(root)
    assert _found(report) == [
        ("unreadable", "boxes/c_1.txt"),
        ("unreadable", "images/b_1.png"),
        ("unreadable", "labels/a_1.tif"),
        ("no-background", "labels/c_1.png"),
    ]
    assert "fractions" in report.findings[2].found


def test_copies_within_and_across_a_split(root: Path) -> None:
    pixels = np.asarray(Image.open(root / "images/a_1.png"))
    Image.fromarray(np.ascontiguousarray(pixels[::-1])).save(root / "images/c_1.jpg", quality=80)
    Image.fromarray(_labels()).save(root / "labels/c_1.png")
    (finding,) = _check(root).findings
    assert (finding.kind, finding.severity) == ("near-duplicate", "warning")
    assert {finding.file.name, finding.other.name if finding.other else ""} == {"a_1.png", "c_1.jpg"}
    groups = {name: name for name in ("a_1", "b_1", "c_1")}
    split = Split(parts={"a_1": "train", "b_1": "train", "c_1": "test"}, groups=groups)
    (finding,) = check_dataset(open_dataset(root), split=split).errors
    assert "in the parts train and test" in finding.found


def test_parted_groups(root: Path) -> None:
    (root / "dataset.toml").write_text('[groups]\n"*_1" = "one"\n')
    split = Split(parts={"a_1": "train", "b_1": "test"}, groups={"a_1": "a", "b_1": "b"})
    (finding,) = check_dataset(open_dataset(root), split=split).findings
    assert finding.kind == "parted-group"
    assert "the group one is in the parts test, train" in finding.found


def test_every_kind_is_explained() -> None:
    assert all(KINDS.values())
    with pytest.raises(SettingsError, match="0 or more"):
        CheckSettings(min_area_px=-1)


def test_the_command_ends_with_3_on_findings_and_writes_the_table(root: Path, tmp_path: Path) -> None:
    run = CliRunner().invoke(app, ["dataset", "check", str(root)])
    assert run.exit_code == 0, run.output
    _add(root, "c_1", seed=5)
    write_split(root / "split.csv", Split(parts={"a_1": "train"}, groups={"a_1": "a"}))
    table = tmp_path / "findings.csv"
    arguments = ["dataset", "check", str(root), "-o", str(table), "--split", str(root / "split.csv")]
    run = CliRunner().invoke(app, arguments)
    assert run.exit_code == 3
    assert "no-labels images/c_1.png" in run.output
    assert table.read_text().splitlines()[1].startswith("no-labels,warning,images/c_1.png,,,")


def test_renders_are_sound(tmp_path: Path) -> None:
    synthesize("nosema", tmp_path / "bench", pictures=6, seed=4)
    assert _check(tmp_path / "bench", min_area_px=1).findings == ()


@pytest.mark.real
@pytest.mark.parametrize("name", ["anthracnose", "nosema", "rice_blast", "dic_fungal"])
def test_the_real_sets_are_sound(real_data: Path, name: str) -> None:
    assert _found(check_dataset(open_dataset(real_data / name))) == []
