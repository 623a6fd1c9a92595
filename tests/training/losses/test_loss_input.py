"""Wrong logits and targets are told, not averaged."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from sporemetry.errors import SettingsError
from sporemetry.training.losses import (
    LOSSES,
    ManyClassConstrainedFocalLoss,
    ManyClassFrequencyBalancedCrossEntropyLoss,
    find_loss,
    many_class_ce_loss,
    many_class_cfl_loss,
)

GOOD = torch.zeros(2, 4, 4, dtype=torch.uint8)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize(
    ("logits", "target", "told"),
    [
        (torch.zeros(2, 1, 4, 4, dtype=torch.int64), GOOD, "logits"),
        (torch.zeros(2, 2, 4, 4), GOOD, "logits"),
        (torch.zeros(4, 4), GOOD, "logits"),
        (torch.zeros(2, 1, 4, 4), GOOD[:1], "target"),
        (torch.zeros(2, 1, 4, 4), torch.zeros(2, 2, 4, 4), "target"),
        (torch.zeros(2, 1, 4, 4), torch.full((2, 4, 4), 7), "target"),
        (torch.zeros(2, 1, 4, 4), torch.full((2, 4, 4), 0.5), "target"),
    ],
)
def test_wrong_input_names_itself(name: str, logits: Tensor, target: Tensor, told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        find_loss(name, ratio=200.0)(logits, target)
    assert caught.value.name == told


def test_an_ignored_value_that_the_target_cannot_hold_is_told() -> None:
    # In a byte -255 is 1: every spore would be ignored without a word.
    loss = find_loss("ce", ignore_index=None)
    assert float(loss(torch.zeros(2, 1, 4, 4), GOOD)) > 0
    with pytest.raises(SettingsError, match="ignore_index"):
        find_loss("ce", ignore_index=-255)(torch.zeros(2, 1, 4, 4), GOOD)


def test_wrong_many_class_input_names_itself() -> None:
    with pytest.raises(SettingsError, match="two channels"):
        many_class_ce_loss(torch.zeros(2, 1, 4, 4), GOOD)
    with pytest.raises(SettingsError, match="target"):
        many_class_ce_loss(torch.zeros(2, 3, 4, 4), GOOD + 3)
    with pytest.raises(SettingsError, match="ignore_index"):
        many_class_ce_loss(torch.zeros(2, 3, 4, 4), GOOD, ignore_index=2)
    with pytest.raises(SettingsError, match="pixel_counts: expected 3 numbers; found 2"):
        many_class_cfl_loss(torch.zeros(2, 3, 4, 4), GOOD, pixel_counts=(5, 6))
    with pytest.raises(SettingsError, match="pixel_counts"):
        many_class_cfl_loss(torch.zeros(2, 3, 4, 4), GOOD)


@pytest.mark.parametrize(
    "ratio", [9.0, (9.0,), (), "classes", (1.0, 0.0, 2.0), (1.0, "2", 3.0), (1.0, math.inf, 2.0)]
)
def test_unsound_ratios_of_many_classes_are_told(ratio: Any) -> None:
    for make in (ManyClassConstrainedFocalLoss, ManyClassFrequencyBalancedCrossEntropyLoss):
        with pytest.raises(SettingsError, match=r"^ratio: expected "):
            make(ratio=ratio)


def test_ratios_of_other_than_the_classes_are_told() -> None:
    loss = ManyClassConstrainedFocalLoss(ratio=(1.0, 9.0))
    with pytest.raises(SettingsError, match=r"^ratio: expected 3 numbers; found 2"):
        loss(torch.zeros(2, 3, 4, 4), GOOD)
    assert loss.pixel_weights(GOOD).tolist() == torch.ones(2, 4, 4).tolist()
