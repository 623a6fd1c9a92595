"""A data set is there whole or not at all, whenever the command that writes it is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sporemetry.dataset.augmentation import augment_dataset
from sporemetry.dataset.folder import open_dataset
from sporemetry.dataset.synthesize import synthesize
from sporemetry.dataset.whole_folder import MARKER_NAME, WORK_NAME, is_free, unfinished, whole_folder
from sporemetry.errors import LabelReadError, OutputError, SettingsError

IMAGES = 60


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source")
    (folder / "images").mkdir()
    rng = np.random.default_rng(0)
    names = [f"leaf{number}_1.png" for number in range(IMAGES)]
    for name in names:
        Image.fromarray(rng.integers(0, 255, (60, 80), dtype=np.uint8)).save(folder / "images" / name)
    images = [{"id": n, "file_name": name} for n, name in enumerate(names)]
    annotations = [{"image_id": n, "segmentation": [[1, 1, 9, 1, 9, 9, 1, 9]]} for n in range(IMAGES)]
    (folder / "c.json").write_text(json.dumps({"images": images, "annotations": annotations}))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def command(source: Path, output: Path) -> list[str]:
    line = [sys.executable, "-m", "sporemetry", "dataset", "import", str(source / "c.json"), "--from", "coco"]
    return [*line, "--images", str(source / "images"), "-o", str(output), "-q"]


def kill_one(source: Path, output: Path, seconds: float, number: int) -> None:
    """Kill an import some time after its first file is there."""
    with subprocess.Popen(command(source, output), start_new_session=True) as process:
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline and not output.exists():
            time.sleep(0.002)
        time.sleep(seconds)
        if process.poll() is None:
            os.kill(process.pid, number)


def check_whole_or_not(output: Path, whole: dict[str, bytes]) -> bool:
    """Tell whether the data set is there; if not, it must not be taken for one."""
    if (output / "images").is_dir():
        found = contents(output)
        assert {name: found.get(name) for name in whole} == whole
        assert len(open_dataset(output).items) == IMAGES
        return True
    with pytest.raises(LabelReadError, match=r"no such folder|whole|without images"):
        open_dataset(output)
    return False


def kills(source: Path, tmp_path: Path, times: list[float]) -> int:
    subprocess.run(command(source, tmp_path / "whole"), check=True)
    whole = contents(tmp_path / "whole")
    assert len(whole) == 2 * IMAGES + 2
    unfinished_seen = 0
    for number, seconds in enumerate(times):
        output = tmp_path / f"set{number}"
        kill_one(source, output, seconds, signal.SIGKILL if number % 3 else signal.SIGTERM)
        unfinished_seen += not check_whole_or_not(output, whole)
        subprocess.run(command(source, output), check=True)
        assert contents(output) == whole
    return unfinished_seen


def test_a_killed_import_leaves_no_half_of_a_data_set(source: Path, tmp_path: Path) -> None:
    assert kills(source, tmp_path, [0.0, 0.03]) > 0


@pytest.mark.soak
def test_a_hundred_killed_imports(source: Path, tmp_path: Path) -> None:
    assert kills(source, tmp_path, np.random.default_rng(1).uniform(0, 0.6, 100).tolist()) > 10


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


class _KilledError(Exception):
    """Stands for a kill between two renames."""


@pytest.fixture
def kill_at(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Give a list whose number says before which rename to stop."""
    left = [0]
    rename = Path.rename

    def counted(self: Path, target: Path) -> Path:
        if left[0] == 0:
            raise _KilledError
        left[0] -= 1
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", counted)
    return left


@pytest.mark.parametrize("renames", [0, 1, 2])
def test_what_was_all_there_is_moved_by_the_next_call(
    tmp_path: Path, kill_at: list[int], renames: int
) -> None:
    output = tmp_path / "set"
    kill_at[0] = renames
    with pytest.raises(_KilledError), whole_folder(output) as content:
        write(content, images__a="1", labels__a="2", card="3")
    assert (output / WORK_NAME).exists()
    with pytest.raises(LabelReadError, match="whole"):
        open_dataset(output)
    kill_at[0] = 99
    with whole_folder(output) as content:
        write(content, images__a="1", labels__a="2", card="3")
    assert contents(output) == {"images/a": b"1", "labels/a": b"2", "card": b"3"}


def break_off(output: Path) -> None:
    with whole_folder(output) as content:
        write(content, images__a="1")
        raise _KilledError


def test_an_error_leaves_everything_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    for output in (tmp_path / "new", tmp_path / "there"):
        with pytest.raises(_KilledError):
            break_off(output)
    assert list(tmp_path.rglob("*")) == [tmp_path / "there"]


def test_nothing_of_the_users_is_replaced(tmp_path: Path) -> None:
    write(tmp_path, images__a="mine")
    with pytest.raises(OutputError, match="another images/a"), whole_folder(tmp_path) as content:
        write(content, images__a="1")
    with pytest.raises(OutputError, match="lacks labels/a"), whole_folder(tmp_path) as content:
        write(content, images__a="mine", labels__a="1")
    with pytest.raises(OutputError, match="among them images"), whole_folder(tmp_path, record="imported"):
        pass
    assert contents(tmp_path) == {"images/a": b"mine"}
    with whole_folder(tmp_path, beside=True) as content:
        write(content, labels__a="1")
    with pytest.raises(OutputError, match="another labels/a"), whole_folder(tmp_path, beside=True) as content:
        write(content, more="1", labels__a="2")
    assert contents(tmp_path) == {"images/a": b"mine", "labels/a": b"1"}


def test_two_at_a_time_are_refused(tmp_path: Path) -> None:
    with whole_folder(tmp_path / "set") as content:
        write(content, images__a="1")
        with pytest.raises(OutputError, match="another sporemetry command"), whole_folder(tmp_path / "set"):
            pass
    assert contents(tmp_path / "set") == {"images/a": b"1"}


def test_what_goes_on_where_it_stopped_is_no_data_set_until_it_has_ended(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    with pytest.raises(_KilledError), unfinished(tmp_path, "merge"):
        raise _KilledError
    assert (tmp_path / MARKER_NAME).exists()
    with pytest.raises(LabelReadError, match="Run that command again"):
        open_dataset(tmp_path)
    assert is_free(tmp_path, "merge")
    with unfinished(tmp_path, "merge"):
        pass
    assert open_dataset(tmp_path).items == ()


def test_a_data_set_of_the_users_is_never_written_into(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    write(mine, images__b="no image", card="mine")
    (mine / "card").rename(mine / "dataset.toml")
    before = contents(mine)
    (tmp_path / "set/images").mkdir(parents=True)
    with pytest.raises(SettingsError, match="another data set"):
        augment_dataset(open_dataset(tmp_path / "set"), mine)
    with pytest.raises(SettingsError, match="other files"):
        synthesize("nosema", mine, pictures=1, workers=0)
    assert contents(mine) == before
