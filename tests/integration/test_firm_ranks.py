"""Ranks under other assumptions, how far is searched for them, and what is to be checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.towns import Town, judged, village

if TYPE_CHECKING:
    from pathlib import Path

    from parkgap.results import Results

HALL = "service_point"  # one within 1000 m, from work


def with_places(settings: str = "") -> Town:
    """Draw the village with halls 620 and 1420 m, and a school 2300 m from the firm's door."""
    town = village()
    town.node(500, 0, amenity="townhall", name="Near")
    town.node(1300, 0, amenity="townhall", name="Far")
    town.settings = settings
    return town


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return with_places("[reach]\nlimit_m = 300").results(tmp_path_factory.mktemp("narrow"))


def test_a_narrow_view_calls_nothing_missing_that_a_test_asks_for(narrow: Results) -> None:
    found = judged(narrow, "P", HALL)
    assert (found["status"], found["found"]) == ("met", 1)
    assert found["nearest_m"] == pytest.approx(620, abs=0.1)


def test_a_wider_search_shows_no_more_than_was_asked_for(narrow: Results) -> None:
    assert narrow.nearby.empty
    # What an item names stays; the other, 1420 m away, is beyond 300 m and the margin of 500.
    assert narrow.facilities["name"].tolist() == ["Near"]
    assert narrow.counts["facilities"] == 1


def test_a_wide_view_shows_both(tmp_path: Path) -> None:
    found = with_places().results(tmp_path)
    assert found.nearby["metres"].tolist() == pytest.approx([620, 1420], abs=0.1)
    assert found.counts["facilities"] == 2
