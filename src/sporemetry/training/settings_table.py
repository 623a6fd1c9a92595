"""TOML text to tables, and tables to frozen settings: every key and every type checked, nothing unbounded."""

from __future__ import annotations

import dataclasses
import math
import reprlib
import types
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from sporemetry import toml_text
from sporemetry.errors import SettingsError

LARGEST_TEXT = 64 << 10
LONGEST_LINE = 1000
Settings = TypeVar("Settings")


def check(name: str, value: object, sound: bool, expected: str) -> None:
    """Raise SettingsError for a value that is not sound."""
    if not sound:
        raise SettingsError(name, expected=expected, found=shown(value))


def check_choices(settings: object, where: str) -> None:
    """Raise SettingsError where a field of a few choices holds something else: Python checks no types."""
    for name, hint in get_type_hints(type(settings)).items():
        if get_origin(hint) is Literal:
            value = getattr(settings, name)
            check(f"{where}{name}", value, value in get_args(hint), f"one of {_listed(hint)}")


def shown(value: object) -> str:
    """Return a value for a message: short, however long or deep it is."""
    return reprlib.repr(value)[:80]


def parse_toml(text: str, name: str) -> dict[str, Any]:
    """Return the table in a text.

    Raises
    ------
    SettingsError
        Under ``name``, when it is no TOML or longer than a recipe can be. A line is limited too: to read a
        key of n dotted parts takes memory of n squared.
    """
    longest = max(map(len, text.splitlines()), default=0)
    check(name, text, len(text) <= LARGEST_TEXT, f"at most {LARGEST_TEXT:,} characters of TOML")
    check(name, text, longest <= LONGEST_LINE, f"TOML in lines of at most {LONGEST_LINE:,} characters")
    try:
        return toml_text.parse_toml(text)
    except ValueError as error:
        raise SettingsError(name, expected="TOML", found=str(error)[:200]) from error


def settings_of(kind: type[Settings], table: object, where: str = "") -> Settings:
    """Return an instance of a settings class from a table.

    Parameters
    ----------
    kind : type
        A dataclass; its fields are the keys.
    table : mapping
        What it leaves out keeps its default.
    where : str
        Dotted name of the table, for messages; empty at the top.

    Raises
    ------
    SettingsError
        When a key is unknown, or a value cannot be used.
    """
    if not isinstance(table, Mapping):
        raise SettingsError(where, expected="a table", found=shown(table))
    prefix = f"{where}." if where else ""
    hints = get_type_hints(kind)
    unknown = sorted(map(str, set(table) - set(hints)))
    if unknown:
        raise SettingsError(
            f"{prefix}{unknown[0]}", expected=f"one of {', '.join(hints)}", found="a key that is not known"
        )
    return kind(**{key: _value(hints[key], value, f"{prefix}{key}") for key, value in table.items()})


def _value(hint: Any, value: Any, where: str) -> Any:
    if dataclasses.is_dataclass(hint):
        return settings_of(hint, value, where)  # type: ignore[arg-type]
    origin = get_origin(hint)
    if origin is Literal:
        check(where, value, value in get_args(hint), f"one of {_listed(hint)}")
        return value
    if origin is tuple:
        check(where, value, isinstance(value, list | tuple), "a list")
        return tuple(_value(get_args(hint)[0], each, where) for each in value)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        check(where, value, isinstance(value, Mapping), "a table")
        return {str(key): _value(get_args(hint)[1], each, f"{where}.{key}") for key, each in value.items()}
    return _plain(get_args(hint) if origin in (Union, types.UnionType) else (hint,), value, where)


def _plain(kinds: tuple[type, ...], value: Any, where: str) -> Any:
    """Return a number, text, truth value or None of one of these kinds; a whole number serves as float."""
    if type(value) is int and int not in kinds and float in kinds:
        check(where, value, abs(value) <= 1 << 53, "a number that a float holds")
        return float(value)
    names = " or ".join("nothing" if kind is type(None) else kind.__name__ for kind in kinds)
    check(where, value, type(value) in kinds, names)
    check(where, value, not isinstance(value, float) or math.isfinite(value), "a finite number")
    return value


def _listed(hint: Any) -> str:
    return ", ".join(map(str, get_args(hint)))
