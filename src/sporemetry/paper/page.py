"""One page of everything that was drawn, tables and figures, the claims of the abstract first."""

from __future__ import annotations

from pathlib import Path

from sporemetry.paper.data import data_name
from sporemetry.paper.experiments import EXPERIMENTS
from sporemetry.paper.figure_style import FIGURES
from sporemetry.paper.scale import SCALES, Scale
from sporemetry.paper.table import TABLES
from sporemetry.storage import write_atomic

PAGE_NAME = "paper.md"
_BEGINNING = """# The paper, run again

Zhao et al. 2019, *Constrained-Focal-Loss Based Deep Learning for Segmentation of Spores*,
IEEE Access, [doi 10.1109/ACCESS.2019.2953085](https://doi.org/10.1109/ACCESS.2019.2953085). Everything on
this page is written by

    sporemetry paper all --data {data} --scale {scale} --seeds {seeds} -o OUT

which trains what is missing in `OUT`, scores it, and draws it. `losses`, `table4`, `fig9` and so on in
place of `all` do one thing; `--plan` prints what would be run; `--draw-only` trains nothing; `--data bench`
renders pictures of its own.

| scale | encoder | crop | steps | rendered pictures of `bench` |
|---|---|---:|---:|---|
{scales}

All train with the recipe `paper` otherwise. What was not run is empty.
"""


def write_page(seeds: int, scale: Scale, data: Path, output: Path) -> Path:
    """Write the page from the tables and figures that are there, whichever call drew them.

    Parameters
    ----------
    seeds : int
        How many the call had.
    scale : Scale
    data, output : Path
        The data set, which is named, and the folder of tables and figures.

    Raises
    ------
    FileError
        When a file cannot be read or written.
    """
    parts = [
        _BEGINNING.format(
            data=data_name(data, output),
            scale=scale.name,
            seeds=seeds,
            scales="\n".join(map(_scale_row, SCALES.values())),
        )
    ]
    for name, make in EXPERIMENTS.items():
        table, figure = output / TABLES / f"{name}.md", output / FIGURES / f"{name}.png"
        title = make(scale).title
        if table.is_file():
            parts.append(table.read_text(encoding="utf-8"))
        elif figure.is_file():
            parts.append(f"### {title}\n")
        if figure.is_file():
            parts.append(f"![{title}]({FIGURES}/{name}.png)\n")
    path = output / PAGE_NAME
    write_atomic(path, "\n".join(parts).encode())
    return path


def _scale_row(scale: Scale) -> str:
    scene, bench = scale.bench.scene(), scale.bench
    pictures = f"{bench.pictures:,} of `{bench.preset}`, {scene.width} x {scene.height} px"
    return f"| `{scale.name}` | {scale.encoder} | {scale.crop} px | {scale.steps:,} | {pictures} |"
