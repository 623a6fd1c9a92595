"""What the exit codes mean is said in one place for all of them, and the help says the same."""

from __future__ import annotations

import re
from pathlib import Path

from typer.testing import CliRunner

from sporemetry.cli.app import app
from sporemetry.cli.exit_codes import MEANINGS, ExitCode


def test_the_documentation_and_the_help_name_every_exit_code(repository: Path) -> None:
    page = (repository / "docs" / "results.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", page, re.MULTILINE)
    assert {int(code): meaning for code, meaning in rows} == {
        int(code): text for code, text in MEANINGS.items()
    }
    assert set(MEANINGS) == set(ExitCode)
    shown = " ".join(CliRunner().invoke(app, ["--help"]).output.split())
    assert all(f"{code} {meaning}" in shown for code, meaning in MEANINGS.items())
