"""The training loop over Lightning Fabric: steps, validation, checkpoints; it goes on where it was, exactly.

Nothing in it depends on the clock, on the number of loading processes or on when it was interrupted: samples
and dropout are functions of the seed and the step, and a checkpoint holds the rest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, astuple, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from lightning.fabric import Fabric
from torch import Tensor, nn

from sporemetry.dataset.folder import DatasetItem
from sporemetry.evaluation.pixels import Confusion
from sporemetry.training import checkpoint as checkpoints
from sporemetry.training.average import AveragedWeights
from sporemetry.training.checkpoint import Checkpoint
from sporemetry.training.criterion import build_criterion, count_classes
from sporemetry.training.depthwise import keep_depthwise
from sporemetry.training.loader import Share, TrainingSamples, training_loader
from sporemetry.training.logs import RunLogs
from sporemetry.training.networks import build_network
from sporemetry.training.optimizer import build_optimizer
from sporemetry.training.pictures import IGNORED, PictureStatistics, PictureStore
from sporemetry.training.previews import write_previews
from sporemetry.training.randomness import step_seed
from sporemetry.training.recipe import Recipe
from sporemetry.training.reports import StepReport, TrainingResult, WaitingClock
from sporemetry.training.restore import restore
from sporemetry.training.schedule import learning_rate
from sporemetry.training.validation import Validation, count_crops, spore_target, validate_picture

_FORMATS = {"channels_first": torch.contiguous_format, "channels_last": torch.channels_last}


@dataclass(slots=True)
class _Progress:
    """What the loop remembers beside weights: part of each checkpoint."""

    best_step: int = 0
    best: dict[str, float] = field(default_factory=dict)
    without_better: int = 0
    stopped: bool = False


class Training:
    """One run, ready to go on from its newest checkpoint.

    Parameters
    ----------
    fabric : Fabric
        Launched.
    recipe : Recipe
    store : PictureStore
        The training part.
    statistics : PictureStatistics
        Of the training part.
    validation : sequence of DatasetItem
        The validation part; may be empty.
    run : Path
        The run's folder.
    workers : int
        Loading processes; they change nothing in the result.
    """

    def __init__(
        self,
        fabric: Fabric,
        recipe: Recipe,
        store: PictureStore,
        statistics: PictureStatistics,
        validation: Sequence[DatasetItem],
        run: Path,
        *,
        workers: int = 0,
    ) -> None:
        self.fabric, self.recipe, self.run, self.workers = fabric, recipe, run, workers
        self.statistics, self.validation = statistics, tuple(validation)
        self.validation_store = PictureStore(self.validation)
        self.samples = TrainingSamples(store, recipe, statistics)
        self._dtype = torch.float64 if recipe.precision == "64-true" else torch.float32
        found = checkpoints.newest(run)
        heads = recipe.network.heads
        # A saved state replaces the weights that the encoder began with: they need not be had again.
        settings = recipe.network if found is None else replace(recipe.network, weights=None)
        network = build_network(settings, classes=1 + len(heads), seed=recipe.seed)
        self._format = _FORMATS[recipe.layout]
        if recipe.precision == "bf16-mixed" and fabric.device.type == "cpu":
            keep_depthwise(network)
        self.network = network.to(self._dtype).to(memory_format=self._format)
        pixels = count_classes(store) if recipe.loss.exclusive else ()
        self.criterion = build_criterion(recipe.loss, statistics, heads, pixels)
        self.average = AveragedWeights(self.network, recipe.ema) if recipe.ema else None
        self.optimizer = build_optimizer(self.network, recipe.optimizer)
        self.progress = _Progress()
        self.step = 0
        fabric.to_device(self.criterion)
        if self.average is not None:
            fabric.to_device(self.average)
        self._model, self._optimizer = fabric.setup(self.network, self.optimizer)
        self._restore(found)

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to do."""
        return self.step >= self.recipe.steps or self.progress.stopped

    def _restore(self, found: Checkpoint | None) -> None:
        """Go on from a checkpoint; after setup, so that states lie on their devices."""
        if found is not None:
            ema = None if self.average is None else self.average.network
            restore(found, self.network, self.optimizer, ema, self.run)
            self.step = found.step
            self.progress = _Progress(**found.progress)
        self.fabric.barrier()
        if self.fabric.is_global_zero:
            checkpoints.remove_leftovers(self.run, self.step)
        self.fabric.barrier()

    def go(
        self,
        *,
        on_step: Callable[[StepReport], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> TrainingResult:
        """Train to the end, or until ``should_stop`` says so after a step; then the state is saved.

        Parameters
        ----------
        on_step : callable, optional
            Called after each step in the first process.
        should_stop : callable, optional
            Asked after each step.
        """
        first = self.fabric.is_global_zero
        logs = RunLogs(self.run, self.step) if first else None
        clock = WaitingClock()
        stop = False
        loader = self._loader()
        while not self.finished and not stop:
            with clock.waiting():
                passes = [next(loader) for _ in range(self.recipe.accumulate)]
            loss, pixels = self._train(passes)
            self.step += 1
            if logs is not None:
                rate = learning_rate(self.recipe.optimizer, self.step - 1, self.recipe.steps)
                logs.step(self.step, loss, rate)
            scored = self._validate(logs) if self._due(self.recipe.validate_every) else None
            stop = self._asked(should_stop)
            self._save(logs, wanted=self._due(self.recipe.save_every) or stop or self.finished)
            if first and on_step is not None:
                values = None if scored is None else scored.values
                report = StepReport(
                    step=self.step, steps=self.recipe.steps, loss=loss, pixels=pixels, validation=values
                )
                on_step(report)
        if logs is not None:
            logs.close()
        return TrainingResult(
            steps=self.step,
            finished=self.finished,
            best_step=self.progress.best_step,
            best=dict(self.progress.best),
            waiting=clock.share,
        )

    def _asked(self, should_stop: Callable[[], bool] | None) -> bool:
        """Return whether any process was asked to stop: all of them stop after the same step."""
        asked = should_stop is not None and should_stop()
        if self.fabric.world_size == 1:
            return asked
        flag = torch.tensor(float(asked), device=self.fabric.device)
        return bool(torch.as_tensor(self.fabric.all_reduce(flag, reduce_op="sum")) > 0)

    def _loader(self) -> Iterator[Any]:
        share = Share(self.fabric.global_rank, self.fabric.world_size)
        on_cuda = self.fabric.device.type == "cuda"
        loader = training_loader(self.samples, self.step, share, workers=self.workers, pin_memory=on_cuda)
        return iter(loader)

    def _due(self, every: int) -> bool:
        return self.step == self.recipe.steps or (every > 0 and self.step % every == 0)

    def _train(self, passes: Sequence[tuple[Tensor, Tensor]]) -> tuple[float, Confusion]:
        """Do one optimizer step on the samples of all passes; return the loss over all processes."""
        rate = learning_rate(self.recipe.optimizer, self.step, self.recipe.steps)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        torch.manual_seed(step_seed(self.recipe.seed, self.step, self.fabric.global_rank))
        moved = [self.fabric.to_device(each) for each in passes]
        shares = self._shares_of_pixels([target for _, target in moved])
        self._model.train()
        self._optimizer.zero_grad(set_to_none=True)
        losses: list[Tensor] = []
        pixels = Confusion(0, 0, 0, 0)
        for number, ((pictures, target), share) in enumerate(zip(moved, shares, strict=True), start=1):
            with self.fabric.no_backward_sync(self._model, enabled=number < len(moved)):
                logits = self._model(pictures.to(self._dtype, memory_format=self._format))
                loss = self.criterion(logits, target) * share
                self.fabric.backward(loss)
            losses.append(loss.detach())
            pixels += count_crops(logits.detach(), spore_target(target))
        if self.recipe.optimizer.clip_norm:
            self.fabric.clip_gradients(self._model, self._optimizer, max_norm=self.recipe.optimizer.clip_norm)
        self._optimizer.step()
        if self.average is not None:
            self.average.update(self.network)
        mean = self.fabric.all_reduce(torch.stack(losses).sum(), reduce_op="mean")
        return float(torch.as_tensor(mean)), pixels

    def _shares_of_pixels(self, targets: Sequence[Tensor]) -> list[float]:
        """Return what each pass weighs, so that passes and processes together are one batch.

        A pass counts by its pixels that are not ignored; that processes are averaged is made up for.
        """
        counts = torch.stack([(spore_target(target) != IGNORED).sum() for target in targets])
        total = torch.as_tensor(self.fabric.all_reduce(counts.sum(), reduce_op="sum"))
        *own, whole = torch.cat([counts, total[None]]).tolist()
        return [count * self.fabric.world_size / max(whole, 1) for count in own]

    def _validate(self, logs: RunLogs | None) -> Validation | None:
        """Score the network, each process its share of the pictures; all learn whether training goes on."""
        if not self.validation:
            return None
        scored = self._score()
        values = scored.values
        if logs is not None:
            logs.validation(self.step, values)
            if self.recipe.preview_every and self._due(self.recipe.preview_every):
                self._preview()
        if not self.progress.best or _rank(values) > _rank(self.progress.best):
            self.progress.best, self.progress.best_step = values, self.step
            self.progress.without_better = 0
            if logs is not None:
                checkpoints.save_best(self.run, self._state())
        else:
            self.progress.without_better += 1
        patience = self.recipe.patience
        self.progress.stopped = bool(patience) and self.progress.without_better >= patience
        return scored

    def _score(self) -> Validation:
        rank, world = self.fabric.global_rank, self.fabric.world_size
        counts = torch.zeros(len(self.validation), 4, dtype=torch.int64, device=self.fabric.device)
        for place in range(rank, len(self.validation), world):
            # In the arithmetic of training: in 32 bits whole pictures would cost more than the steps between.
            with self.fabric.autocast():
                found = validate_picture(
                    self._validated(),
                    self.validation_store[place],
                    self.statistics,
                    network_settings=self.recipe.network,
                    flips=self.recipe.test_flips,
                    device=self.fabric.device,
                )
            counts[place] = torch.tensor(astuple(found))
        summed = torch.as_tensor(self.fabric.all_reduce(counts, reduce_op="sum"))
        return Validation(tuple(Confusion(*row) for row in summed.tolist()))

    def _validated(self) -> nn.Module:
        return self.network if self.average is None else self.average.network

    def _preview(self) -> None:
        write_previews(
            self._validated(),
            [self.validation_store[place] for place in range(min(4, len(self.validation)))],
            self.run / "previews" / f"step-{self.step:08d}",
            self.statistics,
            network_settings=self.recipe.network,
            device=self.fabric.device,
        )

    def _state(self) -> Checkpoint:
        return Checkpoint(
            step=self.step,
            model=self.network.state_dict(),
            optimizer=self.optimizer.state_dict(),
            ema={} if self.average is None else self.average.network.state_dict(),
            progress=asdict(self.progress),
        )

    def _save(self, logs: RunLogs | None, *, wanted: bool) -> None:
        kept = self.step in self.recipe.keep
        if logs is not None:
            if kept:
                checkpoints.save_kept(self.run, self._state())
            if wanted:
                logs.flush()
                checkpoints.save(self.run, self._state())
        if kept or wanted:
            self.fabric.barrier()


def _rank(values: dict[str, float]) -> float:
    """Return what the best checkpoint is chosen by; an undefined score is the worst."""
    value = values["spore_iou"]
    return -math.inf if math.isnan(value) else value
