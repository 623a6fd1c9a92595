"""Where the losses coincide: with torch, with torchvision, and with one another."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional
from torchvision.ops import sigmoid_focal_loss  # type: ignore[import-untyped]

from sporemetry.training.losses import (
    LOSSES,
    bce_a_loss,
    bce_loss,
    ce_loss,
    cfl_loss,
    cfl_star_loss,
    dice_loss,
    find_loss,
    focal_alpha_loss,
    focal_loss,
    focal_tversky_loss,
    logit_adjusted_ce_loss,
    many_class_bce_a_loss,
    many_class_bce_loss,
    many_class_ce_loss,
    many_class_cfl_loss,
    many_class_cfl_star_loss,
    many_class_focal_alpha_loss,
    many_class_focal_loss,
    pixel_weights,
    tversky_loss,
)

COUNTS = (2049, 10)


def pictures(seed: int = 0, ignored: float = 0.2) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    logits = 4 * torch.randn(3, 1, 17, 23, generator=generator, dtype=torch.float64)
    target = (torch.rand(3, 17, 23, generator=generator) < 0.2).to(torch.int64)
    target[torch.rand(3, 17, 23, generator=generator) < ignored] = 255
    return logits, target


def test_ce_is_torchs_binary_cross_entropy() -> None:
    logits, target = pictures(ignored=0)
    truth = target[:, None].double()
    torch.testing.assert_close(
        ce_loss(logits, target), functional.binary_cross_entropy_with_logits(logits, truth)
    )
    weighted = functional.binary_cross_entropy_with_logits(
        logits, truth, pos_weight=torch.tensor(7.0).double(), reduction="none"
    )
    torch.testing.assert_close(cfl_loss(logits, target, ratio=49.0, reduction="none"), weighted)


def test_many_class_ce_is_torchs_cross_entropy() -> None:
    generator = torch.Generator().manual_seed(1)
    logits = 4 * torch.randn(2, 5, 9, 11, generator=generator, dtype=torch.float64)
    target = torch.randint(0, 5, (2, 9, 11), generator=generator)
    target[:, :2] = 255
    expected = functional.cross_entropy(logits, target, ignore_index=255)
    torch.testing.assert_close(many_class_ce_loss(logits, target), expected)
    weights = torch.tensor([1.0, 3, 2, 0, 9], dtype=torch.float64)
    expected = functional.cross_entropy(logits, target, weight=weights, ignore_index=255)
    found = many_class_bce_loss(logits, target, alpha=weights.tolist(), normalize="weights")
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0, 2.5])
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_focal_is_torchvisions(gamma: float, reduction: str) -> None:
    logits, target = pictures(ignored=0)
    truth = target[:, None].double()
    options: dict[str, Any] = {"reduction": reduction}
    plain = sigmoid_focal_loss(logits, truth, alpha=-1, gamma=gamma, reduction=reduction)
    torch.testing.assert_close(focal_loss(logits, target, gamma=gamma, **options), plain)
    for alpha in (0.25, 0.9):
        weighted = sigmoid_focal_loss(logits, truth, alpha=alpha, gamma=gamma, reduction=reduction)
        found = focal_alpha_loss(logits, target, gamma=gamma, alpha=alpha, **options)
        torch.testing.assert_close(found, weighted)


def test_beta_one_is_bce_a_up_to_a_constant() -> None:
    logits, target = pictures()
    a = COUNTS[0] / COUNTS[1]
    cfl = cfl_loss(logits, target, pixel_counts=COUNTS, beta=1.0)
    torch.testing.assert_close(bce_a_loss(logits, target, pixel_counts=COUNTS), cfl * (1 + a) / a)
    by_weights = cfl_loss(logits, target, pixel_counts=COUNTS, beta=1.0, normalize="weights")
    torch.testing.assert_close(
        bce_a_loss(logits, target, pixel_counts=COUNTS, normalize="weights"), by_weights
    )


def test_an_infinite_beta_is_ce_and_a_large_one_nearly() -> None:
    logits, target = pictures()
    expected = ce_loss(logits, target)
    torch.testing.assert_close(cfl_loss(logits, target, ratio=200.0, beta=math.inf), expected)
    star = cfl_star_loss(logits, target, ratio=200.0, beta=math.inf)
    torch.testing.assert_close(star, expected)
    near = cfl_loss(logits, target, ratio=200.0, beta=1e9)
    torch.testing.assert_close(near, expected, rtol=1e-7, atol=0)


def test_ratio_one_and_gamma_zero_and_alpha_a_half_are_ce() -> None:
    logits, target = pictures()
    expected = ce_loss(logits, target)
    torch.testing.assert_close(cfl_loss(logits, target, ratio=1.0), expected)
    torch.testing.assert_close(focal_loss(logits, target, gamma=0.0), expected)
    torch.testing.assert_close(2 * bce_loss(logits, target), expected)
    torch.testing.assert_close(logit_adjusted_ce_loss(logits, target, ratio=200.0, tau=0.0), expected)


@pytest.mark.parametrize("shape", ["cross", "disc", "square"])
def test_radius_zero_is_cfl(shape: str) -> None:
    logits, target = pictures()
    star = cfl_star_loss(logits, target, ratio=200.0, radius=0, shape=shape)
    assert torch.equal(star, cfl_loss(logits, target, ratio=200.0))


def test_the_ring_adds_its_weight_and_nothing_else() -> None:
    logits, target = pictures()
    ring = (pixel_weights(target, ratio=9.0, radius=2) == 3) & (target == 0)
    more = cfl_star_loss(logits, target, ratio=9.0, radius=2, reduction="none") - cfl_loss(
        logits, target, ratio=9.0, reduction="none"
    )
    expected = 2 * ce_loss(logits, target, reduction="none")[:, 0] * ring
    torch.testing.assert_close(more[:, 0], expected)


@pytest.mark.parametrize("ratio", ["dataset", "batch", "image", 30.0, 0.25])
@pytest.mark.parametrize("what", ["mixed", "no spore", "only spores", "ignored", "one picture of each"])
def test_two_classes_are_the_binary_loss(ratio: str | float, what: str) -> None:
    logits, target = pictures(seed=5)
    if what == "no spore":
        target[target == 1] = 0
    elif what == "only spores":
        target[target == 0] = 1
    elif what == "ignored":
        target[:] = 255
    elif what == "one picture of each":
        target[0][target[0] == 1] = 0
        target[1] = 255
    two = torch.cat([torch.zeros_like(logits), logits], dim=1)
    options: dict[str, Any] = {"ratio": ratio, "pixel_counts": COUNTS}
    of_many = {**options, "ratio": ratio if isinstance(ratio, str) else (1.0, ratio)}
    alphas = (0.3, 0.7)
    pairs = [
        (ce_loss(logits, target), many_class_ce_loss(two, target)),
        (bce_loss(logits, target, alpha=0.7), many_class_bce_loss(two, target, alpha=alphas)),
        (bce_a_loss(logits, target, **options), many_class_bce_a_loss(two, target, **of_many)),
        (focal_loss(logits, target, gamma=1.5), many_class_focal_loss(two, target, gamma=1.5)),
        (
            focal_alpha_loss(logits, target, alpha=0.7),
            many_class_focal_alpha_loss(two, target, alpha=alphas),
        ),
        (cfl_loss(logits, target, **options), many_class_cfl_loss(two, target, **of_many)),
    ]
    if ratio != 0.25:  # a ring that weighs less than background: the many-class form takes the larger weight
        pairs.append(
            (cfl_star_loss(logits, target, **options), many_class_cfl_star_loss(two, target, **of_many))
        )
    for one, many in pairs:
        torch.testing.assert_close(one, many, rtol=1e-6, atol=1e-9)


def test_stated_ratios_are_those_of_the_counts_and_only_cfl_minds_their_scale() -> None:
    generator = torch.Generator().manual_seed(2)
    logits = torch.randn(2, 4, 8, 8, generator=generator, dtype=torch.float64)
    target = torch.randint(0, 4, (2, 8, 8), generator=generator)
    counts = (900, 5, 60, 200)
    ratios = [900 / count for count in counts]
    for loss in (many_class_bce_a_loss, many_class_cfl_loss, many_class_cfl_star_loss):
        expected = loss(logits, target, pixel_counts=counts)
        torch.testing.assert_close(loss(logits, target, ratio=ratios), expected)
        # Four times as many pixels in the class of reference: CFL at beta 2 weighs all twice, BCE_A nothing.
        factor = 1 if loss is many_class_bce_a_loss else 2
        larger = [4 * a for a in ratios]
        torch.testing.assert_close(loss(logits, target, ratio=larger), factor * expected)


def test_a_classs_number_does_not_matter() -> None:
    generator = torch.Generator().manual_seed(2)
    logits = torch.randn(2, 4, 8, 8, generator=generator, dtype=torch.float64)
    target = torch.randint(0, 4, (2, 8, 8), generator=generator)
    order = torch.tensor([2, 0, 3, 1])
    counts = (900, 5, 60, 200)
    found = many_class_cfl_star_loss(logits, target, pixel_counts=counts)
    renamed = order.argsort()[target]
    mixed = many_class_cfl_star_loss(logits[:, order], renamed, pixel_counts=[counts[k] for k in order])
    torch.testing.assert_close(mixed, found)


def test_dice_is_tversky_at_a_half_and_focal_tversky_at_gamma_one() -> None:
    logits, target = pictures()
    torch.testing.assert_close(
        dice_loss(logits, target, smooth=2.0), tversky_loss(logits, target, miss_weight=0.5, smooth=1.0)
    )
    torch.testing.assert_close(tversky_loss(logits, target), focal_tversky_loss(logits, target, gamma=1.0))


def test_logit_adjustment_shifts_by_the_log_of_the_ratio() -> None:
    logits, target = pictures()
    expected = ce_loss(logits - 0.5 * math.log(200), target)
    torch.testing.assert_close(logit_adjusted_ce_loss(logits, target, ratio=200.0, tau=0.5), expected)
    each = [
        logit_adjusted_ce_loss(logits[n : n + 1], target[n : n + 1], ratio="batch", reduction="sum")
        for n in range(3)
    ]
    found = logit_adjusted_ce_loss(logits, target, ratio="image", reduction="sum")
    torch.testing.assert_close(found, torch.stack(each).sum(), rtol=1e-6, atol=0)


@pytest.mark.parametrize("name", LOSSES)
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1000), turns=st.integers(0, 3), flip=st.booleans())
def test_turning_pictures_turns_nothing(name: str, seed: int, turns: int, flip: bool) -> None:
    logits, target = pictures(seed)
    loss = find_loss(name, pixel_counts=COUNTS)
    expected = loss(logits, target)
    logits, target = logits.rot90(turns, (-2, -1)), target.rot90(turns, (-2, -1))
    if flip:
        logits, target = logits.flip(-1), target.flip(-1)
    torch.testing.assert_close(loss(logits, target), expected)
    torch.testing.assert_close(loss(logits.flip(0), target.flip(0)), expected)


@pytest.mark.parametrize("target_type", [torch.uint8, torch.int32, torch.int64, torch.float32])
def test_the_targets_type_does_not_matter(target_type: torch.dtype) -> None:
    logits, target = pictures()
    expected = cfl_star_loss(logits, target, ratio="image")
    assert torch.equal(cfl_star_loss(logits, target.to(target_type), ratio="image"), expected)
    spores = target == 1
    assert torch.equal(ce_loss(logits, spores), ce_loss(logits, spores.long()))
    assert torch.equal(ce_loss(logits[:, 0], target), ce_loss(logits, target))
