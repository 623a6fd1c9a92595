"""The short form of the mutation fuzz, and that it would see what it looks for."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests import fuzz_image
from tests.good_files import good_files
from tests.mutations import mutate

from sporemetry.image import ReadSettings

_MUTATIONS = 3_000


def test_pixels_or_an_image_read_error_and_nothing_else(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    tally = fuzz_image.fuzz(2, range(_MUTATIONS), tmp_path, fuzz_image.peak_memory())
    assert tally.violations == []
    assert sum(tally.outcomes.values()) == _MUTATIONS
    assert tally.outcomes["pixels"] > _MUTATIONS // 20  # damage that leaves a picture
    assert tally.outcomes["ImageDamagedError"] > _MUTATIONS // 4
    assert capfd.readouterr() == ("", "")


def test_a_mutation_can_be_made_again() -> None:
    files = sorted(good_files().items())
    made = [mutate(3, k, files) for k in range(50)]
    assert made == [mutate(3, k, files) for k in range(50)]
    assert len({content for _, content in made}) > 40
    assert made != [mutate(4, k, files) for k in range(50)]


@pytest.mark.parametrize("error", [ValueError("x"), MemoryError(), KeyboardInterrupt(), OSError("x")])
def test_any_other_exception_is_a_violation(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr(fuzz_image, "read_image", broken)
    assert fuzz_image.read_once(tmp_path, ReadSettings())[1] != ""


def test_what_only_the_last_net_catches_is_a_violation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("sporemetry.image.to_rgb", broken)
    path = tmp_path / "a.png"
    path.write_bytes(good_files()["rgb.png"])
    outcome, wrong = fuzz_image.read_once(path, ReadSettings())
    assert outcome == "ImageDamagedError"
    assert "unexpected ZeroDivisionError" in wrong
