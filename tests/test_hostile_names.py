"""Names of files that a terminal, a spreadsheet or an old encoding would choke on."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")

NAMES = {
    b"a\rb.png": "a\\rb.png",
    b"a\nb.png": "a\\nb.png",
    b"a\\nb.png": "a\\\\nb.png",
    b"a\tb.png": "a\\tb.png",
    b"\x1b[31mred.png": "\\x1b[31mred.png",
    b"\x1b]0;title\x07.png": "\\x1b]0;title\\x07.png",
    b"caf\xe9.png": "caf\\xe9.png",
    "Привет.png".encode(): "Привет.png",
    "x\u202egnp.png".encode(): "x\\u202egnp.png",
    b'=HYPERLINK("http:x","y").png': 'X=HYPERLINK("http:x","y").png',
    b"+1.png": "X+1.png",
    b"-1.png": "X-1.png",
    b"@SUM(A1).png": "X@SUM(A1).png",
    "\uff1d1.png".encode(): "X\uff1d1.png",
    b"[red]b<i>.png": "[red]b<i>.png",
    b"%s{}.png": "%s{}.png",
}
CONSOLES = {
    "utf-8": {"PYTHONUTF8": "1"},
    "cp1252": {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"},
    "C": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("names") / "=sum"
    made.mkdir()
    pixels = np.full((64, 80, 3), 200, dtype=np.uint8)
    pixels[20:32, 20:40] = 90
    Image.fromarray(pixels).save(made / "plain.png")
    content = (made / "plain.png").read_bytes()
    for name in (*NAMES, b"broken\x1b.png"):
        (made / os.fsdecode(name)).write_bytes(content if name in NAMES else b"no")
    return made


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "sporemetry", *map(str, command)],
        env={**os.environ, **environment},
        capture_output=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize("console", CONSOLES)
def test_every_name_gets_its_results_on_every_console(console: str, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "o"
    options = ("-m", "otsu", "--workers", "1", "--sample-by", "picture", "--export", "fiji,qupath")
    done = run("count", folder, "-o", out, *options, **CONSOLES[console])
    assert done.returncode == 3, done.stderr.decode("utf-8", "replace")  # the broken one
    assert not any(code in done.stdout + done.stderr for code in (b"\x1b", b"\x07", b"\r"))
    assert b"broken\\x1b.png" in done.stderr
    for table, column in (("summary.csv", "image"), ("samples.csv", "sample"), ("spores.csv", "image")):
        text = (out / table).read_bytes().decode()
        assert not any(code in text for code in "\r\x1b")
        named = [row[column].replace("'", "X", 1) for row in csv.DictReader(text.splitlines(), strict=True)]
        wanted = {*NAMES.values(), "plain.png"}
        if table == "samples.csv":
            wanted = {name.removesuffix(".png") for name in wanted}
            named = [name.removesuffix(".png") for name in named]
        assert set(named) == wanted
        assert len(named) == len(set(named)) == len(NAMES) + 1
    labels = list(out.glob("*_labels.tif"))
    assert len(labels) == len(NAMES) + 1
    assert all(tifffile.imread(path).max() == 1 for path in labels)
    manifest = json.loads((out / "manifest.json").read_bytes())
    assert len(manifest["inputs"]) == len(NAMES) + 1
    page = (out / "report.html").read_bytes().decode()
    assert not any(code in page for code in ("\x1b", "\x07", "\r", "\u202e", "<i>"))
    again = run("count", folder, "-o", out, *options, **CONSOLES[console])
    assert again.returncode == 3
    assert f"{len(NAMES) + 1} pictures unchanged".encode() in again.stdout


def test_errors_name_a_file_without_its_codes(tmp_path: Path) -> None:
    done = run("count", tmp_path / "no\x1b[2Jthing\r.png", "-o", tmp_path / "o", **CONSOLES["cp1252"])
    assert done.returncode == 1
    assert b"\x1b" not in done.stderr
    assert b"no\\x1b[2Jthing\\r.png" in done.stderr
