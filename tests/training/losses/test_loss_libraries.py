"""The libraries' losses: ours is equal where they are right, and their faults are shown where they are not.

Once a library has mended a fault its test warns, and goes on to hold ours: then ours may give way to theirs.
"""

from __future__ import annotations

import contextlib
import warnings
from typing import Any

import pytest
import torch
from torch import Tensor

from sporemetry.training.losses import (
    boundary_loss,
    dice_ce_loss,
    dice_loss,
    find_loss,
    focal_loss,
    focal_tversky_loss,
    many_class_focal_loss,
    tversky_loss,
    unified_focal_loss,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from kornia import losses as kornia
    from monai import losses as monai
    from segmentation_models_pytorch import losses as smp


def pictures(ignored: bool = False) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(13)
    logits = 3 * torch.randn(3, 1, 20, 24, generator=generator, dtype=torch.float64)
    target = (torch.rand(3, 1, 20, 24, generator=generator) < 0.2).double()
    if ignored:
        target[..., 3:7, 5:9] = 255
    return logits, target


def two_channels(logits: Tensor) -> Tensor:
    return torch.cat([torch.zeros_like(logits), logits], dim=1)


def gradient(loss: Any, logits: Tensor, target: Tensor) -> Tensor:
    leaf = logits.clone().requires_grad_()
    loss(leaf, target).backward()
    assert leaf.grad is not None
    return leaf.grad


def mended(library: str) -> None:
    warnings.warn(f"{library} has mended this: ours may give way to it", stacklevel=2)


@pytest.mark.parametrize("ignored", [False, True])
def test_dice_and_tversky_are_those_of_smp(ignored: bool) -> None:
    logits, target = pictures(ignored)
    theirs = smp.DiceLoss("binary", smooth=0.5, ignore_index=255)  # theirs counts twice
    torch.testing.assert_close(dice_loss(logits, target), theirs(logits, target))
    theirs = smp.TverskyLoss("binary", alpha=0.3, beta=0.7, smooth=1.0, ignore_index=255)
    torch.testing.assert_close(tversky_loss(logits, target), theirs(logits, target))
    theirs = smp.TverskyLoss("binary", alpha=0.3, beta=0.7, gamma=0.75, smooth=1.0, ignore_index=255)
    torch.testing.assert_close(focal_tversky_loss(logits, target), theirs(logits, target))


def test_dice_and_tversky_are_those_of_monai() -> None:
    logits, target = pictures()
    settings = {"sigmoid": True, "smooth_nr": 1.0, "smooth_dr": 1.0}
    for pool in ("batch", "image"):
        theirs = monai.DiceLoss(batch=pool == "batch", **settings)
        torch.testing.assert_close(dice_loss(logits, target, pool=pool), theirs(logits, target))
        theirs = monai.TverskyLoss(batch=pool == "batch", alpha=0.3, beta=0.7, **settings)
        torch.testing.assert_close(tversky_loss(logits, target, pool=pool), theirs(logits, target))
    theirs = monai.DiceCELoss(batch=True, **settings)
    torch.testing.assert_close(dice_ce_loss(logits, target), theirs(logits, target))


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


def test_fault_monais_unified_focal_takes_logits_for_probabilities() -> None:
    """It documents logits, clamps them to 0 ... 1, and so has no gradient where |z| is not tiny."""
    logits, target = pictures()
    loss = monai.AsymmetricUnifiedFocalLoss(to_onehot_y=True)
    two = two_channels(logits)
    if bool(gradient(loss, two, target)[:, 1][logits[:, 0] < 0].any()):
        mended("monai")
    assert gradient(find_loss("unified_focal"), logits, target)[logits < 0].abs().min() > 0


@pytest.mark.parametrize(
    "theirs",
    [
        smp.DiceLoss("binary"),
        smp.TverskyLoss("binary"),
        monai.DiceLoss(sigmoid=True),
        monai.TverskyLoss(sigmoid=True),
    ],
    ids=["smp dice", "smp tversky", "monai dice", "monai tversky"],
)
def test_fault_sums_in_half_precision_are_nan(theirs: torch.nn.Module) -> None:
    logits, target = torch.zeros(1, 1, 512, 512, dtype=torch.float16), torch.zeros(1, 1, 512, 512)
    target[..., :256] = 1
    if bool(theirs(logits, target.half()).isfinite()):
        mended(type(theirs).__module__)
    assert float(find_loss("dice")(logits, target)) == pytest.approx(0.5, rel=1e-3)
    assert float(find_loss("tversky")(logits, target)) == pytest.approx(0.5, rel=1e-3)


def test_fault_smps_focal_tversky_has_a_nan_gradient_on_background() -> None:
    logits, target = -torch.ones(1, 1, 4, 4), torch.zeros(1, 1, 4, 4)
    if bool(gradient(smp.TverskyLoss("binary", gamma=0.75), logits, target).isfinite().all()):
        mended("segmentation-models-pytorch")
    ours = gradient(find_loss("focal_tversky"), logits, target)
    assert bool(ours.isfinite().all())
    assert float(ours.min()) > 0


def test_fault_smps_focal_has_a_nan_gradient_on_easy_pixels_below_gamma_one() -> None:
    logits, target = torch.full((1, 1, 2, 2), -200.0), torch.zeros(1, 1, 2, 2)
    if bool(gradient(smp.FocalLoss("binary", gamma=0.5), logits, target).isfinite().all()):
        mended("segmentation-models-pytorch")
    assert not gradient(find_loss("focal", gamma=0.5), logits, target).any()


def test_fault_smps_focal_is_nan_where_all_is_ignored() -> None:
    logits, target = torch.zeros(1, 1, 2, 2), torch.full((1, 1, 2, 2), 255.0)
    if bool(smp.FocalLoss("binary", ignore_index=255)(logits, target).isfinite()):
        mended("segmentation-models-pytorch")
    assert float(find_loss("focal")(logits, target)) == 0


def test_fault_smps_losses_fail_on_an_empty_batch() -> None:
    logits, target = torch.zeros(0, 1, 2, 2), torch.zeros(0, 1, 2, 2)
    with contextlib.suppress(RuntimeError):
        smp.DiceLoss("binary")(logits, target)
        mended("segmentation-models-pytorch")
    assert float(find_loss("dice")(logits, target)) == 0


def test_fault_monais_dice_and_tversky_are_nan_on_an_empty_batch() -> None:
    logits, target = torch.zeros(0, 1, 2, 2), torch.zeros(0, 1, 2, 2)
    for kind in (monai.DiceLoss, monai.TverskyLoss):
        if bool(kind(sigmoid=True)(logits, target).isfinite()):
            mended("monai")
    assert float(find_loss("tversky")(logits, target)) == 0


def test_fault_smps_many_class_focal_is_one_against_the_rest() -> None:
    """Each class goes through a sigmoid of its own: adding a number to all logits of a pixel changes it."""
    generator = torch.Generator().manual_seed(1)
    logits, target = torch.randn(1, 3, 6, 6, generator=generator), torch.arange(36).reshape(1, 6, 6) % 3
    theirs = smp.FocalLoss("multiclass")
    if torch.allclose(theirs(logits + 5, target), theirs(logits, target)):
        mended("segmentation-models-pytorch")
    moved = many_class_focal_loss(logits + 5, target)
    torch.testing.assert_close(moved, many_class_focal_loss(logits, target), rtol=1e-5, atol=0)


@pytest.mark.parametrize("name", ["DiceCELoss", "BoundaryLoss"])
def test_fault_monais_dice_with_cross_entropy_and_boundary_know_no_ignored_pixels(name: str) -> None:
    logits, target = pictures(ignored=True)
    kind = getattr(monai, name)
    try:
        kind(sigmoid=True, ignore_index=255)
    except TypeError:
        assert bool(gradient(kind(sigmoid=True), logits, target)[target == 255].any())
    else:
        mended("monai")
    ours = find_loss({"DiceCELoss": "dice_ce", "BoundaryLoss": "boundary"}[name])
    assert not gradient(ours, logits, target)[target == 255].any()


def test_fault_kornias_focal_counts_ignored_pixels_in_its_mean() -> None:
    logits, target = pictures(ignored=True)
    theirs = kornia.FocalLoss(alpha=None, gamma=2.0, reduction="mean", ignore_index=255)
    found = 2 * theirs(two_channels(logits), target[:, 0].long())
    ours = focal_loss(logits, target)
    if torch.allclose(found, ours):
        mended("kornia")
    else:
        torch.testing.assert_close(found, ours * (target != 255).double().mean(), rtol=1e-6, atol=0)
