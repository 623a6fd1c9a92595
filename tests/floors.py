"""The base tests under the lowest version of every base dependency that ``pyproject.toml`` allows.

    python tests/floors.py FOLDER [--with NAME==VERSION ...] [-- PYTEST ARGUMENTS]
    python tests/floors.py FOLDER --below [NAME ...]

The first makes an environment in FOLDER, prints what it holds and runs the tests there; ``make floors`` calls
it. What these dependencies need themselves is taken in its newest version, as pip would. ``--with`` puts
another version in the place of a floor.

The second shows that no floor can be lower. For each dependency, or for those named, it puts the next lower
version beside the floors of the others, and prints why pip refuses it (no wheel for this Python, or the
others need a newer one) or which test fails first. The exit code is 1 if one passes. Run it under the lowest
Python that ``pyproject.toml`` allows.

Base tests are those that need, with all that they import of this folder, no more than the base dependencies
and :data:`HELPERS`: neither PyTorch nor a browser.
"""

from __future__ import annotations

import argparse
import ast
import re
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterator
from pathlib import Path

# onnx from 1.18 on needs a newer numpy than the floor.
HELPERS = ("hypothesis", "onnx<1.18", "psutil", "pytest", "pytest-xdist", "roifile")
ROOT = Path(__file__).resolve().parents[1]
_MODULES = {
    "imagecodecs": "imagecodecs",
    "opencv-python-headless": "cv2",
    "pillow": "PIL",
    "pytest-xdist": "xdist",
    "scikit-image": "skimage",
}
# The test that the next lower version fails, to look there first.
_FAILS_BELOW = {
    "jinja2": "tests/report/test_report_numbers.py",
    "opencv-python-headless": "tests/dataset/test_example_pictures.py",
    "openvino": "tests/model/test_model_runtime.py",
    "pandas": "tests/test_cli.py",
    "pillow": "tests/overlay/test_overlay_drawing.py",
    "rich": "tests/test_cli.py",
    "scikit-image": "tests/measurement/test_measurement_scikit_image.py",
    "scipy": "tests/evaluation/test_counts.py",
    "typer": "tests/test_cli.py",
}
_NEED_TORCH = ("training", "paper")
_FLOOR = re.compile(r"([A-Za-z0-9._-]+)>=([0-9.]+)$")


class PipError(Exception):
    """What pip says when it cannot install."""


def main() -> int:
    """Run the base tests at the floors; return pytest's exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--with", dest="other", action="append", default=[], metavar="NAME==VERSION")
    parser.add_argument("--below", nargs="*", metavar="NAME")
    parser.add_argument("pytest", nargs="*", help="arguments for pytest, after --")
    given = parser.parse_args()
    if given.below is not None:
        return below(given.folder, given.below or sorted(floors()))
    pins = floors() | dict(each.split("==", 1) for each in given.other)
    python = make_environment(given.folder, pins)
    versions = "import sys; print('python', sys.version.split()[0])"
    subprocess.run([python, "-c", versions], check=True)
    subprocess.run([python, "-m", "pip", "list", "--disable-pip-version-check"], check=True)
    modules = base_tests()
    print(f"{len(modules)} base test modules of {len(list((ROOT / 'tests').rglob('test_*.py')))}", flush=True)
    chosen = [str(path.relative_to(ROOT)) for path in modules]
    arguments = given.pytest or ["-q", "-n", "2"]
    code = subprocess.run([python, "-m", "pytest", *arguments, *chosen], cwd=ROOT, check=False).returncode
    pinned = ", ".join(f"{name} {version}" for name, version in pins.items())
    print(f"{'passed' if code == 0 else 'FAILED'} with {pinned}")
    return code


def floors() -> dict[str, str]:
    """Return the floor of each base dependency, by its name.

    Raises
    ------
    ValueError
        For a dependency without one.
    """
    with (ROOT / "pyproject.toml").open("rb") as file:
        wanted = tomllib.load(file)["project"]["dependencies"]
    found = {}
    for each in wanted:
        match = _FLOOR.match(each)
        if match is None:
            raise ValueError(f"pyproject.toml: expected NAME>=VERSION; found {each!r}")
        found[match.group(1)] = match.group(2)
    return found


def below(folder: Path, names: list[str]) -> int:
    """Print what the next lower version of each dependency does; return how many pass, at most 1."""
    lowest = floors()
    passed = 0
    for name in names:
        pins = lowest | {name: next_lower(name, lowest[name])}
        try:
            python = make_environment(folder, pins)
        except PipError as error:
            found = "pip refuses: " + _line(str(error), "ERROR: No matching ", "ERROR: ")
        else:
            found = _first_failure(python, [_FAILS_BELOW[name]] if name in _FAILS_BELOW else [])
            found = found or _first_failure(python, [str(path) for path in base_tests()]) or "PASSES"
            passed += found == "PASSES"
        print(f"{name} {pins[name]} (floor {lowest[name]}): {found}", flush=True)
    return min(passed, 1)


def _first_failure(python: Path, modules: list[str]) -> str:
    """Return which test of these modules fails first, "" if none does."""
    if not modules:
        return ""
    command = [str(python), "-m", "pytest", "-q", "-x", "--tb=line", *modules]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    if not done.returncode:
        return ""
    said = done.stdout + done.stderr  # there where conftest.py cannot be imported
    return "fails " + _line(said, "FAILED ", "ERROR ", "E   ")


def next_lower(name: str, version: str) -> str:
    """Return the next lower version that is published with a wheel, for whatever Python."""
    command = [sys.executable, "-m", "pip", "index", "versions", name, "--only-binary=:all:"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    newest_first = _line(listed, "Available versions: ").split(", ")
    return newest_first[newest_first.index(version) + 1]


def _line(text: str, *starts: str) -> str:
    """Return the first line with one of these starts, without it or the end of the text."""
    for start in starts:
        for line in text.splitlines():
            if line.startswith(start):
                return line.removeprefix(start)
    return "..." + text[-300:]


def make_environment(folder: Path, pins: dict[str, str]) -> Path:
    """Install Sporemetry with exactly these versions, and the helpers; return the environment's Python.

    Raises
    ------
    PipError
        When pip refuses.
    """
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not python.exists():
        venv.create(folder, with_pip=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # By themselves, and not as what Sporemetry needs: that would bar all below a floor.
    pinned = [f"{name}=={version}" for name, version in pins.items()]
    for wanted in (["--only-binary=:all:", *pinned, *HELPERS], ["--no-deps", "-e", str(ROOT)]):
        done = subprocess.run([*install, *wanted], check=False, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise PipError(done.stderr)
    return python


def base_tests() -> list[Path]:
    """Return the test modules that the base dependencies and the helpers suffice for, sorted."""
    named = [re.split("[<>=]", name)[0] for name in (*floors(), *HELPERS)]
    allowed = {_MODULES.get(name, name) for name in named}
    allowed |= sys.stdlib_module_names | {"sporemetry", "tests"}
    return sorted(
        path
        for path in (ROOT / "tests").rglob("test_*.py")
        if all(name.split(".")[0] in allowed and not _needs_torch(name) for name in _needed(path, set()))
    )


def _needs_torch(module: str) -> bool:
    return module.split(".")[:1] == ["sporemetry"] and module.split(".")[1:2] in [
        [each] for each in _NEED_TORCH
    ]


def _needed(path: Path, seen: set[Path]) -> Iterator[str]:
    """Yield what a test module imports, and what is imported by its neighbours that it imports."""
    seen.add(path)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{each.name}" for each in node.names]
        else:
            continue
        for name in names:
            yield name
            if name.startswith("tests."):
                beside = ROOT.joinpath(*name.split("."))
                for each in (beside.with_suffix(".py"), beside.parent.with_suffix(".py")):
                    if each.is_file() and each not in seen:
                        yield from _needed(each, seen)


if __name__ == "__main__":
    sys.exit(main())
