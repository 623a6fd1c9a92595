"""The libraries' losses: ours is equal where they are right, and their faults are shown where they are not.

Once a library has mended a fault its test warns, and goes on to hold ours: then ours may give way to theirs.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torchvision.ops import sigmoid_focal_loss  # type: ignore[import-untyped]

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


def pictures(ignored: bool = False) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(13)
    logits = 3 * torch.randn(3, 1, 20, 24, generator=generator, dtype=torch.float64)
    target = (torch.rand(3, 1, 20, 24, generator=generator) < 0.2).double()
    if ignored:
        target[..., 3:7, 5:9] = 255
    return logits, target


def two_channels(logits: Tensor) -> Tensor:
    return torch.cat([torch.zeros_like(logits), logits], dim=1)


def labels(target: Tensor) -> Tensor:
    return target[:, 0].long()


def gradient(loss: Any, logits: Tensor, target: Tensor) -> Tensor:
    leaf = logits.clone().requires_grad_()
    loss(leaf, target).backward()
    assert leaf.grad is not None
    return leaf.grad


def mended(library: str) -> None:
    warnings.warn(f"{library} has mended this: ours may give way to it", stacklevel=2)


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


@pytest.mark.parametrize("pool", ["batch", "image"])
def test_dice_and_tversky_are_those_of_monai(pool: str) -> None:
    for chosen, logits, target in cases(15, ignored=False):
        m, smooth = chosen["miss_weight"], chosen["smooth"]
        shared = {"sigmoid": True, "batch": pool == "batch", "smooth_nr": smooth, "smooth_dr": smooth}
        dice = find_loss("dice", smooth=smooth, pool=pool)
        assert_same(dice, monai.DiceLoss(**shared), logits, target)
        tversky = find_loss("tversky", miss_weight=m, smooth=smooth, pool=pool)
        assert_same(tversky, monai.TverskyLoss(alpha=1 - m, beta=m, **shared), logits, target)
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


FOCAL_AT_A_HALF: dict[str, tuple[bool, Callable[[Tensor, Tensor], Tensor]]] = {
    # Whether the gradient of easy pixels is finite, and the loss.
    "torchvision": (False, partial(sigmoid_focal_loss, alpha=-1, gamma=0.5, reduction="mean")),
    "smp binary": (False, smp.FocalLoss("binary", gamma=0.5)),
    "smp multiclass": (
        False,
        lambda z, y: smp.FocalLoss("multiclass", gamma=0.5)(two_channels(z), labels(y)),
    ),
    "monai": (True, monai.FocalLoss(gamma=0.5)),
    "monai softmax": (
        False,
        lambda z, y: monai.FocalLoss(gamma=0.5, use_softmax=True, to_onehot_y=True)(two_channels(z), y),
    ),
    "kornia": (
        True,
        lambda z, y: kornia.FocalLoss(alpha=None, gamma=0.5, reduction="mean")(two_channels(z), labels(y)),
    ),
    "kornia binary": (True, kornia.BinaryFocalLossWithLogits(alpha=None, gamma=0.5, reduction="mean")),
}


@pytest.mark.parametrize("library", FOCAL_AT_A_HALF)
def test_fault_focal_below_gamma_one_has_a_nan_gradient_on_easy_pixels(library: str) -> None:
    """The power 0.5 has an infinite slope at 1 - p_t = 0, which is reached in float32 from z = 17 on."""
    finite, theirs = FOCAL_AT_A_HALF[library]
    for z in (18.0, 40.0, 200.0):
        logits, target = torch.full((1, 1, 2, 2), z), torch.ones(1, 1, 2, 2)
        found = bool(gradient(theirs, logits, target).isfinite().all())
        if found and not finite:
            mended(library)
        assert found or not finite
        for ours in (find_loss("focal", gamma=0.5), partial(_two_class_focal, gamma=0.5)):
            assert bool(gradient(ours, logits, target).isfinite().all())
            assert float(gradient(ours, logits, target).abs().max()) < 1e-6


def _two_class_focal(logits: Tensor, target: Tensor, *, gamma: float) -> Tensor:
    return many_class_focal_loss(two_channels(logits), labels(target), gamma=gamma)


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
