"""Networks: any size, weights from the seed alone, and what the paper's is made of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import segmentation_models_pytorch as smp
import torch
from torch import Tensor, nn

from sporemetry.errors import SettingsError
from sporemetry.training.half_unet import HalfUnet
from sporemetry.training.networks import NETWORKS, Padded, build_network, check_crops, check_norm
from sporemetry.training.recipe import find_recipe
from sporemetry.training.recipe_tables import NetworkSettings

TINY = "tu-test_resnet"


def network(architecture: str = "unet", encoder: str = TINY, seed: int = 0, **settings: object) -> nn.Module:
    made = NetworkSettings(architecture=architecture, encoder=encoder, **settings)  # type: ignore[arg-type]
    return build_network(made, seed=seed).eval()


def logits(of: nn.Module, *shape: int) -> Tensor:
    picture = torch.rand(shape, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        found = of(picture)
    assert isinstance(found, Tensor)
    return found


@pytest.mark.parametrize("architecture", NETWORKS)
def test_pictures_of_any_size_keep_it(architecture: str) -> None:
    made = network(architecture)
    for height, width in ((1, 1), (33, 64), (97, 31), (64, 128)):
        assert logits(made, 1, 3, height, width).shape == (1, 1, height, width)


def test_crops_of_the_paper_keep_their_size() -> None:
    assert logits(network("deeplabv3plus-paper"), 1, 3, 513, 513).shape == (1, 1, 513, 513)


@pytest.mark.parametrize("encoder", ["resnet18", "mit_b0", "tu-mobilenetv3_small_100"])
def test_other_encoders(encoder: str) -> None:
    assert logits(network("unet", encoder), 2, 3, 33, 50).shape == (2, 1, 33, 50)


def test_half_a_u_net_decides_on_every_second_pixel() -> None:
    settings = NetworkSettings(
        architecture="unet-half", encoder="tu-resnet18", width=0.25, decoder=(24, 16, 8)
    )
    made = build_network(settings, classes=3).eval()
    assert isinstance(made, Padded)
    assert isinstance(made.network, HalfUnet)
    seen: list[Tensor] = []
    made.network.head.register_forward_hook(lambda *given: seen.append(given[2]))
    found = logits(made, 1, 3, 64, 96)
    assert seen[0].shape == (1, 3, 32, 48)
    # Pixels 1 and 2 lie a quarter and three quarters of the way from the first value to the second.
    first, second = (seen[0][0, 0, 0, place] for place in (0, 1))
    assert float(found[0, 0, 0, 1]) == pytest.approx(float(0.75 * first + 0.25 * second), rel=1e-4, abs=1e-6)
    assert float(found[0, 0, 0, 2]) == pytest.approx(float(0.25 * first + 0.75 * second), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("channels", [1, 3, 5])
def test_input_channels_and_classes(channels: int) -> None:
    settings = NetworkSettings(architecture="fpn", encoder=TINY, channels=channels)
    made = build_network(settings, classes=4).eval()
    assert logits(made, 1, channels, 40, 40).shape == (1, 4, 40, 40)


def test_a_padded_picture_has_the_logits_of_its_own_edge_repeated() -> None:
    made = network()
    assert isinstance(made, Padded)
    picture = torch.rand(1, 3, 40, 50)
    padded = torch.nn.functional.pad(picture, (0, 14, 0, 24), mode="replicate")
    with torch.inference_mode():
        assert torch.equal(made(picture), made(padded)[..., :40, :50])


def test_weights_are_a_function_of_the_seed() -> None:
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002
    before = torch.random.get_rng_state()
    global_numpy = str(np.random.get_state())  # noqa: NPY002
    one = network(seed=3).state_dict()
    assert torch.equal(torch.random.get_rng_state(), before)
    assert str(np.random.get_state()) == global_numpy  # noqa: NPY002
    torch.manual_seed(6)
    two, other = network(seed=3).state_dict(), network(seed=4).state_dict()
    assert one.keys() == two.keys() == other.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)
    weights = [name for name, value in one.items() if value.ndim > 1]
    assert len(weights) > 10
    assert not any(torch.equal(one[name], other[name]) for name in weights)


def test_unknown_names_list_the_choices() -> None:
    with pytest.raises(SettingsError, match=r"^network\.architecture: expected one of .*unet-paper") as error:
        network("deeplab")
    assert all(name in str(error.value) for name in NETWORKS)
    for encoder in ("resnet19", "tu-nothing", ""):
        with pytest.raises(SettingsError, match=r"^network\.encoder: expected an encoder for unet") as error:
            network("unet", encoder)
        assert repr(encoder) in str(error.value)
        assert all(name in str(error.value) for name in smp.encoders.get_encoder_names())
        assert "tu-NAME" in str(error.value)
    with pytest.raises(SettingsError, match=r"^network\.encoder: .*linknet"):
        network("linknet", "mit_b0")
    with pytest.raises(SettingsError, match=r"Available options are.*imagenet"):
        network("unet", "resnet18", weights="mine")


def test_weights_that_cannot_be_fetched_are_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    made = smp.Unet

    def offline(*, encoder_weights: str | None, **common: object) -> nn.Module:
        if encoder_weights is not None:
            raise ConnectionError("Name or service not known")
        found: nn.Module = made(encoder_weights=None, **common)
        return found

    monkeypatch.setattr(smp, "Unet", offline)
    expected = (
        r"^network\.weights: expected weights of resnet18 .*; found 'imagenet': Name or service not known\. "
        r"They are fetched once, which needs internet.* Without network\.weights "
    )
    with pytest.raises(SettingsError, match=expected):
        network("unet", "resnet18", weights="imagenet")
    # An encoder that there is not is no matter of its weights.
    with pytest.raises(
        SettingsError, match=r"^network\.encoder: expected an encoder for unet; found 'resnet19'"
    ):
        network("unet", "resnet19", weights="imagenet")


def parts(of: nn.Module, kind: type[nn.Module]) -> list[nn.Module]:
    return [module for module in of.modules() if isinstance(module, kind)]


@pytest.fixture(scope="module")
def paper() -> nn.Module:
    settings = find_recipe("paper").network
    with torch.device("meta"):  # its shape is asked for, not its 45 million weights
        return build_network(settings)


def convolutions(of: nn.Module, size: int) -> list[nn.Conv2d]:
    return [each for each in of.modules() if isinstance(each, nn.Conv2d) and each.kernel_size == (size, size)]


def test_the_paper_network_has_its_rates_and_channels(paper: nn.Module) -> None:
    decoder = paper.get_submodule("network.decoder")
    aspp = decoder.get_submodule("aspp.0")
    assert [each.dilation[0] for each in convolutions(aspp, 3)] == [6, 12, 18]
    pointwise = convolutions(aspp, 1)
    # The 1x1 branch, three rates, the pooled branch, and their projection.
    assert [each.out_channels for each in pointwise] == [256] * 6
    assert pointwise[-1].in_channels == 5 * 256
    (low,) = convolutions(decoder.get_submodule("block1"), 1)
    assert (low.in_channels, low.out_channels) == (256, 48)
    assert len(parts(aspp, nn.AdaptiveAvgPool2d)) == 1


def test_the_local_deeplab_has_nothing_global() -> None:
    made = network("deeplabv3plus-local")
    assert not parts(made, nn.AdaptiveAvgPool2d)
    aspp = made.get_submodule("network.decoder.aspp.0")
    assert [each.dilation[0] for each in convolutions(aspp, 3)] == [2, 4, 6]
    assert convolutions(aspp, 1)[-1].in_channels == 4 * 128
    enlarged = parts(made, nn.Upsample)
    assert len(enlarged) == 2
    assert not any(each.align_corners for each in enlarged)
    assert network("deeplabv3plus-local", seed=1).state_dict().keys() == made.state_dict().keys()


def test_the_paper_network_has_output_stride_16() -> None:
    made = network("deeplabv3plus-paper")
    encoder = made.get_submodule("network.encoder")
    with torch.inference_mode():
        features = encoder(torch.rand(1, 3, 64, 96))
    assert features[-1].shape[-2:] == (4, 6)
    assert features[2].shape[-2:] == (16, 24)


def test_what_differs_from_the_authors_network(paper: nn.Module) -> None:
    """Each difference that the docstring of build_network states."""
    decoder, encoder = paper.get_submodule("network.decoder"), paper.get_submodule("network.encoder")
    every = convolutions(decoder, 3)
    # Three rates, one after the ASPP, one after joining the low-level features; all depthwise.
    assert len(every) == 5
    assert all(each.groups == each.in_channels for each in every)
    joined = decoder.get_submodule("block2")
    assert [each.in_channels for each in convolutions(joined, 3)] == [256 + 48]
    assert [each.out_channels for each in convolutions(joined, 1)] == [256]
    assert len(convolutions(decoder.get_submodule("aspp.1"), 3)) == 1
    (dropout,) = parts(paper, nn.Dropout)
    assert dropout.p == 0.5
    assert {each.momentum for each in parts(paper, nn.BatchNorm2d)} == {0.1}
    blocks = [each for each in encoder.modules() if type(each).__name__ == "Bottleneck"]
    assert len(blocks) == 3 + 4 + 23 + 3  # ResNet-101
    assert all(next(name for name, _ in each.named_children()) == "conv1" for each in blocks)
    assert type(encoder).__mro__[1].__module__ == "torchvision.models.resnet"


def test_the_unet_of_the_paper_halves_five_times_and_keeps_its_size() -> None:
    made = network("unet-paper")
    with torch.inference_mode():
        features = made.get_submodule("network.encoder")(torch.rand(1, 3, 64, 64))
    assert features[-1].shape[-1] == 2
    convs = convolutions(made.get_submodule("network.decoder"), 3)
    assert len(convs) == 10
    assert all(each.padding == (1, 1) for each in convs)
    assert len(parts(made.get_submodule("network.decoder"), nn.BatchNorm2d)) == 10


@pytest.mark.parametrize(
    ("architecture", "encoder"),
    [
        ("deeplabv3plus", TINY),
        ("unet", TINY),
        ("unet", "resnet18"),
        ("unet", "tu-mobilenetv3_small_100"),
        ("segformer", "mit_b0"),
        ("upernet", TINY),
    ],
)
def test_group_norm_stands_in_for_every_batch_norm(architecture: str, encoder: str) -> None:
    made = network(architecture, encoder, norm="group")
    assert not parts(made, nn.modules.batchnorm._BatchNorm)
    assert parts(made, nn.GroupNorm)
    picture = torch.rand(1, 3, 64, 64)
    # What another picture in the batch is does not matter, and one alone can be trained on.
    made.eval()
    with torch.inference_mode():
        joined = made(torch.cat([picture, torch.zeros_like(picture)]))[:1]
        assert torch.allclose(joined, made(picture), atol=1e-4)
    made.train()
    made(picture).sum().backward()
    gradients = [each.grad for each in made.parameters() if each.requires_grad]
    assert all(each is not None and torch.isfinite(each).all() for each in gradients)


def test_group_norm_keeps_the_activation_of_timms_norms() -> None:
    def kinds(norm: str) -> list[str]:
        made = network("unet", "tu-mobilenetv3_small_100", norm=norm)
        names = [type(each).__name__ for each in made.modules()]
        return [name for name in names if name in ("Hardswish", "ReLU")]

    assert "Hardswish" in kinds("batch")
    assert kinds("group") == kinds("batch")


def test_sync_norm_is_over_all_processes() -> None:
    made = network("unet", norm="sync")
    assert len(parts(made, nn.SyncBatchNorm)) == len(parts(network("unet"), nn.BatchNorm2d)) > 0
    assert not parts(made, nn.BatchNorm2d)


@pytest.mark.parametrize("norm", ["batch", "group", "sync"])
@pytest.mark.parametrize(("processes", "device"), [(1, "cpu"), (2, "cpu"), (2, "cuda"), (1, "mps")])
def test_sync_norm_of_several_processes_needs_gpus(norm: Any, processes: int, device: str) -> None:
    settings = NetworkSettings(norm=norm)
    if (norm, processes, device) == ("sync", 2, "cpu"):
        with pytest.raises(
            SettingsError, match=r"^network\.norm: .* found 'sync', 2 processes on cpu\. Group"
        ):
            check_norm(settings, processes, device)
    else:
        check_norm(settings, processes, device)


@pytest.mark.parametrize("architecture", NETWORKS)
def test_networks_that_need_two_crops_say_so(architecture: str) -> None:
    settings = NetworkSettings(architecture=architecture, encoder=TINY)
    made, picture = build_network(settings).train(), torch.rand(1, 3, 64, 64)
    try:
        made(picture)
    except ValueError:
        with pytest.raises(SettingsError, match=r"^batch: expected 2 crops or more at a time"):
            check_crops(settings, 1)
    else:
        check_crops(settings, 1)
    check_crops(settings, 2)
    made(torch.cat([picture, picture]))
    check_crops(replace(settings, norm="group"), 1)


def test_a_network_that_returns_no_tensor_is_refused() -> None:
    class Twice(nn.Module):
        def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
            return pictures, pictures

    with pytest.raises(TypeError, match=r"returns tuple, not a tensor of logits"):
        Padded(Twice())(torch.rand(1, 1, 32, 32))
