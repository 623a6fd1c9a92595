"""The language that the shell is set to changes no result: commands run as under UTF-8, byte for byte."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="names are Unicode on Windows")

UTF8 = {"LC_ALL": "C", "PYTHONUTF8": "1"}
C = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
NAMES = ("Лист 1.png", "é.png", "e\u0301tage.png", "plain.png")
SAMPLES = {"Лист 1.png": "Ж", "é.png": "Ä", "e\u0301tage.png": "Ä", "plain.png": "p"}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    images = folder / "снимки"
    images.mkdir()
    for number, name in enumerate(NAMES):
        pixels = np.full((64, 80, 3), 200, dtype=np.uint8)
        pixels[20:32, 20 : 40 + number] = 90
        Image.fromarray(pixels).save(images / name)
    (images / os.fsdecode(b"caf\xe9.png")).write_bytes((images / "plain.png").read_bytes())
    rows = [f"{name},{sample}" for name, sample in SAMPLES.items()]
    (folder / "лист.csv").write_text("\n".join(["image,sample", *rows]), encoding="utf-8")
    box = {"category_id": 1, "segmentation": [[20, 20, 40, 20, 40, 32, 20, 32]], "iscrowd": 0}
    coco = {
        "images": [
            {"id": at, "file_name": name, "width": 80, "height": 64} for at, name in enumerate(NAMES, 1)
        ],
        "annotations": [{"id": at, "image_id": at, **box} for at in range(1, len(NAMES) + 1)],
        "categories": [{"id": 1, "name": "спора"}],
    }
    (folder / "coco.json").write_text(json.dumps(coco), encoding="utf-8")
    return folder


COMMANDS = (
    "count {inputs}/снимки -o Ж -m otsu --workers 2 --samples {inputs}/лист.csv --export fiji,qupath",
    "measure Ж -o измерено --pictures {inputs}/снимки",
    "evaluate Ж измерено -o оценка",
    "dataset import {inputs}/coco.json --from coco --images {inputs}/снимки --class спора -o набор",
    "dataset check набор -o проверка.csv",
    "dataset export набор -o наружу --to coco",
    "samples init {inputs}/снимки -o новый.csv",
)


def results(inputs: Path, folder: Path, environment: dict[str, str]) -> dict[bytes, bytes]:
    """Run the commands in ``folder``; return each file that they left, by the bytes of its name."""
    folder.mkdir()
    for command in COMMANDS:
        done = subprocess.run(
            [sys.executable, "-m", "sporemetry", *command.format(inputs=inputs).split()],
            cwd=folder,
            env={**{k: v for k, v in os.environ.items() if not k.startswith("LC_")}, **environment},
            capture_output=True,
            timeout=300,
            check=False,
        )
        alike = command.startswith("dataset check")  # finds that the images are nearly the same
        assert done.returncode == (3 if alike else 0), (command, done.stderr.decode("utf-8", "replace"))
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            if path.name == "manifest.json":
                content = json.dumps({**json.loads(content), "finished": ""}).encode()
            found[os.fsencode(path.relative_to(folder))] = content
    return found


def test_every_command_gives_the_same_files_in_the_c_locale(inputs: Path, tmp_path: Path) -> None:
    wanted = results(inputs, tmp_path / "utf8", UTF8)
    assert results(inputs, tmp_path / "c", C) == wanted
    assert "Ж/Лист 1_labels.tif".encode() in wanted
    rows = list(csv.DictReader(wanted["Ж/summary.csv".encode()].decode().splitlines()))
    found = {row["image"]: row["sample"] for row in rows}
    assert {name: found[name] for name in SAMPLES} == SAMPLES
    assert "caf\\xe9.png" in found


def test_the_terminal_keeps_its_encoding(inputs: Path, tmp_path: Path) -> None:
    command = [*map(str, (sys.executable, "-m", "sporemetry", "count", inputs / "снимки")), "-m", "otsu"]
    command += ["-o", str(tmp_path / "o")]
    done = subprocess.run(command, env={**os.environ, **C}, capture_output=True, timeout=300, check=True)
    assert b"\\u041b\\u0438\\u0441\\u0442 1.png" in done.stdout
    done.stdout.decode("ascii")
