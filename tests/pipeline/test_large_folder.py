"""Folders of many images: the report stays small, the memory too, and a rerun changes nothing."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
import pytest
from benchmarks.large_folder import make_folder, run_count

from sporemetry.report.limits import ROWS_MOST, SHOWN_OF_MANY

# Of the largest memory that the process held, with all libraries.
PEAK_MIB = 300
REPORT_BYTES = 5_000_000


def written(output: Path) -> dict[str, tuple[int, int]]:
    """When each file was written, and its size."""
    return {
        file.name: (file.stat().st_mtime_ns, file.stat().st_size)
        for file in output.iterdir()
        if file.is_file()
    }


@pytest.mark.skipif(sys.platform == "win32", reason="there is no getrusage")
def test_three_hundred_images_are_shown_in_part_and_a_rerun_writes_nothing(tmp_path: Path) -> None:
    images, output = make_folder(tmp_path, ROWS_MOST + 20, spores=4, samples=5)
    (images / "plot_0000" / "broken.png").write_bytes(b"no image")
    cost = run_count(images, output)
    assert cost.code == 3
    assert cost.peak_mib < PEAK_MIB
    report = (output / "report.html").read_text(encoding="utf-8")
    assert len(report) < REPORT_BYTES
    assert report.count('<figure id="') == SHOWN_OF_MANY
    assert f"{SHOWN_OF_MANY} of {ROWS_MOST + 20} pictures are shown" in report
    assert "1 picture could not be counted" in report
    summary = pd.read_csv(output / "summary.csv")
    spores = pd.read_csv(output / "spores.csv")
    assert len(summary) == ROWS_MOST + 20
    assert summary["spores"].sum() == len(spores)
    # Each image has its own rows, in the order of the summary.
    assert (
        spores.groupby("image", sort=False).size().tolist()
        == summary["spores"][summary["spores"] > 0].tolist()
    )
    manifest = json.loads((output / "manifest.json").read_bytes())
    assert len(manifest["inputs"]) == ROWS_MOST + 20
    before = written(output)
    assert run_count(images, output).code == 3
    assert written(output) == before


@pytest.mark.soak
@pytest.mark.skipif(sys.platform == "win32", reason="there is no getrusage")
def test_thirty_thousand_images_stay_within_memory_and_report(tmp_path: Path) -> None:
    images, output = make_folder(tmp_path, 30_000, spores=50, samples=30)
    for title in ("tables written", "unchanged rerun"):
        cost = run_count(images, output)
        size = (output / "report.html").stat().st_size
        print(f"{title}: {cost.seconds:.1f} s, {cost.peak_mib:.0f} MiB, report {size / 1e6:.2f} MB")
        assert cost.code == 0
        assert cost.peak_mib < PEAK_MIB
        assert size < REPORT_BYTES
