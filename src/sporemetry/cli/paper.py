"""``sporemetry paper``: the tables and figures of the paper, run again."""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sporemetry.cli.exit_codes import ExitCode
from sporemetry.cli.options import Debug, Output, Quiet
from sporemetry.cli.training_extra import need_training_extra

if TYPE_CHECKING:
    from rich.console import Console

    from sporemetry.dataset.split import Split
    from sporemetry.paper.running import Job, Outcome
    from sporemetry.paper.work import Call
    from sporemetry.workers import Failure

HELP = "Rerun tables and figures of the paper; run the same command again to go on."

_MOST_SEEDS = 1000


def paper(
    what: Annotated[
        list[str],
        typer.Argument(
            help="losses, table1 to table7, fig3 to fig9, threshold, classes, calibration, all; "
            "several at once.",
            metavar="WHAT...",
            show_default=False,
        ),
    ],
    output: Output,
    data: Annotated[
        str, typer.Option("--data", help="A data set folder, or bench: rendered pictures.")
    ] = "bench",
    scale: Annotated[str, typer.Option("--scale", help="smoke, cpu or paper.")] = "cpu",
    seeds: Annotated[int, typer.Option("--seeds", help="Runs of each setting.")] = 2,
    jobs: Annotated[int, typer.Option("--jobs", help="Runs side by side.")] = 1,
    threads: Annotated[int, typer.Option("--threads", help="Of each run on a CPU.")] = 1,
    accelerator: Annotated[
        str | None, typer.Option("--accelerator", help="auto, cpu, cuda or mps. Default: the scale's.")
    ] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Print what would be run, and how far it is.")] = False,
    draw_only: Annotated[
        bool, typer.Option("--draw-only", help="Train nothing; score and draw what is there.")
    ] = False,
    into: Annotated[
        Path | None,
        typer.Option(
            "--into",
            help="A Markdown page: fill its places <!-- paper SCALE DATA WHAT --> ... <!-- /paper -->.",
            metavar="PAGE",
        ),
    ] = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Run ``sporemetry paper``."""
    del debug  # read by main()
    need_training_extra()
    from rich.console import Console

    from sporemetry.paper.data import BENCH, find_data
    from sporemetry.paper.experiments import find_experiments
    from sporemetry.paper.insertion import read_parts
    from sporemetry.paper.scale import find_scale
    from sporemetry.paper.work import Call
    from sporemetry.stated_number import check_number
    from sporemetry.workers import MOST_PROCESSES

    for option, value, most in (
        ("--seeds", seeds, _MOST_SEEDS),
        ("--jobs", jobs, MOST_PROCESSES),
        ("--threads", threads, MOST_PROCESSES),
    ):
        check_number(option, value, 1, most, whole=True)
    chosen = find_scale(scale)
    call = Call(
        experiments=find_experiments(what, chosen),
        scale=chosen,
        seeds=tuple(range(seeds)),
        data=find_data(data, output, looked_at=not draw_only),
        output=output,
        accelerator=accelerator,
        threads=threads,
        side_by_side=jobs,
    )
    if plan:
        _print_plan(call)
        return
    if into is not None:
        read_parts(into)  # a page that cannot be filled is told before hours of training
    console = Console(stderr=True, quiet=quiet)
    if data == BENCH and not draw_only:
        _render(call, console)
    _go(call, console, draw_only=draw_only, into=into, quiet=quiet)


def _render(call: Call, console: Console) -> None:
    from sporemetry.cli.job import progress_bar
    from sporemetry.paper.data import render_bench

    with progress_bar(console) as bar:
        row = bar.add_task("render", total=call.scale.bench.pictures)
        render_bench(
            call.scale,
            call.output,
            on_progress=lambda done, total: bar.update(row, completed=done, total=total),
        )


def _print_plan(call: Call) -> None:
    from rich.console import Console
    from rich.table import Table

    from sporemetry.paper.data import check_data, find_parts
    from sporemetry.paper.running import job_state

    there = call.data.is_dir()
    if there:
        check_data(call.data, call.scale)
    parts: dict[tuple[int, float | None], Split] = {}  # labels are read once a seed and share, not once a run
    table = Table("run", "for", "state", header_style="bold")
    states: Counter[str] = Counter()
    for job in call.jobs:
        users = [each.name for each in call.experiments if job.trial in each.trials]
        key = (job.seed, job.trial.share)
        if there and key not in parts:
            parts[key] = find_parts(job.data, job.scale, job.trial, job.seed, job.output)
        state = job_state(job, parts.get(key))
        states[state] += 1
        table.add_row(job.name, ", ".join(users), state)
    console = Console(highlight=False)
    console.print(table)
    console.print(f"{states.total()} runs: " + ", ".join(f"{n} {state}" for state, n in states.items()))


def _go(call: Call, console: Console, *, draw_only: bool, into: Path | None, quiet: bool) -> None:
    from rich.console import Console

    from sporemetry.paper.data import data_name
    from sporemetry.paper.insertion import insert
    from sporemetry.paper.work import draw_call, run_call, score_call

    report = _Report(call, console)
    with _Interrupting(call.output, console) as interrupting:
        (score_call if draw_only else run_call)(call, report.tell)
    if interrupting.asked or report.stopped:
        console.print(
            "Interrupted. What is finished is kept; run the same command again to go on, "
            "or with --draw-only to see what there is.",
            soft_wrap=True,
        )
        raise typer.Exit(ExitCode.INTERRUPTED)
    with console.status("drawing") as status:
        files = draw_call(call, lambda experiment: status.update(f"drawing {experiment.name}"))
    if into is not None:
        inserted = insert(into, call.output, call.scale.name, data_name(call.data, call.output))
        files += inserted.files
        if inserted.empty:
            console.print(f"Nothing is drawn yet for {', '.join(inserted.empty)}: left as it was in {into}.")
    if not quiet:
        for path in files:
            Console().print(str(path), markup=False, highlight=False, soft_wrap=True)
    if report.failed:
        raise typer.Exit(ExitCode.SOME_FAILED)


class _Report:
    """A line on the console for each run."""

    def __init__(self, call: Call, console: Console) -> None:
        self.failed = self.stopped = 0
        self._done, self._all = 0, len(call.jobs)
        self._console = console

    def tell(self, job: Job, outcome: Outcome | Failure) -> None:
        from sporemetry.paper.running import BUSY, STOPPED
        from sporemetry.workers import Failure

        self._done += 1
        text = f"{self._done} of {self._all}  {job.name}: "
        if isinstance(outcome, Failure):
            self.failed += 1
            text += f"failed: {outcome.error}: {outcome.found}"
        elif outcome.scores is None:
            self.failed += outcome.state == BUSY
            self.stopped += outcome.state == STOPPED
            text += "another command is at work on it" if outcome.state == BUSY else outcome.state
        else:
            half, tuned = (100 * each["mean_iou"] for each in (outcome.scores.half, outcome.scores.tuned))
            text += f"mean IoU {half:.1f} at 0.5, {tuned:.1f} tuned; {outcome.seconds:,.0f} s"
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


class _Interrupting:
    """The first Ctrl-C, or the signal that ends a batch job, saves; a second one ends at once."""

    def __init__(self, output: Path, console: Console) -> None:
        self.asked = False
        self._output, self._console = output, console
        self._handlers: dict[int, Any] = {}

    def __enter__(self) -> _Interrupting:
        for number in (signal.SIGINT, signal.SIGTERM):
            if (
                signal.getsignal(number) != signal.SIG_IGN
            ):  # a background job goes on ignoring what it was told to
                self._handlers[number] = signal.signal(number, self._ask)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        from sporemetry.paper.work import stop_call

        del number, frame
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        stop_call(self._output)
        self._console.print("Saving after this step; once more to end at once.")
