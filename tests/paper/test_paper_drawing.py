"""Figures and tables drawn from a few small runs: they show what was measured, and nothing else."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import torch
from tests.training.training_runs import write_dataset

from sporemetry.evaluation.pixels import Confusion
from sporemetry.paper.beta import beta_table
from sporemetry.paper.claims import claims, claims_markdown, levels
from sporemetry.paper.efficiency import efficiency
from sporemetry.paper.experiments import EXPERIMENTS, find_experiments
from sporemetry.paper.figure_lines import beta_figure, learning_figure, pictures_figure
from sporemetry.paper.figure_pictures import stretched
from sporemetry.paper.figure_threshold import (
    _frequencies,
    calibration_figure,
    spore_weight,
    threshold_figure,
    threshold_table,
)
from sporemetry.paper.found import HALF, Found, gather
from sporemetry.paper.hard import hardness, measure_hard
from sporemetry.paper.scale import SCALES
from sporemetry.paper.scoring import MEASURES, RunScores
from sporemetry.paper.table import frame, markdown
from sporemetry.paper.trial import CE, UNET, Trial, cfl, cfl_star
from sporemetry.paper.work import Call, draw_call, run_call
from sporemetry.training.hard_report import HardSettings, write_hard_examples
from sporemetry.training.pictures import PictureStatistics
from sporemetry.training.recipe import Recipe
from sporemetry.training.run_folder import RunCard
from sporemetry.training.threshold import ThresholdCurve

SCALE = SCALES["smoke"]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> tuple[Call, list[Path]]:
    folder = tmp_path_factory.mktemp("drawn")
    data = write_dataset(folder / "dots", pictures=10)
    call = Call(
        experiments=find_experiments(["threshold"], SCALE),
        scale=SCALE,
        seeds=(0,),
        data=data,
        output=folder / "out",
    )
    run_call(call)
    return call, draw_call(replace(call, experiments=find_experiments(["all"], SCALE)))


def test_everything_is_drawn_from_the_runs_that_are_there(drawn: tuple[Call, list[Path]]) -> None:
    call, files = drawn
    assert {path.stem for path in files} == {*EXPERIMENTS, "paper"}
    for path in files:
        assert path.stat().st_size > 0
        if path.suffix == ".png":
            assert cv2.imread(str(path)) is not None
    # A table's row that was not run is empty behind its published number.
    lines = (call.output / "tables" / "table5.md").read_text(encoding="utf-8").splitlines()
    row = next(line for line in lines if line.startswith("| CE |"))
    assert [cell.strip() for cell in row.strip("|").split("|")][:3] == ["CE", "73.2", ""]
    assert not row.replace("| CE | 73.2 |", "").strip(" |")


def test_ce_with_a_tuned_threshold_has_a_row_of_its_own() -> None:
    (losses,) = find_experiments(["losses"], SCALE)
    better = replace(scores(0.5), tuned=dict.fromkeys(MEASURES, 0.6))
    found = found_of({(CE, 0): better, (cfl(2.0), 0): scores(0.7)})
    rows = [line.strip("|").split("|") for line in markdown(losses, found, SCALE).splitlines()]
    cells = {row[0].strip(): [cell.strip() for cell in row[1:]] for row in rows if len(row) > 5}
    assert cells["CE"][2:6] == ["50.0", "60.0", "", "60.0"]
    assert cells["CE"][-2:] == ["", ""]
    assert cells["CE, threshold tuned"][1:4] == ["1", "", "60.0"]
    assert cells["CE, threshold tuned"][-2:] == ["+10.0", ""]
    assert cells["CFL, β 2"][-2:] == ["+20.0", "+10.0"]
    assert frame(losses, found)["row"].tolist() == ["CE", "CFL, β 2"]


def test_a_table_says_what_the_best_of_any_threshold_would_give() -> None:
    (losses,) = find_experiments(["losses"], SCALE)
    curve = (
        Confusion(tp=10, fp=90, fn=0, tn=0),
        Confusion(tp=8, fp=2, fn=2, tn=88),
        Confusion(tp=0, fp=0, fn=10, tn=90),
    )
    found = found_of({(CE, 0): replace(scores(0.5), curve=curve), (CE, 1): scores(0.5)})
    best = (8 / 12 + 88 / 92) / 2
    assert found.scores[CE, 0].best == pytest.approx(best)
    assert math.isnan(found.scores[CE, 1].best)
    one = replace(found, seeds=(0,))
    assert f"| 50.0 | 50.0 | {100 * best:.1f} |" in markdown(losses, one, SCALE)
    assert frame(losses, one)["mean_iou_best"].tolist() == pytest.approx([best])


def test_a_table_says_in_which_arithmetic_its_runs_were_made() -> None:
    (losses,) = find_experiments(["losses"], SCALE)
    single, half = scores(0.5), scores(0.6)
    half = replace(half, card=replace(half.card, recipe=replace(half.card.recipe, precision="bf16-mixed")))
    assert "px in 32-true; seed 0, on one split" in markdown(losses, found_of({(CE, 0): single}), SCALE)
    both = markdown(losses, found_of({(CE, 0): single, (cfl(2.0), 1): half}), SCALE)
    assert "px in 32-true or bf16-mixed as the machine of each run multiplies; seeds" in both
    # Runs of other tables are not meant.
    other = found_of({(CE, 0): single, (cfl(6.0), 1): half})
    assert "px in 32-true; seed 0, on one split" in markdown(losses, other, SCALE)


def test_tables_are_drawn_without_the_runs_and_pictures_are_left(
    drawn: tuple[Call, list[Path]], tmp_path: Path
) -> None:
    call, files = drawn
    moved = replace(call, output=tmp_path / "moved", experiments=find_experiments(["all"], SCALE))
    for name in ("results", "hard"):
        shutil.copytree(call.output / name, moved.output / name)
    again = draw_call(moved)
    gone = {path.stem for path in files} - {path.stem for path in again}
    assert gone == {"fig3", "fig4", "fig5", "fig7", "fig8"}
    for path in again:
        if path.suffix == ".md" and path.parent.name == "tables":
            assert path.read_bytes() == (call.output / path.relative_to(moved.output)).read_bytes()


def test_hard_examples_name_the_seeds_that_were_measured(
    drawn: tuple[Call, list[Path]], tmp_path: Path
) -> None:
    call, _ = drawn
    assert "; seed 0, on one split" in (call.output / "tables" / "hard.md").read_text(encoding="utf-8")
    moved = replace(call, output=tmp_path / "moved", experiments=find_experiments(["hard"], SCALE))
    shutil.copytree(call.output / "results", moved.output / "results")  # the weights are gone
    draw_call(moved)
    assert "nothing was run yet" in (moved.output / "tables" / "hard.md").read_text(encoding="utf-8")


def test_the_page_holds_every_table_and_figure(drawn: tuple[Call, list[Path]]) -> None:
    call, files = drawn
    page = (call.output / "paper.md").read_text(encoding="utf-8")
    for path in files:
        if path.suffix == ".png":
            assert f"](figures/{path.name})" in page
        if path.parent.name == "tables" and path.suffix == ".md":
            assert path.read_text(encoding="utf-8") in page


def test_hard_examples_are_measured_once(
    drawn: tuple[Call, list[Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, _ = drawn
    found = gather(call.jobs, call.seeds)
    monkeypatch.setattr("sporemetry.paper.hard.write_hard_examples", None)
    tables = measure_hard(found, call.data, call.output)
    assert set(tables) == {(CE, 0), (cfl_star(2.0), 0)}
    monkeypatch.undo()
    own = write_hard_examples(found.runs[CE, 0], call.data, tmp_path, HardSettings(maps=0), device="cpu")
    pd.testing.assert_frame_equal(tables[CE, 0], own, check_exact=False, atol=1e-6)
    table = own[(own["step"] == 4) & (own["threshold"] == 0.5)].iloc[0]
    text = (call.output / "tables" / "hard.md").read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith("| CE | p_t ≤ 0.5"))
    assert row.split("|")[4].strip() == f"{table['spore_share']:.2f}"


def test_the_claims_are_drawn_with_what_is_hard(drawn: tuple[Call, list[Path]]) -> None:
    call, _ = drawn
    text = (call.output / "tables" / "claims.md").read_text(encoding="utf-8")
    found = gather(call.jobs, call.seeds)
    table = measure_hard(found, call.data, call.output)[CE, 0]
    row = table[table["threshold"] == 0.5].sort_values("step").iloc[-1]
    assert f"after {row['step']:.0f} steps, 1 seed: {100 * row['spore_share']:.1f} % are spore" in text
    half = found.scores[cfl(2.0), 0].half["mean_iou"]
    assert f"CFL, β 2 {100 * half:.1f} at 0.5" in text
    assert "not run" not in hardness({}, found) + levels(found_of({}))


def test_the_claims_have_the_runs_that_they_need() -> None:
    for scale in SCALES.values():
        (experiment,) = find_experiments(["claims"], scale)
        needed = {trial for claim in claims(scale) for trial in (claim.better, claim.worse)}
        assert needed <= set(experiment.trials)


def test_no_run_no_figure() -> None:
    nothing = gather([], [0])
    for figure in (
        beta_figure(nothing),
        learning_figure(nothing),
        pictures_figure(nothing, SCALE),
        threshold_figure(nothing),
        calibration_figure(nothing),
    ):
        assert any("None of the runs" in text.get_text() for text in figure.texts)
        assert not any(axes.get_visible() for axes in figure.axes)


def scores(mean_iou: float, curve: ThresholdCurve | None = None) -> RunScores:
    measures = dict.fromkeys(MEASURES, mean_iou)
    confusions = () if curve is None else tuple(curve.confusions())
    return RunScores(
        step=1,
        threshold=0.3,
        validation=mean_iou,
        half=measures,
        tuned=measures,
        curve=confusions,
        identity="",
        card=card_of_ratio(200),
    )


def card_of_ratio(ratio: int) -> RunCard:
    statistics = PictureStatistics(
        mean=(1.0,) * 3, std=(1.0,) * 3, spore_pixels=10, background_pixels=10 * ratio
    )
    return RunCard(recipe=Recipe(), dataset="x", parts={}, groups={}, statistics=statistics)


def found_of(values: dict[tuple[Trial, int], RunScores]) -> Found:
    return Found(scores=values, runs={key: Path() for key in values}, seeds=(0, 1))


ASIDE = -0.048  # the first of three series stands 0.008 of the largest beta, 6, to the left


def test_the_figure_over_beta_shows_means_and_range() -> None:
    values = {(cfl(2.0), 0): scores(0.6), (cfl(2.0), 1): scores(0.8), (cfl(3.0), 0): scores(0.5)}
    values[cfl(3.0), 1] = scores(0.5)
    axes = beta_figure(found_of(values)).axes[0]
    line = next(line for line in axes.lines if len(line.get_xdata()) == 2)  # type: ignore[arg-type]
    np.testing.assert_allclose(np.asarray(line.get_xydata()), [[2 + ASIDE, 0.7], [3 + ASIDE, 0.5]])
    (bars,) = (each for each in axes.collections if len(each.get_paths()) == 2)
    ends = [[2 + ASIDE, 0.6], [2 + ASIDE, 0.8]]
    np.testing.assert_allclose(np.asarray(bars.get_paths()[0].vertices, float), ends)
    assert axes.get_ylabel().endswith("mean and range of seeds 0, 1")


def test_points_of_a_figure_are_of_the_same_seeds() -> None:
    found = found_of({(cfl(2.0), 0): scores(0.6), (cfl(2.0), 1): scores(0.8), (cfl(3.0), 1): scores(0.5)})
    axes = beta_figure(found).axes[0]
    line = next(line for line in axes.lines if len(line.get_xdata()) == 2)  # type: ignore[arg-type]
    np.testing.assert_allclose(np.asarray(line.get_xydata()), [[2 + ASIDE, 0.8], [3 + ASIDE, 0.5]])
    assert axes.get_ylabel().endswith("test part,\nseed 1")
    apart = found_of({(cfl(2.0), 0): scores(0.6), (cfl(3.0), 1): scores(0.5)})
    assert apart.alike([cfl(2.0), cfl(3.0)]).seeds == (0, 1)
    assert apart.alike([cfl(2.0), cfl(4.0)]).seeds == (0,)


def test_the_table_over_beta_is_of_the_seeds_of_its_figure() -> None:
    on_unet = replace(cfl(2.0), network=UNET)
    values = {(trial, seed): scores(0.6 + 0.2 * seed) for trial in (cfl(2.0), on_unet) for seed in (0, 1)}
    values |= {(CE, 0): scores(0.5), (CE, 1): scores(0.5), (CE, 2): scores(0.9)}
    lines = beta_table(replace(found_of(values), seeds=(0, 1, 2))).splitlines()
    assert lines[0].startswith("| β | CFL, DeepLabv3+ at 0.5 | CFL, DeepLabv3+, tuned |")
    assert {line.count("|") for line in lines[:-2]} == {11}
    cells = [cell.strip() for cell in next(line for line in lines if line.startswith("| 2 |")).split("|")]
    assert cells[2] == cells[8] == "70.0 ± 14.1"
    assert cells[5:8] == ["", "", ""]  # of CFL* nothing was run
    assert [cell.strip() for cell in lines[-3].split("|")][1:3] == ["CE, no weight", "50.0 ± 0.0"]
    assert beta_table(found_of({})).count("| 2 |  |") == 1


def test_claims_carry_their_interval() -> None:
    keys = [(trial, seed) for trial in (CE, cfl_star(2.0)) for seed in (0, 1)]
    found = found_of(dict(zip(keys, map(scores, (0.5, 0.6, 0.6, 0.69)), strict=True)))
    lines = claims_markdown(found, SCALE).splitlines()
    # 10 and 9 points: mean 9.5, half width 12.706 * 0.707 / sqrt(2).
    interval = "+9.5 (+3.1 to +15.9)"
    assert lines[2].startswith(f"| CFL* is better than CE | +8.6 | 2 | {interval} | yes, on this split |")
    assert len({line.count("|") for line in lines[:3]}) == 1
    assert efficiency(found, SCALE) == ""
    corners = {
        (SCALE.sized(cfl_star(2.0), 0.5, 4), 0): scores(0.61),
        (SCALE.sized(CE, 1.0, 8), 0): scores(0.6),
    }
    assert "50% of the pictures for 4 steps" in efficiency(found_of(corners), SCALE)
    assert "over 1 seed: +1.0 at 0.5, better: undecided" in efficiency(found_of(corners), SCALE)
    assert lines[3] == "| CFL* is better than Focal Loss | +10.4 |  |  |  |  |  |  |  |"


def test_what_few_pictures_hold_is_told_by_seed() -> None:
    """A third of the pictures may hold a tenth of the spores, which says more than its number."""
    small, poor, rich = (
        SCALE.sized(trial, share, steps)
        for trial, share, steps in ((cfl_star(2.0), 0.5, 4), (CE, 0.5, 4), (CE, 1.0, 8))
    )
    levels = {(small, 0): 0.7, (small, 1): 0.6, (poor, 0): 0.55, (poor, 1): 0.5, (rich, 0): 0.65}
    found = found_of({key: scores(level) for key, level in levels.items()})
    held = replace(card_of_ratio(200).statistics, spore_pixels=3)
    parts = {"a": "train", "b": "unused", "c": "train"}
    card = replace(card_of_ratio(200), statistics=held, parts=parts, groups={name: name for name in parts})
    few = {(small, seed): replace(scores(levels[small, seed]), card=card) for seed in (0, 1)}
    text = efficiency(replace(found, scores={**found.scores, **few}), SCALE)
    assert "both on 50% of the pictures for 4 steps, over 2 seeds: +12.5 (" in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert rows[1:] == ["| 0 | 2 | 30% | 70.0 | 55.0 | 65.0 |", "| 1 | 2 |  | 60.0 | 50.0 |  |"]
    # With none of CE on few pictures, nothing is said of it.
    alone = efficiency(found_of({(small, 0): scores(0.7), (rich, 0): scores(0.6)}), SCALE)
    assert "cost CE itself" not in alone
    assert "| 0 | 0 | 100% | 70.0 |  | 60.0 |" in alone


def test_a_weight_moves_threshold_and_calibration() -> None:
    """Probabilities made exactly as the theory has them come out on its lines."""
    generator = np.random.default_rng(1)
    frequency = 1 / (1 + np.exp(-generator.normal(-1, 2.5, 400_000)))
    spore = torch.from_numpy((generator.random(frequency.size) < frequency).astype(np.uint8))
    weight = math.sqrt(200)
    weighted = weight * frequency / (1 + (weight - 1) * frequency)
    curves = [ThresholdCurve(), ThresholdCurve()]
    for curve, probability in zip(curves, (frequency, weighted), strict=True):
        curve.add(torch.from_numpy(probability), spore)
    found = found_of({(CE, 0): scores(0.5, curves[0]), (cfl(2.0), 0): scores(0.5, curves[1])})
    assert spore_weight(CE, found) == 1
    assert spore_weight(cfl(2.0), found) == pytest.approx(weight)
    for curve, shift in zip(curves, (0.0, math.log(weight)), strict=True):
        odds, observed = _frequencies([curve.confusions()])
        assert len(odds) >= 8
        many = np.abs(observed) < 5  # beyond, a bin holds a dozen spores
        np.testing.assert_allclose(observed[many], (odds - shift)[many], atol=0.15)
    # CE at 1 / (1 + w) is CFL at 0.5.
    rows = [line.split("|") for line in threshold_table(found).splitlines()]
    moved = 100 * curves[1].confusions()[500].mean_iou
    assert float(rows[3][6]) == pytest.approx(moved, abs=0.3)
    assert rows[3][3].strip() == f"{1 / (1 + weight):.3f}"
    # A weight alone gains nothing over the best threshold.
    best = max(confusion.mean_iou for confusion in curves[0].confusions())
    assert [float(row[8]) for row in rows[2:4]] == pytest.approx([100 * best] * 2, abs=0.2)
    # Moved back, the curves lie on one another.
    panels = threshold_figure(found).axes
    ce, constrained = (np.asarray(line.get_xydata()) for line in panels[1].lines if len(line.get_xdata()) > 9)  # type: ignore[arg-type]
    middle = np.linspace(-2.5, 1.5, 9)
    np.testing.assert_allclose(
        np.interp(middle, ce[:, 0], ce[:, 1]),
        np.interp(middle, constrained[:, 0], constrained[:, 1]),
        atol=0.01,
    )


def test_contrast_is_stretched_and_flat_pictures_are_left() -> None:
    ramp = np.arange(100, 120, dtype=np.uint8).reshape(4, 5)
    assert stretched(ramp).min() == 0
    assert stretched(ramp).max() == 255
    assert not stretched(np.full((3, 3), 90, dtype=np.uint8)).any()


def test_values_at_half_and_tuned_are_kept_apart() -> None:
    each = replace(scores(0.5), half=dict.fromkeys(MEASURES, 0.1))
    found = found_of({(CE, 0): each})
    assert found.values(CE, "mean_iou", HALF) == {0: 0.1}
    assert found.values(CE, "mean_iou") == {0: 0.5}
