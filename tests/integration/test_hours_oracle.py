"""Open or closed, as opening_hours.js has it: another library, written by other people.

The values are those of the real extracts.  They hold 291 distinct texts of ``opening_hours`` and
its siblings; single rules of them, asked by themselves, make up the number.  Each is asked at 200
moments of 2026: half of them anywhere, half within a minute of a time that the value names.
Public holidays are those that opening_hours.js knows for the place, written out as dates as
parkgap does with China's.  No value of the extracts names school holidays (SH) or the sun.

Letters: o open, u nobody knows, c closed.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import re
import shutil
import subprocess
from pathlib import Path

import osmium
import pytest

from parkgap.access.hour_text import normalise, rules_of, with_holidays
from parkgap.access.open_times import MARGIN, evaluated

JS = Path(__file__).parents[1] / "js"
KEYS = ("opening_hours", "opening_hours:covid19", "xmas:opening_hours")
SEED = 2026
MOMENTS = 200
YEAR = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - local time
DAYS = 365
LAT, LON, ZONE = 53.56, 13.26, "Europe/Berlin"
PLACE = {
    "lat": str(LAT),  # as Nominatim gives them; numbers would be passed over
    "lon": str(LON),
    "address": {"country_code": "de", "state": "Mecklenburg-Vorpommern"},
}
CLOCK_CHANGES = {dt.date(2026, 3, 29), dt.date(2026, 10, 25)}  # one hour is missing, one is twice

NIGHT = (
    "the rule of the next day may end a night at midnight: the libraries do not agree when, "
    "whoever wrote it meant the night to go on, and parkgap takes it for unknown"
)
#: Values of which both make something, and not the same: the hours concerned, pairs (ours, theirs).
DIFFERENT = {
    "Mo-Fr 12:30-16:30, 19:30-00:00; Sa 12:30-00:30; Su 12:30-00:00": ((0, 1), {"uc"}, NIGHT),
    "Mo-Fr 17:00-03:00;Sa-Su 18:00-03:00": ((0, 3), {"uc", "uo"}, NIGHT),
    "Mo-Th 06:00-00:00; Fr 06:00-02:00; Sa 07:00-02:00; Su 07:00-00:00": ((0, 2), {"uc"}, NIGHT),
    "Mo-Th 10:00-01:00; Fr-Su 10:00-03:00": ((0, 3), {"uc", "uo"}, NIGHT),
    "Mo-Th,Su 09:00-00:00; Fr, Sa 09:00-01:00": ((0, 1), {"uc", "uo"}, NIGHT),
    "Tu-Th, Su 12:00-11:00; Fr, Sa, PH 12:00-00:00": ((0, 11), {"uc", "uo"}, NIGHT),
}
#: Values that only one of the two reads.
ONE_SIDED = {
    # | between rules is no separator of the specification, and plain to a reader.
    "Mo-Fr 08:30-19:30 | Sa 08:30-16:30 | Su 08:30-14:30": "ours",
    # German names of days: opening_hours.js translates them.
    "So-Do 10:00-20:00;Fr-Sa 10:00-21:00": "theirs",
    "So-Do 10:00-20:00": "theirs",
}
NEITHER = {"Lunes a Viernes de 8:00 a 16:00"}


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node")
    if found is None:
        said = "NO NODE HERE: opening hours are NOT compared with opening_hours.js"
        if os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)
    if not (JS / "node_modules" / "opening_hours").is_dir():
        pytest.fail("opening_hours.js is not installed: npm ci --prefix tests/js")
    return found


def values_of(files: list[Path]) -> list[str]:
    found: set[str] = set()
    keys = osmium.filter.KeyFilter(*KEYS)
    for file in files:
        for entity in osmium.FileProcessor(file).with_filter(keys):
            found |= {entity.tags[key] for key in KEYS if key in entity.tags}
    return sorted(found)


def moments_for(value: str, rng: random.Random) -> list[dt.datetime]:
    times = [int(h) * 60 + int(m) for h, m in re.findall(r"(\d{1,2})[:.](\d\d)", value)] or [0]
    found: list[dt.datetime] = []
    while len(found) < MOMENTS:
        near = rng.choice(times) + rng.choice((-1, 0, 1))
        minute = rng.randrange(1440) if len(found) % 2 else near % 1440
        moment = YEAR + dt.timedelta(days=rng.randrange(DAYS), minutes=minute)
        if moment.date() not in CLOCK_CHANGES:
            found.append(moment)
    return found


def theirs(node: str, questions: list[tuple[str, list[dt.datetime]]]) -> list[str | None]:
    """Letters of each question's moments; None where opening_hours.js cannot read the value."""
    asked = [
        {"value": value, "moments": [f"{m:%Y-%m-%dT%H:%M}" for m in moments]}
        for value, moments in questions
    ]
    done = subprocess.run(
        [node, "opening_hours.cjs"],
        cwd=JS,
        input=json.dumps({"place": PLACE, "questions": asked}),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
        env={**os.environ, "TZ": ZONE},
    )
    return [answer.get("states") for answer in json.loads(done.stdout)]


def ours(value: str, moments: list[dt.datetime], holidays: list[dt.date]) -> str | None:
    text = normalise(value)
    if text is None:
        return None
    first = YEAR.date() - dt.timedelta(days=MARGIN)
    text = with_holidays(text, holidays)
    at = (LAT, LON) if re.search(r"sun(?:rise|set)|dawn|dusk", text) else None
    sure, maybe = evaluated(text, at, first, DAYS + 2 * MARGIN, None)
    out = ""
    for moment in moments:
        minute = (moment - YEAR).total_seconds() / 60
        letters = (
            letter
            for letter, stretches in (("o", sure), ("u", maybe))
            if ((stretches[:, 0] <= minute) & (minute < stretches[:, 1])).any()
        )
        out += next(letters, "c")
    return out


def compare(node: str, values: list[str]) -> tuple[list[str], int]:
    """List what differs and is not explained, and count the moments that were compared."""
    rng = random.Random(SEED)  # noqa: S311 - moments to look at
    noons = [YEAR + dt.timedelta(days=d, hours=12) for d in range(DAYS)]
    questions = [(value, moments_for(value, rng)) for value in values]
    off, *answers = theirs(node, [("PH", noons), *questions])
    assert off is not None
    holidays = [m.date() for m, state in zip(noons, off, strict=True) if state == "o"]
    assert dt.date(2026, 10, 3) in holidays
    wrong: list[str] = []
    compared = 0
    for (value, moments), other in zip(questions, answers, strict=True):
        own = ours(value, moments, holidays)
        if own is None or other is None:
            read = {(True, False): "theirs", (False, True): "ours"}.get(
                (own is None, other is None)
            )
            if ONE_SIDED.get(value) != read or (read is None and value not in NEITHER):
                wrong.append(f"{value}: read by {read or 'neither'}")
            continue
        compared += len(moments)
        wrong += unexplained(value, moments, own, other)
    return wrong, compared


def unexplained(value: str, moments: list[dt.datetime], own: str, other: str) -> list[str]:
    (begin, end), pairs, _ = DIFFERENT.get(value, ((0, 0), set[str](), ""))
    return [
        f"{value} at {moment:%a %Y-%m-%d %H:%M}: {a}, not {b}"
        for moment, a, b in zip(moments, own, other, strict=True)
        if a != b and not (a + b in pairs and begin <= moment.hour < end)
    ]


def test_the_embedded_town_s_hours(node: str, checkout: Path) -> None:
    values = values_of([*(checkout / "data" / "neubrandenburg").glob("*.osm.*")])
    assert len(values) > 60
    wrong, compared = compare(node, values)
    assert wrong == []
    assert compared >= MOMENTS * 60


def test_all_extracts_hours(node: str, shared: Path) -> None:
    files = sorted(f for f in shared.glob("*/osm.osm*") if f.is_file())
    whole = values_of(files)
    single = sorted({rule for value in whole for rule in rules_of(value)} - set(whole))
    rng = random.Random(SEED)  # noqa: S311 - which rules to ask
    values = [*whole, *sorted(rng.sample(single, min(len(single), 60)))]
    assert len(values) >= 300
    assert set(DIFFERENT) <= set(values)  # nothing is explained that is not there
    wrong, compared = compare(node, values)
    assert wrong == []
    assert compared >= 300 * MOMENTS


@pytest.mark.parametrize("value", ["sunrise-sunset", "dawn-dusk", "Mo-Fr (sunset-02:00)-22:00"])
def test_the_sun_of_both_is_the_same_to_two_minutes(node: str, value: str) -> None:
    """Made-up values: the extracts have none of the sun."""
    moments = moments_for(value, random.Random(SEED))  # noqa: S311 - moments to look at
    (other,) = theirs(node, [(value, moments)])
    assert other is not None
    around = [ours(value, [m + dt.timedelta(minutes=k) for m in moments], []) for k in (-2, 0, 2)]
    assert all(
        letter in {text[i] for text in around if text is not None} for i, letter in enumerate(other)
    )
    assert {"o", "c"} <= set(other)
