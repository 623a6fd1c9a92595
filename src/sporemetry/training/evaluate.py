"""A run against labelled pictures: probability -> mask at the tuned threshold -> labels -> scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from sporemetry.dataset.folder import Dataset, DatasetItem, open_dataset, read_item_ignore, read_item_labels
from sporemetry.errors import SettingsError
from sporemetry.evaluation import (
    EvaluationSettings,
    PictureScores,
    SetScores,
    draw_comparison,
    encode_comparison,
    evaluate_labels,
    summarise,
    write_evaluation,
)
from sporemetry.evaluation.output import COMPARISON_SUFFIX
from sporemetry.image import read_image
from sporemetry.instances import Separation, separate_touching
from sporemetry.label_image import write_labels
from sporemetry.storage import make_folder, remove_temporaries, write_atomic
from sporemetry.training.parts import ALL, TEST, VALIDATION, choose_items, part_items
from sporemetry.training.pictures import PictureStore, to_eight_bits
from sporemetry.training.run_folder import read_result
from sporemetry.training.threshold import BestThreshold, ThresholdCurve
from sporemetry.training.trained import TrainedNetwork, load_trained

DEFAULT_MIN_AREA = 30
UNTUNED = 0.5
_NEAR_SCALE = 1.25  # what augmentation by scale covers, and spores differ by anyway


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvaluationSettings:
    """How a run is scored.

    Attributes
    ----------
    part : str
        ``test`` (default), ``val`` or ``train`` as the run split them, or ``all`` pictures of the data set.
    threshold : float or None
        From which probability a pixel is spore; None: tuned on the validation part, never on what is scored.
    step : int or None
        A stored step of the run; None: the best validated one.
    min_area : int
        Smaller components are no spores, px.
    flips : bool or None
        Whether to average over flips; None: as the recipe says.
    scores : EvaluationSettings
        Tolerance and IoUs.
    """

    part: str = TEST
    threshold: float | None = None
    step: int | None = None
    min_area: int = DEFAULT_MIN_AREA
    flips: bool | None = None
    scores: EvaluationSettings = field(default_factory=EvaluationSettings)

    def __post_init__(self) -> None:
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise SettingsError("--threshold", expected="a number from 0 to 1", found=f"{self.threshold:g}")
        if self.min_area < 1:
            raise SettingsError("--min-area", expected="1 or more", found=str(self.min_area))


def evaluate_run(
    run: str | Path,
    dataset: str | Path,
    output: str | Path | None = None,
    settings: RunEvaluationSettings | None = None,
    *,
    device: str | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> SetScores:
    """Score a run's network on whole pictures of a data set.

    Parameters
    ----------
    run, dataset : str or Path
        A run, and a data set with label pictures: its own, or with ``part="all"`` another one.
    output : str or Path, optional
        Folder for predicted labels, tables, plot and compared pictures, made if missing; None writes nothing.
    settings : RunEvaluationSettings, optional
    device : str, optional
        None: a GPU where there is one.
    on_progress : callable, optional
        Pictures done, and in all.

    Returns
    -------
    SetScores
        Its notes say which threshold was used, and where it came from.

    Raises
    ------
    SettingsError
        When the run has no such part or step.
    FileError
        When a file cannot be read or written.
    """
    settings = settings or RunEvaluationSettings()
    trained = load_trained(run, step=settings.step, device=device)
    opened = open_dataset(dataset)
    items = choose_items(opened, trained.card, settings.part)
    threshold, note = _threshold(trained, Path(run), opened, settings)
    folder = None if output is None else Path(output)
    if folder is not None:
        make_folder(folder)
        remove_temporaries(folder)
    pictures = []
    for done, item in enumerate(items, start=1):
        scored = _score(trained, item, threshold, settings, folder, um_per_px=opened.card.um_per_px)
        pictures.append(scored)
        if on_progress is not None:
            on_progress(done, len(items))
    notes = (
        note,
        f"state of step {trained.step:,}; {settings.part} pictures: {len(items)}",
        *_scale_notes(trained.card.um_per_px, opened.card.um_per_px),
    )
    scores = summarise(pictures, settings=settings.scores, notes=notes)
    if folder is not None:
        write_evaluation(scores, folder)
    return scores


def tune_threshold(
    trained: TrainedNetwork, store: PictureStore, *, flips: bool | None = None
) -> BestThreshold | None:
    """Return the threshold of the best pooled spore IoU over pictures; None where they hold no spore.

    0.5 where none is better than to call every pixel spore.
    """
    curve = ThresholdCurve()
    spores = False
    for number in range(len(store)):
        picture = store[number]
        probability = trained.probability(picture.pixels, flips=flips)
        curve.add(torch.from_numpy(probability), torch.from_numpy(picture.target))
        spores = spores or bool((picture.target == 1).any())
    return curve.tuned() if spores else None


def spore_labels(mask: NDArray[np.bool_], min_area: int = DEFAULT_MIN_AREA) -> NDArray[np.int32]:
    """Return labels of a mask: touching spores apart, components under ``min_area`` px left out."""
    return separate_touching(mask, Separation(min_area=min_area))


def _threshold(
    trained: TrainedNetwork, run: Path, dataset: Dataset, settings: RunEvaluationSettings
) -> tuple[float, str]:
    """Return the threshold, and where it came from in words."""
    if settings.threshold is not None:
        return settings.threshold, f"threshold {settings.threshold:g}, as given"
    result = read_result(run)
    if result is not None and result.threshold is not None and result.threshold_step == trained.step:
        return result.threshold, f"threshold {result.threshold:g}, tuned on the run's validation part"
    if settings.part != ALL:
        tuning = PictureStore(part_items(dataset, trained.card.split, VALIDATION))
        best = tune_threshold(trained, tuning, flips=settings.flips)
        if best is not None:
            return best.threshold, f"threshold {best.threshold:g}, tuned on the validation part"
        return UNTUNED, f"threshold {UNTUNED:g}, not tuned: no validation pictures with spores"
    why = f"the run tuned none for step {trained.step:,}, and all pictures may be ones it never validated"
    return UNTUNED, f"threshold {UNTUNED:g}, not tuned: {why}; --threshold states one"


def _scale_notes(trained: float | None, scored: float | None) -> tuple[str, ...]:
    """Return a warning where spores are of another size in px than those that the network learnt."""
    if trained is None or scored is None or 1 / _NEAR_SCALE <= scored / trained <= _NEAR_SCALE:
        return ()
    return (f"the pictures have {scored:g} µm a pixel, those of the training {trained:g}",)


def _score(
    trained: TrainedNetwork,
    item: DatasetItem,
    threshold: float,
    settings: RunEvaluationSettings,
    folder: Path | None,
    *,
    um_per_px: float | None,
) -> PictureScores:
    pixels = to_eight_bits(read_image(item.image).pixels)
    read = read_item_labels(item)
    truth = read.labels
    ignore = read_item_ignore(item, truth.shape)
    found = spore_labels(trained.probability(pixels, flips=settings.flips) >= threshold, settings.min_area)
    scores = evaluate_labels(found, truth, ignore=ignore, settings=settings.scores)
    name = item.flat_name
    if folder is not None:
        write_labels(folder / f"{name}_labels.tif", found, um_per_px=um_per_px)
        drawn = draw_comparison(pixels, found, truth, ignore=ignore, match_iou=settings.scores.match_iou)
        write_atomic(folder / f"{name}{COMPARISON_SUFFIX}", encode_comparison(drawn))
    return replace(scores, name=name, notes=tuple(f"truth: {note}" for note in read.notes))
