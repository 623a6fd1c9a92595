import csv
import io
import re
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sporemetry
from sporemetry.csv_table import csv_bytes, csv_rows
from sporemetry.printable import printable, printable_name, spreadsheet_cell, spreadsheet_text

RUN = (
    "=1+2",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n@x",
    " =1",
    "\uff1d1",
    "\uff0b1",
    "\uff0d1",
    "\uff20x",
)


@pytest.mark.parametrize("text", RUN)
def test_no_cell_begins_with_what_a_spreadsheet_runs(text: str) -> None:
    table = pd.DataFrame({text: [text, "a"], "number": [-1.5, 2.0]})
    written = csv_bytes(table, float_format="%.3g").decode()
    assert written == csv_rows([(text, "number"), (text, -1.5), ("a", 2.0)], float_format="%.3g").decode()
    rows = list(csv.reader(io.StringIO(written, newline=""), strict=True))
    assert len(rows) == 3
    assert rows[1][1] == "-1.5"
    assert rows[0][0] == rows[1][0]
    assert rows[0][0][0] in "'\\"


@given(st.text())
def test_what_is_shown_can_be_seen_and_written_and_taken_back(text: str) -> None:
    shown = printable(text)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]", shown)
    assert printable(shown) == shown
    assert spreadsheet_text(spreadsheet_cell(text)) == shown


@given(st.lists(st.text(alphabet="a\\nrtxu1b80\n\r\t\x1b\x80\x85\udc80\udc85\ud800"), unique=True))
def test_different_names_are_shown_differently(names: list[str]) -> None:
    assert len({printable_name(name) for name in names}) == len(names)


def test_every_table_is_written_by_csv_table() -> None:
    source = Path(sporemetry.__file__).parent
    writers = re.compile(r"\.to_csv\(|csv\.(writer|DictWriter)\(")
    found = {path.name for path in source.rglob("*.py") if writers.search(path.read_text(encoding="utf-8"))}
    # The sheet to fill in escapes by itself, since it may have semicolons; the third only compares numbers.
    assert found == {"csv_table.py", "template.py", "recorded_image.py"}
