"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Times say nothing on a busy machine. Under CI the same examples come each time, so that a red run is about
# the change that it judges; elsewhere each run looks at new ones.
settings.register_profile("sporemetry", deadline=None, print_blob=True)
settings.register_profile("ci", parent=settings.get_profile("sporemetry"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "sporemetry")

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


@pytest.fixture(scope="session")
def shared_cases() -> Path:
    """The folder of small inputs that go wrong, which is kept beside the real pictures."""
    folder = REAL_DATA.parent / "cases"
    if not folder.is_dir():
        pytest.skip(f"no small inputs at {folder}")
    return folder
