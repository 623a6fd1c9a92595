"""``sporemetry export``: a training run in, a packaged network out that counts without PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sporemetry.cli.options import Debug, Quiet
from sporemetry.cli.training_extra import need_training_extra

HELP = "Package a trained network: one ONNX file with its card, for `sporemetry count --model`."


def export(
    run: Annotated[Path, typer.Argument(help="A training run's folder.", show_default=False)],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="The file to write, for instance model.onnx.", show_default=False
        ),
    ],
    name: Annotated[
        str | None, typer.Option("--name", help="Of the network. Default: the run's folder.")
    ] = None,
    version: Annotated[
        str | None, typer.Option("--model-version", help="Of the network. Default: 1.")
    ] = None,
    dataset: Annotated[
        Path | None,
        typer.Option("--dataset", help="The data set that it was trained on: spore length, licence."),
    ] = None,
    card: Annotated[
        Path | None, typer.Option("--card", help="TOML file of further fields of the card.")
    ] = None,
    step: Annotated[int | None, typer.Option("--step", help="Default: the best validated step.")] = None,
    pictures: Annotated[
        Path | None,
        typer.Option("--pictures", help="Folder of pictures to compare on. Default: rendered ones."),
    ] = None,
    form: Annotated[
        str, typer.Option("--format", help="onnx, or bioimageio: a bioimage.io package (.zip).")
    ] = "onnx",
    author: Annotated[
        list[str] | None, typer.Option("--author", help="For bioimageio; may be given again.")
    ] = None,
    licence: Annotated[
        str, typer.Option("--licence", help="For bioimageio: an SPDX name such as CC-BY-4.0.")
    ] = "",
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Run ``sporemetry export``."""
    del debug  # read by main()
    need_training_extra()
    from rich.console import Console

    from sporemetry.errors import SettingsError
    from sporemetry.storage import write_atomic
    from sporemetry.training.export import FORMATS, ExportSettings, encode_package, export_run

    if form not in FORMATS:
        raise SettingsError("--format", expected=f"one of {', '.join(FORMATS)}", found=repr(form))

    console = Console(quiet=quiet, highlight=False)
    settings = ExportSettings(
        name=name, version=version, dataset=dataset, card=card, step=step, pictures=pictures
    )
    package = export_run(
        run, output, settings, on_progress=lambda doing: console.print(f"  {doing}", markup=False)
    )
    content = encode_package(package, form, authors=author or [], licence=licence)
    write_atomic(output, content)
    made = package.card
    console.print(
        f"{output}: {made.name} {made.version}, {len(content) / 1e6:.1f} MB, halo {made.halo} px, "
        f"threshold {made.threshold:g}, spores of {made.spore_length_px.median:g} px. SHA-256 {made.sha256}",
        markup=False,
    )
