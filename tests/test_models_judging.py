"""What makes the packaged model: the fit of its judge, and sums over folds."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "models"))

from figures import pooled
from judging import fit_judge, reliability
from sporemetry.dataset.folder import open_dataset
from sporemetry.model.judge import FEATURES, PLAIN
from trainings import FOLDS, fold_names, usable


def test_a_judge_finds_the_weights_that_made_the_truth() -> None:
    rng = np.random.default_rng(3)
    features = rng.normal(1.0, 2.0, (20_000, len(FEATURES)))
    true = np.linspace(-0.6, 0.6, len(FEATURES))
    right = (rng.random(len(features)) < 1 / (1 + np.exp(-(features @ true + 0.5)))).astype(float)
    judge = fit_judge({"one": (features, right)})
    assert list(judge.alike_weights.values()) == pytest.approx(true.tolist(), abs=0.05)
    assert judge.alike_bias == pytest.approx(0.5, abs=0.15)
    # Without the others the plain one is of the same form, if not of the same size.
    plain = np.array(list(judge.weights.values()))
    assert tuple(judge.weights) == PLAIN
    assert np.corrcoef(plain, true[: len(PLAIN)])[0, 1] > 0.99


def test_a_small_set_weighs_as_much_as_a_large_one() -> None:
    rng = np.random.default_rng(4)
    size = list(FEATURES).index("shortness")

    def made(count: int, sign: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        features = np.zeros((count, len(FEATURES)))
        features[:, size] = rng.normal(0, 1, count)
        return features, (sign * features[:, size] + rng.normal(0, 1, count) > 0).astype(float)

    judge = fit_judge({"large": made(20_000, 1.0), "small": made(1_000, -1.0)})
    assert abs(judge.weights["shortness"]) < 0.15


def test_reliability_is_the_share_of_each_tenth() -> None:
    sure = np.array([0.05, 0.02, 0.95, 1.0, 0.97, 0.91])
    right = np.array([0.0, 1.0, 1.0, 1.0, 0.0, 1.0])
    first, last = reliability(sure, right)
    assert first == pytest.approx((0.035, 0.5, 2))
    assert last == pytest.approx((0.9575, 0.75, 4))


def test_scores_of_folds_add_up() -> None:
    def fold(true: int, predicted: int, matched: int, tp: int) -> dict[str, object]:
        one = {
            "pictures": 1, "true": true, "predicted": predicted, "matched": matched, "merges": 0, "splits": 1,
            "pixels_tp": tp, "pixels_fp": 10, "pixels_fn": 10, "pixels_tn": 980 - tp,
            "scores": [{"true": true, "predicted": predicted}],
        }  # fmt: skip
        return {"sets": {"nosema": one}}

    found = pooled([fold(10, 12, 9, 80), fold(30, 27, 26, 240)], "nosema")
    assert found["f1"] == pytest.approx(2 * 35 / (40 + 39))
    assert found["count_error"] == pytest.approx(-1 / 40)
    assert found["count_error_per_picture"] == pytest.approx((0.2 + 0.1) / 2)
    assert found["mean_iou"] == pytest.approx((320 / 360 + 1640 / 1680) / 2)


@pytest.mark.real
def test_folds_part_no_group_and_hold_every_picture_once(real_data: Path) -> None:
    folds = [set(fold_names(real_data, number)) for number in range(FOLDS)]
    for name in ("anthracnose", "nosema", "rice_blast"):
        groups = {item.name: item.group for item in open_dataset(real_data / name).items}
        held = [{each for each in fold if each.startswith(f"{name}/")} for fold in folds]
        assert sum(map(len, held)) == len(set.union(*held)) == len(usable(real_data / name))
        parted = [{groups[each.partition("/")[2]] for each in fold} for fold in held]
        assert sum(map(len, parted)) == len(set.union(*parted))
