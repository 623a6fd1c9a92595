"""Fixtures of the tests that run commands."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.pipeline.counted import Command


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command in this process: its exit code, and what it said."""
    from sporemetry.cli import main

    def run(*arguments: str | Path) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["sporemetry", *map(str, arguments), "--workers", "1"])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        code = ended.value.code
        return (code if isinstance(code, int) else 0), " ".join((said.out + said.err).split())

    return run
