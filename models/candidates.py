"""Which network to take: what each candidate finds on the same unseen pictures, and what it costs."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sporemetry.model import load_network, read_model
from trainings import HERE, REAL, UNSEEN, jobs_of, read_report

sys.path.insert(0, str(HERE.parent))

from benchmarks.inference import fastest, network_operations

_SIDE, _ROUNDS = 1024, 5
_HEAD = (
    "| network | MB | GFLOP a megapixel | ms a megapixel | core minutes | "
    + " | ".join(f"{name}{', never seen' if name == UNSEEN else ''}" for name in REAL)
    + " |\n|---|---:|---:|---:|---:|"
    + "---:|" * len(REAL)
)


def compare_candidates(out: Path, real: Path, steps: int) -> str:
    """Return the candidates that were trained as Markdown: F1 and mean IoU without a judge, and the cost.

    Milliseconds are those of OpenVINO in f32 on this machine, the fastest of some rounds in which every
    network has its turn.
    """
    jobs = [job for job in jobs_of("candidates", out, real, steps) if job.result.exists()]
    pixels = np.random.default_rng(0).normal(size=(1, 3, _SIDE, _SIDE)).astype(np.float32)
    packages = {job.name: read_model(job.model) for job in jobs}
    networks = {name: load_network(package) for name, package in packages.items()}
    seconds = fastest(
        {name: lambda network=network: network.logits(pixels) for name, network in networks.items()},  # type: ignore[misc]
        _ROUNDS,
    )
    megapixels = _SIDE * _SIDE / 1e6
    rows = [_HEAD]
    for job in jobs:
        report = read_report(job.result)
        work = network_operations(packages[job.name], _SIDE, _SIDE) / 1e9
        cells = [
            job.name,
            f"{job.model.stat().st_size / 1e6:.1f}",
            f"{work / megapixels:.0f}",
            f"{1e3 * seconds[job.name] / megapixels:.0f}",
            f"{report['minutes']:.0f}",
            *(_quality(report["sets"].get(name, {})) for name in REAL),
        ]
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def _quality(scores: Mapping[str, Any]) -> str:
    """Return F1, and the mean IoU where there are labels.

    >>> _quality({"f1": 0.75, "mean_iou": 0.82}), _quality({"f1": 0.9, "mean_iou": None}), _quality({})
    ('0.750 (82.0)', '0.900', '')
    """
    if not scores:
        return ""
    quality = scores.get("mean_iou")
    return f"{scores['f1']:.3f}" + ("" if quality is None else f" ({100 * quality:.1f})")
