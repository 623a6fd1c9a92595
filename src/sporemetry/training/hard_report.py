"""Hard examples of a run on disk: a table, a plot over steps, and maps of p_t beside their pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from sporemetry.csv_table import csv_bytes
from sporemetry.dataset.folder import open_dataset
from sporemetry.errors import SettingsError
from sporemetry.evaluation.plot import encode_png
from sporemetry.overlay import encode_jpeg
from sporemetry.storage import make_folder, remove_temporaries, write_atomic
from sporemetry.training.hard_examples import DEFAULT_RADIUS, DEFAULT_THRESHOLDS, HardPixels, hard_examples
from sporemetry.training.parts import choose_items
from sporemetry.training.pictures import PictureStore, TrainingPicture
from sporemetry.training.run_folder import read_run
from sporemetry.training.trained import available_steps, load_trained

COLUMNS = (
    "step", "threshold", "pixels", "hard", "spore", "ring",
    "hard_share", "spore_share", "ring_share", "either_share",
)  # fmt: skip
TABLE_NAME, PLOT_NAME, MAPS_NAME = "hard_examples.csv", "hard_examples.png", "maps"
_SCALE_PX = 96
_PARTS = (
    ("spore_share", "#0072B2", "spore"),
    ("ring_share", "#D55E00", "ring"),
    ("either_share", "#333333", "either"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HardSettings:
    """What is looked at.

    Attributes
    ----------
    steps : tuple of int
        Of the run's stored states; none: all of them.
    thresholds : tuple of float
        p_t at or below which a pixel is hard.
    radius, shape
        Of the ring.
    part : str
        ``train``, ``val``, ``test`` as the run split them, or ``all`` pictures of the data set.
    maps : int
        So many pictures are drawn with their p_t, the first of the part.
    """

    steps: tuple[int, ...] = ()
    thresholds: tuple[float, ...] = DEFAULT_THRESHOLDS
    radius: int = DEFAULT_RADIUS
    shape: str = "cross"
    part: str = "train"
    maps: int = 4

    def __post_init__(self) -> None:
        if not self.thresholds:
            raise SettingsError("--threshold", expected="one or more", found="none")
        if self.maps < 0:
            raise SettingsError("--maps", expected="0 or more", found=str(self.maps))


@dataclass(slots=True)
class _Maps:
    """Which maps of p_t are drawn, and where."""

    folder: Path
    names: Sequence[str]
    limit: int
    written: list[Path] = field(default_factory=list)

    def draw(self, step: int, number: int, picture: TrainingPicture, own: NDArray[np.float32]) -> None:
        if number < self.limit:
            name = self.names[number]
            path = self.folder / f"{name}_step-{step:08d}.jpg"
            write_atomic(path, encode_jpeg(draw_map(picture.pixels, own)))
            self.written.append(path)


def write_hard_examples(
    run: str | Path,
    dataset: str | Path,
    output: str | Path,
    settings: HardSettings | None = None,
    *,
    device: str | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Measure the hard examples of a run at its stored steps, and write table, plot and maps.

    Parameters
    ----------
    run, dataset, output : str or Path
        A run, a data set with labels, and the folder for the results, made if missing.
    settings : HardSettings, optional
    device : str, optional
        As :func:`sporemetry.training.trained.load_trained` takes it.
    on_progress : callable, optional
        Pictures done, and in all, over all steps.

    Returns
    -------
    DataFrame
        One row a step and threshold, with the columns :data:`COLUMNS`.

    Raises
    ------
    SettingsError
        For steps that the run does not have, or a part without pictures.
    FileError
        When a file cannot be read or written.
    """
    settings, output = settings or HardSettings(), Path(output)
    card = read_run(Path(run))
    items = choose_items(open_dataset(dataset), card, settings.part)
    steps = settings.steps or available_steps(run)
    store = PictureStore(items)
    maps = _Maps(output / MAPS_NAME, [item.flat_name for item in items], settings.maps)
    make_folder(maps.folder if settings.maps else output)
    for folder in (output, maps.folder):
        remove_temporaries(folder)
    rows = []
    for place, step in enumerate(sorted(steps)):
        trained = load_trained(run, step=step, device=device)

        def each(
            number: int,
            picture: TrainingPicture,
            own: NDArray[np.float32],
            place: int = place,
            step: int = step,
        ) -> None:
            maps.draw(step, number, picture, own)
            if on_progress is not None:
                on_progress(place * len(items) + number + 1, len(items) * len(steps))

        counted = hard_examples(
            trained,
            store,
            thresholds=settings.thresholds,
            radius=settings.radius,
            shape=settings.shape,
            on_picture=each,
        )
        rows += [_row(step, found) for found in counted]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    write_atomic(output / TABLE_NAME, csv_bytes(table, float_format="%.6f"))
    write_atomic(output / PLOT_NAME, encode_png(hard_figure(table)))
    return table


def draw_map(pixels: NDArray[np.uint8], own: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the picture, its map of p_t beside it and the scale of colours: dark where the network errs.

    Parameters
    ----------
    pixels : uint8 array, H x W x 3
    own : float32 array, H x W
        p_t; NaN where ignored, which is grey.

    Returns
    -------
    uint8 array, H x (2W and the scale) x 3
    """
    coloured = colormaps["viridis"](np.nan_to_num(own, nan=0.0), bytes=True)[..., :3].copy()
    coloured[np.isnan(own)] = 128
    return np.ascontiguousarray(np.concatenate([pixels, coloured, _colour_scale(own.shape[0])], axis=1))


def _colour_scale(height: int) -> NDArray[np.uint8]:
    """Return a strip with the colours of p_t from 1 at the top to 0, and its numbers."""
    strip = Image.new("RGB", (_SCALE_PX, height), "white")
    values = np.linspace(1, 0, height, dtype=np.float32)[:, None].repeat(_SCALE_PX // 3, axis=1)
    strip.paste(
        Image.fromarray(colormaps["viridis"](values, bytes=True)[..., :3].copy()), (_SCALE_PX // 6, 0)
    )
    draw, font = ImageDraw.Draw(strip), ImageFont.load_default(_SCALE_PX / 5)
    for text, value, anchor in (("1", 1.0, "lt"), ("0.5", 0.5, "lm"), ("0", 0.0, "lb"), ("p_t", 0.75, "lm")):
        draw.text(
            (0.58 * _SCALE_PX, (1 - value) * (height - 1)), text, fill="black", font=font, anchor=anchor
        )
    return np.asarray(strip, dtype=np.uint8)


def hard_figure(table: pd.DataFrame) -> Figure:
    """Return the shares of hard pixels over the steps, one panel a threshold.

    Parameters
    ----------
    table : DataFrame
        With the columns :data:`COLUMNS`; one row or more.
    """
    thresholds = list(dict.fromkeys(table["threshold"]))
    figure = Figure(figsize=(5.2 * len(thresholds), 3.8), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(thresholds), squeeze=False, sharey=True)[0]
    for axes, threshold in zip(panels, thresholds, strict=True):
        rows = table[table["threshold"] == threshold]
        for column, colour, label in _PARTS:
            axes.plot(rows["step"], rows[column], color=colour, marker="o", markersize=4, label=label)
        axes.set_title(f"of the pixels with $p_t$ ≤ {threshold:g}", loc="left", fontsize=10)
        axes.set_xlabel("step")
        axes.set_ylim(0, 1)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("share of hard pixels")
    panels[0].legend(frameon=False)
    return figure


def _row(step: int, found: HardPixels) -> Mapping[str, float | int]:
    return {"step": step} | {name: getattr(found, name) for name in COLUMNS[1:]}
