"""The libraries' faults, and that ours have none of them.

Once a library has mended a fault its test warns, and goes on to hold ours: then ours may give way to theirs.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from tests.training.losses.library_cases import gradient, labels, pictures, two_channels
from torch import Tensor
from torchvision.ops import sigmoid_focal_loss  # type: ignore[import-untyped]

from sporemetry.training.losses import find_loss, focal_loss, many_class_focal_loss

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from kornia import losses as kornia
    from monai import losses as monai
    from segmentation_models_pytorch import losses as smp


def mended(library: str) -> None:
    warnings.warn(f"{library} has mended this: ours may give way to it", stacklevel=2)


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


@pytest.mark.parametrize("kind", [smp.DiceLoss, smp.TverskyLoss])
def test_fault_smps_dice_and_tversky_are_zero_without_spores_whatever_is_found(kind: Any) -> None:
    logits, target = torch.full((1, 1, 4, 4), 9.0), torch.zeros(1, 1, 4, 4)
    if float(kind("binary")(logits, target)) > 0:
        mended("segmentation-models-pytorch")
    assert float(find_loss("dice")(logits, target)) > 0.9
    assert float(find_loss("tversky")(logits, target)) > 0.8
