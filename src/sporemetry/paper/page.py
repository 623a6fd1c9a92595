"""One page of everything that was drawn, tables and figures, with the claims of the abstract above them."""

from __future__ import annotations

from pathlib import Path

from sporemetry.paper.claims import claims_markdown
from sporemetry.paper.experiments import EXPERIMENTS
from sporemetry.paper.figure_style import FIGURES
from sporemetry.paper.found import Found
from sporemetry.paper.scale import Scale
from sporemetry.paper.table import TABLES
from sporemetry.storage import write_atomic

PAGE_NAME = "paper.md"
_BEGINNING = """# The paper, run again

Zhao et al. 2019, Constrained-Focal-Loss Based Deep Learning for Segmentation of Spores, IEEE Access,
doi 10.1109/ACCESS.2019.2953085. Everything below was written by `sporemetry paper`, scale `{scale}`.

## The abstract, claim by claim

{claims}
## Tables and figures
"""


def write_page(found: Found, scale: Scale, output: Path) -> Path:
    """Write the page from the tables and figures that are there, whichever call drew them.

    Raises
    ------
    FileError
        When a file cannot be read or written.
    """
    parts = [_BEGINNING.format(scale=scale.name, claims=claims_markdown(found, scale))]
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
