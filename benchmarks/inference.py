"""What a packaged network costs: OpenVINO in f32 and bf16, ONNX Runtime and eager PyTorch, side by side.

Each looks at the same picture in turn, round after round in one process with the same number of threads; the
fastest round of each counts. Beside it, the floating-point operations of the network's convolutions a second,
as a share of what a product of two large matrices reaches in the same process, in f32 and in bf16.

    python benchmarks/inference.py model.onnx [--run RUN ...] [--width 1920] [--height 1080] [--rounds 5]

Without the run that the network was exported from, or the runs whose mean it is, there is no PyTorch row;
without ONNX Runtime none of it. Weights do not matter here, so other runs of the same networks serve as well.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import SettingsError
from sporemetry.model import ModelPackage, load_network, read_model
from sporemetry.model.graph import INPUT_NAME
from sporemetry.model.quiet_openvino import import_openvino
from sporemetry.workers import share_of_cores

Work = Callable[[], object]
_MATRIX = 2048
_WEIGHTED = {"Convolution", "GroupConvolution", "ConvolutionBackpropData", "GroupConvolutionBackpropData"}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--run", type=Path, nargs="+", default=(), help="that it was exported from")
    parser.add_argument("--width", type=int, default=1920)
    parser.add_argument("--height", type=int, default=1080)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    package = read_model(options.model)
    stride = package.card.stride
    height, width = (-(-side // stride) * stride for side in (options.height, options.width))
    pixels = np.random.default_rng(0).normal(size=(1, 3, height, width)).astype(np.float32)
    ways = runtimes(package, pixels, options.run)
    peaks = matrix_products()
    seconds = fastest({**ways, **peaks}, options.rounds)
    work = network_operations(package, height, width)
    product = 2 * _MATRIX**3
    speed = {name: product / seconds[name] for name in peaks}
    print(f"{options.model.name}: {width} x {height} px, {work / 1e9:.1f} GFLOP, {share_of_cores()} threads")
    for name, value in speed.items():
        print(f"product of two {_MATRIX} x {_MATRIX} matrices, {name}: {value / 1e9:.0f} GFLOP/s")
    print("| way | ms | ms a megapixel | GFLOP/s | of the f32 product | times PyTorch's speed |")
    print("|---|---:|---:|---:|---:|---:|")
    eager = seconds.get("PyTorch, eager")
    for name in ways:
        taken = seconds[name]
        share = work / taken / speed["f32"]
        ratio = "" if eager is None else f"{eager / taken:.2f}"
        each = taken * 1e3 / (height * width / 1e6)
        print(
            f"| {name} | {taken * 1e3:.0f} | {each:.0f} | {work / taken / 1e9:.0f} | {share:.0%} | {ratio} |"
        )


def runtimes(
    package: ModelPackage, pixels: NDArray[np.float32], runs: Sequence[Path] = ()
) -> dict[str, Work]:
    """Return the ways that this machine has, each as a call that makes logits."""
    ways: dict[str, Work] = {}
    wanted = [("OpenVINO, f32", "cpu", "f32"), ("OpenVINO, bf16", "cpu", "bf16")]
    if importlib.util.find_spec("onnxruntime") is not None:
        wanted.append(("ONNX Runtime, f32", "onnxruntime", "f32"))
    for name, device, precision in wanted:
        try:
            network = load_network(package, device=device, precision=precision)
        except SettingsError as error:
            print(f"left out {name}: {error}")
            continue
        ways[name] = lambda network=network: network.logits(pixels)  # type: ignore[misc]
    if runs:
        ways["PyTorch, eager"] = _eager(runs, pixels)
    return ways


def _eager(runs: Sequence[Path], pixels: NDArray[np.float32]) -> Work:
    import torch

    from sporemetry.training.trained import load_trained

    torch.set_num_threads(share_of_cores())
    networks = [load_trained(run, device="cpu").network for run in runs]
    tensor = torch.from_numpy(pixels)

    def work() -> object:
        with torch.inference_mode():
            return sum(network(tensor) for network in networks) / len(networks)

    return work


def matrix_products() -> dict[str, Work]:
    """Return products of two large matrices, in f32 and where torch is installed in bf16."""
    if importlib.util.find_spec("torch") is None:
        matrix = np.random.default_rng(0).normal(size=(_MATRIX, _MATRIX)).astype(np.float32)
        return {"f32": lambda: matrix @ matrix}
    import torch

    torch.set_num_threads(share_of_cores())
    made = {"f32": torch.rand(_MATRIX, _MATRIX), "bf16": torch.rand(_MATRIX, _MATRIX, dtype=torch.bfloat16)}
    return {name: lambda values=values: values @ values for name, values in made.items()}  # type: ignore[misc]


def fastest(works: dict[str, Work], rounds: int) -> dict[str, float]:
    """Return the seconds of the fastest round of each; every way has its turn in each, the first warms up."""
    seconds: dict[str, float] = {}
    for number in range(rounds + 1):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            taken = time.perf_counter() - start
            if number:
                seconds[name] = min(taken, seconds.get(name, taken))
    return seconds


def network_operations(package: ModelPackage, height: int, width: int) -> int:
    """Return the multiplications and additions of the convolutions and matrix products of a picture."""
    model = import_openvino().Core().read_model(package.onnx)
    model.reshape({INPUT_NAME: [1, 3, height, width]})
    return sum(_operations(each) for each in model.get_ops())


def _operations(operator: Any) -> int:
    kind = operator.get_type_name()
    shapes = [list(each.get_shape()) for each in operator.inputs()]
    made = int(np.prod(list(operator.output(0).get_shape()), dtype=np.int64)) if operator.outputs() else 0
    if kind == "MatMul":
        return 2 * made * int(shapes[0][-1])
    if kind not in _WEIGHTED:
        return 0
    weights = shapes[1][1:] if kind.startswith("Group") else shapes[1]
    if "Backprop" in kind:  # each input pixel meets each of the weights once
        spread = int(np.prod(shapes[0], dtype=np.int64)) // int(shapes[0][1])
        return 2 * spread * int(np.prod(shapes[1], dtype=np.int64))
    return 2 * made * int(np.prod(weights[1:], dtype=np.int64))


if __name__ == "__main__":
    main()
