"""What a user says of the packaged network: which one, how it runs, how long spores are."""

from __future__ import annotations

from dataclasses import dataclass

from sporemetry.errors import SettingsError
from sporemetry.model import DEVICES, PRECISIONS, TURNS
from sporemetry.segmentation.example import OPTION, Example, ExamplePoint
from sporemetry.stated_number import check_number, option_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """Which network, and how it runs.

    Attributes
    ----------
    model_file : str or None
        A packaged network; None: the one that ships with Sporemetry.
    device : str
        ``cpu`` (OpenVINO), ``onnxruntime`` (its CPU part) or ``cuda`` (ONNX Runtime on an NVIDIA GPU).
    precision : str
        ``f32``, or ``bf16`` on processors that multiply it.
    turns : int
        How often each picture is looked at: 1, 4 (mirrored) or 8 (turned, too). The mean of all counts.
    spore_length_px, spore_length_um : float or None
        How long spores are in the pictures; None: as the scales tell, else estimated from the pictures.
    example : Example, str or None
        One spore, which sets their length and what they are compared with: measured, or ``IMAGE:X,Y``, a
        point on it, which is measured before anything is counted.
    share_scale : bool
        Whether the images of a folder that are of one size, scale and camera are looked at with one estimate,
        or each with its own.
    """

    model_file: str | None = None
    device: str = "cpu"
    precision: str = "f32"
    turns: int = 1
    spore_length_px: float | None = None
    spore_length_um: float | None = None
    example: Example | str | None = None
    share_scale: bool = True

    def __post_init__(self) -> None:
        for name, value, choices in (
            ("device", self.device, DEVICES),
            ("precision", self.precision, PRECISIONS),
        ):
            if not isinstance(value, str) or value not in choices:
                raise SettingsError(f"--{name}", expected=f"one of {', '.join(choices)}", found=repr(value))
        if not isinstance(self.share_scale, bool):
            raise SettingsError("share_scale", expected="true or false", found=repr(self.share_scale))
        if type(self.turns) is not int or self.turns not in TURNS:
            raise SettingsError("--turns", expected="1, 4 or 8", found=repr(self.turns))
        for name in ("spore_length_px", "spore_length_um"):
            length = getattr(self, name)
            if length is not None:
                check_number(
                    option_of(name), length, 0.1, 1e4, of=name.rpartition("_")[2].replace("um", "µm")
                )
        if self.spore_length_px is not None and self.spore_length_um is not None:
            raise SettingsError("--spore-length-px", expected="a length in px or in µm", found="both")
        self._check_example()
        if self.model_file is not None and not isinstance(self.model_file, str):
            raise SettingsError("model_file", expected="the path of a file", found=repr(self.model_file))

    def _check_example(self) -> None:
        if self.example is None:
            return
        if isinstance(self.example, str):
            ExamplePoint.read(self.example)
        elif not isinstance(self.example, Example):
            raise SettingsError(OPTION, expected="IMAGE:X,Y", found=repr(self.example))
        for name in ("spore_length_px", "spore_length_um"):
            if getattr(self, name) is not None:
                raise SettingsError(
                    OPTION,
                    expected="an example or a length",
                    found=f"both it and {option_of(name)}",
                    remedy="Leave one of them out.",
                )
