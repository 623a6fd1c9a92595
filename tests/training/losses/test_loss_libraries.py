"""The libraries' losses where they are right: ours are equal, in value and in gradient."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from tests.training.losses.library_cases import gradient, labels, pictures, two_channels
from torch import Tensor

from sporemetry.training.losses import (
    boundary_loss,
    dice_loss,
    find_loss,
    focal_loss,
    many_class_focal_loss,
    tversky_loss,
    unified_focal_loss,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from kornia import losses as kornia
    from monai import losses as monai
    from segmentation_models_pytorch import losses as smp


def cases(number: int, *, ignored: bool) -> Iterator[tuple[dict[str, Any], Tensor, Tensor]]:
    """Draw settings, logits and targets; in some pictures all is background, or all spore."""
    rng = np.random.default_rng(number)
    for _ in range(number):
        shape = (int(rng.integers(1, 5)), 1, int(rng.integers(1, 30)), int(rng.integers(1, 30)))
        logits = torch.from_numpy(rng.normal(0, rng.choice([0.1, 1, 5]), shape))
        target = torch.from_numpy((rng.random(shape) < rng.choice([0, 0.02, 0.3, 1])).astype(np.float64))
        if ignored:
            target[torch.from_numpy(rng.random(shape) < 0.2)] = 255
        settings = {
            "miss_weight": float(rng.uniform(0, 1)),
            "gamma": float(rng.uniform(1, 3)),
            "smooth": float(rng.choice([0.5, 1, 10])),
        }
        yield settings, logits, target


def assert_same(ours: Any, theirs: Any, logits: Tensor, target: Tensor) -> None:
    """Compare values and gradients."""
    torch.testing.assert_close(ours(logits, target), theirs(logits, target).double(), rtol=1e-6, atol=1e-9)
    found, expected = gradient(ours, logits, target), gradient(theirs, logits, target)
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("ignored", [False, True])
def test_dice_and_tversky_and_focal_tversky_are_those_of_smp(ignored: bool) -> None:
    for chosen, logits, target in cases(15, ignored=ignored):
        if not bool((target == 1).any()):
            continue  # without spores theirs is 0, whatever is found
        m, gamma, smooth = chosen["miss_weight"], chosen["gamma"], chosen["smooth"]
        dice = smp.DiceLoss("binary", smooth=smooth / 2, ignore_index=255)  # theirs counts twice
        assert_same(find_loss("dice", smooth=smooth), dice, logits, target)
        of_tversky = {"alpha": 1 - m, "beta": m, "smooth": smooth, "ignore_index": 255}
        tversky = smp.TverskyLoss("binary", **of_tversky)
        assert_same(find_loss("tversky", miss_weight=m, smooth=smooth), tversky, logits, target)
        focal = smp.TverskyLoss("binary", gamma=1 / gamma, **of_tversky)
        assert_same(find_loss("focal_tversky", **chosen), focal, logits, target)


@pytest.mark.parametrize("ignored", [False, True])
@pytest.mark.parametrize("pool", ["batch", "image"])
def test_dice_and_tversky_are_those_of_monai(pool: str, ignored: bool) -> None:
    for chosen, logits, target in cases(15, ignored=ignored):
        m, smooth = chosen["miss_weight"], chosen["smooth"]
        shared = {"sigmoid": True, "batch": pool == "batch", "smooth_nr": smooth, "smooth_dr": smooth}
        masked = {**shared, "ignore_index": 255}
        dice = find_loss("dice", smooth=smooth, pool=pool)
        assert_same(dice, monai.DiceLoss(**masked), logits, target)
        tversky = find_loss("tversky", miss_weight=m, smooth=smooth, pool=pool)
        assert_same(tversky, monai.TverskyLoss(alpha=1 - m, beta=m, **masked), logits, target)
        if ignored:
            continue  # their DiceCELoss has no ignore_index
        dice_ce = find_loss("dice_ce", smooth=smooth, pool=pool, dice_weight=chosen["gamma"])
        assert_same(dice_ce, monai.DiceCELoss(lambda_dice=chosen["gamma"], **shared), logits, target)


@pytest.mark.parametrize("ignored", [False, True])
def test_dice_and_tversky_of_kornia_are_the_mean_of_both_classes(ignored: bool) -> None:
    compared = 0
    for chosen, logits, target in cases(30, ignored=ignored):
        if not all(bool((picture == c).any()) for picture in target for c in (0, 1)):
            continue  # theirs leaves a class that a picture lacks out of the mean
        compared += 1
        m, eps = chosen["miss_weight"], 1e-8
        flipped = torch.where(target == 255, target, 1 - target)
        both = ((logits, target), (-logits, flipped))
        ours = [tversky_loss(z, y, miss_weight=m, smooth=eps, pool="image") for z, y in both]
        theirs: torch.nn.Module = kornia.TverskyLoss(alpha=1 - m, beta=m, eps=eps, ignore_index=255)
        found = theirs(two_channels(logits), labels(target))
        torch.testing.assert_close(sum(ours) / 2, found, rtol=1e-6, atol=1e-7)
        ours = [dice_loss(z, y, smooth=eps, pool="image") for z, y in both]
        theirs = kornia.DiceLoss(average="macro", eps=eps, ignore_index=255)
        found = theirs(two_channels(logits), labels(target))
        torch.testing.assert_close(sum(ours) / 2, found, rtol=1e-6, atol=1e-7)
    assert compared > 5


def test_boundary_is_that_of_monai() -> None:
    logits, target = pictures()
    target[1] = 0  # a picture without spores
    theirs = monai.BoundaryLoss(sigmoid=True)
    torch.testing.assert_close(boundary_loss(logits, target), theirs(logits, target), rtol=1e-6, atol=0)


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
def test_focal_is_that_of_monai_and_smp_and_kornia(gamma: float) -> None:
    logits, target = pictures()
    ours = focal_loss(logits, target, gamma=gamma)
    torch.testing.assert_close(ours.float(), monai.FocalLoss(gamma=gamma)(logits, target))
    torch.testing.assert_close(ours, smp.FocalLoss("binary", gamma=gamma)(logits, target))
    theirs = kornia.FocalLoss(alpha=None, gamma=gamma, reduction="mean")
    two = two_channels(logits)
    # One slice a class, all of them in kornia's mean.
    torch.testing.assert_close(2 * theirs(two, target[:, 0].long()), ours, rtol=1e-6, atol=0)
    three = torch.cat([two, logits.flip(-1)], dim=1)
    labels = torch.arange(3 * 20 * 24).reshape(3, 20, 24) % 3
    found = many_class_focal_loss(three, labels, gamma=gamma)
    torch.testing.assert_close(3 * theirs(three, labels), found, rtol=1e-6, atol=0)


def test_unified_focal_is_that_of_monai_given_probabilities_and_its_half_made_whole() -> None:
    logits, target = pictures()
    probability = torch.sigmoid(two_channels(logits)[:, 1:])
    both, truth = torch.cat([1 - probability, probability], 1), torch.cat([1 - target, target], 1)
    focal = monai.unified_focal_loss.AsymmetricFocalLoss(gamma=0.5, delta=0.6)(both, truth)
    tversky = monai.unified_focal_loss.AsymmetricFocalTverskyLoss(gamma=0.5, delta=0.6)(both, truth)
    for weight in (0.0, 0.3, 1.0):
        ours = unified_focal_loss(logits, target, weight=weight, smooth=1e-7)
        torch.testing.assert_close(ours, weight * 2 * focal + (1 - weight) * tversky, rtol=1e-5, atol=0)
