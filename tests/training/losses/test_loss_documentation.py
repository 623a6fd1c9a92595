"""The examples of docs/losses.md are run, and its tables name every loss."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

from sporemetry.training.losses import LOSSES

FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.REPORT_NDIFF


def test_examples(repository: Path) -> None:
    page = (repository / "docs" / "losses.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", page, flags=re.DOTALL | re.MULTILINE)
    example = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, "docs/losses.md", None, None)
    assert len(example.examples) > 10
    report: list[str] = []
    results = doctest.DocTestRunner(optionflags=FLAGS).run(example, out=report.append)
    assert results.failed == 0, "".join(report)
    assert all(f"| `{name}`" in page for name in LOSSES)
