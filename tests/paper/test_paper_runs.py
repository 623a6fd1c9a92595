"""A small experiment from pictures to table: trained once, scored once, taken up where it was stopped."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock
from tests.training.training_runs import write_dataset
from typer.testing import CliRunner

from sporemetry.cli.app import app
from sporemetry.errors import LabelReadError, MissingExtraError, SettingsError
from sporemetry.evaluation.pixels import Confusion
from sporemetry.paper import running, work
from sporemetry.paper.experiments import Experiment, Row
from sporemetry.paper.found import HALF, choose, gather
from sporemetry.paper.running import BEGUN, DONE, MISSING, OTHER, STOPPED, TRAINED, Outcome, job_state
from sporemetry.paper.scale import SCALES
from sporemetry.paper.scoring import MEASURES, RunScores, read_scores, write_scores
from sporemetry.paper.table import frame, markdown, write_table
from sporemetry.paper.trial import BCE_A, CE, Trial, cfl, focal_alpha
from sporemetry.paper.work import Call, run_call, score_call
from sporemetry.storage import TEMPORARY_PREFIX
from sporemetry.training.evaluate import RunEvaluationSettings, evaluate_run
from sporemetry.training.pictures import PictureStatistics
from sporemetry.training.recipe import Recipe
from sporemetry.training.run_folder import RunCard
from sporemetry.workers import Failure

SWEEP = (focal_alpha(2.0, 0.25), focal_alpha(2.0, 0.99))
EXPERIMENT = Experiment(
    name="small",
    title="Small",
    rows=(
        Row(label="CE", trials=(CE,), published=82.4),
        Row(label="BCE_A", trials=(BCE_A,), published=52.5),
        Row(label="CFL, never run", trials=(cfl(9.0),)),
    ),
)
STATISTICS = PictureStatistics(mean=(1.0,) * 3, std=(1.0,) * 3, spore_pixels=10, background_pixels=2000)
RUN_ONLY = replace(EXPERIMENT, rows=EXPERIMENT.rows[:2])


def outcomes(call: Call, *, stop_after_each: bool = False) -> list[Outcome | Failure]:
    """Run a call, and return how each of its jobs ended."""
    told: list[Outcome | Failure] = []

    def tell(job: running.Job, outcome: Outcome | Failure) -> None:
        told.append(outcome)
        if stop_after_each:
            work.stop_call(job.output)

    run_call(call, tell)
    return told


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Call:
    folder = tmp_path_factory.mktemp("paper")
    data = write_dataset(folder / "dots", pictures=10)
    call = Call(
        experiments=(RUN_ONLY,), scale=SCALES["smoke"], seeds=(0, 1), data=data, output=folder / "out"
    )
    told = outcomes(call)
    assert [each.state for each in told if isinstance(each, Outcome)] == [DONE] * 4
    return call


def test_a_second_call_trains_and_scores_nothing(finished: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*arguments: object, **named: object) -> None:
        raise AssertionError("called")

    monkeypatch.setattr(running, "train", never)
    monkeypatch.setattr(running, "score_run", never)
    told = outcomes(finished)
    assert all(isinstance(each, Outcome) and each.scores is not None for each in told)
    assert len(told) == 4


def test_drawing_only_scores_what_is_trained(finished: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    job = finished.jobs[0]
    before = job.result.read_bytes()
    job.result.unlink()
    half = job.result.with_name(f"{TEMPORARY_PREFIX}123-{job.result.name}")
    half.write_bytes(before[:100])  # a kill in the middle of writing them
    assert job_state(job) == TRAINED
    monkeypatch.setattr(running, "train", None)
    score_call(replace(finished, experiments=(EXPERIMENT,)))
    assert not half.exists()
    assert job.result.read_bytes() == before
    assert job_state(job) == DONE


def test_scores_are_those_of_the_evaluation(finished: Call) -> None:
    job = finished.jobs[1]  # BCE_A finds something
    scores = read_scores(job.result)
    for measures, threshold in ((scores.half, 0.5), (scores.tuned, scores.threshold)):
        settings = RunEvaluationSettings(threshold=threshold)
        other = evaluate_run(job.run, finished.data, None, settings, device="cpu")
        assert measures["boundary_f1"] == other.pooled.measures()["boundary_f1"]
        assert measures["f1"] == other.pooled.measures()["f1"]
        assert measures["count_error"] == abs(other.counts.relative_error)
    # Pixels are those of the mask itself, which the curve has too.
    assert scores.half["mean_iou"] == scores.curve[500].mean_iou
    assert scores.threshold is not None
    assert scores.tuned["spore_iou"] == scores.curve[round(1000 * scores.threshold)].spore_iou
    assert read_scores(job.result) == scores


def test_a_changed_run_is_scored_again(finished: Call) -> None:
    job = finished.jobs[0]
    result = job.run / "result.json"
    before = result.read_bytes()
    result.write_bytes(before + b" ")
    assert job_state(job) == TRAINED
    result.write_bytes(before)
    assert job_state(job) == DONE
    other = replace(job, scale=replace(job.scale, steps=9))
    assert job_state(other) == OTHER
    assert job_state(replace(job, seed=7)) == MISSING


def test_results_outlive_their_runs(finished: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder ``results`` alone says all that tables need, and counts as run."""
    moved = replace(finished, output=tmp_path / "moved")
    shutil.copytree(finished.output / "results", moved.output / "results")
    assert {job_state(job) for job in moved.jobs} == {DONE}
    monkeypatch.setattr(running, "train", None)
    outcomes(moved)
    assert not (moved.output / "runs").exists()
    tables = [markdown(RUN_ONLY, gather(each.jobs, each.seeds), each.scale) for each in (finished, moved)]
    assert tables[0] == tables[1]
    # On the command line not even the pictures are needed.
    arguments = ["paper", "losses", "--data", "dots", "--scale", "smoke", "-o", str(moved.output)]
    assert isinstance(CliRunner().invoke(app, arguments).exception, SettingsError)
    told = CliRunner().invoke(app, [*arguments, "--draw-only"])
    assert told.exit_code == 0, told.output
    assert "| CE | 82.4 | 2 |" in (moved.output / "tables" / "losses.md").read_text(encoding="utf-8")
    # Of other settings, other parts or a run begun anew they are not taken.
    job = moved.jobs[0]
    assert job_state(replace(job, scale=replace(job.scale, steps=9))) == MISSING
    shutil.copytree(finished.jobs[0].run, job.run)
    assert job_state(job) == DONE
    (job.run / "result.json").unlink()
    assert job_state(job) == BEGUN
    shutil.rmtree(job.run)
    split = Path(shutil.copy(finished.output / "split_0.csv", moved.output))
    split.write_text(split.read_text().replace("train", "x").replace("test", "train").replace("x", "test"))
    assert job_state(job) == MISSING


def test_the_table_says_what_was_run(finished: Call) -> None:
    call = replace(finished, experiments=(EXPERIMENT,))
    found = gather(call.jobs, call.seeds)
    markdown_file, csv_file = write_table(EXPERIMENT, found, call.scale, call.output)
    lines = markdown_file.read_text(encoding="utf-8").splitlines()
    rows = {line.split(" | ")[0].strip("| "): line for line in lines if line.startswith("| ")}
    values = [100 * value for value in found.values(CE, "mean_iou", HALF).values()]
    assert len(values) == 2
    shown = f"| CE | 82.4 | 2 | {np.mean(values):.1f} ± {np.std(values, ddof=1):.1f} |"
    assert rows["CE"].startswith(shown)
    assert set(rows["CFL, never run"].split("CFL, never run")[1]) == {" ", "|"}
    assert all(len(line.split("|")) == len(rows["CE"].split("|")) for line in rows.values())
    assert "dots, 5 pictures to train on" in lines[2]
    assert "`smoke`" in lines[2]
    assert "seeds 0, 1, each" in lines[2]
    fewer = replace(found, scores={key: value for key, value in found.scores.items() if key != (BCE_A, 1)})
    assert "seeds 0, 1 (of some losses fewer), each" in markdown(EXPERIMENT, fewer, call.scale)
    table = pd.read_csv(csv_file)
    assert table["trial"].tolist() == ["ce", "ce", "bce_a", "bce_a"]
    assert table["mean_iou_half"][:2].to_numpy() * 100 == pytest.approx(values, abs=1e-3)


def test_a_stopped_run_goes_on(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "dots", pictures=10)
    scale = replace(SCALES["smoke"], steps=6)
    call = Call(experiments=(RUN_ONLY,), scale=scale, seeds=(0,), data=data, output=tmp_path / "out")

    told = outcomes(call, stop_after_each=True)
    assert [each.state for each in told if isinstance(each, Outcome)] == [DONE, STOPPED]
    assert not (call.output / "stop").exists()
    # In the middle of a run: asked to stop at its first step, it saves and is begun.
    job = call.jobs[1]
    (call.output / "stop").touch()
    assert not running._train(job)
    assert job_state(job) == BEGUN
    (call.output / "stop").unlink()
    run_call(call)
    assert job_state(job) == DONE
    whole = replace(call, output=tmp_path / "whole")
    run_call(whole)
    assert whole.jobs[1].result.read_bytes() == job.result.read_bytes()


def test_one_folder_is_of_one_scale_and_data(finished: Call, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="an empty folder, or one of"):
        run_call(replace(finished, scale=SCALES["cpu"], experiments=()))


def test_a_run_of_other_settings_fails_alone(finished: Call, tmp_path: Path) -> None:
    call = replace(finished, scale=replace(finished.scale, steps=9, grid_steps=(9,)), seeds=(0,))
    told = outcomes(call)
    assert all(isinstance(each, Failure) and "another" in each.found for each in told)
    assert len(told) == 2


def test_a_run_that_another_command_trains_is_left_to_it(finished: Call) -> None:
    job = replace(finished.jobs[0], seed=5)
    job.run.mkdir()
    with FileLock(job.run / "lock"):
        assert running.run_job(job).state == running.BUSY
    job.run.joinpath("lock").unlink()
    job.run.rmdir()


def test_without_the_training_extra_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sporemetry.cli.training_extra._NEEDED", ("no_such_module",))
    told = CliRunner().invoke(app, ["paper", "losses", "-o", str(tmp_path / "out")])
    assert isinstance(told.exception, MissingExtraError)
    assert "pip install 'sporemetry[train]'" in str(told.exception)
    assert not (tmp_path / "out").exists()


def _scores(validation: float, mean_iou: float = 0.5) -> RunScores:
    measures = dict.fromkeys(MEASURES, mean_iou)
    return RunScores(
        step=1,
        threshold=None,
        validation=validation,
        half=measures,
        tuned=measures,
        curve=(Confusion(3, 5, 0, 0), Confusion(1, 2, 2, 3)),
        identity="x",
        card=RunCard(recipe=Recipe(), dataset="x", parts={}, groups={}, statistics=STATISTICS),
    )


def test_the_best_of_a_sweep_is_chosen_on_validation() -> None:
    row = Row(label="FL#, best", trials=SWEEP)
    scores: dict[tuple[Trial, int], RunScores] = {
        (SWEEP[0], 0): _scores(0.6, 0.1),
        (SWEEP[1], 0): _scores(0.5, 0.9),
    }
    empty = gather([], [0, 1])
    assert choose(row, empty) == (None, "FL#, best")
    found = replace(empty, scores=scores)
    assert choose(row, found) == (SWEEP[0], "FL#, best (FL#, γ 2, α 0.25; 2 of 2 tried)")
    # A trial with fewer seeds does not compete.
    found = replace(empty, scores=scores | {(SWEEP[1], 1): _scores(0.1)})
    assert choose(row, found)[0] == SWEEP[1]
    assert choose(row, found)[1].endswith("1 of 2 tried)")


def test_gains_are_paired_by_seed() -> None:
    scores = {(CE, 0): _scores(0, 0.5), (CE, 1): _scores(0, 0.7), (BCE_A, 1): _scores(0, 0.8)}
    found = replace(gather([], [0, 1]), scores=scores)
    gain = found.gain(BCE_A, CE, "mean_iou")
    assert (round(gain.mean, 9), gain.n) == (0.1, 1)
    assert math.isnan(found.spread(cfl(2.0), "mean_iou").mean)
    assert len(frame(EXPERIMENT, found)) == 3
    assert "nothing was run yet" in markdown(EXPERIMENT, gather([], [0]), SCALES["smoke"])


def test_scores_come_back_and_others_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    scores = replace(_scores(math.nan), half=dict.fromkeys(MEASURES, 0.25))
    write_scores(path, scores)
    back = read_scores(path)
    assert (back.half, back.curve, math.isnan(back.validation)) == (scores.half, scores.curve, True)
    assert (back.card, back.learning) == (scores.card, ())
    for content in ("", "{}", "[]", json.dumps({"format": 1})):
        path.write_text(content)
        with pytest.raises(LabelReadError, match="scores of a run"):
            read_scores(path)


def test_on_the_command_line(finished: Call, tmp_path: Path) -> None:
    arguments = ["paper", "losses", "--data", str(finished.data), "--scale", "smoke", "--seeds", "2"]
    plan = CliRunner().invoke(app, [*arguments, "-o", str(finished.output), "--plan"])
    assert plan.exit_code == 0, plan.output
    states = {line.split()[1]: line.split()[-2] for line in plan.output.splitlines() if "_s" in line}
    assert (states["ce_s0"], states["bce_a_s1"], states["focal_2_s0"]) == (DONE, DONE, MISSING)
    assert "16 runs: 4 done, 12 missing" in plan.output
    fresh = CliRunner().invoke(app, [*arguments, "-o", str(tmp_path / "not" / "there"), "--plan"])
    assert fresh.exit_code == 0, fresh.output
    assert "16 runs: 16 missing" in fresh.output
    bench = CliRunner().invoke(app, ["paper", "losses", "-o", str(tmp_path / "bench"), "--plan"])
    assert bench.exit_code == 0, bench.output  # its pictures are not rendered yet
    assert "16 runs: 16 missing" in bench.output
    assert not (tmp_path / "bench").exists()
    drawn = CliRunner().invoke(app, [*arguments, "-o", str(finished.output), "--draw-only"])
    assert drawn.exit_code == 0, drawn.output
    assert (finished.output / "tables" / "losses.md").is_file()
    assert not (finished.output / "runs" / "focal_2_s0").exists()


def test_a_folder_knows_its_data_set_by_the_name_that_pages_use(tmp_path: Path) -> None:
    data, other = (write_dataset(tmp_path / name) for name in ("data", "other"))
    bench = Call(experiments=(), scale=SCALES["smoke"], seeds=(0,), data=data, output=tmp_path)
    run_call(bench)
    assert json.loads((tmp_path / "paper.json").read_text()) == {"scale": "smoke", "data": "bench"}
    with pytest.raises(SettingsError, match="an empty folder, or one of"):
        run_call(replace(bench, data=other))
