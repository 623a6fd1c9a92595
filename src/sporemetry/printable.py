r"""Text from outside, such as the name of a file, made fit for every place that shows it.

A name may hold an escape sequence that recolours or retitles a terminal, a line break that tears a table, or
a byte that is no text and that no file can be written with. Such characters are shown by their code, as in
``\x1b``. A cell that a spreadsheet would run as a formula gets an apostrophe in front.
"""

from __future__ import annotations

import re

# Control characters, what turns the direction of text round, line separators, and halves of surrogate pairs.
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_UNDECODED = range(0xDC80, 0xDD00)  # bytes that are no text, as Python keeps them in names
_RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def printable(text: str) -> str:
    r"""Return ``text`` with each character that cannot be shown as its code.

    Text without such a character is returned as it is. In other text a backslash is doubled, so that two
    texts never become one. The result has no such character, so that it is never changed again.

    Examples
    --------
    >>> print(printable("leaf 7, \u03b2.jpg"))
    leaf 7, β.jpg
    >>> print(printable("a\x1b[31mb\r\n.jpg"), printable("a\udcff.jpg"), printable("a\u202egpj"))
    a\x1b[31mb\r\n.jpg a\xff.jpg a\u202egpj
    """
    return _HIDDEN.sub(_code, text.replace("\\", "\\\\")) if _HIDDEN.search(text) else text


def spreadsheet_cell(text: str) -> str:
    """Return ``text`` as a cell that a spreadsheet shows: with an apostrophe before what it would run.

    Examples
    --------
    >>> print(spreadsheet_cell('=HYPERLINK("x")'), spreadsheet_cell("+1"), spreadsheet_cell("a=1"))
    '=HYPERLINK("x") '+1 a=1
    """
    shown = printable(text)
    return f"'{shown}" if shown.lstrip().startswith(_RUN_BY_SPREADSHEETS) else shown


def spreadsheet_text(cell: str) -> str:
    """Return the text of a cell that :func:`spreadsheet_cell` made; codes of characters stay codes.

    Examples
    --------
    >>> print(spreadsheet_text("'+1"), spreadsheet_text("'t Hooft"))
    +1 't Hooft
    """
    rest = cell.removeprefix("'")
    return rest if rest.lstrip().startswith(_RUN_BY_SPREADSHEETS) else cell


def _code(match: re.Match[str]) -> str:
    code = ord(match.group())
    short = {9: "\\t", 10: "\\n", 13: "\\r"}.get(code)
    if short is not None:
        return short
    if code in _UNDECODED:
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
