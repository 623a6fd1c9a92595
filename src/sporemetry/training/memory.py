"""What becomes of running out of memory: one clear message with what to change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from sporemetry.errors import SporemetryError
from sporemetry.training.recipe import Recipe


class TrainingMemoryError(SporemetryError, MemoryError):
    """Memory ran out in training; nothing that was saved is lost."""


@contextmanager
def clear_memory_errors(recipe: Recipe) -> Iterator[None]:
    """Turn the many ways in which memory runs out into one error.

    Raises
    ------
    TrainingMemoryError
        In place of PyTorch's errors of the device and of the CPU, and of Python's own.
    """
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise _clear(recipe, error) from error
    except RuntimeError as error:
        # The CPU's allocator has no error of its own.
        if "DefaultCPUAllocator" not in str(error) and "not enough memory" not in str(error):
            raise
        raise _clear(recipe, error) from error


def _clear(recipe: Recipe, error: BaseException) -> TrainingMemoryError:
    size, each = recipe.crop.size, recipe.batch // recipe.accumulate
    remedies = [f"smaller crops (--set crop.size={_smaller(size)})"]
    # Batch norm sees the crops of one pass, and cannot take a single one.
    least = 1 if recipe.network.norm == "group" else 2
    more = (part for part in range(recipe.accumulate + 1, recipe.batch + 1) if recipe.batch % part == 0)
    parts = next((part for part in more if recipe.batch // part >= least), None)
    if parts is not None:
        remedies.insert(0, f"fewer crops at a time (--set accumulate={parts}; batch norm apart, the same)")
    if recipe.precision == "32-true":
        remedies.append("half precision (--set precision=bf16-mixed)")
    remedies.append(f"a smaller encoder than {recipe.network.encoder}")
    first = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
    return TrainingMemoryError(
        f"memory: expected room for {each} crops of {size} x {size} px at a time through "
        f"{recipe.network.architecture} with {recipe.network.encoder}; found: {first}. "
        f"Any of these helps, in another folder (-o): {'; '.join(remedies)}. What was saved is kept."
    )


def _smaller(size: int) -> int:
    """Return a crop of about half the area, a multiple of 32 and one more where it was so."""
    return max(32, int(size * 0.7) // 32 * 32) + size % 2
