"""How touching spores are best parted: the decoders side by side, on pictures that no network has seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from outline import outlined
from renders import SETS, varied_preset
from score import score_picture, set_summary
from sporemetry.dataset.folder import DatasetItem, open_dataset
from sporemetry.dataset.synthesize import synthesize
from sporemetry.model import Instances, read_model
from sporemetry.storage import make_folder, write_atomic

DECODERS = ("watershed", "centres", "borders")
_FIRST_UNSEEN = 5000  # numbers of renders that no network was trained on
_RENDERS = 12


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A package, and pictures of one set that its network has not seen."""

    name: str
    model: Path
    items: tuple[DatasetItem, ...]


def crowded_renders(folder: Path) -> tuple[DatasetItem, ...]:
    """Render pictures in which many spores touch, each of other spores, and return them."""
    kind = next(each for each in SETS if each.name == "crowded")
    found: list[DatasetItem] = []
    for number in range(_FIRST_UNSEEN, _FIRST_UNSEEN + _RENDERS):
        own = folder / f"{kind.name}-{number}"
        synthesize(varied_preset(kind, number), own, pictures=1, seed=0, workers=0)
        found += open_dataset(own).items
    return tuple(found)


def compare_decoders(held_out: Sequence[HeldOut], folder: Path) -> str:
    """Return a Markdown table: each set by each decoder."""
    rows = [
        "| set | parted by | spores | found | F1 | merges | splits |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for name in dict.fromkeys(each.name for each in held_out):
        for decoder in DECODERS:
            models = list(_packages([each for each in held_out if each.name == name], decoder, folder))
            scored = [score_picture(model, item) for model, items in models for item in items]
            found = set_summary(scored)
            merges, splits = (found.get(key, "") for key in ("merges", "splits"))
            rows.append(
                f"| {name} | {decoder} | {found['true']} | {found['predicted']} | {found['f1']:.3f} | "
                f"{merges} | {splits} |"
            )
    return "\n".join(rows)


def _packages(
    held_out: Sequence[HeldOut], decoder: str, folder: Path
) -> Iterator[tuple[Path, tuple[DatasetItem, ...]]]:
    make_folder(folder)
    for number, each in enumerate(held_out):
        package = read_model(each.model)
        package = replace(package, card=replace(package.card, instances=Instances(decoder=decoder)))
        path = folder / f"{each.name.replace(' ', '-')}-{number}-{decoder}.onnx"
        write_atomic(path, outlined(package))
        yield path, each.items
