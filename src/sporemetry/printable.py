r"""Text from outside, such as the name of a file, made fit for every place that shows it.

A name may hold an escape sequence that recolours or retitles a terminal, a line break that tears a table, or
a byte that is no text and that no file can be written with. Such characters are shown by their code, as in
``\x1b``. A cell that a spreadsheet would run as a formula gets an apostrophe in front.
"""

from __future__ import annotations

import re

# Control characters, separators of lines, marks of direction and of byte order, halves of surrogate pairs.
_HIDDEN = "\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff"
_HIDDEN_CHARACTER = re.compile(f"[{_HIDDEN}]")
# A backslash that could be taken for the start of a code.
_DOUBTFUL_BACKSLASH = re.compile(rf"\\(?=[\\nrtxu{_HIDDEN}])")
_UNDECODED = range(0xDC80, 0xDD00)  # bytes that are no text, as Python keeps them in names
_RUN_BY_SPREADSHEETS = "=+\\-@\uff1d\uff0b\uff0d\uff20"
# A text's own apostrophes get one more, so that taking one away gives the text back.
_RUN = re.compile(rf"\s*'*\s*[{_RUN_BY_SPREADSHEETS}]")
_KEPT_FROM_RUNNING = re.compile(rf"'{_RUN.pattern}")


def printable(text: str) -> str:
    r"""Return ``text`` with each character that cannot be shown as its code.

    Everything else stays as it is, so that a text is never changed twice.

    Examples
    --------
    >>> print(printable("leaf 7, \u03b2.jpg"))
    leaf 7, β.jpg
    >>> print(printable("a\x1b[31mb\r\n.jpg"), printable("a\udcff.jpg"), printable("a\u202egpj"))
    a\x1b[31mb\r\n.jpg a\xff.jpg a\u202egpj
    """
    return text if text.isascii() and text.isprintable() else _HIDDEN_CHARACTER.sub(_code, text)


def printable_name(name: str) -> str:
    r"""Return a file's name as :func:`printable` does, so that different names stay different.

    A backslash of the name itself is doubled where it could be taken for a code.

    Examples
    --------
    >>> print(printable_name("leaf\n1.png"), printable_name(r"leaf\n1.png"), printable_name("a b.png"))
    leaf\n1.png leaf\\n1.png a b.png
    """
    return printable(_DOUBTFUL_BACKSLASH.sub(r"\\\\", name))


def spreadsheet_cell(text: str) -> str:
    """Return ``text`` as a cell that a spreadsheet shows: with an apostrophe before what it would run.

    Examples
    --------
    >>> print(spreadsheet_cell('=HYPERLINK("x")'), spreadsheet_cell("+1"), spreadsheet_cell("a=1"))
    '=HYPERLINK("x") '+1 a=1
    """
    shown = printable(text)
    return f"'{shown}" if _RUN.match(shown) else shown


def spreadsheet_text(cell: str) -> str:
    """Return the text of a cell that :func:`spreadsheet_cell` made; codes of characters stay codes.

    Examples
    --------
    >>> print(spreadsheet_text("'+1"), spreadsheet_text("'t Hooft"), spreadsheet_text("''=x"))
    +1 't Hooft '=x
    """
    return cell[1:] if _KEPT_FROM_RUNNING.match(cell) else cell


def _code(match: re.Match[str]) -> str:
    code = ord(match.group())
    short = {9: "\\t", 10: "\\n", 13: "\\r"}.get(code)
    if short is not None:
        return short
    if code in _UNDECODED:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}"
