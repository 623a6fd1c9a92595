"""Where the packaged model draws the outline of a spore."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from score import score_picture, set_summary
from sporemetry.dataset.folder import DatasetItem
from sporemetry.model import ModelPackage, pack_model, read_model
from sporemetry.segmentation.decoders import OUTLINE as OUTLINE_OPTION
from sporemetry.segmentation.decoders import RELIEF
from sporemetry.storage import make_folder, write_atomic

# Objects are found at the card's threshold, 0.5. `build.py outlines` prints what lower outlines do: the kind
# never trained on gains the more the lower, but from here down areas of nosema spores are too large.
OUTLINE = 0.35
_TRIED = ((1.0, False), (OUTLINE, False), (0.2, False), (OUTLINE, True))


def outlined(package: ModelPackage, outline: float = OUTLINE, *, relief: bool = True) -> bytes:
    """Return the file of a package whose outlines are set out to this probability, and in relief."""
    instances = package.card.instances
    options = {**instances.options, OUTLINE_OPTION: outline, RELIEF: relief}
    return pack_model(package.onnx, replace(package.card, instances=replace(instances, options=options)))


def compare_outlines(
    held_out: Mapping[str, Sequence[tuple[Path, Sequence[DatasetItem]]]], folder: Path
) -> str:
    """Return as Markdown what packages find in sets that they have not seen, by outline."""
    make_folder(folder)
    rows = [
        "| set | outline at | in relief | F1 | mean IoU | found area over true area, median |",
        "|---|---:|---|---:|---:|---:|",
    ]
    for name, parts in held_out.items():
        for outline, relief in _TRIED:
            scored = []
            for number, (model, items) in enumerate(parts):
                path = folder / f"{name}-{number}-{outline:g}-{relief}.onnx"
                write_atomic(path, outlined(read_model(model), outline, relief=relief))
                scored += [score_picture(path, item) for item in items]
            found, areas = set_summary(scored), np.concatenate([each.areas for each in scored])
            rows.append(
                f"| {name} | {min(outline, 0.5):g} | {'set out' if relief else 'as found'} | "
                f"{found['f1']:.3f} | {100 * found['mean_iou']:.1f} | "
                f"{np.median(areas):.2f} |"
            )
    return "\n".join(rows)
