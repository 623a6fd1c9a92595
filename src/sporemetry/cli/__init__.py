"""The command line: it parses, calls and presents; the work is done in :mod:`sporemetry.pipeline`.

Nothing heavy is imported until a command runs, so that ``sporemetry --help`` answers at once.
"""

from sporemetry.cli.app import app, main

__all__ = ["app", "main"]
