"""Tables and figures in the marked places of a page that somebody writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sporemetry.errors import LabelReadError
from sporemetry.paper.insertion import insert, read_parts

PAGE = """# Ours

Before.

<!-- paper cpu nosema table4 -->
old
<!-- /paper -->

<!-- paper cpu bench table4 -->
of another data set
<!-- /paper -->

<!-- paper cpu nosema fig6 -->
<!-- /paper -->

<!-- paper cpu nosema table5 -->
not drawn yet
<!-- /paper -->
After.
"""


@pytest.fixture
def output(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    (folder / "tables").mkdir(parents=True)
    (folder / "figures").mkdir()
    (folder / "tables" / "table4.md").write_text("### Table 4\n\n| CFL* | β |\n", encoding="utf-8")
    (folder / "figures" / "table4.png").write_bytes(b"four")
    (folder / "figures" / "fig6.png").write_bytes(b"six")
    (folder / "figures" / "fig9.png").write_bytes(b"not asked for")
    return folder


def test_places_are_filled_and_the_rest_is_left(tmp_path: Path, output: Path) -> None:
    page = tmp_path / "docs" / "paper.md"
    page.parent.mkdir()
    page.write_text(PAGE, encoding="utf-8")
    inserted = insert(page, output, "cpu", "nosema")
    expected = PAGE.replace(
        "old\n", "\n### Table 4\n\n| CFL* | β |\n\n![table4](paper/cpu-nosema-table4.png)\n\n"
    )
    expected = expected.replace("fig6 -->\n", "fig6 -->\n\n![fig6](paper/cpu-nosema-fig6.png)\n\n")
    assert page.read_text(encoding="utf-8") == expected
    assert inserted.empty == ("table5",)
    assert {path.name for path in (page.parent / "paper").iterdir()} == {
        "cpu-nosema-table4.png",
        "cpu-nosema-fig6.png",
    }
    assert (page.parent / "paper" / "cpu-nosema-fig6.png").read_bytes() == b"six"
    # Filled once more it is the same page.
    insert(page, output, "cpu", "nosema")
    assert page.read_text(encoding="utf-8") == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<!-- paper cpu nosema table4 -->\n", "the end of the page"),
        ("<!-- /paper -->\n", "a place that was begun"),
        ("<!-- paper cpu nosema table1 -->\n<!-- /paper -->\n", "table1 is in hard"),
        (
            "<!-- paper cpu x fig3 -->\n<!-- paper cpu x fig4 -->\n<!-- /paper -->\n",
            "another place in line 2",
        ),
    ],
)
def test_a_page_that_cannot_be_filled_is_left(tmp_path: Path, output: Path, text: str, said: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    with pytest.raises(LabelReadError, match=said):
        insert(page, output, "cpu", "nosema")
    assert page.read_text(encoding="utf-8") == text
    assert not (tmp_path / "page").exists()


def test_what_is_no_page_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    with pytest.raises(LabelReadError, match=r"No such file"):
        read_parts(page)
    page.write_bytes(b"\xff\xfe")
    with pytest.raises(LabelReadError, match="UTF-8"):
        read_parts(page)


@given(st.lists(st.sampled_from(["a", "", "<!-- paper cpu d fig6 -->", "<!-- /paper -->", "<!-- x -->"])))
def test_every_line_is_in_one_part(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    page = tmp_path_factory.mktemp("page") / "page.md"
    page.write_text("\n".join(lines))
    try:
        parts = read_parts(page)
    except LabelReadError:
        return
    assert sum(len(part.lines) + 2 * bool(part.place) for part in parts) == len("\n".join(lines).splitlines())
