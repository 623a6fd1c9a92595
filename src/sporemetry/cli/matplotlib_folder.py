"""Where matplotlib keeps its list of fonts while a command runs: in the folder for temporary files.

Left alone, ``import matplotlib`` makes folders below the home folder and writes the list there. A command
writes nothing there. In a notebook matplotlib is the user's own, so that only the command line does this.
"""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from importlib.abc import MetaPathFinder
from pathlib import Path

_FOLDER, _SETTINGS = "MPLCONFIGDIR", "MATPLOTLIBRC"


def keep_out_of_home() -> None:
    """Name a temporary folder to matplotlib before it is imported; the folder goes when the process ends.

    Nothing is done where the user has named one (``MPLCONFIGDIR``). The user's own settings are still read.
    Worker processes inherit the folder. It is made when matplotlib is imported: by commands that draw.
    """
    if os.environ.get(_FOLDER):
        return
    # A name that nobody can guess: all users of a machine may write where it lies.
    folder = Path(tempfile.gettempdir(), f"sporemetry-matplotlib-{secrets.token_hex(8)}")
    with suppress(OSError, RuntimeError):  # without a home folder there are no settings in it
        settings, fonts = _users_folders()
        if not os.environ.get(_SETTINGS) and (settings / "matplotlibrc").is_file():
            os.environ[_SETTINGS] = str(settings / "matplotlibrc")
        sys.meta_path.insert(0, _FontLists(fonts, folder))
    os.environ[_FOLDER] = str(folder)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)


class _FontLists(MetaPathFinder):
    """Copies the user's lists of fonts when matplotlib is imported: making one takes seconds."""

    def __init__(self, source: Path, folder: Path) -> None:
        self._source, self._folder = source, folder

    def find_spec(self, name: str, path: Sequence[str] | None, target: object = None) -> None:
        """Find nothing: matplotlib is found where it always is."""
        del path, target
        if name == "matplotlib":
            sys.meta_path.remove(self)
            with suppress(OSError):
                for each in self._source.glob("fontlist-*.json"):
                    self._folder.mkdir(exist_ok=True)
                    shutil.copyfile(each, self._folder / each.name)


def _users_folders() -> tuple[Path, Path]:
    """Return where matplotlib looks for settings and for its list of fonts when nothing else is said."""
    if sys.platform.startswith(("linux", "freebsd")):
        settings = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
        fonts = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return settings / "matplotlib", fonts / "matplotlib"
    folder = Path.home() / ".matplotlib"
    return folder, folder
