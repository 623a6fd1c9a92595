"""Changes of a recipe as they are typed: ``crop.size=256``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sporemetry.errors import SettingsError
from sporemetry.training.settings_table import LONGEST_LINE, check, parse_toml, shown


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
        check("--set", text, len(text) < LONGEST_LINE, f"less than {LONGEST_LINE:,} characters")
        key, equals, value = text.partition("=")
        *tables, name = [part.strip() for part in key.split(".")]
        if not equals or not name or not all(tables):
            raise SettingsError("--set", expected="key=value, for instance crop.size=256", found=shown(text))
        table = changes
        for part in tables:
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                raise SettingsError("--set", expected=f"{part} given once", found=shown(text))
        if isinstance(table.get(name), dict):
            raise SettingsError("--set", expected=f"{name} given once", found=shown(text))
        table[name] = _value(value.strip())
    return changes


def _value(text: str) -> Any:
    try:
        return parse_toml(f"value = {text}", "--set")["value"]
    except SettingsError:
        return text
