"""What all pixel losses share: their options, the checks of their input, and how pixels become a number."""

from __future__ import annotations

import math
from typing import Final, Literal, TypedDict

import torch
from torch import Tensor

from sporemetry.errors import SettingsError

Reduction = Literal["none", "mean", "sum"]
Normalize = Literal["pixels", "weights"]

REDUCTIONS: Final = ("none", "mean", "sum")
NORMALIZATIONS: Final = ("pixels", "weights")
IGNORE_INDEX: Final = 255
"""The target of pixels that count neither way, unless told otherwise."""


class PixelOptions(TypedDict, total=False):
    """Options of every pixel loss.

    Attributes
    ----------
    reduction : {"mean", "sum", "none"}
        ``mean`` (default) gives one number, ``sum`` the plain sum, ``none`` a loss for each pixel, 0 where
        ignored.
    normalize : {"pixels", "weights"}
        What ``mean`` divides by: the pixels that are not ignored (default, the paper's eq. 1) or the sum of
        their weights.
    ignore_index : int or None
        The target value that is ignored, 255 by default; None: there is none.
    """

    reduction: Reduction
    normalize: Normalize
    ignore_index: int | None


def check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    """Raise SettingsError where a value is not one of the choices."""
    if value not in choices:
        raise SettingsError(name, expected=" or ".join(choices), found=repr(value))


def check_number(
    name: str,
    value: float,
    *,
    least: float = -math.inf,
    above: float = -math.inf,
    most: float = math.inf,
    below: float = math.inf,
    infinite: bool = False,
) -> None:
    """Raise SettingsError where a value is not a number within its bounds.

    Examples
    --------
    >>> check_number("gamma", 0.5, least=0, below=1)
    >>> check_number("gamma", 1, least=0, below=1)
    Traceback (most recent call last):
    sporemetry.errors.SettingsError: gamma: expected a number from 0 to below 1; found 1.
    """
    if not isinstance(value, bool) and isinstance(value, int | float):
        within = (
            least <= value <= most and (above < value or above == -math.inf) and (value < below or infinite)
        )
        if within and (infinite or math.isfinite(value)):
            return
    kind = "a number" if infinite or min(most, below) < math.inf else "a finite number"
    low = f" from {least}" if least > -math.inf else "" if above == -math.inf else f" above {above}"
    high = f" to {most}" if most < math.inf else "" if below == math.inf else f" to below {below}"
    raise SettingsError(name, expected=f"{kind}{low}{high}", found=repr(value))


def check_options(options: PixelOptions) -> tuple[Reduction, Normalize, int | None]:
    """Return the options with their defaults.

    Raises
    ------
    SettingsError
        For an unknown option or value.
    """
    unknown = sorted(set(options) - set(PixelOptions.__annotations__))
    if unknown:
        expected = ", ".join(PixelOptions.__annotations__)
        raise SettingsError(unknown[0], expected=f"one of the options {expected}", found="an unknown option")
    reduction = options.get("reduction", "mean")
    normalize = options.get("normalize", "pixels")
    ignore = options.get("ignore_index", IGNORE_INDEX)
    check_choice("reduction", reduction, REDUCTIONS)
    check_choice("normalize", normalize, NORMALIZATIONS)
    if ignore is not None and (isinstance(ignore, bool) or not isinstance(ignore, int)):
        raise SettingsError("ignore_index", expected="a whole number or None", found=repr(ignore))
    if ignore is not None and ignore in (0, 1):
        raise SettingsError("ignore_index", expected="a value that is not a class", found=repr(ignore))
    return reduction, normalize, ignore


def check_binary(logits: Tensor, target: Tensor, ignore: int | None) -> Tensor:
    """Return the target in the logits' shape.

    Parameters
    ----------
    logits : float tensor, (N, 1, H, W) or (N, H, W)
        One logit a pixel.
    target : bool, integer or float tensor, (N, 1, H, W) or (N, H, W)
        0, 1 or ``ignore``.
    ignore : int or None
        The value that is ignored.

    Raises
    ------
    SettingsError
        For other shapes or types, and on the CPU for other values (elsewhere looking at them would make the
        device wait; :func:`check_values` does so on request).
    """
    check_float(logits)
    if not (logits.ndim == 3 or (logits.ndim == 4 and logits.shape[1] == 1)):
        raise SettingsError(
            "logits",
            expected="(N, 1, H, W) or (N, H, W)",
            found=str(tuple(logits.shape)),
            remedy="Several channels are for the many-class forms.",
        )
    plain = (logits.shape[0], *logits.shape[-2:])
    if tuple(target.shape) not in (plain, (plain[0], 1, *plain[1:])):
        raise SettingsError(
            "target", expected=f"the logits' shape, {tuple(logits.shape)}", found=str(tuple(target.shape))
        )
    check_same_device(logits, target)
    check_ignorable(target, ignore)
    target = target.detach().reshape(logits.shape)
    if target.dtype == torch.bool:
        target = target.view(torch.uint8)
    if target.device.type == "cpu" and not torch.compiler.is_compiling():
        check_values(target, 2, ignore)
    return target


def check_float(logits: Tensor) -> None:
    """Raise SettingsError for logits of another type than float."""
    if not logits.is_floating_point():
        raise SettingsError("logits", expected="a float tensor", found=str(logits.dtype))


def check_same_device(logits: Tensor, target: Tensor) -> None:
    """Raise SettingsError where logits and target lie on two devices."""
    if logits.device != target.device:
        raise SettingsError(
            "target",
            expected=f"a tensor on {logits.device}",
            found=f"one on {target.device}",
            remedy="Move it with target.to(logits.device).",
        )


def check_ignorable(target: Tensor, ignore: int | None) -> None:
    """Raise SettingsError where the target's type cannot hold the ignored value: it would wrap to a class."""
    if ignore is None or target.is_floating_point() or target.dtype == torch.bool:
        return
    limits = torch.iinfo(target.dtype)
    if not limits.min <= ignore <= limits.max:
        raise SettingsError(
            "ignore_index",
            expected=f"a value that a {target.dtype} target can hold",
            found=str(ignore),
            remedy="Where no pixel is ignored, give None.",
        )


def check_values(target: Tensor, classes: int, ignore: int | None) -> None:
    """Raise SettingsError where a target holds anything but 0 ... classes - 1 and the ignored value.

    Examples
    --------
    >>> check_values(torch.tensor([0, 1, 255]), 2, 255)
    >>> check_values(torch.tensor([0, 7]), 2, 255)
    Traceback (most recent call last):
    sporemetry.errors.SettingsError: target: expected 0 to 1, or 255 where ignored; found 7. ...
    """
    if target.dtype == torch.uint8:
        # The largest byte is found in a fiftieth of the time that a comparison of all takes.
        if not target.numel() or int(target.max()) < classes:
            return
        strange = target >= classes
    else:
        strange = (target < 0) | (target >= classes)
        if target.is_floating_point():
            strange |= target != target.round()
    if ignore is not None:
        strange &= target != ignore
    if bool(strange.any()):
        also = "" if ignore is None else f", or {ignore} where ignored"
        raise SettingsError(
            "target",
            expected=f"0 to {classes - 1}{also}",
            found=f"{target[strange][0].item():g}",
            remedy="Masks of 0 and 255 become 0 and 1 with target // 255; soft labels are not supported.",
        )


def spores_of(target: Tensor) -> Tensor:
    """Return where there is a spore; a bool target is that already."""
    return target if target.dtype == torch.bool else target == 1


def without_ignored(target: Tensor, ignore: int | None) -> tuple[Tensor, int | None]:
    """Return a checked target and its ignored value; as bool and None where no pixel is ignored.

    Most pictures ignore nothing, and then nothing need be compared or masked. A look at the largest byte
    tells it. Elsewhere than on a CPU the look would make the device wait.

    Examples
    --------
    >>> without_ignored(torch.tensor([0, 1], dtype=torch.uint8), 255)
    (tensor([False,  True]), None)
    >>> without_ignored(torch.tensor([0, 255], dtype=torch.uint8), 255)
    (tensor([  0, 255], dtype=torch.uint8), 255)
    """
    quick = target.dtype == torch.uint8 and target.device.type == "cpu" and target.numel() > 0
    if not quick or torch.compiler.is_compiling() or int(target.max()) > 1:
        return target, ignore
    return target.view(torch.bool), None


def valid_pixels(target: Tensor, ignore: int | None) -> Tensor | None:
    """Return a bool tensor of the pixels that count, or None where all of them do."""
    return None if ignore is None else target != ignore


def count_pixels(target: Tensor, ignore: int | None) -> Tensor | int:
    """Return how many pixels count."""
    return target.numel() if ignore is None else torch.count_nonzero(target != ignore)


def divide(total: Tensor, by: Tensor | float) -> Tensor:
    """Return total / by, and 0 where there is nothing to divide by: an empty batch costs nothing."""
    if isinstance(by, Tensor):
        return total / torch.where(by > 0, by, 1).to(total.dtype)
    return total / by if by > 0 else total


def reduce_pixels(
    losses: Tensor,
    weights: Tensor,
    target: Tensor,
    reduction: Reduction,
    normalize: Normalize,
    ignore: int | None,
) -> Tensor:
    """Return what is asked for of weighted losses, both of the target's shape and 0 where ignored.

    Examples
    --------
    >>> weights, target = torch.tensor([3.0, 1.0, 0.0]), torch.tensor([1, 0, 255])
    >>> reduce_pixels(2 * weights, weights, target, "mean", "pixels", 255)
    tensor(4.)
    >>> reduce_pixels(2 * weights, weights, target, "mean", "weights", 255)
    tensor(2.)
    """
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    return divide(losses.sum(), count_pixels(target, ignore) if normalize == "pixels" else weights.sum())
