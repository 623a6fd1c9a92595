"""Images of one folder, size, scale and camera are looked at at one scale, whatever the run went through."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest
from tests.drawing import photograph, scattered
from tests.model.networks import write_dark
from tests.pipeline.counted import Command
from tests.pipeline.test_kill import tree
from tests.processes import start_interruptible

from sporemetry.model.evaluation import working_logits
from sporemetry.pipeline import CountSettings, PictureSettings, find_pictures, looks, run_folder
from sporemetry.pipeline.estimates import read_estimate
from sporemetry.pipeline.image_kinds import OWN_FOLDER, alike, spread
from sporemetry.pipeline.inputs import PictureTask
from sporemetry.pipeline.scale_plan import FIRST, MORE
from sporemetry.results_folder import ESTIMATE_ENDING, LOOK_ENDING
from sporemetry.segmentation import ModelSettings, Scale, shared_scale
from sporemetry.segmentation.sharing import AGREE_WITHIN, UNLIKE_FROM, rounded_length

SHAPE = (300, 420)


def draw(
    path: Path, length: float, *, spores: int = 6, seed: int = 0, shape: tuple[int, int] = SHAPE
) -> None:
    """Write an image of dark rods that the little network finds."""
    rods = scattered(shape, spores, length=length, width=length * 0.45, seed=seed)
    light = np.where(np.any(rods, axis=0), 90.0, 180.0) if spores else np.full(shape, 180.0)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), photograph(light, noise=3, seed=seed))


def slide(folder: Path, lengths: Sequence[float], *, first: int = 0) -> Path:
    """Fill a folder with images, one a length; 0 stands for one without spores."""
    for number, length in enumerate(lengths, first):
        draw(folder / f"s_{number:02d}.png", length or 30, spores=6 if length else 0, seed=number)
    return folder


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dark(tmp_path_factory.mktemp("network"))


def summary(output: Path) -> pd.DataFrame:
    return pd.read_csv(output / "summary.csv", index_col="image")


def scales(output: Path) -> list[dict[str, Any]]:
    manifest = json.loads((output / "manifest.json").read_bytes())
    found = manifest.get("scales", [])
    assert isinstance(found, list)
    return found


def estimated(output: Path) -> list[str]:
    return sorted(path.name for path in (output / ".sporemetry").glob(f"*{ESTIMATE_ENDING}"))


NEIGHBOURS = (50, 56, 60, 46, 58, 52, 48, 54)


def test_neighbours_are_looked_at_at_one_scale_and_most_are_not_asked(
    command: Command, network: Path, tmp_path: Path
) -> None:
    images, output = slide(tmp_path / "in", NEIGHBOURS), tmp_path / "out"
    code, said = command("count", images, "-o", output, "--model", network)
    assert code == 0
    lengths = summary(output)["spore_length_px"]
    assert lengths.nunique() == 1
    assert lengths.iloc[0] == pytest.approx(53, rel=0.2)
    assert (summary(output)["spores"] == 6).all()
    assert not summary(output)["own_scale"].any()
    assert FIRST <= len(estimated(output)) <= FIRST + MORE
    (group,) = scales(output)
    assert group["images"] == len(NEIGHBOURS)
    assert group["spore_length_px"] == pytest.approx(lengths.iloc[0])
    assert len(group["estimates"]) == len(estimated(output))
    assert "at one scale" in said
    assert "at one scale" in (output / "report.html").read_text(encoding="utf-8")

    apart = tmp_path / "apart"
    assert command("count", images, "-o", apart, "--model", network, "--own-scale")[0] == 0
    assert summary(apart)["spore_length_px"].nunique() > 1
    assert not scales(apart)
    assert not estimated(apart)


def test_one_image_alone_estimates_its_own(command: Command, network: Path, tmp_path: Path) -> None:
    images = slide(tmp_path / "in", NEIGHBOURS[:2])
    lengths = []
    for options in ((), ("--own-scale",)):
        output = tmp_path / f"out{len(options)}"
        assert command("count", images / "s_00.png", "-o", output, "--model", network, *options)[0] == 0
        assert not estimated(output)
        lengths.append(summary(output)["spore_length_px"].tolist())
    assert lengths[0] == lengths[1]


def test_what_is_stated_wins(command: Command, network: Path, tmp_path: Path) -> None:
    images, output = slide(tmp_path / "in", NEIGHBOURS), tmp_path / "out"
    stated = ("--spore-length-px", "44")
    assert command("count", images, "-o", output, "--model", network, *stated)[0] == 0
    assert (summary(output)["spore_length_px"] == 44).all()
    assert not scales(output)
    assert not estimated(output)


def test_an_image_that_clearly_differs_has_its_own_scale_and_that_is_said(
    command: Command, network: Path, tmp_path: Path
) -> None:
    images, output = slide(tmp_path / "in", NEIGHBOURS), tmp_path / "out"
    asked = _asked_first(images)
    odd = next(name for name in sorted(path.name for path in images.iterdir()) if name not in asked)
    draw(images / odd, 20, spores=12)
    few = next(name for name in sorted(path.name for path in images.iterdir()) if name not in (*asked, odd))
    draw(images / few, 20, spores=4)  # too few to say anything
    code, said = command("count", images, "-o", output, "--model", network)
    assert code == 0
    table = summary(output)
    assert table.index[table["own_scale"]].tolist() == [odd]
    assert table.loc[odd, "spore_length_px"] == pytest.approx(20, rel=0.2)
    assert table.drop(odd)["spore_length_px"].nunique() == 1
    assert table.loc[odd, "spores"] == 12
    assert scales(output)[0]["own_scale"] == [odd]
    record = json.loads((output / ".sporemetry" / f"{Path(odd).stem}.json").read_bytes())
    beside = f"{table['spore_length_px'].mode()[0]:.0f} px"
    assert any("own" not in note and beside in note for note in record["notes"])
    manifest = json.loads((output / "manifest.json").read_bytes())
    for text in (said, " ".join(manifest["notes"]), (output / "report.html").read_text(encoding="utf-8")):
        assert "own scale" in text
        assert odd in text


def test_images_that_disagree_keep_each_its_own_scale(
    command: Command, network: Path, tmp_path: Path
) -> None:
    images, output = tmp_path / "in", tmp_path / "out"
    for number in range(8):
        draw(images / f"s_{number}.png", 20, spores=12, seed=number)
    tasks = find_pictures([images])
    for task in list(spread(tasks))[1:4:2]:  # two of the five that are asked
        draw(task.source, 90, spores=4)
    code, said = command("count", images, "-o", output, "--model", network)
    assert code == 0
    table = summary(output)
    assert sorted(round(length / 10) for length in table["spore_length_px"]) == [2] * 6 + [9] * 2
    assert (table["spores"] == np.where(table["spore_length_px"] > 50, 4, 12)).all()
    assert "--spore-length-px" in said
    (group,) = scales(output)
    assert group["spore_length_px"] is None
    assert len(group["estimates"]) == FIRST + MORE


def test_images_that_show_or_are_nothing_do_not_decide(
    command: Command, network: Path, tmp_path: Path
) -> None:
    images, output = slide(tmp_path / "in", NEIGHBOURS), tmp_path / "out"
    first = list(spread(find_pictures([images])))
    draw(first[0].source, 30, spores=0)
    content = first[1].source.read_bytes()
    first[1].source.write_bytes(content[: len(content) // 2])  # its header can be read
    code, _ = command("count", images, "-o", output, "--model", network)
    assert code == 3
    (group,) = scales(output)
    assert group["estimates"][first[0].image] is None
    assert group["estimates"][first[1].image] is None
    table = summary(output)
    assert table["spore_length_px"].nunique() == 1
    assert table.loc[first[0].image, "spores"] == 0
    assert pd.read_csv(output / "failures.csv")["image"].tolist() == [first[1].image]


def test_a_network_that_finds_nothing_leaves_images_as_they_are(
    command: Command, network: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    assert command("count", slide(tmp_path / "in", (0,) * 7), "-o", output, "--model", network)[0] == 0
    table = summary(output)
    assert table["spore_length_px"].isna().all()
    assert (table["spores"] == 0).all()


def _asked_first(images: Path) -> list[str]:
    return [task.image for task in list(spread(find_pictures([images])))[: FIRST + MORE]]


def start(images: Path, output: Path, network: Path, workers: int) -> subprocess.Popen[Any]:
    command = [sys.executable, "-m", "sporemetry", "count", "in", "-o", output.name, "--model", str(network)]
    quiet = subprocess.DEVNULL
    return start_interruptible(
        [*command, "--workers", str(workers)], cwd=images.parent, stdout=quiet, stderr=quiet
    )


def same(output: Path) -> dict[str, bytes]:
    """Return the files of an output folder, but for what names the folder or the workers."""
    files = tree(output)
    manifest = json.loads(files["manifest.json"])
    del manifest["command"], manifest["outputs"]["report.html"]
    files["manifest.json"] = json.dumps(manifest).encode()
    del files["report.html"]
    return files


@pytest.mark.parametrize("struck_at", [".scale", "_labels.tif"])
def test_kills_and_workers_change_nothing(struck_at: str, network: Path, tmp_path: Path) -> None:
    images = slide(tmp_path / "in", (*NEIGHBOURS, 20, 0))
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert start(images, whole, network, workers=1).wait() == 0
    job = start(images, killed, network, workers=2)
    while job.poll() is None and not any(killed.rglob(f"*{struck_at}")):
        time.sleep(0.002)
    job.send_signal(signal.SIGKILL)
    job.wait()
    assert not (killed / "manifest.json").exists(), "it ended before the kill"
    _wait_for_lock(killed, images, network)
    assert same(killed) == same(whole)


def _wait_for_lock(output: Path, images: Path, network: Path) -> None:
    """Run the command again; workers of the killed one may hold the folder for a moment."""
    for _ in range(100):
        if start(images, output, network, workers=2).wait() == 0:
            return
        time.sleep(0.1)
    raise AssertionError("it could not be run again")


def test_a_rerun_asks_and_counts_nothing_again(command: Command, network: Path, tmp_path: Path) -> None:
    images, output = slide(tmp_path / "in", NEIGHBOURS), tmp_path / "out"
    run = ("count", images, "-o", output, "--model", network)
    assert command(*run)[0] == 0
    before = {path: path.stat().st_mtime_ns for path in output.rglob("*") if path.name != "lock"}
    code, said = command(*run)
    assert code == 0
    assert f"{len(NEIGHBOURS)} pictures unchanged" in said
    assert {path: path.stat().st_mtime_ns for path in output.rglob("*") if path.name != "lock"} == before


def test_what_was_looked_at_for_the_estimate_is_not_looked_at_again(
    network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = slide(tmp_path / "in", (30, 32, 34, 31))  # all as they are: the factor of all is 1
    settings = CountSettings(picture=PictureSettings(model=ModelSettings(model_file=str(network))))
    looked: list[float] = []

    def counted(*arguments: Any, **options: Any) -> Any:
        looked.append(options["factor"])
        return working_logits(*arguments, **options)

    def run(output: Path) -> int:
        looked.clear()
        run_folder(find_pictures([images]), output, settings, workers=0)
        assert not list((output / ".sporemetry").glob(f"*{LOOK_ENDING}"))
        return len(looked)

    monkeypatch.setattr("sporemetry.segmentation.multiscale.working_logits", counted)
    few = run(tmp_path / "kept")
    with monkeypatch.context() as patched:
        patched.setattr("sporemetry.pipeline.folder.LARGEST_JOB", 0)
        many = run(tmp_path / "not_kept")
    assert many == few + FIRST
    keep_look = looks.keep_look

    def damage(output: Path, name: str, scale: Scale, key: str) -> None:
        keep_look(output, name, scale, key)
        (path,) = (output / ".sporemetry").glob(f"{name}{LOOK_ENDING}")
        content = bytearray(path.read_bytes())
        content[-1 - len(looked) % 9] ^= 0xFF
        path.write_bytes(content)

    monkeypatch.setattr("sporemetry.pipeline.estimates.keep_look", damage)
    assert run(tmp_path / "damaged") == many
    kept = same(tmp_path / "kept")
    assert kept == same(tmp_path / "not_kept") == same(tmp_path / "damaged")


@pytest.mark.parametrize("content", [b"", b"[]", b"{}\n", b"\xff\n", b'{"key": "k", "factor": 1.0}\n'])
def test_a_look_that_is_not_ours_is_not_taken(content: bytes, tmp_path: Path) -> None:
    (tmp_path / ".sporemetry").mkdir()
    scale = Scale(1.0, 30.0, "", np.ones((1, 4, 5), np.float32))
    looks.keep_look(tmp_path, "a", scale, "k")
    found = looks.with_look(tmp_path, "a", Scale(1.0, 20.0, ""), "k")
    assert found is not None
    assert found.look is not None
    np.testing.assert_array_equal(found.look, scale.look)
    assert found.spore_length_px == 20
    for other, key in ((Scale(0.5, 30.0, ""), "k"), (Scale(1.0, 30.0, ""), "another")):
        assert looks.with_look(tmp_path, "a", other, key) is other
    (tmp_path / ".sporemetry" / f"a{LOOK_ENDING}").write_bytes(content)
    bare = Scale(1.0, 30.0, "")
    assert looks.with_look(tmp_path, "a", bare, "k") is bare
    assert looks.with_look(tmp_path, "b", bare, "k") is bare
    assert looks.with_look(tmp_path, "a", None, "k") is None


def test_another_scale_counts_all_anew_and_says_so(command: Command, network: Path, tmp_path: Path) -> None:
    images, output = slide(tmp_path / "in", (40,) * 7), tmp_path / "out"
    run = ("count", images, "-o", output, "--model", network)
    assert command(*run)[0] == 0
    for task in list(spread(find_pictures([images])))[:FIRST]:
        draw(task.source, 56, seed=9)
    code, said = command(*run)
    assert code == 0
    assert "4 pictures counted anew" in said
    fresh = tmp_path / "fresh"
    assert command("count", images, "-o", fresh, "--model", network)[0] == 0
    assert same(output) == same(fresh)


def test_an_estimate_that_is_not_ours_is_made_anew(command: Command, network: Path, tmp_path: Path) -> None:
    images, output = slide(tmp_path / "in", (50,) * 4), tmp_path / "out"
    run = ("count", images, "-o", output, "--model", network)
    assert command(*run)[0] == 0
    before = same(output)
    changes: tuple[dict[str, object], ...] = (
        {"factor": 0.5, "input_sha256": "0" * 64},
        {"work": "another"},
        {"factor": float("nan")},
        {"factor": -1.0},
        {"factor": True},
        {"factor": "1"},
        {"spore_length_px": 1e300},
        {"format": 99},
    )
    path = output / ".sporemetry" / estimated(output)[0]
    content = json.loads(path.read_bytes())
    known = {"input_sha256": content["input_sha256"], "work": content["work"]}
    name = path.name.removesuffix(ESTIMATE_ENDING)
    assert read_estimate(output, name, **known) is not None
    for text in ("[[", "[]", "", *(json.dumps({**content, **change}) for change in changes)):
        path.write_text(text, encoding="utf-8")
        assert read_estimate(output, name, **known) is None
    assert command(*run)[0] == 0
    assert same(output) == before


def test_edited_labels_stay_when_the_shared_scale_changes(
    command: Command, network: Path, tmp_path: Path
) -> None:
    images, output = slide(tmp_path / "in", (40,) * 7), tmp_path / "out"
    run = ("count", images, "-o", output, "--model", network)
    assert command(*run)[0] == 0
    asked = _asked_first(images)[:FIRST]
    edited = next(task for task in find_pictures([images]) if task.image not in asked)
    path = output / f"{edited.name}_labels.tif"
    labels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    labels[labels == labels.max()] = 0
    cv2.imwrite(str(path), labels)
    kept = path.read_bytes()
    for name in asked:
        draw(images / name, 56, seed=9)
    assert command(*run)[0] == 0
    assert path.read_bytes() == kept
    table = summary(output)
    assert table["spores"][edited.image] == 5
    assert table.index[table["edited"]].tolist() == [edited.image]


def test_large_folders_have_each_its_scale_and_small_ones_are_taken_together(
    command: Command, network: Path, tmp_path: Path
) -> None:
    images, output = tmp_path / "in", tmp_path / "out"
    slide(images / "a", (50,) * OWN_FOLDER)
    for number in range(OWN_FOLDER):
        draw(images / "b" / f"s_{number}.png", 20, spores=12, seed=number)
    for sample in ("c", "d"):
        slide(images / sample, (70,) * 3)
    assert command("count", images, "-o", output, "--model", network, "--recursive")[0] == 0
    table = summary(output)
    lengths = {folder: set(rows["spore_length_px"]) for folder, rows in table.groupby(table.index.str[:1])}
    assert [len(lengths[folder]) for folder in "abcd"] == [1] * 4
    assert lengths["c"] == lengths["d"]
    assert sorted(group["images"] for group in scales(output)) == [OWN_FOLDER] * 3
    assert not table["own_scale"].any()


def test_images_of_other_size_or_stated_scale_are_no_neighbours(tmp_path: Path) -> None:
    for number in range(4):
        draw(tmp_path / f"wide_{number}.png", 30, seed=number)
        draw(tmp_path / f"high_{number}.png", 30, seed=number, shape=SHAPE[::-1])
        draw(tmp_path / f"large_{number}.png", 30, seed=number, shape=(400, 420))
    (tmp_path / "text.png").write_bytes(b"no image")
    found = alike(find_pictures([tmp_path]), PictureSettings())
    assert sorted(len(tasks) for _, tasks in found) == [4, 8]


def test_the_first_few_are_spread_over_folders_and_do_not_depend_on_the_order(tmp_path: Path) -> None:
    tasks = [
        PictureTask(tmp_path / folder / f"{number}.png", f"{folder}/{number}.png", f"{folder}_{number}")
        for folder in "abc"
        for number in range(5)
    ]
    order = list(spread(tasks))
    assert sorted(task.image for task in order) == sorted(task.image for task in tasks)
    assert {task.image[0] for task in order[:3]} == set("abc")
    assert list(spread(tasks[::-1])) == order
    fewer = [task for task in tasks if task != order[-1]]
    assert list(spread(fewer)) == order[:-1]


def test_the_consensus_is_robust_and_on_the_grid() -> None:
    def shared(*lengths: float | None) -> float | None:
        found = shared_scale([Scale(1.0, length, "") for length in lengths])
        return None if found is None else found.spore_length_px

    assert shared(20, 21, 20.5) == rounded_length(20.5)
    assert shared(20, 21, 20.5, 200, None) == rounded_length(20.7)
    assert (
        shared()
        is shared(20)
        is shared(20, None, None)
        is shared(20, 200)
        is shared(20, 200, 20, 200)
        is None
    )
    assert shared(20, 20 * AGREE_WITHIN**2 * 1.01) is None
    assert 8 * np.log2(shared(23.4, 23.5) or 0) == pytest.approx(36)
    assert UNLIKE_FROM == 1.6
