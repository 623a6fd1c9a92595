"""What tables say of splits is counted in the runs: seeds that share one are never called independent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sporemetry.evaluation.ratios import spread
from sporemetry.paper.claims import answer
from sporemetry.paper.found import Found
from sporemetry.paper.scoring import RunScores, read_scores
from sporemetry.paper.split_words import shared_split_note, split_said, splits_of
from sporemetry.paper.trial import CE, Trial

DOCS = Path(__file__).resolve().parents[2] / "docs"
KEPT = DOCS / "paper" / "cpu-nosema" / "results"


def scores(seed: int) -> RunScores:
    return read_scores(KEPT / f"{CE.name}_s{seed}.json")


def moved(run: RunScores) -> RunScores:
    """Return the same run with its validation and test parts exchanged."""
    other = {"val": "test", "test": "val"}
    parts = {name: other.get(part, part) for name, part in run.card.parts.items()}
    return replace(run, card=replace(run.card, parts=parts))


def found(*runs: RunScores, trial: Trial = CE) -> Found:
    keyed = {(trial, seed): run for seed, run in enumerate(runs)}
    return Found(scores=keyed, runs={key: Path() for key in keyed}, seeds=tuple(range(len(runs))))


def test_seeds_that_share_a_split_are_said_to() -> None:
    shared = found(scores(0), scores(1))
    assert split_said(shared, [CE]).startswith("all on one split, with 1 group (3 images) to validate")
    assert shared_split_note(shared, [CE])


def test_seeds_on_splits_of_their_own_are_said_to() -> None:
    own = found(scores(0), moved(scores(1)))
    assert split_said(own, [CE]) == "each with a split of its own"
    assert not shared_split_note(own, [CE])


def test_three_seeds_on_two_splits_are_counted() -> None:
    mixed = found(scores(0), moved(scores(1)), scores(2))
    assert split_said(mixed, [CE]).startswith("on 2 splits, the first with")


def test_nothing_run_says_nothing() -> None:
    assert split_said(found(), [CE]) == ""
    assert splits_of(found(), [CE]) == ()


def test_a_verdict_over_one_split_says_so() -> None:
    gain = spread([0.1, 0.11, 0.12])
    assert answer(gain, one_split=True) == "yes, on this split"
    assert answer(gain) == "yes"


@pytest.mark.parametrize("page", ["paper.md", "training.md"])
def test_the_pages_on_nosema_do_not_claim_splits_that_are_not_there(page: str) -> None:
    splits = {tuple(sorted(read_scores(path).card.split.names("test"))) for path in KEPT.glob("*.json")}
    assert len(splits) == 1
    text = " ".join((DOCS / page).read_text(encoding="utf-8").split())
    assert "parts of its own" not in text
    assert "share one split" in text
