"""The base tests under the lowest version of every base dependency that ``pyproject.toml`` allows.

    python tests/floors.py FOLDER [--with NAME==VERSION ...] [-- PYTEST ARGUMENTS]

makes an environment in FOLDER, prints what it holds and runs the tests there; ``make floors`` calls it. What
these dependencies need themselves is taken in its newest version, as pip would. ``--with`` puts another
version in the place of a floor, to see whether the floor could be lower.

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

HELPERS = ("hypothesis", "onnx", "psutil", "pytest", "pytest-xdist", "roifile")
ROOT = Path(__file__).resolve().parents[1]
_MODULES = {
    "imagecodecs": "imagecodecs",
    "opencv-python-headless": "cv2",
    "pillow": "PIL",
    "pytest-xdist": "xdist",
    "scikit-image": "skimage",
}
_NEED_TORCH = ("training", "paper")
_FLOOR = re.compile(r"([A-Za-z0-9._-]+)>=([0-9.]+)$")


def main() -> int:
    """Run the base tests at the floors; return pytest's exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--with", dest="other", action="append", default=[], metavar="NAME==VERSION")
    parser.add_argument("pytest", nargs="*", help="arguments for pytest, after --")
    given = parser.parse_args()
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


def make_environment(folder: Path, pins: dict[str, str]) -> Path:
    """Install Sporemetry with exactly these versions, and the helpers; return the environment's Python."""
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not python.exists():
        venv.create(folder, with_pip=True)
    constraints = folder / "floors.txt"
    constraints.write_text(
        "".join(f"{name}=={version}\n" for name, version in pins.items()), encoding="utf-8"
    )
    install = [
        str(python),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--only-binary=:all:",
    ]
    # Sporemetry itself is built from this checkout.
    install += ["--no-binary=sporemetry", "-c", str(constraints), "-e", str(ROOT), *HELPERS]
    subprocess.run(install, check=True)
    return python


def base_tests() -> list[Path]:
    """Return the test modules that the base dependencies and the helpers suffice for, sorted."""
    allowed = {_MODULES.get(name, name) for name in (*floors(), *HELPERS)}
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
