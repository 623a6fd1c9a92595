"""Names of files are read as UTF-8, whatever language the shell is set to.

On a disk a name is bytes, nearly always UTF-8. Python makes text of them by the locale: under ``LC_ALL=C``,
or one of an old alphabet, the name that a sample sheet, a COCO file or a settings file writes would not be
that of the file. Python fixes this when it starts; so a command that finds another encoding starts anew.
"""

from __future__ import annotations

import codecs
import os
import sys
from contextlib import suppress


def read_names_as_utf8() -> None:
    """Start this command anew, in the same process, unless names of files are read as UTF-8 already.

    Bytes that are no UTF-8 stay what they are (PEP 383). The terminal keeps its encoding. Nothing is done
    where the user chose (``python -X utf8=0``), or where Python is part of another program.
    """
    known = codecs.lookup(sys.getfilesystemencoding()).name == "utf-8"
    if known or "utf8" in sys._xoptions or not sys.executable or getattr(sys, "frozen", False):
        return
    if sys.stdout is not None and not os.environ.get("PYTHONIOENCODING"):
        os.environ["PYTHONIOENCODING"] = f"{sys.stdout.encoding}:{sys.stdout.errors}"
    with suppress(OSError):
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])
