"""The examples of docs/losses.md are run, and its tables name every loss."""

from __future__ import annotations

import doctest
import inspect
import re
from pathlib import Path

import pytest

from sporemetry.training import losses
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


COMPARATORS = [
    "logit_adjusted_ce_loss", "dice_loss", "dice_ce_loss", "dice_cfl_star_loss", "tversky_loss",
    "focal_tversky_loss", "unified_focal_loss", "distance_weighted_ce_loss", "boundary_loss",
    "dice_boundary_loss",
]  # fmt: skip


def sections(text: str) -> dict[str, str]:
    """Return the parts of a numpydoc docstring by their headings; what stands before is under ''."""
    parts = re.split(r"^ *(\w+)\n *-{3,}\n", inspect.cleandoc(text), flags=re.MULTILINE)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


@pytest.mark.parametrize("name", COMPARATORS)
def test_each_comparator_says_what_it_takes_gives_and_costs(name: str) -> None:
    function = getattr(losses, name)
    said = sections(function.__doc__)
    assert {"Parameters", "Returns", "Raises", "Examples"} <= set(said)
    assert re.search(r"doi 10\.|arXiv", said[""])
    assert "nothing in it" in said["Returns"]
    assert re.search(r"tensor\(\d+\.\d{2,}\)", said["Examples"])
    for parameter in inspect.signature(function).parameters:
        assert re.search(rf"^[\w, *]*\b{parameter}\b", said["Parameters"], flags=re.MULTILINE), parameter


def test_each_comparator_module_says_the_same() -> None:
    modules = list(LOSSES.values())[7:]
    assert len(modules) == len(COMPARATORS)
    for module in modules:
        said = sections(module.__doc__ or "")
        assert {"Parameters", "Raises", "Examples"} <= set(said), module
        assert re.search(r"tensor\(\d+\.\d{2,}\)", said["Examples"]), module
        for option in inspect.signature(module).parameters:
            assert re.search(rf"\b{option}\b", said["Parameters"]), (module, option)
