"""A training run from a data set folder to a finished run folder, in one process or in several."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch
from lightning.fabric import Fabric
from lightning.fabric.plugins.environments.torchelastic import TorchElasticEnvironment

from sporemetry.dataset.folder import Dataset, open_dataset
from sporemetry.dataset.split import Split
from sporemetry.errors import SettingsError
from sporemetry.label_jpegs import describe_jpegs
from sporemetry.stated_number import check_number
from sporemetry.storage import make_folder, only_writer, write_atomic
from sporemetry.training.evaluate import tune_threshold
from sporemetry.training.label_check import check_labels
from sporemetry.training.loop import Training
from sporemetry.training.memory import clear_memory_errors
from sporemetry.training.networks import check_crops, check_norm
from sporemetry.training.parts import TRAIN, VALIDATION, choose_parts, part_items
from sporemetry.training.pictures import PictureStatistics, PictureStore
from sporemetry.training.precision import settle_machine
from sporemetry.training.recipe import Recipe
from sporemetry.training.reports import StepReport, TrainingResult
from sporemetry.training.run_folder import (
    RESULT_NAME,
    RunCard,
    RunResult,
    begin_run,
    check_run,
    is_run,
    read_run,
)
from sporemetry.training.trained import load_trained
from sporemetry.workers import MOST_PROCESSES

LOCK_NAME = "lock"
_PATIENCE = 10.0  # seconds: loading processes outlive a killed run for about five
ACCELERATORS = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where training runs; nothing of it changes what is computed but for rounding.

    Attributes
    ----------
    accelerator : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    devices : int
        Processes on this machine, one a device; under torchrun its own number counts.
    workers : int
        Loading processes of each.
    threads : int or None
        Of each process on a CPU; None leaves PyTorch's choice.
    """

    accelerator: str = "auto"
    devices: int = 1
    workers: int = 0
    threads: int | None = None

    def __post_init__(self) -> None:
        if self.accelerator not in ACCELERATORS:
            expected = f"one of {', '.join(ACCELERATORS)}"
            raise SettingsError("--accelerator", expected=expected, found=repr(self.accelerator))
        check_number("--devices", self.devices, 1, MOST_PROCESSES, whole=True)
        check_number("--workers", self.workers, 0, MOST_PROCESSES, whole=True)
        if self.threads is not None:
            check_number("--threads", self.threads, 1, MOST_PROCESSES, whole=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """Who is told how training goes; each may be left out.

    Attributes
    ----------
    on_labels : callable
        What is doubtful in the labels, one line a kind; before anything else is read.
    on_reading : callable
        Pictures read, and pictures in all.
    on_start : callable
        Steps that are done already, and the run's card.
    on_step : callable
        After each step, in the first process.
    should_stop : callable
        Asked after each step; where it says so the state is saved and training ends.
    """

    on_labels: Callable[[Sequence[str]], None] | None = None
    on_reading: Callable[[int, int], None] | None = None
    on_start: Callable[[int, RunCard], None] | None = None
    on_step: Callable[[StepReport], None] | None = None
    should_stop: Callable[[], bool] | None = None


def train(
    dataset: str | Path,
    output: str | Path,
    recipe: Recipe,
    *,
    split: str | Path | None = None,
    machine: Machine | None = None,
    watcher: Watcher | None = None,
) -> TrainingResult:
    """Train a network on a data set, or go on where an interrupted call was.

    Parameters
    ----------
    dataset : str or Path
        A data set folder; pictures without label pictures are left out.
    output : str or Path
        The run's folder, see :mod:`sporemetry.training.run_folder`.
    recipe : Recipe
    split : str or Path, optional
        A file of `sporemetry dataset split`. Without one the pictures are split here, by group: a tenth for
        validation, a tenth for tests, as far as there are groups.
    machine : Machine, optional
    watcher : Watcher, optional

    Raises
    ------
    SettingsError
        When recipe, split and data set do not fit, or the folder holds another run.
    FileError
        When a file cannot be read or written, or another training is at work in the folder.
    TrainingMemoryError
        When memory runs out.
    """
    opened, output = open_dataset(dataset), Path(output)
    machine, watcher = machine or Machine(), watcher or Watcher()
    begun = read_run(output).recipe if is_run(output) else None
    recipe = settle_machine(recipe, device_type(machine.accelerator), begun=begun)
    group_is_ours = not _has_group()
    fabric = _fabric(machine, recipe)
    if recipe.batch % (recipe.accumulate * fabric.world_size):
        raise SettingsError(
            "batch",
            expected=f"a multiple of accumulate x processes, {recipe.accumulate} x {fabric.world_size}",
            found=str(recipe.batch),
            remedy="The batch is that of all processes together.",
        )
    check_crops(recipe.network, recipe.batch // (recipe.accumulate * fabric.world_size))
    check_norm(recipe.network, fabric.world_size, fabric.device.type)
    doubts = check_labels(opened.labelled)
    if opened.jpegs:
        doubts = (*doubts, f"left out: {describe_jpegs(opened.jpegs)}")
    if doubts and fabric.is_global_zero and watcher.on_labels is not None:
        watcher.on_labels(doubts)
    parts = choose_parts(opened, split, seed=recipe.seed)
    make_folder(output)
    first = fabric.is_global_zero
    with only_writer(output, output / LOCK_NAME, patience=_PATIENCE) if first else nullcontext():
        with clear_memory_errors(recipe):
            training = _begin(opened, output, recipe, parts, fabric, machine, watcher)
            result = training.go(on_step=watcher.on_step, should_stop=watcher.should_stop)
        if first and result.finished:
            _finish(output, result, training.validation_store, str(fabric.device))
        fabric.barrier()
    if group_is_ours and _has_group():
        # Gloo's threads, where they outlive the interpreter, abort the process.
        torch.distributed.destroy_process_group()
    return result


def _begin(
    dataset: Dataset,
    output: Path,
    recipe: Recipe,
    parts: Split,
    fabric: Fabric,
    machine: Machine,
    watcher: Watcher,
) -> Training:
    """Read the pictures, take up the run's newest state, and make its folder a run where it was none."""
    first = fabric.is_global_zero
    store = PictureStore(
        part_items(dataset, parts, TRAIN),
        heads=recipe.network.heads,
        light=recipe.network.normalise == "picture",
        distractors=recipe.crop.distractor > 0,
    )
    statistics = store.measure(watcher.on_reading if first else None)
    card = _card(dataset, recipe, parts, statistics)
    if first:
        check_run(output, card)
    fabric.barrier()
    validation = part_items(dataset, parts, VALIDATION)
    training = Training(fabric, recipe, store, statistics, validation, output, workers=machine.workers)
    if first:
        # Not before network and loss are there: a folder whose recipe has a mistake would refuse its mending.
        begin_run(output, card)
    if first and watcher.on_start is not None:
        watcher.on_start(training.step, card)
    return training


def _finish(output: Path, result: TrainingResult, validation: PictureStore, device: str) -> None:
    """Tune the threshold on the validation part, and write how the run ended."""
    trained = load_trained(output, device=device)
    best = tune_threshold(trained, validation)
    ended = RunResult(
        steps=result.steps,
        best_step=result.best_step,
        best=result.best,
        threshold=None if best is None else best.threshold,
        threshold_step=trained.step,
    )
    write_atomic(output / RESULT_NAME, ended.encode())


def _card(dataset: Dataset, recipe: Recipe, parts: Split, statistics: PictureStatistics) -> RunCard:
    return RunCard(
        recipe=recipe,
        dataset=dataset.card.name or dataset.root.resolve().name,
        parts=parts.parts,
        groups=parts.groups,
        statistics=statistics,
        um_per_px=dataset.card.um_per_px,
    )


def device_type(accelerator: str) -> str:
    """Return what training runs on: ``cpu``, ``cuda`` or ``mps``."""
    if accelerator != "auto":
        return accelerator
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _has_group() -> bool:
    return torch.distributed.is_available() and torch.distributed.is_initialized()


def _fabric(machine: Machine, recipe: Recipe) -> Fabric:
    """Return a launched Fabric whose results depend on the recipe alone."""
    if machine.threads is not None:
        torch.set_num_threads(machine.threads)
    # Kernels that add up in another order each time would make two equal runs differ.
    torch.use_deterministic_algorithms(True, warn_only=True)
    # That would also fill every new array before a kernel writes it (benchmarks/train_step.py).
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.benchmark = False
    if recipe.precision == "auto" or recipe.layout == "auto":
        raise ValueError("precision and layout are settled before")
    devices, nodes = machine.devices, 1
    if torchrun := TorchElasticEnvironment.detect():
        devices = int(os.environ["LOCAL_WORLD_SIZE"])
        nodes = int(os.environ["WORLD_SIZE"]) // devices
    fabric = Fabric(
        accelerator=machine.accelerator,
        devices=devices,
        num_nodes=nodes,
        strategy="ddp" if torchrun or devices > 1 else "auto",
        # Fabric's own 64 bits hand the logits back in 32: the loop makes the network double itself.
        precision="32-true" if recipe.precision == "64-true" else recipe.precision,
    )
    fabric.launch()
    return fabric
