"""``sporemetry dataset``: data sets of labelled pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sporemetry.cli import dataset_augment, dataset_check, dataset_exchange, dataset_merge, dataset_stats
from sporemetry.cli.exit_codes import ExitCode
from sporemetry.cli.options import Debug, Output, Quiet, Workers

SYNTHESIZE_HELP = "Render pictures of spores with exact labels; run again to go on or to add more."
SPLIT_HELP = "Share pictures out by group, balanced by pictures and spores; a group is never parted."

app = typer.Typer(
    help="Data sets of labelled pictures: made, brought in, checked, split.", no_args_is_help=True
)


app.command("import", help=dataset_exchange.IMPORT_HELP)(dataset_exchange.import_)
app.command("export", help=dataset_exchange.EXPORT_HELP)(dataset_exchange.export)
app.command("check", help=dataset_check.HELP)(dataset_check.check)
app.command("stats", help=dataset_stats.HELP)(dataset_stats.stats)
app.command("augment", help=dataset_augment.HELP)(dataset_augment.augment)
app.command("merge", help=dataset_merge.HELP)(dataset_merge.merge)


@app.callback()
def _group() -> None:
    """Keep the verbs below ``dataset`` even where there is one only."""


@app.command("synthesize", help=SYNTHESIZE_HELP)
def synthesize(
    output: Output,
    preset: Annotated[
        str, typer.Option("--preset", help="anthracnose, nosema or rice_blast.", show_default=False)
    ],
    pictures: Annotated[int, typer.Option("--pictures", "-n", help="How many.", show_default=False)],
    seed: Annotated[int, typer.Option("--seed", help="Another seed gives another set.")] = 0,
    workers: Workers = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Run ``sporemetry dataset synthesize``."""
    del debug  # read by main()
    from rich.console import Console

    from sporemetry.cli.job import progress_bar
    from sporemetry.cli.terminal import escape
    from sporemetry.dataset.synthesize import synthesize as write_set
    from sporemetry.stated_number import check_number
    from sporemetry.workers import MOST_PROCESSES, usable_cores

    if workers is not None:
        check_number("--workers", workers, 1, MOST_PROCESSES, whole=True)

    console = Console(stderr=True, quiet=quiet)
    with progress_bar(console) as bar:
        row = bar.add_task("synthesize", total=pictures)
        try:
            done = write_set(
                preset,
                output,
                pictures=pictures,
                seed=seed,
                workers=usable_cores() if workers is None else workers,
                on_progress=lambda done, total: bar.update(row, completed=done, total=total),
            )
        except KeyboardInterrupt:
            console.print("Interrupted. What is finished is kept; run the same command again to go on.")
            raise typer.Exit(ExitCode.INTERRUPTED) from None
    if not quiet:
        kept = f", {done.kept:,} of them from before" if done.kept else ""
        Console().print(
            escape(f"{done.pictures:,} pictures{kept}: {output}"), highlight=False, soft_wrap=True
        )


@app.command("split", help=SPLIT_HELP)
def split(
    dataset: Annotated[
        Path, typer.Argument(help="Folder with images/ and labels/ (or boxes/).", show_default=False)
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Folder for split.csv, or fold1.csv ...", show_default=False),
    ],
    train: Annotated[float, typer.Option("--train", help="Share of the training part.")] = 0.8,
    val: Annotated[float, typer.Option("--val", help="Share of the validation part; 0 for none.")] = 0.1,
    test: Annotated[float, typer.Option("--test", help="Share of the test part; 0 for none.")] = 0.1,
    folds: Annotated[
        int | None, typer.Option("--folds", help="Cross-validation instead, in so many.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Another seed gives another split.")] = 0,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Run ``sporemetry dataset split``."""
    del debug  # read by main()
    from rich.console import Console
    from rich.table import Table

    from sporemetry.dataset.counts import spore_counts
    from sporemetry.dataset.folder import open_dataset
    from sporemetry.dataset.split import k_folds, split_dataset
    from sporemetry.dataset.split_file import SPLIT_NAME, write_split
    from sporemetry.stated_number import check_number
    from sporemetry.storage import make_folder

    for option, value in (("--train", train), ("--val", val), ("--test", test)):
        check_number(option, value, 0, 1e6)
    items = open_dataset(dataset).items
    groups, counts = {item.name: item.group for item in items}, spore_counts(items)
    if folds is None:
        total = train + val + test
        wanted = {"train": train, "val": val, "test": test}
        shares = {part: share / total for part, share in wanted.items() if share} if total > 0 else {}
        splits = {SPLIT_NAME: split_dataset(groups, counts, shares=shares, seed=seed)}
    else:
        made = k_folds(groups, counts, folds, seed=seed)
        splits = {f"fold{number}.csv": fold for number, fold in enumerate(made, start=1)}
    make_folder(output)
    table = Table("file", "part", "groups", "pictures", "spores", header_style="bold")
    for name, each in splits.items():
        write_split(output / name, each)
        for part in each.part_names:
            names = each.names(part)
            spores = sum(counts[picture] for picture in names)
            held = len({groups[picture] for picture in names})
            table.add_row(name, part, f"{held:,}", f"{len(names):,}", f"{spores:,}")
    if not quiet:
        Console().print(table)
