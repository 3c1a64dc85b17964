"""Shifts of single enterprises beside those of their park, worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.towns import Town, judged, village

from parkgap import rerun
from parkgap.errors import InputError
from parkgap.results import Results

MEAL = "canteen_or_meal"
DAY, NIGHT = ("08:00", "17:00", "12:00"), ("22:00", "06:00", "02:00")
Row = tuple[str, str, tuple[str, str, str], float]  # enterprise, name, times, share


def firms(*rows: Row, lost: bool = False) -> Town:
    """Two firms of 2,600 and 2,000 workers at one place; five restaurants shut at night.

    With `lost`, nobody knows where the larger one is.
    """
    town = village(workers=4600)
    town.firm("G", "P", (0, 120), workers=2000)
    first, _ = town.tables["enterprises"]
    first["workers"] = 2600
    if lost:
        first |= {"lon": "", "lat": ""}
    for i in range(5):
        town.node(100 + 10.0 * i, -5, amenity="restaurant", opening_hours="Mo-Su 10:00-21:00",
                  name=f"Table {i}")  # fmt: skip
    names = ("start", "end", "break_start")
    town.tables["shifts"] = [
        {"park_id": "P", "enterprise_id": firm, "shift": name, **dict(zip(names, at, strict=True)),
         "break_minutes": 60, "share": share}
        for firm, name, at, share in rows
    ]  # fmt: skip
    return town


def meals(results: Results) -> dict[str, tuple[object, ...]]:
    """Status, workers and workers not served, by shift."""
    rows = results.assessment[results.assessment["item"] == MEAL]
    return {
        str(r["shift"]): (str(r["status"]), round(r["workers"], 6), float(r["workers_unserved"]))
        for r in rows.to_dict("records")
    }


def test_a_firm_that_works_at_night_has_nothing_to_eat_and_its_neighbour_has(
    tmp_path: Path,
) -> None:
    results = firms(("", "day", DAY, 1.0), ("F", "night", NIGHT, 1.0)).results(tmp_path)
    assert meals(results) == {
        "all": ("short", 4600, 2600),
        "day": ("met", 2000, 0),
        "night": ("short", 2600, 2600),
    }
    assert judged(results, "P", "hair")["shift"] == "all"


def test_the_parks_shifts_are_those_of_the_firms_without_their_own(tmp_path: Path) -> None:
    # Half of G's 2,000 work at night, and all of F's 2,600.
    rows = (("", "day", DAY, 0.5), ("", "night", NIGHT, 0.5), ("F", "night", NIGHT, 1.0))
    found = meals(firms(*rows).results(tmp_path))
    assert found["day"] == ("met", 1000, 0)
    assert found["night"] == ("short", 3600, 3600)


def test_shifts_of_one_name_at_other_times_are_told_apart(tmp_path: Path) -> None:
    town = firms(("", "day", DAY, 1.0), ("F", "day", NIGHT, 1.0))
    found = meals(town.results(tmp_path))
    assert found["day"] == ("met", 2000, 0)
    assert found["day · F"] == ("short", 2600, 2600)


def test_whose_shift_nobody_gave_may_come_at_any_hour(tmp_path: Path) -> None:
    town = firms(("F", "night", NIGHT, 1.0))
    rerun.run(town.write(tmp_path / "town"), tmp_path / "out")
    found = meals(firms(("F", "night", NIGHT, 1.0)).results(tmp_path / "again"))
    assert found["night"] == ("short", 2600, 2600)
    assert found["others"] == ("met", 2000, 0)
    listed = (tmp_path / "out/shortfall.csv").read_text(encoding="utf-8-sig")
    assert ",night,short," in listed


def test_the_shifts_of_a_firm_that_nobody_located_are_of_those_at_no_firm(tmp_path: Path) -> None:
    # F's 2,600 stand for everybody who is not at G.  They start at the park's middle.
    found = meals(firms(("", "day", DAY, 1.0), ("F", "night", NIGHT, 1.0), lost=True)
                  .results(tmp_path))  # fmt: skip
    assert found["day"] == ("met", 2000, 0)
    assert found["night"] == ("short", 2600, 2600)


def test_a_firm_that_nobody_located_gives_its_shifts_to_nobody_else(tmp_path: Path) -> None:
    # Nobody gave the park's shifts: G's 2,000 may come at any hour, and so may whoever is at
    # no firm but F's 2,600.
    found = meals(firms(("F", "night", NIGHT, 1.0), lost=True).results(tmp_path))
    assert found["others"] == ("met", 2000, 0)
    assert found["night"] == ("short", 2600, 2600)


@pytest.mark.parametrize("name", ["all", "others"])
def test_no_shift_has_a_name_that_the_results_use(tmp_path: Path, name: str) -> None:
    # It would be taken for the shift of those whose shift nobody gave.
    with pytest.raises(InputError, match="no shift may be called"):
        firms(("F", name, NIGHT, 1.0)).results(tmp_path)


@pytest.mark.parametrize(
    ("firm", "said"),
    [("X", "no such one in that park"), ("F", "do not sum to 1")],
)
def test_a_firm_must_be_known_and_its_shares_whole(tmp_path: Path, firm: str, said: str) -> None:
    town = firms(("", "day", DAY, 1.0), (firm, "night", NIGHT, 1.0 if firm == "X" else 0.9))
    with pytest.raises(InputError, match=said):
        town.results(tmp_path)
