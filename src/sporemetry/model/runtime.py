"""A packaged network, ready to run: OpenVINO on the CPU, or another runtime where it is asked for.

One visible dict, :data:`DEVICES`, holds the ways to run one. None is ever put in the place of another: what
is not installed, or has no such device, is an error that says so.
"""

from __future__ import annotations

import importlib.util
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sporemetry.errors import MissingExtraError, ModelGraphError, SettingsError
from sporemetry.model.graph import INPUT_NAME, OUTPUT_NAME
from sporemetry.model.package import ModelPackage
from sporemetry.model.quiet_openvino import import_openvino
from sporemetry.workers import share_of_cores

PRECISIONS = ("f32", "bf16")
# Numbers that all operators together make of one pixel; a U-Net on MobileNetV2 makes 560.
_MOST_PER_PIXEL = 8_192
_KEPT = 4  # loaded networks of one process


class Network(Protocol):
    """A network that runs."""

    def logits(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits (K, H, W) of normalised pixels (1, 3, H, W), both multiples of the stride."""


class OpenVinoNetwork:
    """A network on the CPU by OpenVINO.

    Parameters
    ----------
    package : ModelPackage
    precision : str
        Of :data:`PRECISIONS`: ``f32``, or ``bf16`` where the processor multiplies it.

    Raises
    ------
    ModelGraphError
        When OpenVINO cannot read the network, or it would make too much of each pixel.
    SettingsError
        For a precision that this processor lacks.
    """

    def __init__(self, package: ModelPackage, precision: str) -> None:
        self._package = package
        core = _core()
        settings = self._properties(core, precision)
        try:
            model = core.read_model(package.onnx)
            self._check_size(model)
            # Height and width stay free: each size of a picture would else be compiled anew, for no speed.
            self._request = core.compile_model(model, "CPU", settings).create_infer_request()
        except RuntimeError as error:
            raise self._unreadable(error) from None

    def logits(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits (K, H, W) of normalised pixels (1, 3, H, W)."""
        try:
            result = self._request.infer({INPUT_NAME: pixels}, share_inputs=True, share_outputs=False)
        except RuntimeError as error:
            raise self._unreadable(error) from None
        logits = np.asarray(next(iter(result.values())), dtype=np.float32)
        self._check_shape(logits.shape, pixels.shape[2], pixels.shape[3])
        return np.asarray(logits[0])

    @staticmethod
    def _properties(core: Any, precision: str) -> dict[str, Any]:
        if precision not in PRECISIONS:
            raise SettingsError(
                "--precision", expected=f"one of {', '.join(PRECISIONS)}", found=repr(precision)
            )
        able = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        if precision == "bf16" and "BF16" not in able:
            raise SettingsError(
                "--precision",
                expected="f32 on this processor",
                found="bf16, which it does not multiply",
                remedy="Leave out --precision.",
            )
        return {
            "INFERENCE_PRECISION_HINT": precision,
            "INFERENCE_NUM_THREADS": share_of_cores(),
            "NUM_STREAMS": 1,
            # Worker processes would all be pinned to the same first cores.
            "ENABLE_CPU_PINNING": False,
        }

    def _check_size(self, network: Any) -> None:
        side = self._package.card.stride * 4
        model = network.clone()
        model.reshape({INPUT_NAME: [1, 3, side, side]})
        self._check_shape(tuple(model.output(OUTPUT_NAME).get_shape()), side, side)
        made = sum(
            int(np.prod([int(dim) for dim in output.get_shape()], dtype=np.float64))
            for operator in model.get_ops()
            if operator.get_type_name() not in {"Constant", "Parameter"}
            for output in operator.outputs()
        )
        if made > _MOST_PER_PIXEL * side * side:
            raise ModelGraphError(
                self._package.path,
                expected=f"a network that makes at most {_MOST_PER_PIXEL:,} numbers of each pixel",
                found=f"{made / side**2:,.0f}",
            )

    def _check_shape(self, shape: tuple[int, ...], height: int, width: int) -> None:
        wanted = (1, len(self._package.card.channels), height, width)
        if tuple(map(int, shape)) != wanted:
            raise ModelGraphError(
                self._package.path,
                expected=f"logits of shape {wanted}",
                found=f"shape {tuple(map(int, shape))}",
            )

    def _unreadable(self, error: RuntimeError) -> ModelGraphError:
        text = " ".join(str(error).split())[-200:]
        return ModelGraphError(
            self._package.path,
            expected="a network that OpenVINO can run",
            found=f"its refusal: {text}",
            remedy="Package the network anew with `sporemetry export`.",
        )


class OnnxRuntimeNetwork:
    """A network by ONNX Runtime.

    Parameters
    ----------
    package : ModelPackage
    precision : str
        ``f32``.
    provider : str
        ``CPUExecutionProvider``, or ``CUDAExecutionProvider`` for an NVIDIA GPU.

    Raises
    ------
    MissingExtraError
        Where ONNX Runtime is not installed.
    SettingsError
        Where it has no such device, or for another precision.
    """

    def __init__(self, package: ModelPackage, precision: str, provider: str) -> None:
        if precision != "f32":
            raise SettingsError("--precision", expected="f32 with this device", found=repr(precision))
        self._session = _session(package.onnx, provider)

    def logits(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits (K, H, W) of normalised pixels (1, 3, H, W)."""
        return np.asarray(self._session.run([OUTPUT_NAME], {INPUT_NAME: pixels})[0][0], dtype=np.float32)


DEVICES: Mapping[str, Callable[[ModelPackage, str], Network]] = {
    "cpu": OpenVinoNetwork,
    "onnxruntime": lambda package, precision: OnnxRuntimeNetwork(package, precision, "CPUExecutionProvider"),
    "cuda": lambda package, precision: OnnxRuntimeNetwork(package, precision, "CUDAExecutionProvider"),
}
"""How to make a network ready, by the name of ``--device``."""

_loaded: OrderedDict[tuple[str, str, str], Network] = OrderedDict()
_guard = threading.RLock()


def load_network(package: ModelPackage, *, device: str = "cpu", precision: str = "f32") -> Network:
    """Make a packaged network ready to run, once in a process.

    Parameters
    ----------
    package : ModelPackage
    device : str
        A key of :data:`DEVICES`.
    precision : str
        ``f32`` or, on a CPU that has it, ``bf16``.

    Raises
    ------
    SettingsError
        For a device or precision that is not known or not here.
    MissingExtraError
        When the runtime that was asked for is not installed.
    ModelGraphError
        When the runtime refuses the network.
    """
    if device not in DEVICES:
        raise SettingsError("--device", expected=f"one of {', '.join(DEVICES)}", found=repr(device))
    key = (package.card.sha256, device, precision)
    with _guard:
        if key not in _loaded:
            network = DEVICES[device](package, precision)
            while len(_loaded) >= _KEPT:
                _loaded.popitem(last=False)
            _loaded[key] = network
        _loaded.move_to_end(key)
        return _loaded[key]


def _core() -> Any:
    global _shared_core
    if _shared_core is None:
        _shared_core = import_openvino().Core()  # late: a third of a second
    return _shared_core


_shared_core: Any = None


def _session(onnx: bytes, provider: str) -> Any:
    if importlib.util.find_spec("onnxruntime") is None:
        raise MissingExtraError(
            "--device: expected ONNX Runtime; found none installed. "
            "pip install onnxruntime-gpu (NVIDIA) or onnxruntime, or leave out --device."
        )
    import onnxruntime

    onnxruntime.disable_telemetry_events()  # its builds for Windows tell the system about sessions
    if provider not in onnxruntime.get_available_providers():
        raise SettingsError(
            "--device",
            expected=f"an ONNX Runtime with {provider}",
            found=", ".join(onnxruntime.get_available_providers()),
            remedy="pip install onnxruntime-gpu, or leave out --device.",
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = share_of_cores()
    options.log_severity_level = 3
    # TensorFloat-32 keeps 10 bits of each number: labels would not be those of a CPU.
    tuning = {"use_tf32": "0"} if provider.startswith("CUDA") else {}
    session = onnxruntime.InferenceSession(onnx, options, providers=[(provider, tuning)])
    if session.get_providers()[0] != provider:
        raise SettingsError(
            "--device",
            expected=f"a device that {provider} can use",
            found=f"none: ONNX Runtime fell back to {session.get_providers()[0]}",
            remedy="Look whether the GPU's driver and CUDA are there (nvidia-smi), or leave out --device.",
        )
    return session
