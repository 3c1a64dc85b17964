"""What all tests share: where the real inputs lie, and settings that make runs repeatable."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest

CHECKOUT = Path(__file__).resolve().parents[1]

# A shared machine is slow at times; time limits would fail tests that are right.  In CI the
# examples are the same every run, elsewhere hypothesis goes on looking.
hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")


def shared_folder() -> Path:
    """Return where the real inputs are expected: PARKGAP_SHARED, else beside the checkout."""
    named = os.environ.get("PARKGAP_SHARED")
    return Path(named) if named else CHECKOUT.parent / "shared" / "data"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that takes the real inputs, so that ``-m "not shared"`` leaves it out."""
    for item in items:
        if "shared" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.shared)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of the real inputs; the test is skipped, and says why, where it is not there."""
    folder = shared_folder()
    if not folder.is_dir():
        pytest.skip(f"real inputs are not there: {folder} (name them with PARKGAP_SHARED)")
    return folder


@pytest.fixture(scope="session")
def checkout() -> Path:
    """Top folder of the source checkout."""
    return CHECKOUT
