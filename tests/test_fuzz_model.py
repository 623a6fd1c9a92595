"""The short form of the mutation fuzz of packaged networks, and that it would see what it looks for."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests import fuzz_model
from tests.fuzz_image import peak_memory
from tests.model.networks import dark_bytes

_MUTATIONS = 200


def test_logits_or_a_model_error_and_nothing_else(tmp_path: Path) -> None:
    fuzz_model.fuzz(2, range(1), tmp_path, 1 << 62)
    tally = fuzz_model.fuzz(2, range(_MUTATIONS), tmp_path, peak_memory())
    assert tally.violations == []
    assert sum(tally.outcomes.values()) == _MUTATIONS
    assert tally.outcomes["logits"] > _MUTATIONS // 20  # changed weights, with the hash made right
    assert len(tally.outcomes) >= 4


def test_repairing_makes_the_hash_right() -> None:
    assert fuzz_model.repaired(dark_bytes()) == dark_bytes()


@pytest.mark.parametrize("error", [ValueError("x"), MemoryError(), RuntimeError("x"), OSError("x")])
def test_any_other_exception_is_a_violation(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr(fuzz_model, "read_model", broken)
    assert fuzz_model.try_file(tmp_path)[1] != ""


@pytest.mark.soak
def test_five_minutes_of_mutations() -> None:
    total = fuzz_model.run(3, 300, 2)
    print(f"{sum(total.outcomes.values()):,} mutations: {dict(total.outcomes)}")
    assert total.violations == []
