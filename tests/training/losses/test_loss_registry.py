"""The losses by name and as modules."""

from __future__ import annotations

import copy
import inspect
import pickle

import pytest
import torch
from torch import nn

from sporemetry.errors import SettingsError
from sporemetry.training import losses
from sporemetry.training.losses import LOSSES, find_loss

COUNTS = (2000, 10)


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    logits = 3 * torch.randn(2, 1, 12, 15, generator=generator)
    target = (torch.rand(2, 12, 15, generator=generator) < 0.3).to(torch.uint8)
    target[:, :3, 2:5] = 255
    return logits, target


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_trains_on_what_the_loop_gives(name: str) -> None:
    logits, target = batch()
    logits.requires_grad_()
    loss = find_loss(name, pixel_counts=COUNTS)
    value = loss(logits, target)
    value.backward()
    assert value.shape == ()
    assert value.dtype == torch.float32
    assert logits.grad is not None
    assert bool(logits.grad.isfinite().all())
    ignored = (target == 255)[:, None]
    assert float(logits.grad[ignored].abs().max()) == 0
    assert float(logits.grad[~ignored].abs().max()) > 0
    assert torch.equal(loss(logits, target[:, None]), value)


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_copies_and_pickles_and_tells_its_options(name: str) -> None:
    logits, target = batch()
    loss = find_loss(name, pixel_counts=COUNTS)
    for twin in (copy.deepcopy(loss), pickle.loads(pickle.dumps(loss))):
        assert torch.equal(twin(logits, target), loss(logits, target))
        assert repr(twin) == repr(loss)
    assert "ignore_index=255" in repr(loss)


@pytest.mark.parametrize("name", LOSSES)
def test_what_is_ignored_does_not_matter(name: str) -> None:
    logits, target = batch()
    other = torch.where((target == 255)[:, None], torch.full_like(logits, 1e4), logits)
    loss = find_loss(name, pixel_counts=COUNTS)
    assert torch.equal(loss(other, target), loss(logits, target))


def test_an_unknown_name_lists_the_names() -> None:
    with pytest.raises(SettingsError, match=r"ce, bce, .*cfl_star.*unified_focal"):
        find_loss("cfl2")


def test_an_unknown_option_lists_the_options() -> None:
    with pytest.raises(SettingsError, match=r"alpha: .* beta, radius, shape, reduction, normalize;"):
        find_loss("cfl_star", ratio=200.0, alpha=1)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("ce", {"reduction": "max"}),
        ("ce", {"normalize": "area"}),
        ("ce", {"ignore_index": 1}),
        ("bce", {"alpha": 1.5}),
        ("focal", {"gamma": -1.0}),
        ("focal_alpha", {"alpha": float("nan")}),
        ("bce_a", {"ratio": 0.0}),
        ("cfl", {"beta": 0.0}),
        ("cfl", {"beta": "2"}),
        ("cfl", {"ratio": "picture"}),
        ("cfl", {"ratio": "dataset"}),
        ("cfl", {"ratio": "dataset", "pixel_counts": (100, 0)}),
        ("cfl_star", {"radius": -1}),
        ("cfl_star", {"radius": 1.5}),
        ("cfl_star", {"shape": "star"}),
        ("logit_adjusted_ce", {"tau": -1.0}),
        ("dice", {"smooth": 0.0}),
        ("dice", {"pool": "pixel"}),
        ("dice_ce", {"dice_weight": -1.0}),
        ("dice_cfl_star", {"radius": True}),
        ("tversky", {"miss_weight": 2.0}),
        ("focal_tversky", {"gamma": 0.0}),
        ("unified_focal", {"gamma": 1.0}),
        ("unified_focal", {"delta": 1.1}),
        ("unet_distance", {"sigma": 0.0}),
        ("unet_distance", {"w0": -1.0}),
        ("boundary", {"ignore_index": 0.5}),
        ("dice_boundary", {"boundary_weight": float("inf")}),
    ],
)
def test_an_unsound_option_is_told_when_the_loss_is_made(name: str, options: dict[str, object]) -> None:
    given: dict[str, object] = {"ratio": 200.0, **options}
    with pytest.raises(SettingsError) as caught:
        find_loss(name, **given)  # type: ignore[arg-type]
    if given["ratio"] == "dataset":
        assert caught.value.name == "pixel_counts"
    else:
        assert caught.value.name in options


def test_each_function_has_its_module_and_both_are_public() -> None:
    functions = {name for name in losses.__all__ if name.endswith("_loss") and name != "find_loss"}
    modules = [name for name in losses.__all__ if inspect.isclass(getattr(losses, name))]
    assert len(functions) == len(modules) == len(LOSSES) + 7
    assert all(issubclass(getattr(losses, name), nn.Module) for name in modules)
    text = losses.__doc__ or ""
    for name in (
        name for name in [*functions, *modules] if "any_class" not in name and "ManyClass" not in name
    ):
        assert name in text


def test_the_modules_give_their_weight_maps() -> None:
    target = torch.tensor([[[0, 0, 1, 0, 0, 255]]])
    star = losses.ConstrainedFocalLossStar(ratio=16.0, radius=1)
    assert star.pixel_weights(target).tolist() == [[[1, 4, 4, 4, 1, 0]]]
    plain = losses.ConstrainedFocalLoss(ratio="batch", ignore_index=255)
    assert plain.pixel_weights(target).tolist() == [[[1, 1, 2, 1, 1, 0]]]
    many = losses.ManyClassConstrainedFocalLossStar(ratio="batch", radius=1)
    assert many.pixel_weights(target, classes=2).tolist() == [[[1, 2, 2, 2, 1, 0]]]
    with pytest.raises(SettingsError, match="classes"):
        many.pixel_weights(target)
