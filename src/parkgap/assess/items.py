"""Judge every park by every item of the standard, over all shifts and shift by shift.

Per test it is counted what a group of workers reaches within the limit while it is open to them
(:mod:`parkgap.assess.counting`); a test that is not met is *confirmed* short only where the data
could have shown it, whichever gate is open; :mod:`parkgap.assess.outcomes` sums up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap.assess.additions import fewest
from parkgap.assess.counting import Counter, Rows
from parkgap.assess.groups import REASONS, SLACK, Ground
from parkgap.assess.outcomes import ROUNDING, Counts, Ends, Judgement, Kinds, Outcome, judge
from parkgap.details import ALL
from parkgap.frames import ASSESSMENT
from parkgap.standard import Item, Standard

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]

_EVIDENCE = 10  # facilities named in a row
_SAME = 1e-9  # outcomes of shifts that differ by less are one


@dataclass(frozen=True)
class Judged:
    """One item, counted and summed up."""

    item: Item
    rows: Rows
    where: Objects
    counts: Counts
    ends: Ends
    found: Judgement
    absent: bool


@dataclass(frozen=True)
class Row:
    """One row in the making: of which item, park and crew (-1: the whole park)."""

    judged: Judged
    park: int
    crew: int
    record: dict[str, object]


@dataclass(frozen=True)
class Subjects:
    """Whom rows speak of: whole parks (crew -1), and crews that fare unlike their park's others."""

    park: Ints
    crew: Ints


class Assessor:
    """Judges; holds what all items share.

    Parameters
    ----------
    ground, standard
        What to judge, by what.
    language
        ``zh`` or ``en``, for units and clauses.
    min_workers
        Figures of homes are taken only from groups of at least this size; shifts of fewer workers
        have no rows of their own.
    """

    def __init__(
        self, ground: Ground, standard: Standard, *, language: str, min_workers: int
    ) -> None:
        self.g = ground
        self.standard = standard
        self.zh = language == "zh"
        self.min_workers = min_workers
        self.counter = Counter(ground, standard)
        self.groups = ground.groups
        self.workers = self.counter.workers
        self.residents = self.counter.residents
        self._kinds = Kinds(ground)
        self._judged: dict[str, Judged] = {}
        self._site_cache: dict[bytes, tuple[Floats, Floats]] = {}
        self._covers: dict[tuple[object, ...], int] = {}
        self._ids = ground.facilities["facility_id"].to_numpy()
        self._names = ground.facilities["name"].to_numpy()

    def judge(self, item: Item) -> Judged:
        """Count for one item and sum up, once."""
        if item.id not in self._judged:
            rows = self.counter.rows(item)
            ends = self._kinds.ends(item)
            where = self._kinds.where(item, ends)
            counts = self.counter.counts(item, rows, where)
            self._judged[item.id] = Judged(
                *(item, rows, where, counts, ends, judge(self.groups, counts, ends)),
                absent=item.needs_region and item.id not in self.g.region_has,
            )
        return self._judged[item.id]

    def applies(self, judged: Judged) -> Bools:
        """Whether an item applies to each park: somebody is judged, and it can exist there."""
        nobody = np.isnan(judged.found.park.low) | (self.workers == 0) | judged.absent
        return np.asarray(~nobody, dtype=bool)

    def people(self, judged: Judged) -> Floats:
        """Workers judged of each park, NaN where nobody knows, shape (parks,)."""
        size = len(self.g.parks)
        park = self.g.origin_park
        origin = np.unique(self.groups.origin[judged.ends.home])
        at_home = np.bincount(
            park[origin], self.g.origins["share"].to_numpy()[origin], minlength=size
        )
        at_work = np.isfinite(judged.found.low_at["work"][1])
        return np.where(at_work, self.workers, self.residents * at_home)

    # --- rows -------------------------------------------------------------------------------

    def assess(self, *, additions: bool = True) -> pd.DataFrame:
        """Return the frame of :data:`parkgap.frames.ASSESSMENT`: every park by every item.

        Without `additions`, ``short_by`` stays empty.
        """
        made = [row for item in self.standard.items for row in self._records(self.judge(item))]
        # Park by park, so that the walks from one park to its sites are laid out once.
        for row in sorted(made, key=lambda r: r.park):
            if additions and row.record["status"] == "short":
                gaps = self._gaps(row.judged, row.park, row.crew)
                row.record["short_by"] = float(self.additions(row.judged, gaps))
        frame = pd.DataFrame.from_records([r.record for r in made], columns=ASSESSMENT.names)
        for column in ASSESSMENT.columns:
            if column.kind == "float":
                frame[column.name] = frame[column.name].astype("float64")
        frame["weight"] = self._effective(frame)
        frame = frame.sort_values(list(ASSESSMENT.sort), ignore_index=True)
        return ASSESSMENT.check(frame)

    def _effective(self, frame: pd.DataFrame) -> pd.Series:
        """Weights over what applies to each park: those of whole parks sum to 1 for it."""
        own = frame["item"].map({i.id: i.weight for i in self.standard.items})
        own = own.where(frame["status"] != "not_applicable", 0.0)
        total = own.where(frame["shift"] == ALL, 0.0).groupby(frame["park_id"]).transform("sum")
        return (own / total.where(total > 0, 1.0)).astype("float64")

    def _records(self, judged: Judged) -> Iterator[Row]:
        """Rows of one item: every park, and the shifts that fare unlike others."""
        item = judged.item
        subjects = self._subjects(judged)
        found = _outcome(judged.found, subjects)
        nobody = ~self.applies(judged)[subjects.park]
        status = np.where(nobody, "not_applicable", found.status)
        at_home = self._better(judged, subjects)
        worst = self._worst(judged, subjects, at_home)
        blank = self._blank(item)
        people = self.people(judged)
        ids = self.g.parks["park_id"].to_numpy()
        for i, (park, crew) in enumerate(zip(subjects.park, subjects.crew, strict=True)):
            groups = self._groups(judged, park, crew)
            record = blank | {
                "park_id": ids[park],
                "origin": self._origin(item, groups, nobody=bool(nobody[i])),
                "shift": ALL if crew < 0 else self.groups.name[crew],
                "status": str(status[i]),
            }
            if not nobody[i]:
                record |= {
                    "satisfaction_low": float(found.low[i]),
                    "satisfaction_high": float(max(found.low[i], found.high[i])),
                    "served_share": float(found.met[i]),
                    **self._people(people[park], crew, groups, float(found.met[i])),
                    **self._worst_group(judged, int(worst[i]), park, home=bool(at_home[i])),
                }
            if status[i] == "unverified":
                record["reason_unverified"] = self._why(judged.counts, groups)
            yield Row(judged, int(park), int(crew), record)

    def _subjects(self, judged: Judged) -> Subjects:
        """Every park; and each crew of the parks whose shifts fare differently.

        None of a park in which a shift has a figure of few workers: those of the others, and of
        the whole park, would give it away.
        """
        groups, crew = self.groups, judged.found.crew
        values = np.column_stack([crew.low, crew.high, crew.met, crew.short])
        first = groups.first_crew[:-1][groups.park]
        unlike = (np.abs(values - values[first]) > _SAME).any(axis=1)
        people = self.people(judged)[groups.park] * groups.part
        told = (people, np.round(people * (1.0 - crew.met)))
        few = np.any([(figure > 0) & (figure < self.min_workers) for figure in told], axis=0)
        size = len(self.g.parks)
        shown = np.bincount(groups.park, unlike, minlength=size) > 0
        shown &= np.bincount(groups.park, few, minlength=size) == 0
        crews = np.flatnonzero(shown[groups.park])
        return Subjects(
            park=np.concatenate([np.arange(size), groups.park[crews]]),
            crew=np.concatenate([np.full(size, -1), crews]),
        )

    def _groups(self, judged: Judged, park: int, crew: int) -> list[tuple[str, Ints]]:
        """Groups that a row speaks of, by the end from which they are judged."""
        own = self.groups.of_park(park) if crew < 0 else self.groups.of_crew(crew)
        ends = [(name, own[use[own]]) for name, use in judged.ends.used]
        return [(name, rows) for name, rows in ends if len(rows)]

    def _origin(self, item: Item, groups: list[tuple[str, Ints]], *, nobody: bool) -> str:
        if not groups:
            return "home" if item.residence_kind else "work"
        return "either" if len(groups) > 1 and not nobody else groups[0][0]

    def _blank(self, item: Item) -> dict[str, object]:
        clauses = [t.clause_zh if self.zh else t.clause_en for t in item.tests]
        return dict.fromkeys(ASSESSMENT.names) | {
            "category": item.category,
            "item": item.id,
            "level": item.level,
            "weight": item.weight,
            "unit": item.unit_zh if self.zh else item.unit_en,
            "clause": "; ".join(dict.fromkeys(clauses)),
            "basis": item.tests[0].basis if item.tests else "assumption",
            "tests": "",
            "evidence": "",
        }

    def _people(
        self, whole: float, crew: int, groups: list[tuple[str, Ints]], met: float
    ) -> dict[str, object]:
        """Workers judged, and how many of them are not served."""
        home = groups[0][0] == "home"
        workers = float(whole) * (1.0 if crew < 0 else float(self.groups.part[crew]))
        lacking = float(round(workers * (1.0 - met))) if np.isfinite(workers) else np.nan
        hidden = home and 0 < lacking < self.min_workers
        return {"workers": workers, "workers_unserved": None if hidden else lacking}

    def _better(self, judged: Judged, subjects: Subjects) -> Bools:
        """Whether home is the end that is served better: where either counts, it decides."""
        work, home = (
            np.where(subjects.crew < 0, by_park[subjects.park], by_crew[subjects.crew])
            for by_crew, by_park in (judged.found.low_at[n] for n in ("work", "home"))
        )
        return np.asarray(np.isnan(work) | (home > work), dtype=bool)

    def _why(self, counts: Counts, groups: list[tuple[str, Ints]]) -> str:
        """Reasons why unmet tests are not confirmed, in the order of `REASONS`."""
        why = np.zeros(len(REASONS), dtype=bool)
        for _, rows in groups:
            unmet = counts.found[rows] < counts.needed[rows]
            why |= (counts.reasons[rows] & unmet[:, :, None]).any(axis=(0, 1))
            why[REASONS.index("gate")] |= bool((~unmet & ~counts.met[rows]).any())
        return "+".join(r for r, w in zip(REASONS, why, strict=True) if w)

    # --- the worst-served group -------------------------------------------------------------

    def _worst(self, judged: Judged, subjects: Subjects, at_home: Bools) -> Ints:
        """Worst-served group of each row at the end that decides, shape (rows,); -1 for none.

        Of homes only groups of at least `min_workers` workers are looked at.
        """
        g, counts = self.groups, judged.counts
        park = g.park[g.crew]
        large = g.share * self.residents[park] >= self.min_workers - SLACK
        ratio = (np.where(counts.short, counts.found, counts.sure) / counts.needed).min(axis=1)
        order = np.lexsort((-g.share * g.part[g.crew], ratio))
        out = np.full(len(subjects.park), -1)
        for key, own, subject in (
            (park, subjects.crew < 0, subjects.park),
            (g.crew, subjects.crew >= 0, subjects.crew),
        ):
            home = np.zeros(int(key.max(initial=-1)) + 1, dtype=bool)
            home[subject[own]] = at_home[own]
            use = np.where(home[key], judged.ends.home & large, judged.ends.work)
            rows = order[use[order]]
            worst = np.full(len(home), -1)
            # The first of each is written last.
            worst[key[rows[::-1]]] = rows[::-1]
            out[own] = worst[subject[own]]
        return out

    def _worst_group(
        self, judged: Judged, group: int, park: int, *, home: bool
    ) -> dict[str, object]:
        """Figures of the worst-served group: the binding test, what it found, what is nearest."""
        if group < 0:
            return {}
        item, rows, counts = judged.item, judged.rows, judged.counts
        origin = int(self.groups.origin[group])
        pattern = int(self.groups.pattern[self.groups.crew[group]])
        least = np.where(counts.short[group], counts.found[group], counts.sure[group])
        t = int(np.lexsort(([x.limit for x in item.tests], least / counts.needed[group]))[0])
        test, part = item.tests[t], rows.of(origin)
        facility, metres, minutes = rows.facility[part], rows.metres[part], rows.minutes[part]
        costs = {"m": metres, "min": minutes}
        end = str(judged.where[group])
        open_then = self.g.times.serving(item.id, pattern, end, facility, minutes)
        within = [(costs[x.unit] <= x.limit + SLACK) & open_then for x in item.tests]
        seen = facility[np.any(within, axis=0)][:_EVIDENCE]
        texts = [
            f"{x.limit:g} {x.unit}: {counts.found[group, i]:g}/{counts.needed[group, i]:g}"
            for i, x in enumerate(item.tests)
        ]
        out: dict[str, object] = {
            "needed": counts.needed[group, t],
            "found": counts.found[group, t],
            "found_inside": float((self.g.park_of[facility[within[t]]] == park).sum())
            if item.counts == "facilities"
            else None,
            "limit": test.limit,
            "limit_unit": test.unit,
            "basis": test.basis,
            "tests": "; ".join(texts),
            "evidence": " ".join(self._ids[seen]),
        }
        if len(facility):
            out["nearest_id"] = self._ids[facility[0]]
            out["nearest_name"] = self._names[facility[0]]
            rough = home or bool(self.g.hidden[origin])
            out["nearest_m"] = None if rough else metres[0]
            # Within the limit in metres, but not in minutes: up a steep hill.
            far = minutes[0] if np.isfinite(minutes[0]) else np.nan
            out["nearest_min"] = float(np.ceil(far)) if rough else far
        return out

    # --- what would meet it -----------------------------------------------------------------

    def fewest_for(self, item: Item, park_ids: list[str]) -> int:
        """Fewest additions that meet the confirmed gaps of several parks at once."""
        where = {p: i for i, p in enumerate(self.g.parks["park_id"])}
        judged = self.judge(item)
        return self.additions(
            judged, [gap for p in park_ids for gap in self._gaps(judged, where[p], -1)]
        )

    def _gaps(self, judged: Judged, park: int, crew: int) -> list[list[tuple[str, Ints]]]:
        """Groups by end of each crew that is confirmed short; the others lack nothing."""
        first, last = self.groups.first_crew[park : park + 2]
        crews = range(first, last) if crew < 0 else [crew]
        return [
            self._groups(judged, park, c) for c in crews if judged.found.crew.short[c] > ROUNDING
        ]

    def additions(self, judged: Judged, gaps: list[list[tuple[str, Ints]]]) -> int:
        """Fewest additions that meet the confirmed gaps of some crews.

        An item judged from either end is met by meeting it at the end that takes fewer.
        """
        if not gaps:
            return 0
        ends = range(max(len(kinds) for kinds in gaps))
        choices = [[kinds[min(end, len(kinds) - 1)][1] for kinds in gaps] for end in ends]
        if len(choices) > 1 and len(gaps) > 1:
            # Each crew at the end that takes fewer for it alone.
            cheaper = [
                min(rows, key=lambda r: self._cover(judged, r))
                for rows in zip(*choices, strict=True)
            ]
            choices.append(cheaper)
        return min(self._cover(judged, np.concatenate(rows)) for rows in choices)

    def _cover(self, judged: Judged, rows: Ints) -> int:
        """Fewest additions for some groups.

        What is added is open whenever they need it; shifts that start from one place share it.
        """
        item, counts = judged.item, judged.counts
        deficit = np.where(counts.short[rows], counts.needed[rows] - counts.found[rows], 0)
        need, test = np.nonzero(deficit > 0)
        if len(need) == 0:
            return 0
        if item.counts == "lines":
            return int(deficit.max())  # one line can be led past every gate
        spare = self._spare(judged, rows)[need]
        origins, at = np.unique(self.groups.origin[rows], return_inverse=True)
        where, more = at[need], deficit[need, test]
        # Of one origin and test a need is implied by a larger one with less time to spare.
        order = np.lexsort((-more, spare, test, where))
        keys = np.column_stack([where, test])[order]
        first = np.r_[True, (keys[1:] != keys[:-1]).any(axis=1)]
        rising = np.cumsum(first) * (more.max() + 1) + more[order]
        largest = np.maximum.accumulate(rising)
        order = order[first | np.r_[True, rising[1:] > largest[:-1]]]
        where, test, spare, more = where[order], test[order], spare[order], more[order]
        # Single shifts often lack the very same as the whole park.
        key = (item.id, *(v.tobytes() for v in (origins, where, test, spare, more)))
        if key not in self._covers:
            self._covers[key] = self._fewest(item, origins, where, test, spare, more)
        return self._covers[key]

    def _fewest(
        self, item: Item, origins: Ints, where: Ints, test: Ints, spare: Floats, more: Floats
    ) -> int:
        """Fewest additions for needs of some origins (rows of `origins`), each shape (needs,)."""
        metres, minutes = self._site_costs(origins)
        limits = np.array([t.limit for t in item.tests])[test]
        in_metres = np.array([t.unit == "m" for t in item.tests])[test]
        cost = np.where(in_metres[:, None], metres[where], minutes[where])
        cover = cost <= limits[:, None] + SLACK
        cover &= minutes[where] <= spare[:, None] + SLACK
        # The origin itself is a site too, one for all its tests; but limits are nested, so that it
        # adds nothing where a street point lies within the tightest.
        lonely = np.unique(where[~cover.any(axis=1)])
        cover = np.column_stack([cover, where[:, None] == lonely])
        return fewest(cover, more.astype(np.int64))

    def _spare(self, judged: Judged, rows: Ints) -> Floats:
        """Farthest walk (minutes) that the free times of some groups allow, shape (groups,)."""
        pattern, where = self.groups.pattern[self.groups.crew[rows]], judged.where[rows]
        out = np.full(len(rows), np.inf)
        for end in set(where):
            own = where == end
            out[own] = self.g.times.farthest(judged.item.id, pattern[own], str(end))
        return out

    def _site_costs(self, origins: Ints) -> tuple[Floats, Floats]:
        """Metres and minutes to every site that any origin reaches, shape (origins, sites)."""
        key = origins.tobytes()
        if key not in self._site_cache:
            sites = self.counter.sites
            origin = sites["origin"].to_numpy()
            first = np.searchsorted(origin, origins)
            last = np.searchsorted(origin, origins, side="right")
            part = np.concatenate([np.arange(a, b) for a, b in zip(first, last, strict=True)])
            site, column = np.unique(sites["target"].to_numpy()[part], return_inverse=True)
            line = np.repeat(np.arange(len(origins)), last - first)
            dense = np.full((2, len(origins), len(site)), np.inf)
            for layer, unit in enumerate(("metres", "minutes")):
                dense[layer, line, column] = sites[unit].to_numpy()[part]
            self._site_cache = {key: (dense[0], dense[1])}
        return self._site_cache[key]


def _outcome(found: Judgement, subjects: Subjects) -> Outcome:
    """Outcome of each row: the park's, or the crew's."""
    whole = subjects.crew < 0
    values = ((one.low, one.high, one.met, one.short) for one in (found.park, found.crew))
    pairs = zip(*values, strict=True)
    return Outcome(*(np.where(whole, p[subjects.park], c[subjects.crew]) for p, c in pairs))
