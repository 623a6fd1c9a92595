"""Tables 1 to 3: which pixels are hard in training, at the steps whose weights were kept."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from sporemetry.errors import LabelReadError
from sporemetry.evaluation.ratios import spread
from sporemetry.paper import published
from sporemetry.paper.experiments import label
from sporemetry.paper.figure_style import new_figure, plain, say_nothing_run
from sporemetry.paper.found import Found, seeds_said
from sporemetry.paper.scale import KEPT_TRIALS
from sporemetry.paper.table import percent
from sporemetry.paper.trial import CE, Trial, run_name
from sporemetry.storage import make_folder, write_atomic
from sporemetry.training.evaluate import UNTUNED
from sporemetry.training.hard_report import COLUMNS, TABLE_NAME, HardSettings, write_hard_examples
from sporemetry.training.trained import available_steps

FOLDER = "hard"
_IDENTITY = "identity.txt"
_NOTE = (
    "Shares of the hard pixels of the training pictures; means over the seeds, ± standard deviation, empty "
    "where no pixel is hard. The paper's fourth column says 1000 a second time; it will be 10000."
)
_TABLES = (
    ("1: share of hard pixels that are spore", "spore_share", published.HARD_SPORE),
    ("2: share that lies in the ring of 3 px around spores", "ring_share", published.HARD_RING),
    ("3: share of both together", "either_share", published.HARD_EITHER),
)
_LOOKS = (("spore_share", "#0072B2", "spore"), ("ring_share", "#D55E00", "ring"))

Tables = Mapping[tuple[Trial, int], pd.DataFrame]


def measure_hard(found: Found, data: Path, output: Path, *, device: str | None = None) -> Tables:
    """Return the hard pixels of the kept steps by trial and seed, measured once and kept below ``output``.

    A run whose weights are gone before it was measured is left out.

    Raises
    ------
    FileError
        When a file cannot be read or written.
    """
    tables = {}
    for trial in KEPT_TRIALS:
        for seed in found.seeds_of(trial):
            folder = output / FOLDER / run_name(trial, seed)
            mark, identity = folder / _IDENTITY, found.scores[trial, seed].identity
            if not mark.is_file() or mark.read_text() != identity:
                if not available_steps(found.runs[trial, seed]):
                    continue
                make_folder(folder)
                write_hard_examples(
                    found.runs[trial, seed], data, folder, HardSettings(maps=0), device=device
                )
                write_atomic(mark, identity.encode())
            tables[trial, seed] = _read(folder / TABLE_NAME)
    return tables


def hard_markdown(tables: Tables, seeds: Sequence[int]) -> str:
    """Return Tables 1 to 3 as Markdown: ours at every kept step, the paper's below."""
    steps = _steps(tables)
    lines = []
    for title, column, numbers in _TABLES:
        heads = ["", "", *(f"step {step:,}" for step in steps)]
        lines += [f"#### Table {title}", "", "| " + " | ".join(heads) + " |"]
        lines.append("|---|---|" + "---:|" * len(steps))
        for trial in KEPT_TRIALS:
            for threshold in numbers:
                cells = [_cell(trial, seeds, tables, step, threshold, column) for step in steps]
                lines.append(f"| {label(trial)} | p_t ≤ {threshold:g} | " + " | ".join(cells) + " |")
        lines += ["", _printed(numbers), ""]
    return "\n".join([*lines, _NOTE, ""])


def hardness(tables: Tables, found: Found) -> str:
    """Return in words whether hard pixels lie on spores and around them; "" where it was not measured.

    Of CE, at the last step that all runs kept and at a p_t of at most 0.5.
    """
    mine = {key: table for key, table in tables.items() if key[0] == CE}
    steps = _steps(mine)
    if not steps:
        return ""
    step = steps[-1]
    rows = [
        table[(table["step"] == step) & (table["threshold"] == UNTUNED)].iloc[0] for table in mine.values()
    ]
    spore, ring, either = (percent(spread(float(row[name]) for row in rows)) for _, name, _ in _TABLES)
    rare = spread(1 / (1 + found.scores[key].card.statistics.ratio) for key in mine).mean
    printed = [
        f"{100 * min(shares[UNTUNED]):.0f} to {100 * max(shares[UNTUNED]):.0f} %" for _, _, shares in _TABLES
    ]
    return (
        f"Hard pixels (p_t of at most 0.5) of CE on its training pictures after {step:,} steps, "
        f"{seeds_said(len(rows))}: {spore} % "
        f"are spore, {ring} % lie in the ring of 3 px around one, {either} % either; of all pixels "
        f"{100 * rare:.2f} % are spore. The paper has {printed[0]}, {printed[1]} and {printed[2]}."
    )


def _printed(numbers: Mapping[float, tuple[float, ...]]) -> str:
    """Return a table of the paper as a sentence: its iterations are not our steps."""
    rows = [f"p_t ≤ {at:g}: {', '.join(f'{share:.2f}' for share in row)}" for at, row in numbers.items()]
    return f"The paper, at iterations {', '.join(published.HARD_ITERATIONS)}: {'; '.join(rows)}."


def hard_figure(tables: Tables, seeds: Sequence[int]) -> Figure:
    """Return the shares of hard pixels (p_t of at most 0.5) over the steps, a panel a loss."""
    figure = new_figure(8.4, 3.8)
    panels = figure.subplots(1, len(KEPT_TRIALS), sharey=True)
    drawn = False
    for axes, trial in zip(panels, KEPT_TRIALS, strict=True):
        axes.set_title(label(trial), loc="left", fontsize=10)
        each = [tables[trial, seed] for seed in seeds if (trial, seed) in tables]
        for column, shade, name in _LOOKS:
            rows = [table[table["threshold"] == 0.5].set_index("step")[column] for table in each]
            if not rows:
                continue
            table = pd.concat(rows, axis=1).sort_index()
            axes.fill_between(
                table.index, table.min(axis=1), table.max(axis=1), color=shade, alpha=0.15, lw=0
            )
            axes.plot(table.index, table.mean(axis=1), "o-", color=shade, markersize=4, label=name)
            drawn = True
        axes.set_ylim(0, 1.03)
        axes.set_xlabel("step")
        plain(axes)
    panels[0].set_ylabel("share of the pixels with $p_t$ ≤ 0.5")
    if drawn:
        panels[0].legend(frameon=False, loc="center right")
    else:
        for axes in panels:
            axes.set_visible(False)
        say_nothing_run(figure)
    return figure


def _steps(tables: Tables) -> list[int]:
    """Return the steps that every table has: the best step may be another in each run."""
    sets = [set(table["step"]) for table in tables.values()]
    return sorted(set.intersection(*sets)) if sets else []


def _cell(
    trial: Trial, seeds: Sequence[int], tables: Tables, step: int, threshold: float, column: str
) -> str:
    values = []
    for seed in seeds:
        if (table := tables.get((trial, seed))) is not None:
            rows = table[(table["step"] == step) & (table["threshold"] == threshold)]
            values += rows[column].astype(float).tolist()
    found = spread(values)
    if math.isnan(found.mean):
        return ""
    return f"{found.mean:.2f}" + ("" if math.isnan(found.sd) else f" ± {found.sd:.2f}")


def _read(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise LabelReadError(path, expected="a table of hard pixels", found=str(error)[:200]) from error
    if tuple(table.columns) != COLUMNS:
        raise LabelReadError(path, expected="a table of hard pixels", found="other columns")
    return table
