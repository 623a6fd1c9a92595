"""Spores counted by labels or boxes, on the real sets."""

from __future__ import annotations

from pathlib import Path

import pytest

from sporemetry.dataset.counts import spore_counts
from sporemetry.dataset.folder import open_dataset


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "spores"), [("anthracnose", 103), ("nosema", 848), ("rice_blast", 6056), ("dic_fungal", 156)]
)
def test_real_sets_hold_the_spores_they_state(real_data: Path, name: str, spores: int) -> None:
    assert sum(spore_counts(open_dataset(real_data / name).items).values()) == spores
