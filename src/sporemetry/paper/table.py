"""A table of an experiment: Markdown to read, CSV to reckon with."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd

from sporemetry.csv_table import csv_bytes
from sporemetry.evaluation.ratios import Spread, spread
from sporemetry.paper.experiments import Experiment, Row
from sporemetry.paper.found import BEST, HALF, TUNED, Found, choose
from sporemetry.paper.scale import Scale
from sporemetry.paper.scoring import MEASURES
from sporemetry.paper.split_words import split_said
from sporemetry.paper.trial import Trial
from sporemetry.storage import make_folder, write_atomic

TABLES = "tables"
_COLUMNS = (
    ("mean IoU at 0.5", "mean_iou", HALF),
    ("mean IoU, tuned", "mean_iou", TUNED),
    ("mean IoU, best of any threshold", "mean_iou", BEST),
    ("spore IoU", "spore_iou", TUNED),
    ("mean IoU a picture", "picture_mean_iou", TUNED),
    ("boundary F1", "boundary_f1", TUNED),
    ("spore F1", "f1", TUNED),
    ("count error", "count_error", TUNED),
)
_SUMMARY = "In %; rows without numbers were not run. What the columns are"
_NOTE = (
    "± is the standard deviation over the seeds, nothing where there is one seed. *paper*: its own "
    "mean IoU, one run each, on pictures that are not ours. It is to be set beside our column *mean IoU "
    "at 0.5*: the mean of the IoU of spores and of background, of pixels pooled over the test part. "
    "*Tuned* is the threshold of the best spore IoU on the validation part, 0.5 where a network has "
    "found nothing; the columns from spore IoU to count error are at that threshold too. *Best of any "
    "threshold* is that of each run on the test part itself: out of reach in practice, it tells what a "
    "loss has changed but the threshold. *CE, threshold tuned* is the baseline that the paper lacks: the "
    "same runs as CE, so that *against CE at 0.5* is what the threshold alone gives. A picture: mean over "
    "the test pictures, in brackets the standard deviation between them. Boundary F1: within 2 px. Spore "
    "F1: at an IoU of 0.5; specks under 30 px are left out and touching spores are parted. Count error: of "
    "the total, without its sign."
)


def write_table(experiment: Experiment, found: Found, scale: Scale, output: Path) -> list[Path]:
    """Write an experiment's table as far as it was run, and return the files.

    Raises
    ------
    OutputError
        When a file cannot be written.
    """
    folder = output / TABLES
    make_folder(folder)
    files = {
        folder / f"{experiment.name}.md": markdown(experiment, found, scale).encode(),
        folder / f"{experiment.name}.csv": csv_bytes(frame(experiment, found), float_format="%.6g"),
    }
    for path, content in files.items():
        write_atomic(path, content)
    return list(files)


def markdown(experiment: Experiment, found: Found, scale: Scale) -> str:
    """Return the table as Markdown, with what was run on what above it."""
    baseline = experiment.baseline
    heads = ["", "paper", "seeds", *(title for title, _, _ in _COLUMNS)]
    if baseline is not None:
        heads += ["against CE at 0.5", "against CE, both tuned"]
    lines = [
        f"### {experiment.title}",
        "",
        facts(experiment, scale, found),
        "",
        "| " + " | ".join(heads) + " |",
        "|---|" + "---:|" * (len(heads) - 1),
    ]
    for row in experiment.rows:
        trial, label = choose(row, found)
        cells = [label, "" if row.published is None else f"{row.published:.1f}"]
        lines.append("| " + " | ".join(cells + _cells(row, trial, baseline, found)) + " |")
    own = [experiment.note, ""] if experiment.note else []
    folded = f"<details><summary>{_SUMMARY}</summary>\n\n{_NOTE}\n\n</details>"
    return "\n".join([*lines, "", *own, folded, ""])


def frame(experiment: Experiment, found: Found) -> pd.DataFrame:
    """Return one row a run, of every trial of the experiment: its scores, and the paper's number."""
    rows = []
    for row in experiment.rows:
        for trial in () if row.tuned else row.trials:
            for seed in found.seeds_of(trial):
                scores = found.scores[trial, seed]
                values = {"validation_mean_iou": scores.validation, "threshold": scores.threshold}
                for at, measures in ((HALF, scores.half), (TUNED, scores.tuned)):
                    values |= {f"{name}_{at}": value for name, value in measures.items()}
                about = {"row": row.label, "trial": trial.name, "seed": seed, "paper": row.published}
                rows.append(about | {"step": scores.step} | values | {"mean_iou_best": scores.best})
    names = [f"{name}_{at}" for at in (HALF, TUNED) for name in MEASURES]
    first = ["row", "trial", "seed", "paper", "step", "validation_mean_iou", "threshold"]
    return pd.DataFrame(rows, columns=[*first, *names, "mean_iou_best"])


def facts(experiment: Experiment, scale: Scale, found: Found) -> str:
    """Return in words which data, scale, seeds, steps, network and arithmetic a table shows."""
    card = found.card(experiment.first)
    if card is None:
        return f"Scale `{scale.name}`: nothing was run yet."
    counts = {part: len(card.split.names(part)) for part in ("train", "val", "test")}
    recipe, statistics = card.recipe, card.statistics
    cards = [each for trial in experiment.trials if (each := found.card([trial])) is not None]
    networks = " and ".join(dict.fromkeys(each.recipe.network.architecture for each in cards))
    precisions = " or ".join(found.precisions(experiment.trials))
    mixed = " as the machine of each run multiplies" if " or " in precisions else ""
    return (
        f"Data: {card.dataset}, {counts['train']} pictures to train on, {counts['val']} to validate, "
        f"{counts['test']} to test on (first run), {statistics.ratio:,.0f} background pixels a spore pixel. "
        f"Scale `{scale.name}`: {networks} on {recipe.network.encoder}, random weights, "
        f"{recipe.steps:,} steps of {recipe.batch} crops of "
        f"{recipe.crop.size} px in {precisions}{mixed}; {_seeds(experiment, found)}, "
        f"{split_said(found, experiment.trials)}."
    )


def _seeds(experiment: Experiment, found: Found) -> str:
    """Return in words which seeds the runs of an experiment have; some of them may have fewer."""
    run = [set(found.seeds_of(trial)) for trial in experiment.trials if found.seeds_of(trial)]
    every = sorted(set[int]().union(*run))
    words = f"seed{'' if len(every) == 1 else 's'} {', '.join(map(str, every))}"
    return words if all(len(each) == len(every) for each in run) else f"{words} (of some losses fewer)"


def percent(values: Spread, *, sign: bool = False) -> str:
    """Return a mean in % with its standard deviation; nothing where it is undefined.

    >>> from sporemetry.evaluation.ratios import spread
    >>> percent(spread([0.7, 0.8])), percent(spread([0.7])), percent(spread([]))
    ('75.0 ± 7.1', '70.0', '')
    """
    if math.isnan(values.mean):
        return ""
    mean = f"{100 * values.mean:+.1f}" if sign else f"{100 * values.mean:.1f}"
    return mean if math.isnan(values.sd) else f"{mean} ± {100 * values.sd:.1f}"


def tuned_threshold(trial: Trial, found: Found) -> str:
    """Return the mean tuned threshold of a trial's runs with its standard deviation over the seeds.

    It is 0.5 where a network has found nothing; the trial has a seed or more.
    """
    values = spread(found.scores[trial, seed].threshold or 0.5 for seed in found.seeds_of(trial))
    return f"{values.mean:.3f}" + ("" if math.isnan(values.sd) else f" ± {values.sd:.3f}")


def _cells(row: Row, trial: Trial | None, baseline: Trial | None, found: Found) -> list[str]:
    seeds = 0 if trial is None else len(found.seeds_of(trial))
    if trial is None or not seeds:
        return [""] * (1 + len(_COLUMNS) + (0 if baseline is None else 2))
    cells = [str(seeds)]
    for _, measure, at in _COLUMNS:
        text = "" if row.tuned and at == HALF else percent(found.spread(trial, measure, at))
        if measure == "picture_mean_iou":
            between = found.spread(trial, "picture_sd", at).mean
            text += "" if math.isnan(between) else f" ({100 * between:.1f})"
        cells.append(text)
    if baseline is not None:
        mine = TUNED if row.tuned else HALF
        half = found.gain(trial, baseline, "mean_iou", mine, HALF)
        both = found.gain(trial, baseline, "mean_iou", TUNED)
        cells.append("" if trial == baseline and not row.tuned else percent(half, sign=True))
        cells.append("" if trial == baseline else percent(both, sign=True))
    return cells
