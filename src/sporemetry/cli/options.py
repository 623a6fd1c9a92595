"""The options that several commands share, so that they read the same everywhere."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sporemetry.printable import printable

if TYPE_CHECKING:
    from sporemetry.pipeline import CountSettings

PICTURES = "What is read"
SPORES = "How spores are found"
NETWORK = "How a network is used"
COUNTING = "How they are counted"
RUNNING = "How it runs"

Output = Annotated[
    Path, typer.Option("--output", "-o", help="Folder for the results; made if missing.", show_default=False)
]
Recursive = Annotated[
    bool, typer.Option("--recursive", "-r", help="Enter subfolders.", rich_help_panel=PICTURES)
]
UmPerPx = Annotated[
    float | None,
    typer.Option(
        "--um-per-px", help="Scale in µm per pixel; overrides what the files say.", rich_help_panel=PICTURES
    ),
]
Page = Annotated[
    int | None,
    typer.Option("--page", help="Which page of a stack, from 1.", rich_help_panel=PICTURES),
]
Projection = Annotated[
    str | None,
    typer.Option("--projection", help="Project a stack instead: max, min, mean.", rich_help_panel=PICTURES),
]
MaxPixels = Annotated[
    int | None,
    typer.Option(
        "--max-pixels",
        help="Refuse pictures of more pixels than this. Default: 100 million.",
        rich_help_panel=PICTURES,
    ),
]
FieldMode = Annotated[
    str | None,
    typer.Option(
        "--field",
        help="Where to count: auto (an eyepiece's circle where there is one), whole, circle.",
        rich_help_panel=COUNTING,
    ),
]
EdgeRule = Annotated[
    str | None,
    typer.Option(
        "--edge-rule",
        help="Which spores on the border count: top-left, all, exclude. Default: top-left.",
        rich_help_panel=COUNTING,
    ),
]
SampleBy = Annotated[
    str | None,
    typer.Option(
        "--sample-by",
        help="Pictures of one sample share their: folder, name (before the last _), picture, all. "
        "Default: folder.",
        rich_help_panel=COUNTING,
    ),
]
Samples = Annotated[
    Path | None,
    typer.Option(
        "--samples",
        help="Sample sheet: a CSV that says of each image its sample, suspension, treatment, dilution, "
        "scale, chamber. `sporemetry samples init` writes one to fill in.",
        rich_help_panel=COUNTING,
    ),
]
Levels = Annotated[
    str | None,
    typer.Option(
        "--levels",
        help="Where an image's path has its levels: treatment/suspension/image for folders, "
        "treatment_suspension_image for names. Gives means of treatments.",
        rich_help_panel=COUNTING,
    ),
]
ChamberName = Annotated[
    str | None,
    typer.Option(
        "--chamber",
        help="Counting chamber: neubauer, neubauer-improved, goryaev, fuchs-rosenthal, malassez, thoma, "
        "custom. Gives spores per mL.",
        rich_help_panel=COUNTING,
    ),
]
Square = Annotated[
    str | None,
    typer.Option(
        "--square",
        help="Which of the chamber's squares each picture shows. Without it, the picture's own area is "
        "taken, which needs a scale.",
        rich_help_panel=COUNTING,
    ),
]
Squares = Annotated[
    float | None,
    typer.Option("--squares", help="How many such squares a picture shows.", rich_help_panel=COUNTING),
]
DepthMm = Annotated[
    float | None,
    typer.Option("--depth-mm", help="Depth of a custom chamber.", rich_help_panel=COUNTING),
]
SquareAreaMm2 = Annotated[
    float | None,
    typer.Option("--square-area-mm2", help="Area of a custom chamber's square.", rich_help_panel=COUNTING),
]
Dilution = Annotated[
    float | None,
    typer.Option("--dilution", help="Dilution factor; 10 means 1 in 10.", rich_help_panel=COUNTING),
]
Confidence = Annotated[
    float | None,
    typer.Option("--confidence", help="Of the intervals. Default: 0.95.", rich_help_panel=COUNTING),
]
Export = Annotated[
    str | None,
    typer.Option(
        "--export",
        help="Also write the outlines for: fiji (_rois.zip), qupath (.geojson); several with commas.",
        rich_help_panel=RUNNING,
    ),
]
DiscardEdits = Annotated[
    bool,
    typer.Option(
        "--discard-edits",
        help="Move labels and other results that were changed by hand into .sporemetry/discarded, and make "
        "them anew. Default: edited labels are measured as they are.",
        rich_help_panel=RUNNING,
    ),
]
Settings = Annotated[
    Path | None,
    typer.Option("--settings", help="TOML file of settings; options override it.", rich_help_panel=RUNNING),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        help="Images done side by side. Default: one per core, as far as the memory goes.",
        rich_help_panel=RUNNING,
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.", rich_help_panel=RUNNING)]
Debug = Annotated[
    bool, typer.Option("--debug", help="Show where an error came from.", rich_help_panel=RUNNING)
]


def count_settings(
    file: Path | None,
    *,
    picture: Mapping[str, Any],
    reading: Mapping[str, Any],
    segmentation: Mapping[str, Any],
    model: Mapping[str, Any] | None = None,
    counting: Mapping[str, Any],
    base: CountSettings | None = None,
) -> CountSettings:
    """Return the settings of ``file``, over ``base`` or the defaults, with the options given put over them.

    An option that was not given is None and changes nothing.

    Raises
    ------
    SettingsError
        When a value cannot be used.
    """
    from sporemetry.pipeline import CountSettings, read_settings

    base = base or CountSettings()
    if file is not None:
        base = read_settings(file, base)
    parts = base.picture
    return CountSettings(
        picture=replace(
            parts,
            **given(picture),
            reading=replace(parts.reading, **given(reading)),
            segmentation=replace(parts.segmentation, **given(segmentation)),
            model=replace(parts.model, **given(model or {})),
        ),
        counting=replace(base.counting, **given(counting)),
    )


def export_names(text: str | None) -> tuple[str, ...] | None:
    """Return the names of ``--export``, which are separated by commas; None where it was not given.

    Examples
    --------
    >>> export_names("fiji, qupath"), export_names(""), export_names(None)
    (('fiji', 'qupath'), (), None)
    """
    if text is None:
        return None
    return tuple(name.strip() for name in text.split(",") if name.strip())


def typed_command() -> str:
    """Return the command as it could be typed again, without the path of the program."""
    return printable(shlex.join(["sporemetry", *sys.argv[1:]]))


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that were given, without those left at None."""
    return {name: value for name, value in options.items() if value is not None}
