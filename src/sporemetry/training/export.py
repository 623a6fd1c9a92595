"""A training run -> a packaged network: what the run knows for the card, and what the user adds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor, nn

from sporemetry.dataset.folder import Dataset, DatasetItem, open_dataset, read_item_labels
from sporemetry.errors import FileError, ModelExportError, SettingsError
from sporemetry.measurement import measure
from sporemetry.model import ModelPackage
from sporemetry.model.bioimageio import encode_bioimageio
from sporemetry.model.card import SPORE
from sporemetry.toml_text import read_toml
from sporemetry.training.evaluate import UNTUNED
from sporemetry.training.networks import Padded
from sporemetry.training.onnx_export import OPSET
from sporemetry.training.package import CardError, comparison_images, package_network
from sporemetry.training.parts import TRAIN, part_items
from sporemetry.training.run_folder import RunCard, read_result
from sporemetry.training.trained import TrainedNetwork, load_trained

CARD_KEYS = (
    "name",
    "version",
    "threshold",
    "um_per_px",
    "spore_length_px",
    "instances",
    "judge",
    "score_calibration",
    "training_data",
    "metrics",
)
FORMATS = ("onnx", "bioimageio")
_LARGEST_CARD = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSettings:
    """What is said of a packaged network beside what its run knows.

    Attributes
    ----------
    name, version : str
        Of the network; by default the run's folder and 1.
    dataset : Path or None
        The data set that it was trained on: length of spores, pictures, spores, licence.
    card : Path or None
        A TOML file of further fields of the card, :data:`CARD_KEYS`; it overrides all else but ``name`` and
        ``version`` given here.
    pictures : Path or None
        Folder of pictures to compare on; None: rendered ones.
    step : int or None
        A stored step of the run; None: the best validated one.
    """

    name: str | None = None
    version: str | None = None
    dataset: Path | None = None
    card: Path | None = None
    pictures: Path | None = None
    step: int | None = None


def export_run(
    run: str | Path,
    path: str | Path,
    settings: ExportSettings | None = None,
    *,
    on_progress: Callable[[str], None] | None = None,
) -> ModelPackage:
    """Make a packaged network of a run; nothing is written.

    Parameters
    ----------
    run : str or Path
        A run's folder.
    path : str or Path
        Where the file will lie; for messages.
    settings : ExportSettings, optional
    on_progress : callable, optional
        Told what is being done.

    Raises
    ------
    SettingsError
        When the length of spores is not known, or a field of the card cannot be.
    ModelExportError
        When no package can be made of this network: see :func:`~sporemetry.training.package.package_network`.
    FileError
        When a file cannot be read.
    """
    run, settings = Path(run), settings or ExportSettings()
    trained = load_trained(run, step=settings.step, device="cpu")
    if trained.card.recipe.loss.exclusive:
        raise ModelExportError(
            run,
            expected="a run whose first output is spore, touching or not",
            found="one with loss.exclusive, whose spores end where borders begin",
            remedy="Train with loss.exclusive = false: borders are then learnt beside the spores.",
        )
    facts = _run_facts(run, trained)
    if settings.dataset is not None:
        facts |= _dataset_facts(open_dataset(settings.dataset), trained)
    if settings.card is not None:
        facts |= read_card_fields(settings.card)
    facts |= {key: value for key in ("name", "version") if (value := getattr(settings, key)) is not None}
    if "spore_length_px" not in facts:
        raise SettingsError(
            "--dataset",
            expected="the data set of the run, to measure how long its spores are",
            found="none",
            remedy="Name it, or give spore_length_px = {median, least, most} with --card.",
        )
    network, stride = _bare(trained)
    try:
        return package_network(
            network,
            facts,
            Path(path),
            stride=stride,
            pictures=comparison_images(settings.pictures),
            on_progress=on_progress,
        )
    except CardError as error:
        raise SettingsError("--card", expected=error.expected, found=error.found) from None


def encode_package(package: ModelPackage, form: str, *, authors: Sequence[str], licence: str) -> bytes:
    """Return the file of a packaged network in one of :data:`FORMATS`.

    Raises
    ------
    SettingsError
        For another format, or a bioimage.io package without authors or licence.
    """
    if form == "onnx":
        return package.onnx
    if form == "bioimageio":
        return encode_bioimageio(package, authors=authors, licence=licence, opset=OPSET)
    raise SettingsError("--format", expected=f"one of {', '.join(FORMATS)}", found=repr(form))


def read_card_fields(path: Path) -> dict[str, object]:
    """Read fields of a card from a TOML file; their values are checked when the card is made.

    Raises
    ------
    FileError
        When it is no TOML file of at most 1 MiB.
    SettingsError
        When it holds other fields than :data:`CARD_KEYS`.
    """
    try:
        values = read_toml(path, _LARGEST_CARD)
    except (OSError, ValueError) as error:
        raise FileError(path, expected="a TOML file of fields of the card", found=str(error)[:200]) from error
    unknown = sorted(values.keys() - set(CARD_KEYS))
    if unknown:
        raise SettingsError(
            "--card", expected=f"the fields {', '.join(CARD_KEYS)}", found=", ".join(unknown)[:200]
        )
    if isinstance(values.get("instances"), dict):
        values["instances"].setdefault("options", {})
    return values


class _Grey(nn.Module):
    """A network of one channel, given three: it takes their mean, as in training.

    The mean is a convolution, since ONNX's own mean can also pool a whole picture and is refused.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.mean = nn.Conv2d(3, 1, 1, bias=False)
        nn.init.constant_(self.mean.weight, 1 / 3)

    def forward(self, pictures: Tensor) -> Tensor:
        logits: Tensor = self.network(self.mean(pictures))
        return logits


def _bare(trained: TrainedNetwork) -> tuple[nn.Module, int]:
    """Return the network without its padding, and the stride."""
    padded = trained.network
    if not isinstance(padded, Padded):
        raise TypeError("a network that was not made by build_network")
    network = padded.network
    grey = trained.card.recipe.network.channels == 1
    return (_Grey(network) if grey else network), padded.multiple


def _run_facts(run: Path, trained: TrainedNetwork) -> dict[str, object]:
    card, result = trained.card, read_result(run)
    tuned = result is not None and result.threshold is not None and result.threshold_step == trained.step
    return {
        "name": run.resolve().name,
        "version": "1",
        "threshold": result.threshold if result is not None and tuned else UNTUNED,
        "um_per_px": card.um_per_px,
        "normalization": _normalization(card),
        "channels": [SPORE, *card.recipe.network.heads],
        "instances": {"decoder": _decoder(card.recipe.network.heads), "options": {}},
        "metrics": {f"validation_{key}": float(value) for key, value in result.best.items()}
        if result
        else {},
    }


def _normalization(card: RunCard) -> dict[str, object]:
    if card.recipe.network.normalise == "picture":
        return {"kind": "light", "mean": [], "std": [], "floor": 0.0}
    return {
        "kind": "fixed",
        "mean": list(card.statistics.mean),
        "std": list(card.statistics.std),
        "floor": 0.0,
    }


def _decoder(heads: Sequence[str]) -> str:
    """Return the way of parting spores that the heads are for."""
    known = (("centre", "centres"), ("border", "borders"))
    return next((name for head, name in known if head in heads), "watershed")


def _dataset_facts(dataset: Dataset, trained: TrainedNetwork) -> dict[str, object]:
    """Return what the data set of a run tells: lengths of its training part, pictures, spores, licence."""
    items = part_items(dataset, trained.card.split, TRAIN)
    lengths = np.concatenate([_lengths(item) for item in items]) if items else np.empty(0)
    if not len(lengths):
        raise SettingsError("--dataset", expected="labelled spores in the training part", found="none")
    crop, median = trained.card.recipe.crop, float(np.median(lengths))
    card = dataset.card
    return {
        "spore_length_px": {
            "median": round(median, 2),
            "least": round(median * min(1.0, crop.scale_min), 2),
            "most": round(median * max(1.0, crop.scale_max), 2),
        },
        "training_data": [
            {
                "name": card.name or trained.card.dataset,
                "authors": card.source,
                "licence": card.licence or "not stated",
                "pictures": len(items),
                "spores": len(lengths),
            }
        ],
    }


def _lengths(item: DatasetItem) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.asarray(measure(read_item_labels(item).labels)["length_px"], dtype=np.float64)
