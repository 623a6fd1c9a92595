"""Changes of a recipe as they are typed: ``crop.size=256``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from typing import Any

from sporemetry.errors import SettingsError


def parse_changes(texts: Iterable[str]) -> dict[str, Any]:
    """Return nested tables of changes; a value is TOML, or else taken as text.

    Raises
    ------
    SettingsError
        For a text without ``=``, or one key given as a value and as a table.

    Examples
    --------
    >>> parse_changes(["crop.size=256", "loss.name=cfl", "augment.turn=true", "keep=[60, 1000]"])
    {'crop': {'size': 256}, 'loss': {'name': 'cfl'}, 'augment': {'turn': True}, 'keep': [60, 1000]}
    """
    changes: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        *tables, name = [part.strip() for part in key.split(".")]
        if not equals or not name or not all(tables):
            raise SettingsError(
                "--set", expected="key=value, for instance crop.size=256", found=repr(text)[:80]
            )
        table = changes
        for part in tables:
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                raise SettingsError("--set", expected=f"{part} given once", found=repr(text)[:80])
        table[name] = _value(value.strip())
    return changes


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
