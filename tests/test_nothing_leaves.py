"""Nothing leaves the machine, and nothing is written outside the output folder."""

from __future__ import annotations

import ast
import importlib
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.watched import check_quiet, run_watched

from sporemetry.model.quiet_openvino import import_openvino, telemetry_hidden


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pictures counted by the network in two workers, watched."""
    folder = tmp_path_factory.mktemp("watched")
    (folder / "in").mkdir()
    generator = np.random.default_rng(0)
    for number in range(2):
        pixels = generator.normal(200, 3, (120, 160)).clip(0, 255).astype(np.uint8)
        cv2.ellipse(pixels, (60, 60), (16, 7), 30.0, 0, 360, 80, -1)
        cv2.imwrite(str(folder / "in" / f"p_{number}.png"), pixels)
    watched = run_watched(["count", "in", "-o", "out", "--workers", "2", "--export", "fiji,qupath"], folder)
    check_quiet(watched)
    assert watched.processes >= 3, "the workers were not watched"
    return folder


@pytest.mark.parametrize(
    "arguments",
    [
        ["measure", "out", "-o", "measured", "--pictures", "in", "--workers", "1"],
        ["evaluate", "out", "out", "-o", "scores"],
        ["doctor"],
        ["dataset", "synthesize", "--preset", "nosema", "-n", "1", "-o", "bench", "--workers", "1"],
        ["--version"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_command_opens_no_socket_and_leaves_the_home_folder_empty(
    counted: Path, arguments: list[str]
) -> None:
    check_quiet(run_watched(arguments, counted))


def test_a_figure_of_a_data_set_is_drawn_without_the_home_folder(counted: Path) -> None:
    (counted / "set" / "images").mkdir(parents=True)
    (counted / "set" / "labels").mkdir()
    for name in ("p_0", "p_1"):
        (counted / "set" / "images" / f"{name}.png").write_bytes(
            (counted / "in" / f"{name}.png").read_bytes()
        )
        (counted / "set" / "labels" / f"{name}.tif").write_bytes(
            (counted / "out" / f"{name}_labels.tif").read_bytes()
        )
    check_quiet(run_watched(["dataset", "stats", "set", "-o", "numbers"], counted))
    assert list((counted / "numbers").glob("*.png"))


def test_counting_from_python_sends_nothing_either(counted: Path) -> None:
    # matplotlib is the user's own here, and scikit-image 0.24 imports it, which makes an empty folder.
    code = (
        "import matplotlib; import sporemetry; assert len(sporemetry.count_picture('in/p_0.png').spores) == 1"
    )
    watched = run_watched([], counted, program=("-c", code))
    _clear(counted)
    assert watched.result.returncode == 0, watched.result.stderr
    assert watched.sockets == []
    assert [name for name in watched.at_home if name.split("/")[1:2] not in ([], ["matplotlib"])] == []


def test_the_watch_sees_what_openvino_does_by_itself(counted: Path) -> None:
    """Else the tests above would hold nothing. Where this fails, OpenVINO has changed: look how."""
    watched = run_watched([], counted, program=("-c", "import openvino"))
    assert watched.at_home or watched.sockets
    _clear(counted)


def test_openvino_is_imported_in_one_place(repository: Path) -> None:
    found = [
        path.relative_to(repository).as_posix()
        for part in ("src", "models", "benchmarks", "examples")
        for path in sorted((repository / part).rglob("*.py"))
        if any(name.split(".")[0] == "openvino" for name in _imports(path))
    ]
    assert found == []
    assert import_openvino() is sys.modules["openvino"]


def test_telemetry_is_hidden_while_openvino_is_imported_and_only_then() -> None:
    kept = sys.modules.get("openvino_telemetry")
    with telemetry_hidden(), pytest.raises(ImportError):
        importlib.import_module("openvino_telemetry")
    assert sys.modules.get("openvino_telemetry") is kept


def test_the_users_matplotlib_is_as_the_user_set_it(counted: Path) -> None:
    home = counted / "watching" / "home"
    settings = home / ".config" / "matplotlib" / "matplotlibrc"
    settings.parent.mkdir(parents=True)
    settings.write_text("figure.dpi: 37\n", encoding="utf-8")
    fonts = home / ".cache" / "matplotlib" / "fontlist-v0.json"
    fonts.parent.mkdir(parents=True)
    fonts.write_text("{}", encoding="utf-8")
    code = (
        "from sporemetry.cli.matplotlib_folder import keep_out_of_home; keep_out_of_home()\n"
        "import matplotlib, pathlib\n"
        "assert matplotlib.rcParams['figure.dpi'] == 37\n"
        "assert pathlib.Path(matplotlib.get_cachedir(), 'fontlist-v0.json').is_file()\n"
        "import matplotlib.font_manager\n"
    )
    watched = run_watched([], counted, program=("-c", code))
    left = sorted(path for path in home.rglob("*") if path.is_file())
    for path in sorted(home.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    assert watched.result.returncode == 0, watched.result.stderr
    if sys.platform.startswith(("linux", "freebsd")):
        assert left == [fonts, settings]
    assert watched.temporary == []


def _clear(folder: Path) -> None:
    for path in sorted((folder / "watching" / "home").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()


def _imports(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
    return names
