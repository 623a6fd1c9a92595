"""``sporemetry doctor``: what is installed, and what this machine can do."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

HELP = "Show what is installed and what this machine can do; exit code 1 when counting cannot work."

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "firefox")


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error came from.")] = False,
) -> None:
    """Run ``sporemetry doctor``."""
    del debug  # read by main()
    facts = examine()
    if as_json:
        typer.echo(json.dumps(facts, indent=1))
    else:
        _present(facts)
    if facts["problems"]:
        raise typer.Exit(1)


def examine() -> dict[str, object]:
    """Return the facts: versions, packages of the base and of each extra, machine, problems.

    Nothing is changed but one temporary file, by which writing is tried.
    """
    requirements = _requirements()
    base = {name: _version(name) for name in requirements.pop("")}
    extras = {
        extra: {name: _version(name) for name in names}
        for extra, names in sorted(requirements.items())
        if extra not in {"all", "test"}
    }
    problems = [f"{name} is not installed" for name, version in base.items() if version is None]
    problems += _self_test()
    return {
        "sporemetry": importlib.metadata.version("sporemetry"),
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": _cores(),
        "memory_gib": _memory_gib(),
        "free_disk_gib": round(shutil.disk_usage(Path.cwd()).free / 2**30, 1),
        "browser": next((name for name in _BROWSERS if shutil.which(name)), None),
        "gpu": _gpu(),
        "model": _model(problems),
        "base": base,
        "extras": extras,
        "problems": problems,
    }


def _model(problems: list[str]) -> dict[str, object] | None:
    """Return the card of the network that ships, in short; None, and a problem, where it cannot be read."""
    from sporemetry.errors import SporemetryError
    from sporemetry.model import read_model
    from sporemetry.segmentation.network import default_model

    try:
        card = read_model(default_model()).card
    except SporemetryError as error:
        problems.append(str(error))
        return None
    return {
        "name": card.name,
        "version": card.version,
        "sha256": card.sha256,
        "training_data": {
            each.name: f"{each.pictures} pictures, {each.spores} spores; {each.authors}; {each.licence}"
            for each in card.training_data
        },
        "metrics": dict(card.metrics),
    }


def _requirements() -> dict[str, list[str]]:
    """Return the packages that Sporemetry's own metadata asks for, by extra ('' is the base)."""
    wanted: dict[str, list[str]] = {"": []}
    for line in importlib.metadata.requires("sporemetry") or []:
        name = re.split(r"[\s\[;<>=!~]", line, maxsplit=1)[0]
        extra = re.search(r"extra\s*==\s*['\"]([^'\"]+)", line)
        wanted.setdefault(extra.group(1) if extra else "", []).append(name)
    return wanted


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _self_test() -> list[str]:
    """Count one spore from pixels to table, and write a file; return what went wrong."""
    problems: list[str] = []
    try:
        import numpy as np

        from sporemetry.measurement import measure

        labels = np.zeros((20, 30), dtype=np.int32)
        labels[5:15, 5:25] = 1
        if measure(labels)["area"].tolist() != [200]:
            problems.append("measuring gives wrong numbers on this machine")
    except ImportError as error:
        problems.append(f"measuring cannot be imported: {error}")
    try:
        with tempfile.TemporaryFile() as file:
            file.write(b"sporemetry")
    except OSError as error:
        problems.append(f"temporary files cannot be written: {error}")
    return problems


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Windows or macOS
        return os.cpu_count() or 1


def _memory_gib() -> float | None:
    try:
        pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None
    return round(pages * size / 2**30, 1)


def _gpu() -> str | None:
    """Name the GPU, by its driver's own program; None where there is none."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    query = [program, "--query-gpu=name", "--format=csv,noheader"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip() or None


def _present(facts: dict[str, object]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    console.print(
        f"[bold]sporemetry {facts['sporemetry']}[/bold], Python {facts['python']} at {sys.executable}"
    )
    console.print(
        f"{facts['system']}; {facts['cores']} cores, {facts['memory_gib']} GiB memory, "
        f"{facts['free_disk_gib']} GiB free on this disk"
    )
    console.print(
        f"Browser: {facts['browser'] or 'none found on the path'}; GPU for training: {facts['gpu'] or 'none'}"
    )
    if isinstance(model := facts["model"], dict):
        console.print(f"Network: {model['name']}, version {model['version']}, SHA-256 {model['sha256']}")
        for name, origin in model["training_data"].items():
            console.print(f"  trained on {name}: {origin}", markup=False)
    table = Table("part", "for", "state", "packages")
    purpose = {
        "base": "counting, measuring, evaluating",
        "train": "training networks",
        "web": "the local page",
        "cluster": "many machines",
    }
    groups: dict[str, dict[str, str | None]] = {"base": facts["base"], **facts["extras"]}  # type: ignore[dict-item]
    for part, packages in groups.items():
        missing = [name for name, version in packages.items() if version is None]
        state = "[green]ready[/green]" if not missing else f"lacks {', '.join(missing)}"
        if missing and part != "base":
            state += f"; pip install 'sporemetry\\[{part}]'"
        table.add_row(
            part,
            purpose.get(part, ""),
            state,
            ", ".join(f"{name} {version}" for name, version in packages.items() if version),
        )
    console.print(table)
    for problem in facts["problems"]:  # type: ignore[attr-defined]
        console.print(f"[red]Problem:[/red] {problem}")
    if not facts["problems"]:
        console.print("[green]Counting works on this machine.[/green]")
