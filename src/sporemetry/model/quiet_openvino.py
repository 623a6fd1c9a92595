"""The one place that imports OpenVINO: without its telemetry.

``import openvino`` imports ``openvino.tools.ovc``, which sends an "import" event to an analytics server and
writes an id of the user below the home folder, by the package ``openvino_telemetry``. Where that package
cannot be imported, OpenVINO takes a stub of its own that does nothing (``telemetry_stub.py`` there), and so
does NNCF. So it is hidden while they are imported, and only then: nothing on disk and nothing else in the
process changes.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_TELEMETRY = "openvino_telemetry"
_guard = threading.RLock()


def import_openvino() -> Any:
    """Return the package ``openvino``; importing it here sends nothing and writes nothing.

    Where the process has imported OpenVINO before, that one is returned as it is.

    Raises
    ------
    ImportError
        When OpenVINO is not installed.
    """
    with telemetry_hidden():
        return importlib.import_module("openvino")


@contextmanager
def telemetry_hidden() -> Iterator[None]:
    """Let ``import openvino_telemetry`` fail in this block, as if it were not installed.

    What the process had imported of it before is there again afterwards.
    """
    with _guard:
        there = {
            name: sys.modules.pop(name)
            for name in list(sys.modules)
            if name == _TELEMETRY or name.startswith(f"{_TELEMETRY}.")
        }
        sys.modules[_TELEMETRY] = None  # type: ignore[assignment]  # so Python marks what is not to be found
        try:
            yield
        finally:
            sys.modules.pop(_TELEMETRY, None)
            sys.modules.update(there)
