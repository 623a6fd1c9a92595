"""The settings of a count: what they are, their defaults, and how they are read from a TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from sporemetry.counting import (
    CHAMBERS,
    DEFAULT_CONFIDENCE,
    DEFAULT_EDGE_RULE,
    EDGE_RULES,
    find_chamber,
    find_square,
)
from sporemetry.errors import FileError, SettingsError
from sporemetry.field import FIELD_MODES
from sporemetry.image import ReadSettings
from sporemetry.pipeline.exports import EXPORTS
from sporemetry.pipeline.levels import level_pattern
from sporemetry.pipeline.samples import SAMPLE_RULES
from sporemetry.printable import printable
from sporemetry.segmentation import MODEL, SEGMENTERS, ModelSettings, SegmentationSettings
from sporemetry.stated_number import check_number, option_of
from sporemetry.toml_text import read_toml

DEFAULT_METHOD = MODEL
_Part = TypeVar(
    "_Part", "PictureSettings", "CountingSettings", ReadSettings, SegmentationSettings, ModelSettings
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSettings:
    """What is done to each picture.

    Changing any of these makes a rerun do the pictures anew; changing ``exports`` writes or removes those
    files only.

    Attributes
    ----------
    method : str
        How spores are found; a key of :data:`sporemetry.segmentation.SEGMENTERS`.
    field_mode : str
        ``auto`` looks for the bright circle of an eyepiece, ``whole`` takes the whole picture, ``circle``
        insists on a circle.
    edge_rule : str
        Which of the spores on the border count; a key of :data:`sporemetry.counting.EDGE_RULES`.
    reading : ReadSettings
        Page or projection of a stack, scale, pixel budget.
    segmentation : SegmentationSettings
        Smallest and largest area of a spore.
    model : ModelSettings
        Which network, and how it runs; for the method ``model``.
    exports : tuple of str
        Files for other programs beside the labels; keys of :data:`sporemetry.pipeline.exports.EXPORTS`.
    """

    method: str = DEFAULT_METHOD
    field_mode: str = "auto"
    edge_rule: str = DEFAULT_EDGE_RULE
    reading: ReadSettings = field(default_factory=ReadSettings)
    segmentation: SegmentationSettings = field(default_factory=SegmentationSettings)
    model: ModelSettings = field(default_factory=ModelSettings)
    exports: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_choice("method", self.method, SEGMENTERS)
        _check_choice("field_mode", self.field_mode, FIELD_MODES)
        _check_choice("edge_rule", self.edge_rule, EDGE_RULES)
        if self.method != MODEL and self.model != ModelSettings():
            raise SettingsError(
                "--method",
                expected=f"{MODEL}, since a network or something of it was asked for",
                found=repr(self.method),
                remedy="Leave out what is about networks, or the method.",
            )
        if not isinstance(self.exports, tuple):
            raise SettingsError("exports", expected="a list of names", found=repr(self.exports))
        for export in self.exports:
            _check_choice("exports", export, EXPORTS)
        if len(set(self.exports)) != len(self.exports):
            raise SettingsError("exports", expected="each name once", found=", ".join(self.exports))


# What can be: a suspension concentrated a million times, or diluted twice a million times; a tenth of a µm
# deep, or ten centimetres; a square of a µm, or a dish. An interval of less than 50 % is none, and beyond
# 99.99 % the Poisson law of counts says nothing of real images.
COUNTING_BOUNDS: Mapping[str, tuple[float, float, str]] = {
    "squares": (0.001, 1e6, "squares"),
    "dilution": (1e-6, 1e12, "times"),
    "depth_mm": (1e-4, 100.0, "mm"),
    "square_area_mm2": (1e-6, 1e4, "mm²"),
    "confidence": (0.5, 0.9999, "(0.95 is usual)"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CountingSettings:
    """What is made of the counts. Changing these redoes the tables and the report only.

    Attributes
    ----------
    sample_by : str
        Which pictures are replicates of one sample; a key of
        :data:`~sporemetry.pipeline.samples.SAMPLE_RULES`.
    levels : str or None
        Where the path of an image has its treatment, suspension and sample, such as
        ``treatment/suspension/image``: see :func:`sporemetry.pipeline.levels.level_pattern`.
    chamber : str or None
        A key of `sporemetry.counting.CHAMBERS`, or ``custom`` with ``depth_mm``.
    square : str or None
        Which of the chamber's squares were counted; without it a picture's volume is its field area
        times the chamber's depth, which needs a scale.
    squares : float
        How many such squares a picture shows.
    depth_mm, square_area_mm2 : float or None
        Of a custom chamber.
    dilution : float
        How many times the sample was diluted before it was put into the chamber; 1 is undiluted.
    confidence : float
        Of the intervals.
    """

    sample_by: str = "folder"
    levels: str | None = None
    chamber: str | None = None
    square: str | None = None
    squares: float = 1.0
    depth_mm: float | None = None
    square_area_mm2: float | None = None
    dilution: float = 1.0
    confidence: float = DEFAULT_CONFIDENCE

    def __post_init__(self) -> None:
        _check_choice("sample_by", self.sample_by, SAMPLE_RULES)
        if self.levels is not None:
            level_pattern(self.levels)
        if self.chamber is not None:
            _check_choice("chamber", self.chamber, (*CHAMBERS, "custom"))
        for name, (least, most, of) in COUNTING_BOUNDS.items():
            value = getattr(self, name)
            if value is not None:
                check_number(option_of(name), value, least, most, of=of)
        self._check_chamber()

    def _check_chamber(self) -> None:
        if self.chamber is None:
            for name in ("square", "depth_mm", "square_area_mm2"):
                if getattr(self, name) is not None:
                    raise SettingsError(
                        name,
                        expected="a chamber beside it",
                        found="none",
                        remedy=f"Add --chamber with one of {', '.join((*CHAMBERS, 'custom'))}.",
                    )
        elif self.chamber == "custom":
            if self.depth_mm is None:
                raise SettingsError(
                    "depth_mm", expected="the depth of the custom chamber in mm", found="none"
                )
            if self.square is not None:
                raise SettingsError(
                    "square",
                    expected="nothing: a custom chamber has no named squares",
                    found=repr(self.square),
                    remedy="Give the area of one square with --square-area-mm2.",
                )
        else:
            for name in ("depth_mm", "square_area_mm2"):
                if getattr(self, name) is not None:
                    raise SettingsError(
                        name,
                        expected=f"nothing: the {self.chamber} chamber has its own",
                        found=str(getattr(self, name)),
                        remedy="Use --chamber custom to give your own measures.",
                    )
            if self.square is not None:
                find_square(find_chamber(self.chamber), self.square)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountSettings:
    """All settings of ``sporemetry count``."""

    picture: PictureSettings = field(default_factory=PictureSettings)
    counting: CountingSettings = field(default_factory=CountingSettings)


def read_settings(path: Path, base: CountSettings | None = None) -> CountSettings:
    """Read settings from a TOML file with the tables ``picture`` and ``counting``.

    Parameters
    ----------
    path : Path
        The file. Keys are the attributes of :class:`PictureSettings` and :class:`CountingSettings`;
        ``picture.reading``, ``picture.segmentation`` and ``picture.model`` are tables of their own. What is
        not named keeps its default; an empty file gives the defaults.
    base : CountSettings, optional
        What the values of the file are put over, instead of the defaults.

    Raises
    ------
    FileError
        When the file is missing or is no TOML.
    SettingsError
        When a key is unknown or a value cannot be used.
    """
    base = base or CountSettings()
    parts = _known(_content(path), CountSettings, "")
    picture = dict(_known(parts.get("picture", {}), PictureSettings, "picture."))
    kinds = {"reading": ReadSettings, "segmentation": SegmentationSettings, "model": ModelSettings}
    for name, kind in kinds.items():
        if name in picture:
            values = _known(picture[name], kind, f"picture.{name}.")
            picture[name] = _build(getattr(base.picture, name), values, f"picture.{name}")
    if isinstance(picture.get("exports"), list):
        picture["exports"] = tuple(picture["exports"])
    counting = _known(parts.get("counting", {}), CountingSettings, "counting.")
    return CountSettings(
        picture=_build(base.picture, picture, "picture"),
        counting=_build(base.counting, counting, "counting"),
    )


def told_in(path: Path) -> dict[str, Any]:
    """Return what a settings file says, by the names of the settings; errors as :func:`read_settings`."""
    read_settings(path)
    content = _content(path)
    picture = dict(content.get("picture", {}))
    for name in ("reading", "segmentation", "model"):
        picture.update(picture.pop(name, {}))
    return {**picture, **content.get("counting", {})}


def _content(path: Path) -> dict[str, Any]:
    try:
        return read_toml(path)
    except (OSError, ValueError) as error:
        found = (isinstance(error, OSError) and error.strerror) or str(error)
        raise FileError(path, expected="a settings file in TOML", found=found) from error


def settings_rows(settings: CountSettings) -> list[tuple[str, str]]:
    """Return every setting as (name, value) in words, for the report and the manifest."""
    picture = asdict(settings.picture)
    picture["model"]["example"] = settings.picture.model.example  # in words
    return [*_flat(picture), *_flat(asdict(settings.counting))]


def _flat(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            rows.extend(_flat(value))
        elif isinstance(value, tuple):
            rows.append((name, ", ".join(map(str, value)) or "none"))
        else:
            rows.append((name, "not given" if value is None else printable(str(value))))
    return rows


def _known(content: object, kind: type, prefix: str) -> Mapping[str, Any]:
    if not isinstance(content, Mapping):
        raise SettingsError(prefix.rstrip(".") or "settings", expected="a table", found=repr(content))
    names = {entry.name for entry in fields(kind)}
    unknown = sorted(set(content) - names)
    if unknown:
        raise SettingsError(
            prefix + unknown[0], expected=f"one of {', '.join(sorted(names))}", found="an unknown key"
        )
    return content


def _build(base: _Part, values: Mapping[str, Any], name: str) -> _Part:
    try:
        return replace(base, **values)
    except TypeError as error:
        raise SettingsError(name, expected="values of the documented types", found=str(error)) from error


def _check_choice(name: str, value: object, choices: object) -> None:
    if not isinstance(value, str) or value not in choices:  # type: ignore[operator]
        raise SettingsError(
            name,
            expected=f"one of {', '.join(choices)}",  # type: ignore[arg-type]
            found=repr(value),
        )
