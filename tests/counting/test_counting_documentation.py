"""The numbers on docs/counting.md: its examples are run, its table of coverage is drawn again."""

from __future__ import annotations

import doctest
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.REPORT_NDIFF


@pytest.fixture(scope="module")
def page(repository: Path) -> str:
    return (repository / "docs" / "counting.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def benchmark(repository: Path) -> ModuleType:
    path = repository / "benchmarks" / "interval_coverage.py"
    spec = importlib.util.spec_from_file_location("interval_coverage", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_examples(page: str) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", page, flags=re.DOTALL | re.MULTILINE)
    example = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, "docs/counting.md", None, None)
    assert len(example.examples) > 20
    report: list[str] = []
    results = doctest.DocTestRunner(optionflags=FLAGS).run(example, out=report.append)
    assert results.failed == 0, "".join(report)


def test_table_of_coverage(page: str, benchmark: ModuleType) -> None:
    rows = re.findall(r"^\| (\d+) \| (\d+) \| (.+) \|$", page, flags=re.MULTILINE)
    assert len(rows) == 15
    random = np.random.default_rng(1)
    repeats = 8000
    for dispersion, pictures, cells in rows:
        counts = benchmark.draw(random, float(dispersion), int(pictures), 50.0, repeats)
        found = benchmark.coverage(counts, 50.0).values()
        for cell, (held, width) in zip(cells.split(" | "), found, strict=True):
            printed_held, printed_width = re.fullmatch(r"(\d+) %, ([\d.]+)", cell).groups()  # type: ignore[union-attr]
            chance = 3.5 * np.sqrt(held * (1 - held) / repeats) + 0.005  # and rounding to whole per cent
            assert held == pytest.approx(float(printed_held) / 100, abs=chance)
            assert width == pytest.approx(float(printed_width), rel=0.06, abs=0.06)


def test_table_of_treatments(page: str, benchmark: ModuleType) -> None:
    rows = re.findall(r"^\| (\d+) x (\d+) \| (\d+) \| (\d+) % \| (.+) \|$", page, flags=re.MULTILINE)
    assert len(rows) == 28
    random = np.random.default_rng(3)
    repeats = 4000
    for suspensions, images, per_image, cv, cells in rows:
        layout, mean = (int(images),) * int(suspensions), float(per_image)
        counts = benchmark.draw_suspensions(random, int(cv) / 100, "gamma", layout, mean, repeats)
        found = benchmark.treatment_intervals(counts, layout)
        poisson = np.median(found["Poisson"][1] - found["Poisson"][0])
        columns = ("images pooled", "Poisson", "t of logs", "ours")
        for name, cell in zip(columns, cells.split(" | "), strict=True):
            printed_held, printed_width = re.fullmatch(r"(\d+) %, ([\d.]+)", cell).groups()  # type: ignore[union-attr]
            low, high = found[name]
            held = np.mean((low <= mean) & (mean <= high))
            chance = 3.5 * np.sqrt(held * (1 - held) / repeats) + 0.005
            assert held == pytest.approx(float(printed_held) / 100, abs=chance)
            assert np.median(high - low) / poisson == pytest.approx(float(printed_width), rel=0.12, abs=0.1)


@pytest.mark.parametrize("per_image", [1.0, 4.0, 10.0, 50.0])
@pytest.mark.parametrize("cv", [0.0, 0.15, 0.25])
def test_three_suspensions_of_five_images_are_held(
    benchmark: ModuleType, cv: float, per_image: float
) -> None:
    layout = (5, 5, 5)
    counts = benchmark.draw_suspensions(np.random.default_rng(5), cv, "gamma", layout, per_image, 8000)
    low, high = benchmark.treatment_intervals(counts, layout)["ours"]
    assert np.mean((low <= per_image) & (per_image <= high)) >= 0.93


def test_no_method_holds_where_spores_are_few_and_clumped(benchmark: ModuleType) -> None:
    counts = benchmark.draw(np.random.default_rng(2), 10.0, 10, 2.0, 8000)
    assert all(0.4 < held < 0.9 for held, _ in benchmark.coverage(counts, 2.0).values())
