"""What a terminal is sent: text that it can show, and nothing from outside that it would obey."""

from __future__ import annotations

import codecs
import io
import sys

from rich.markup import escape as escape_markup

from sporemetry.printable import printable

_ERRORS = "sporemetry"
# For consoles that know ASCII or one old alphabet only.
_PLAIN = {
    "µ": "u",
    "μ": "u",
    "²": "2",
    "³": "3",
    "×": "x",
    "·": "*",
    "±": "+/-",
    "…": "...",
    "–": "-",
    "—": "-",
    "−": "-",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
    "\u00a0": " ",
}


def escape(text: str) -> str:
    r"""Return text from outside as it can be printed between marks of colour.

    Nothing in it is taken for a mark, and no code in it reaches the terminal.

    Examples
    --------
    >>> print(escape("[red]\x1b]0;title\x07"))
    \[red]\x1b]0;title\x07
    """
    return escape_markup(printable(text))


def show_every_character() -> None:
    """Let standard output and error show as a code what their encoding lacks; else printing would fail."""
    codecs.register_error(_ERRORS, _plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_ERRORS)


def _plain(error: UnicodeError) -> tuple[str | bytes, int]:
    if isinstance(error, UnicodeEncodeError):
        plain = _PLAIN.get(error.object[error.start])
        if plain is not None:
            return plain, error.start + 1
    return codecs.backslashreplace_errors(error)
