"""Rendered pictures written as a data set, side by side in worker processes, going on where it was stopped.

OUT/images/<name>.jpg (or .png)   OUT/labels/<name>.tif   OUT/spores/<name>.csv
OUT/dataset.toml                  OUT/manifest.json
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from sporemetry.csv_table import csv_bytes
from sporemetry.dataset.synthesis import RENDERER_VERSION, Preset, Rendered, find_preset, render
from sporemetry.dataset.synthesis.camera import encode_jpeg
from sporemetry.dataset.whole_folder import is_free, unfinished
from sporemetry.errors import OutputError, SettingsError
from sporemetry.label_image import encode_labels
from sporemetry.storage import remove_temporaries, write_atomic
from sporemetry.workers import Failure, in_workers

MOST_PICTURES = 1_000_000
_FOLDERS = ("images", "spores", "labels")


@dataclass(frozen=True, slots=True)
class _Task:
    preset: Preset
    seed: int
    index: int
    output: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Synthesized:
    """What a call of :func:`synthesize` has done.

    Attributes
    ----------
    pictures : int
        How many the data set holds now.
    kept : int
        How many of them were there already.
    """

    pictures: int
    kept: int


def synthesize(
    preset: str | Preset,
    output: Path,
    *,
    pictures: int,
    seed: int = 0,
    workers: int = 1,
    on_progress: Callable[[int, int], None] | None = None,
) -> Synthesized:
    """Write the pictures 0 .. ``pictures`` - 1 of a preset and a seed, with their labels, as a data set.

    A picture whose files are all there is left as it is, so that the same call after an interruption goes on,
    and a call for more pictures adds the rest. The number of workers changes nothing in any file.

    Parameters
    ----------
    preset : str or Preset
        A preset's name, or settings of your own.
    output : Path
        The folder; made if missing. Each picture is its own group.
    pictures : int
        1 to a million.
    seed : int
        0 or more.
    workers : int
        Processes; 0 does everything in this one.
    on_progress : callable, optional
        Called with (done, all) after each picture.

    Raises
    ------
    SettingsError
        For a number that cannot be used, or a folder that holds another synthesis.
    OutputError
        When a file cannot be written.
    """
    chosen = find_preset(preset) if isinstance(preset, str) else preset
    if not 1 <= pictures <= MOST_PICTURES:
        raise SettingsError("pictures", expected=f"1 to {MOST_PICTURES:,}", found=str(pictures))
    if seed < 0:
        raise SettingsError("seed", expected="0 or more", found=str(seed))
    _begin(chosen, seed, output)
    missing = [index for index in range(pictures) if not _is_complete(chosen, seed, index, output)]
    kept = done = pictures - len(missing)
    tasks = [_Task(chosen, seed, index, output) for index in missing]
    with unfinished(output, "synthesize"):
        for task, result in in_workers(_write_picture, tasks, workers=workers):
            if isinstance(result, Failure):
                name = picture_name(chosen, seed, task.index)
                raise OutputError(output / "images" / name, expected=result.expected, found=result.found)
            done += 1
            if on_progress is not None:
                on_progress(done, pictures)
    return Synthesized(pictures=pictures, kept=kept)


def picture_name(preset: Preset, seed: int, index: int) -> str:
    """Return the name of a picture, without its ending and without ``_``, so that it is its own group.

    >>> picture_name(find_preset("rice_blast"), 7, 12)
    'rice-blast-7-00012'
    """
    return f"{preset.name.replace('_', '-')}-{seed}-{index:05d}"


def encode_picture(preset: Preset, rendered: Rendered) -> tuple[str, bytes]:
    """Return the ending and content of the picture's file.

    ``rendered`` is of the preset without JPEG: the file's only loss is then the camera's own, and reading it
    gives the pixels of :func:`render`.
    """
    quality = preset.camera.jpeg_quality
    if quality:
        return ".jpg", encode_jpeg(rendered.pixels, quality)
    pixels = rendered.pixels[:, :, 0] if preset.camera.grey else rendered.pixels
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG", compress_level=3)
    return ".png", file.getvalue()


def _write_picture(task: _Task) -> int:
    """Render and write one picture, its labels last: they say that it is complete."""
    preset = task.preset
    raw = replace(preset, camera=replace(preset.camera, jpeg_quality=0))
    rendered = render(raw, task.seed, task.index)
    name = picture_name(preset, task.seed, task.index)
    ending, content = encode_picture(preset, rendered)
    write_atomic(task.output / "images" / f"{name}{ending}", content)
    table = csv_bytes(rendered.spores, float_format="%.6g")
    write_atomic(task.output / "spores" / f"{name}.csv", table)
    write_atomic(
        task.output / "labels" / f"{name}.tif", encode_labels(rendered.labels, um_per_px=rendered.um_per_px)
    )
    return len(rendered.spores)


def _is_complete(preset: Preset, seed: int, index: int, output: Path) -> bool:
    name = picture_name(preset, seed, index)
    ending = ".jpg" if preset.camera.jpeg_quality else ".png"
    files: Sequence[Path] = (
        output / "labels" / f"{name}.tif",
        output / "images" / f"{name}{ending}",
        output / "spores" / f"{name}.csv",
    )
    return all(path.is_file() for path in files)


def _begin(preset: Preset, seed: int, output: Path) -> None:
    """Make the folders, and see to it that what lies in them belongs to this synthesis."""
    digest = hashlib.sha256(repr(preset).encode()).hexdigest()
    manifest = {
        "renderer_version": RENDERER_VERSION,
        "preset": preset.name,
        "preset_sha256": digest,
        "seed": seed,
    }
    path = output / "manifest.json"
    if not path.exists() and not is_free(output, "synthesize"):
        raise SettingsError(
            "output",
            expected="an empty folder, or one of this command",
            found=f"other files in {output}",
            remedy="Choose another folder with -o.",
        )
    try:
        for folder in _FOLDERS:
            (output / folder).mkdir(parents=True, exist_ok=True)
            remove_temporaries(output / folder)
        there = path.read_bytes() if path.exists() else None
    except OSError as error:
        raise OutputError(
            output,
            expected="a folder that can be written",
            found=error.strerror or str(error),
            remedy="Choose another folder with -o.",
        ) from error
    content = (json.dumps(manifest, indent=2) + "\n").encode()
    if there is not None and there != content:
        raise SettingsError(
            "output",
            expected=f"an empty folder, or one of the preset {preset.name}, seed {seed}, renderer "
            f"{RENDERER_VERSION}",
            found=f"another synthesis in {output}",
            remedy="Choose another folder with -o.",
        )
    card = (
        f'name = "{preset.name} (rendered)"\num_per_px = {preset.um_per_px}\n'
        f'microscopy = "bright field, rendered"\nlicence = "CC0-1.0"\n'
        f'source = "Sporemetry renderer {RENDERER_VERSION}, preset {preset.name}, seed {seed}"\n'
    )
    if there is None:
        write_atomic(path, content)  # first: by it the folder is known as one of this command
    write_atomic(output / "dataset.toml", card.encode())
