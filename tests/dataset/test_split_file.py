"""A split survives its file, and a file that would part a group is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sporemetry.dataset.split import Split
from sporemetry.dataset.split_file import read_split, write_split
from sporemetry.errors import LabelReadError

names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
SPLIT = Split(parts={"a_1": "train", "b,1": "test"}, groups={"a_1": "a", "b,1": "b"})


@given(
    st.dictionaries(names, st.tuples(st.integers(0, 3), st.just("train")), min_size=1),
    st.sampled_from(["csv", "json"]),
)
def test_written_and_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: dict[str, tuple[int, str]], ending: str
) -> None:
    groups = {name: f"g{group}" for name, (group, _) in rows.items()}
    split = Split(
        parts={name: ["train", "val"][group % 2] for name, (group, _) in rows.items()}, groups=groups
    )
    path = tmp_path_factory.getbasetemp() / f"split.{ending}"
    write_split(path, split)
    assert read_split(path) == split
    assert read_split(path, groups) == split


def test_as_a_table(tmp_path: Path) -> None:
    write_split(tmp_path / "split.csv", SPLIT)
    assert (tmp_path / "split.csv").read_text() == 'name,group,part\na_1,a,train\n"b,1",b,test\n'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "none"),
        ("name,part\na,train\n", "name, part"),
        ("name,group,part\na_1,a,train\na_1,a,train\n", "a second time"),
        ("name,group,part\na_1,a\n", "2 in line 2"),
        ("name,group,part\na_1,a,\n", "empty field"),
        ("name,group,part\na_1,a,train\na_2,a,test\n", "'a' in several"),
        ("\x00\x01", "the columns"),
    ],
)
def test_files_that_are_no_split(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "split.csv").write_text(text)
    with pytest.raises(LabelReadError, match=complaint):
        read_split(tmp_path / "split.csv")


def test_a_split_of_another_data_set(tmp_path: Path) -> None:
    write_split(tmp_path / "split.csv", SPLIT)
    with pytest.raises(LabelReadError, match="names that the data set lacks: b,1"):
        read_split(tmp_path / "split.csv", {"a_1": "a"})
    with pytest.raises(LabelReadError, match="no part for pictures of the data set: c_1"):
        read_split(tmp_path / "split.csv", {**SPLIT.groups, "c_1": "c"})
    with pytest.raises(LabelReadError, match="'both' in several"):
        read_split(tmp_path / "split.csv", dict.fromkeys(SPLIT.groups, "both"))
    for text in ("[1]", "{}", "[[[", '[{"name": 1, "group": "a", "part": "b"}]'):
        (tmp_path / "split.json").write_text(text)
        with pytest.raises(LabelReadError):
            read_split(tmp_path / "split.json")
    with pytest.raises(LabelReadError, match="No such file"):
        read_split(tmp_path / "none.csv")
