"""10,000 random cases against NumPy, written from the paper's equations and not from our code.

The reference works in long double with p = 1 / (1 + exp(-z)) as the paper has it, pixel by pixel.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from sporemetry.training import losses

CASES = 10_000
ONE_LOGIT = ("ce", "bce", "bce_a", "focal", "focal_alpha", "cfl", "cfl_star")
Long = NDArray[np.longdouble]


def reference(name: str, z: Long, y: NDArray[np.int64], case: dict[str, Any]) -> Long:
    """Return the paper's loss of one logit a pixel, (N, H, W) before the mean, and its weights."""
    p = 1 / (1 + np.exp(-z))
    p_t = np.where(y == 1, p, 1 - p)
    weight = np.ones_like(z)
    if name in ("bce", "focal_alpha"):
        weight = np.where(y == 1, case["alpha"], np.longdouble(1) - case["alpha"])
    elif name == "bce_a":
        spore = 1 / (1 + np.longdouble(case["ratio"]))  # f(y = 1) = n_o / (n_o + n_b)
        weight = np.where(y == 1, 1 / spore, 1 / (1 - spore))
    elif name in ("cfl", "cfl_star"):
        heavy = np.longdouble(case["ratio"]) ** (1 / np.longdouble(case["beta"]))
        weight = np.where(ring(y, case) if name == "cfl_star" else y == 1, heavy, np.longdouble(1))
    focus = (1 - p_t) ** case["gamma"] if name.startswith("focal") else np.ones_like(z)
    weight = np.where(y == 255, 0, weight)
    return cast(Long, np.stack([weight * focus * -np.log(p_t), weight]))


def many_reference(name: str, z: Long, y: NDArray[np.int64], case: dict[str, Any]) -> Long:
    """Return the same for many classes, logits (N, K, H, W)."""
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    classes = z.shape[1]
    p_t = np.zeros(y.shape, np.longdouble)
    weight = np.zeros(y.shape, np.longdouble)
    counts = np.array(case["counts"], np.longdouble)
    for c in range(classes):
        p_t = np.where(y == c, p[:, c], p_t)
        own = np.longdouble(1)
        if name in ("bce", "focal_alpha"):
            own = case["alphas"][c]
        elif name == "bce_a":
            own = counts.sum() / counts[c]
        elif name in ("cfl", "cfl_star"):
            own = (counts.max() / counts[c]) ** (1 / np.longdouble(case["beta"]))
        held = ring((y == c).astype(np.int64), case) if name == "cfl_star" else y == c
        weight = np.where(held & (own > weight), own, weight)
    p_t = np.where(y == 255, 1, p_t)
    focus = (1 - p_t) ** case["gamma"] if name.startswith("focal") else np.ones_like(p_t)
    weight = np.where(y == 255, 0, weight)
    return cast(Long, np.stack([weight * focus * -np.log(p_t), weight]))


def ring(y: NDArray[np.int64], case: dict[str, Any]) -> NDArray[np.bool_]:
    """Return y*: what lies within the shape around a spore, found spore by spore."""
    radius, shape = case["radius"], case["shape"]
    grown = np.zeros(y.shape, np.bool_)
    rows, columns = np.indices(y.shape[1:])
    for n, row, column in np.argwhere(y == 1):
        dy, dx = np.abs(rows - row), np.abs(columns - column)
        near = {
            "cross": ((dy == 0) & (dx <= radius)) | ((dx == 0) & (dy <= radius)),
            "disc": dy**2 + dx**2 <= radius**2,
            "square": np.maximum(dy, dx) <= radius,
        }[shape]
        grown[n] |= near
    return cast(NDArray[np.bool_], grown & (y != 255))


def draw(rng: np.random.Generator) -> dict[str, Any]:
    """Draw what a case is made of."""
    classes = int(rng.integers(2, 5))
    return {
        "alpha": float(rng.uniform(0, 1)),
        "alphas": tuple(rng.uniform(0, 3, classes)),
        "gamma": float(rng.choice([0, 0.25, 0.5, 1, 2, 3.7])),
        "beta": float(rng.choice([0.7, 1, 1.5, 2, 2.5, 4])),
        "ratio": float(np.exp(rng.uniform(-1, 6))),
        "counts": tuple(int(n) for n in rng.integers(1, 5000, classes)),
        "radius": int(rng.integers(0, 4)),
        "shape": str(rng.choice(["cross", "disc", "square"])),
        "reduction": str(rng.choice(["none", "mean", "mean", "sum"])),
        "normalize": str(rng.choice(["pixels", "weights"])),
        "source": str(rng.choice(["number", "dataset", "batch"])),
    }


def options_of(name: str, case: dict[str, Any], *, many: bool) -> dict[str, Any]:
    """Return the options of our function that a case stands for."""
    taken = {"bce": ["alpha"], "focal": ["gamma"], "focal_alpha": ["gamma", "alpha"], "cfl": ["beta"]}
    taken["cfl_star"] = ["beta", "radius", "shape"]
    options = {key: case[key] for key in [*taken.get(name, []), "reduction", "normalize"]}
    if many and "alpha" in options:
        options["alpha"] = case["alphas"]
    if name in ("bce_a", "cfl", "cfl_star"):
        if case["source"] == "batch":
            options["ratio"] = "batch"
        elif many and case["source"] == "dataset":
            options["pixel_counts"] = case["counts"]
        elif many:
            options["ratio"] = [max(case["counts"]) / count for count in case["counts"]]
        elif case["source"] == "dataset":
            options["pixel_counts"] = case["counts"][:2]
        else:
            options["ratio"] = case["ratio"]
    return options


def measure(case: dict[str, Any], y: NDArray[np.int64], *, many: bool) -> None:
    """Replace a case's ratio and counts by those that its options mean."""
    if case["source"] == "batch":
        found = [int((y == c).sum()) for c in range(len(case["counts"]) if many else 2)]
        case["counts"], case["ratio"] = found, found[0] / max(found[1], 1)
    elif case["source"] == "dataset" and not many:
        case["ratio"] = case["counts"][0] / case["counts"][1]


def check(seed: int, number: int) -> float:
    """Run cases and return the largest relative error."""
    rng = np.random.default_rng(seed)
    worst = 0.0
    for _ in range(number):
        many, single = bool(rng.random() < 0.35), bool(rng.random() < 0.5)
        name, case = str(rng.choice(ONE_LOGIT)), draw(rng)
        classes = len(case["counts"]) if many else 2
        shape = (int(rng.integers(1, 4)), int(rng.integers(1, 7)), int(rng.integers(4, 8)))
        y = rng.choice([*range(classes), 255], size=shape).astype(np.int64)
        if case["source"] == "batch":  # a pixel of each class: what an absent one weighs is tested elsewhere
            y.ravel()[:classes] = np.arange(classes)
        logits = rng.normal(0, rng.choice([0.1, 1, 8]), (y.shape[0], classes if many else 1, *y.shape[1:]))
        logits = logits.astype(np.float32 if single else np.float64)
        options = options_of(name, case, many=many)
        measure(case, y, many=many)
        if many:
            expected = many_reference(name, logits.astype(np.longdouble), y, case)
        else:
            expected = reference(name, logits[:, 0].astype(np.longdouble), y, case)
        function = getattr(losses, f"{'many_class_' if many else ''}{name}_loss")
        target = torch.from_numpy(y).to(torch.uint8 if rng.random() < 0.5 else torch.int64)
        found = function(torch.from_numpy(logits), target, **options).numpy()
        wanted = reduced(expected, y, case)
        worst = max(worst, float((np.abs(found.reshape(wanted.shape) - wanted) / (1 + np.abs(wanted))).max()))
    return worst


def reduced(expected: Long, y: NDArray[np.int64], case: dict[str, Any]) -> Long:
    """Return the mean over pixels (eq. 1), the sum, or all."""
    if case["reduction"] == "none":
        return cast(Long, expected[0])
    total = np.asarray(expected[0].sum())
    if case["reduction"] == "sum":
        return cast(Long, total)
    by = (y != 255).sum() if case["normalize"] == "pixels" else expected[1].sum()
    return cast(Long, total / by if by > 0 else total)


def test_ten_thousand_random_cases() -> None:
    assert check(seed=20191113, number=CASES) < 1e-6


@pytest.mark.soak
def test_a_hundred_thousand_random_cases() -> None:
    assert check(seed=1, number=10 * CASES) < 1e-6
