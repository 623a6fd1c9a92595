"""A card survives its file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sporemetry.dataset.card import DatasetCard, format_card, read_card
from sporemetry.errors import SettingsError

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(
    st.none() | st.floats(1e-5, 1e5),
    texts,
    texts,
    st.dictionaries(names, names, max_size=4),
)
def test_written_and_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    scale: float | None,
    species: str,
    note: str,
    groups: dict[str, str],
) -> None:
    card = DatasetCard(um_per_px=scale, species=species, note=note, groups=groups)
    path = tmp_path_factory.getbasetemp() / "dataset.toml"
    path.write_bytes(format_card(card).encode("utf-8"))
    assert read_card(path) == card


def test_nothing_in_it(tmp_path: Path) -> None:
    assert format_card(DatasetCard()) == ""
    assert read_card(tmp_path / "dataset.toml") == DatasetCard()


def test_what_no_file_can_hold() -> None:
    for card in (
        DatasetCard(um_per_px=float("nan")),
        DatasetCard(um_per_px=-1.0),
        DatasetCard(species="\ud800"),
        DatasetCard(groups={"a*": ""}),
        DatasetCard(note="x" * (5 << 20)),
    ):
        with pytest.raises(SettingsError):
            format_card(card)
