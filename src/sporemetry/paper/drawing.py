"""Which files each experiment is drawn into."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from matplotlib.figure import Figure

from sporemetry.paper.beta import beta_table, shared_seeds
from sporemetry.paper.claims import claims_markdown, levels
from sporemetry.paper.classes import classes_markdown, measure_classes
from sporemetry.paper.efficiency import efficiency
from sporemetry.paper.experiments import CONSTRAINED, SIX, Experiment
from sporemetry.paper.figure_lines import beta_figure, learning_figure, pictures_figure
from sporemetry.paper.figure_own_class import own_class_figure
from sporemetry.paper.figure_pictures import adherent_figure, difference_figure, losses_figure, lost_figure
from sporemetry.paper.figure_style import write_figure
from sporemetry.paper.figure_threshold import calibration_figure, threshold_figure, threshold_table
from sporemetry.paper.found import Found
from sporemetry.paper.hard import hard_figure, hard_markdown, hardness, measure_hard
from sporemetry.paper.scale import KEPT_TRIALS, Scale
from sporemetry.paper.table import TABLES, facts, write_table
from sporemetry.paper.trial import CE, Trial
from sporemetry.paper.views import Views
from sporemetry.storage import make_folder, write_atomic


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """What a drawing is made from.

    Attributes
    ----------
    found : Found
        Of all trials of the call.
    scale : Scale
    views : Views
        Shared by all figures of a call, so that each network looks once.
    output : Path
    """

    found: Found
    scale: Scale
    views: Views
    output: Path


def draw(experiment: Experiment, drawing: Drawing) -> list[Path]:
    """Write the tables and figures of an experiment, as far as its runs are there, and return the files.

    Raises
    ------
    FileError
        When a file cannot be read or written.
    """
    return DRAWN[experiment.name](experiment, drawing)


def _table(experiment: Experiment, drawing: Drawing) -> list[Path]:
    return write_table(experiment, drawing.found, drawing.scale, drawing.output)


def _figure(
    make: Callable[[Drawing], Figure],
) -> Callable[[Experiment, Drawing], list[Path]]:
    return lambda experiment, drawing: [write_figure(drawing.output, experiment.name, make(drawing))]


def _seen(
    trials: Sequence[Trial], make: Callable[[Drawing], Figure]
) -> Callable[[Experiment, Drawing], list[Path]]:
    """Return how a figure of pictures is drawn: by the networks, so that it is left as it is without them."""

    def seen(experiment: Experiment, drawing: Drawing) -> list[Path]:
        there = [trial for trial in trials if drawing.found.seeds_of(trial)]
        return [] if drawing.views.are_gone(there) else _figure(make)(experiment, drawing)

    return seen


def _claims(experiment: Experiment, drawing: Drawing) -> list[Path]:
    found, scale = drawing.found, drawing.scale
    tables = measure_hard(found, drawing.views.data, drawing.output, device=drawing.views.device)
    said = (levels(found), efficiency(found, scale), hardness(tables, found))
    text = "\n\n".join([claims_markdown(found, scale).rstrip(), *filter(None, said)])
    return [_text(experiment, drawing, text + "\n")]


def _table7(experiment: Experiment, drawing: Drawing) -> list[Path]:
    files, said = _table(experiment, drawing), efficiency(drawing.found, drawing.scale)
    if said:
        write_atomic(files[0], f"{files[0].read_text(encoding='utf-8')}\n{said}\n".encode())
    figure = pictures_figure(drawing.found, drawing.scale)
    return [*files, write_figure(drawing.output, experiment.name, figure)]


def _fig6(experiment: Experiment, drawing: Drawing) -> list[Path]:
    shared = replace(drawing, found=shared_seeds(drawing.found))
    text = _text(experiment, shared, beta_table(drawing.found) + "\n")
    return [text, write_figure(drawing.output, experiment.name, beta_figure(drawing.found))]


def _hard(experiment: Experiment, drawing: Drawing) -> list[Path]:
    found, output = drawing.found, drawing.output
    tables = measure_hard(found, drawing.views.data, output, device=drawing.views.device)
    # Scores outlive the weights, and what was not measured while those were there is in no table.
    seeds = tuple(sorted({seed for _, seed in tables}))
    measured = replace(drawing, found=replace(found, seeds=seeds))
    text = hard_markdown(tables, seeds)
    figure = hard_figure(tables, seeds)
    return [_text(experiment, measured, text), write_figure(output, experiment.name, figure)]


def _classes(experiment: Experiment, drawing: Drawing) -> list[Path]:
    scores = measure_classes(drawing.found, drawing.views.data, drawing.output, device=drawing.views.device)
    return [_text(experiment, drawing, classes_markdown(scores))]


def _threshold(experiment: Experiment, drawing: Drawing) -> list[Path]:
    text = threshold_table(drawing.found) + "\n"
    figure = threshold_figure(drawing.found)
    return [_text(experiment, drawing, text), write_figure(drawing.output, experiment.name, figure)]


def _text(experiment: Experiment, drawing: Drawing, text: str) -> Path:
    """Write a table of its own kind below its title and what was run."""
    make_folder(drawing.output / TABLES)
    path = drawing.output / TABLES / f"{experiment.name}.md"
    said = facts(experiment, drawing.scale, drawing.found)
    write_atomic(path, f"### {experiment.title}\n\n{said}\n\n{text}".encode())
    return path


DRAWN: Mapping[str, Callable[[Experiment, Drawing], list[Path]]] = {
    "claims": _claims,
    "losses": _table,
    "table4": _table,
    "table5": _table,
    "table6": _table,
    "table7": _table7,
    "hard": _hard,
    "fig3": _seen(KEPT_TRIALS, lambda it: own_class_figure(it.found, it.views.data, device=it.views.device)),
    "fig4": _seen(SIX, lambda it: losses_figure(it.views)),
    "fig5": _seen((CE, CONSTRAINED[0]), lambda it: lost_figure(it.views)),
    "fig6": _fig6,
    "fig7": _seen(CONSTRAINED, lambda it: difference_figure(it.views)),
    "fig8": _seen(CONSTRAINED, lambda it: adherent_figure(it.views)),
    "fig9": _figure(lambda it: learning_figure(it.found)),
    "threshold": _threshold,
    "classes": _classes,
    "calibration": _figure(lambda it: calibration_figure(it.found)),
}
"""Name of an experiment to how it is drawn."""
