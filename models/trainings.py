"""What is trained to make the packaged model and its figures, and on which pictures each is scored."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from pretrained import ENCODER, FILE_NAME
from sporemetry.dataset.counts import spore_counts
from sporemetry.dataset.folder import DatasetItem, open_dataset
from sporemetry.dataset.split import k_folds
from sporemetry.training.recipe import Recipe, find_recipe

HERE = Path(__file__).resolve().parent
RECIPE = HERE / "default.toml"
REAL = ("anthracnose", "nosema", "rice_blast", "dic_fungal")
UNSEEN = "dic_fungal"  # trained on in the model that ships only, so that the folds tell of unseen kinds
FOLDS = 3
TRAIN, HELD_OUT = "train", "test"
TRAININGS = ("candidates", "folds", "kinds", "final")
HALF: Mapping[str, Any] = {
    "architecture": "unet-half", "encoder": "tu-resnet18", "decoder": [64, 32, 24], "weights": None,
}  # fmt: skip
LITE: Mapping[str, Any] = {**HALF, "encoder": f"tu-{ENCODER}", "width": 1.0}
# The model is the mean of the logits of these: changes of the recipe's network, and of its turns.
MEMBERS: Mapping[str, tuple[Mapping[str, Any], Mapping[str, int]]] = {
    "resnet": ({}, {}),
    "lite": ({**LITE, "weights": FILE_NAME}, {"dirty": 4}),  # of ImageNet, and sees more dirt
}
CANDIDATES: Mapping[str, Mapping[str, Any]] = {
    "U-Net, EfficientNet-Lite0 of ImageNet, at half size": {**LITE, "weights": FILE_NAME},
    "the same, random weights": LITE,
    "U-Net, ResNet-18 half as wide, at half size": {**HALF, "width": 0.5},
    "ResNet-18, a quarter narrower": {**HALF, "width": 0.375, "decoder": [64, 32, 16]},
    "ResNet-18, wider, decoder too": {**HALF, "width": 0.75, "decoder": [96, 48, 32]},
    "U-Net, ResNet-18 half as wide, at full size": {
        **HALF, "architecture": "unet", "width": 0.5, "decoder": [96, 48, 32, 16],
    },
    "U-Net, MobileNetV2, at half size": {
        **HALF, "encoder": "tu-mobilenetv2_100", "width": 1.0,
    },
    "U-Net, RegNetX-400MF, at half size": {
        **HALF, "encoder": "tu-regnetx_004", "width": 1.0,
    },
    "DeepLabv3+ without image pooling, EfficientNet-Lite0 of ImageNet": {
        **LITE, "architecture": "deeplabv3plus-local", "decoder": [], "weights": FILE_NAME,
    },
    "DeepLabv3+ without image pooling, MobileNetV2": {
        **HALF, "architecture": "deeplabv3plus-local", "encoder": "tu-mobilenetv2_100", "decoder": [],
        "width": 1.0,
    },
    "LinkNet, ResNet-18": {
        **HALF, "architecture": "linknet", "encoder": "resnet18", "decoder": [], "width": 1.0,
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Job:
    """One network, and the pictures that it is scored on: a training, or the mean of its members."""

    name: str
    folder: Path
    real: Path
    held_out: tuple[str, ...]
    steps: int
    network: Mapping[str, Any] = field(default_factory=dict)
    threads: int = 1
    turns: Mapping[str, int] = field(default_factory=dict)
    scored: bool = True

    @property
    def members(self) -> tuple[Job, ...]:
        """The trainings of which this is the mean; none of a training."""
        if self.network or not self.scored:
            return ()
        return tuple(
            replace(self, name=f"{self.name}, {member}", network=network, turns=turns, scored=False)
            for member, (network, turns) in MEMBERS.items()
        )

    @property
    def recipe(self) -> Recipe:
        """What is trained; an encoder's first weights lie in the folder."""
        changes = {"steps": self.steps, "network": dict(self.network), "turns": dict(self.turns)}
        recipe = find_recipe(str(RECIPE), changes)
        trained = {name: turns for name, turns in recipe.turns.items() if not self._leaves_out(name)}
        network = recipe.network
        if network.weights is not None:
            network = replace(network, weights=str(self.folder / network.weights))
        return replace(recipe, turns=trained, network=network)

    def _leaves_out(self, name: str) -> bool:
        """Return whether a real set is not trained on at all."""
        held_out = set(self.held_out)
        return name in REAL and all(each in held_out for each in names_of(self.real, (name,)))

    @property
    def run(self) -> Path:
        """The run's folder."""
        return self.folder / "runs" / _plain(self.name)

    @property
    def model(self) -> Path:
        """The packaged network."""
        return self.run / "model.onnx"

    @property
    def result(self) -> Path:
        """Its scores."""
        return self.run / "scores.json"

    @property
    def judged(self) -> Path:
        """The packaged network with a judge."""
        return self.run / "judged.onnx"

    @property
    def judged_result(self) -> Path:
        """The scores of that."""
        return self.run / "judged.json"


def _plain(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name.lower())


def jobs_of(stage: str, out: Path, real: Path, steps: int) -> list[Job]:
    """Return the networks of a stage; none of one that does not train."""
    if stage not in TRAININGS:
        return []
    threads = 1  # a core a training: two trainings side by side are faster than one on both cores
    job = partial(Job, folder=out, real=real, steps=steps, threads=threads)
    folds = [fold_names(real, number) for number in range(FOLDS)]
    if stage == "candidates":
        return [job(name=name, held_out=folds[0], network=network) for name, network in CANDIDATES.items()]
    if stage == "folds":
        return [job(name=f"fold {number}", held_out=names) for number, names in enumerate(folds)]
    if stage == "kinds":
        left_out = [(name, names_of(real, (name, UNSEEN))) for name in REAL if name != UNSEEN]
        return [job(name=f"without {name}", held_out=names) for name, names in left_out]
    return [job(name="final", held_out=())]


def names_of(real: Path, sets: Iterable[str]) -> tuple[str, ...]:
    """Return the names, in the merged set, of all pictures of some sets."""
    return tuple(f"{name}/{item.name}" for name in sets for item in usable(real / name))


def usable(folder: Path) -> list[DatasetItem]:
    """Return the pictures with labels or boxes."""
    return [item for item in open_dataset(folder).items if item.labels is not None or item.boxes is not None]


def fold_names(real: Path, number: int) -> tuple[str, ...]:
    """Return the pictures that a fold is tested on: by group, and all of the set that is never trained on."""
    names = list(names_of(real, (UNSEEN,)))
    for each in REAL:
        if each == UNSEEN:
            continue
        items = usable(real / each)
        groups = {item.name: item.group for item in items}
        counts = spore_counts(items)
        split = k_folds(groups, counts, FOLDS, seed=0)[number]
        names += [f"{each}/{name}" for name in split.names("val")]
    return tuple(names)


def held_out_of(job: Job, name: str) -> list[DatasetItem]:
    """Return the pictures of a set that a training is scored on."""
    return [item for item in usable(job.real / name) if f"{name}/{item.name}" in job.held_out]


def read_report(path: Path) -> dict[str, Any]:
    """Return what a training gave."""
    return dict(json.loads(path.read_text(encoding="utf-8")))
