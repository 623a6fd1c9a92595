"""Writes the model that ships: the final network with a judge, and what its card says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from figures import SEEN, pooled
from judging import fit_judge, objects_of
from sporemetry.dataset.counts import spore_counts
from sporemetry.model import TrainingSet, pack_model, read_model
from sporemetry.storage import make_folder, write_atomic
from trainings import HERE, REAL, jobs_of, read_report, usable

VERSION = "2"
ORIGINS = {
    "anthracnose": ("Zhao et al. 2019, the authors' code repository; labels of three pictures by us", "MIT"),
    "nosema": ("bees-spore-detector", "MIT"),
    "rice_blast": ("Iowa State University, Spore M. oryzae, Roboflow Universe", "CC BY 4.0"),
    "dic_fungal": ("Mycol", "MIT"),
}
RENDERED_ORIGIN = ("Sporemetry's renderer", "as Sporemetry")
IMAGENET = TrainingSet(
    name="ImageNet-1k, the encoder's first weights",
    authors="EfficientNet-Lite0 of the TPU repository of TensorFlow",
    licence="Apache 2.0",
    pictures=1_281_167,
    spores=0,
)
SHIPPED = HERE.parent / "src" / "sporemetry" / "models" / "default.onnx"


def package(out: Path, real: Path, steps: int) -> None:
    """Write the model that ships: the final network, a judge from all folds, and their figures."""
    reports = [read_report(job.result) for job in jobs_of("folds", out, real, steps)]
    with_judge = [read_report(job.judged_result) for job in jobs_of("folds", out, real, steps)]
    (final,) = jobs_of("final", out, real, steps)
    network = read_model(final.model)
    metrics = {
        f"{name}_{key}": round(float(found[key]), 4)
        for name in REAL
        for found in [pooled(with_judge, name)]
        for key in ("f1", "mean_iou", "count_error")
        if key in found
    }
    card = replace(
        network.card,
        name="Sporemetry spores",
        version=VERSION,
        judge=fit_judge(objects_of(reports, SEEN)),
        training_data=_training_data(
            out, real, first_weights=any(each.recipe.network.weights is not None for each in final.members)
        ),
        metrics=metrics,
    )
    make_folder(SHIPPED.parent)
    write_atomic(SHIPPED, pack_model(network.onnx, card))
    print(f"{SHIPPED.name}: {SHIPPED.stat().st_size / 1e6:.1f} MB, SHA-256 {read_model(SHIPPED).card.sha256}")


def _training_data(out: Path, real: Path, *, first_weights: bool) -> tuple[TrainingSet, ...]:
    """Return the sets that the network was trained on, and what its encoder had learnt before."""
    sets = tuple(_training_set(folder) for folder in _sources(out, real))
    return (*sets, IMAGENET) if first_weights else sets


def _sources(out: Path, real: Path) -> list[Path]:
    return [*(real / name for name in REAL), *sorted(path for path in (out / "renders").iterdir())]


def _training_set(folder: Path) -> TrainingSet:
    items = usable(folder)
    authors, licence = ORIGINS.get(folder.name, RENDERED_ORIGIN)
    spores = sum(spore_counts(items).values())
    return TrainingSet(name=folder.name, authors=authors, licence=licence, pictures=len(items), spores=spores)
