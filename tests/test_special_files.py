"""Pipes, devices, sockets, links that lead to themselves, folders: refused in words and at once."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sporemetry.dataset.split_file import read_split
from sporemetry.errors import OutputError, SporemetryError
from sporemetry.exchange.documents import read_json, read_xml, read_zip_member
from sporemetry.exchange.seg_npy import read_seg_masks
from sporemetry.exchange.yolo_boxes import read_boxes
from sporemetry.image import read_image
from sporemetry.label_image import read_labels
from sporemetry.model import read_model
from sporemetry.pipeline import read_settings
from sporemetry.storage import write_atomic, write_pieces

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")

READERS: dict[str, Callable[[Path], object]] = {
    "image": read_image,
    "labels": read_labels,
    "settings": read_settings,
    "model": read_model,
    "split": read_split,
    "split as JSON": lambda path: read_split(path.rename(path.with_suffix(".json"))),
    "boxes": read_boxes,
    "JSON": read_json,
    "XML": read_xml,
    "zip": lambda path: read_zip_member(path, "a.xml"),
    "_seg.npy": read_seg_masks,
}
KINDS = ("pipe", "device", "link to a device", "socket", "folder", "loop", "dangling", "huge")


@pytest.fixture(autouse=True)
def _nothing_hangs() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TimeoutError("it waits")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def make(kind: str, path: Path) -> Path:
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        return Path("/dev/zero")
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as server:
            before = Path.cwd()
            os.chdir(path.parent)  # addresses of sockets are short
            server.bind(path.name)
            os.chdir(before)
    elif kind == "folder":
        path.mkdir()
    elif kind == "huge":
        with path.open("wb") as file:
            file.truncate(1 << 40)  # takes no room
    else:
        path.symlink_to({"link to a device": "/dev/zero", "loop": path.name, "dangling": "nowhere"}[kind])
    return path


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reader", READERS)
def test_every_reader_refuses_what_is_no_file(reader: str, kind: str, tmp_path: Path) -> None:
    path = make(kind, tmp_path / "a.txt")
    if reader == "split as JSON" and kind == "device":
        return
    with pytest.raises(SporemetryError) as refused:
        READERS[reader](path)
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize("kind", ["pipe", "link to a device", "socket", "folder"])
def test_nothing_is_put_in_the_place_of_what_is_no_file(kind: str, tmp_path: Path) -> None:
    path = make(kind, tmp_path / "a.csv")
    before = path.lstat()
    for write in (write_atomic, lambda path, content: write_pieces(path, [content])):
        with pytest.raises(OutputError, match=r"pipe|device|socket|folder"):
            write(path, b"a")
    assert path.lstat().st_ino == before.st_ino
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.csv"]


def test_a_folder_with_such_files_gets_its_results_all_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    (folder / "below").mkdir(parents=True)
    pixels = np.full((64, 80, 3), 200, dtype=np.uint8)
    pixels[20:32, 20:40] = 90
    Image.fromarray(pixels).save(folder / "good.png")
    for number, kind in enumerate(KINDS):
        if kind != "device":
            make(kind, folder / f"{number}.png")
    (folder / "below" / "up").symlink_to("..")
    (folder / "0.png.lock").write_bytes(b"")
    command = [sys.executable, "-m", "sporemetry", "count", str(folder), "-r", "-o", str(tmp_path / "out")]
    done = subprocess.run(
        [*command, "-m", "otsu", "--workers", "1"], capture_output=True, timeout=60, check=False, text=True
    )
    assert done.returncode == 3, done.stderr
    assert pd.read_csv(tmp_path / "out" / "summary.csv")["image"].tolist() == ["good.png"]
    failed = pd.read_csv(tmp_path / "out" / "failures.csv").set_index("image")
    assert len(failed) == len(KINDS) - 2  # neither the device nor the folder
    assert not failed["found"].str.contains("error of the program").any()
    assert [failed["found"][f"{number}.png"] for number in (0, 2, 3)] == ["a pipe", "a device", "a socket"]


@pytest.mark.parametrize("name", ["a_rois.zip", "a.geojson", "a_seg.npy", "a_labels.tif", "a.png"])
def test_a_terabyte_of_nothing_is_not_read_for_its_hash(name: str, tmp_path: Path) -> None:
    folder, labels = tmp_path / "images", tmp_path / "labels"
    folder.mkdir()
    labels.mkdir()
    Image.fromarray(np.full((64, 80, 3), 200, dtype=np.uint8)).save(folder / "a.png")
    with (labels / name).open("wb") as file:
        file.truncate(1 << 40)
    command = [sys.executable, "-m", "sporemetry", "measure", str(labels / name), "-o", str(tmp_path / "out")]
    done = subprocess.run(  # to hash it would take an hour
        [*command, "--pictures", str(folder)], capture_output=True, timeout=60, check=False, text=True
    )
    assert done.returncode == 1, done.stderr


def test_a_result_of_a_terabyte_is_not_ours(tmp_path: Path) -> None:
    folder, out = tmp_path / "images", tmp_path / "out"
    folder.mkdir()
    out.mkdir()
    Image.fromarray(np.full((64, 80, 3), 200, dtype=np.uint8)).save(folder / "a.png")
    with (out / "a_labels.tif").open("wb") as file:
        file.truncate(1 << 40)
    command = [sys.executable, "-m", "sporemetry", "count", str(folder), "-o", str(out), "-m", "otsu"]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False, text=True)
    assert done.returncode == 1
    assert "a_labels.tif" in done.stderr
    assert (out / "a_labels.tif").stat().st_size == 1 << 40
