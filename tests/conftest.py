"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
REAL_DATA = Path(os.environ.get("SPOREMETRY_REAL_DATA", REPOSITORY.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real pictures, which is kept outside the repository."""
    if not REAL_DATA.is_dir():
        pytest.skip(f"no real pictures at {REAL_DATA}; SPOREMETRY_REAL_DATA names the folder that holds them")
    return REAL_DATA


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return REPOSITORY
