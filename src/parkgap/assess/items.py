"""Judge every park by every item of the standard.

A *group* is the workers who start from one origin.  Per test it is counted what they reach within
the limit; a test that is not met is *confirmed* short only where the data could have shown it
(:mod:`parkgap.assess.certainty`) whichever gate is open.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from parkgap import geo
from parkgap.assess.additions import fewest
from parkgap.assess.groups import ESTIMATED, REASONS, SLACK, Counts, Ground, Rows, by_park, outcome
from parkgap.frames import ASSESSMENT
from parkgap.standard import Item, Standard

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


class Assessor:
    """Judges; holds what all items share.

    Parameters
    ----------
    ground, standard
        What to judge, by what.
    language
        ``zh`` or ``en``, for units and clauses.
    min_workers
        Figures of homes are taken only from groups of at least this size.
    """

    def __init__(
        self, ground: Ground, standard: Standard, *, language: str, min_workers: int
    ) -> None:
        self.g = ground
        self.standard = standard
        self.zh = language == "zh"
        self.min_workers = min_workers
        g = ground
        is_facility = g.reach["target"].to_numpy() < len(g.facilities)
        usable = self._may_use(g.reach[is_facility])
        self._walks = g.reach[is_facility][usable]
        self._sites = g.reach[~is_facility]
        park_row = pd.Series(np.arange(len(g.parks)), index=g.parks["park_id"])
        self.origin_park = park_row.reindex(g.origins["park_id"]).to_numpy(dtype=np.int64)
        self.share = g.origins["share"].to_numpy()
        self._estimated = (g.origins["based_on"] == ESTIMATED).to_numpy(dtype=bool)
        self.workers = g.parks["workers"].to_numpy(dtype=float)
        kind = g.origins["kind"].to_numpy()
        self.rows_of = {
            k: by_park(self.origin_park, kind == k, len(g.parks)) for k in ("work", "home")
        }
        self.index = {item.id: i for i, item in enumerate(standard.items)}
        self._counts: dict[str, Counts] = {}
        self._site_cache: dict[bytes, tuple[Floats, Floats]] = {}
        self._facility_ids = g.facilities["facility_id"].to_numpy()
        self._names = g.facilities["name"].to_numpy()
        self._lineless = np.array([len(lines) == 0 for lines in g.facilities["lines"]], dtype=bool)
        flags = g.completeness.set_index(["park_id", "kind"])[["thin", "cut"]]
        keys = pd.MultiIndex.from_arrays([g.origins["park_id"], g.origins["kind"]])
        self._thin, self._cut = flags.reindex(keys).fillna(value=True).to_numpy(dtype=bool).T

    def _may_use(self, walks: pd.DataFrame) -> Bools:
        """Public facilities are everybody's; a park's or an enterprise's only its own people's."""
        access = self.g.facilities["access"].to_numpy()[walks["target"].to_numpy()]
        park = ("park:" + self.g.origins["park_id"]).to_numpy()[walks["origin"].to_numpy()]
        firm = ("enterprise:" + self.g.origins["enterprise_id"].fillna("")).to_numpy()[
            walks["origin"].to_numpy()
        ]
        return np.asarray((access == "public") | (access == park) | (access == firm), dtype=bool)

    # --- counting ---------------------------------------------------------------------------

    def rows(self, item: Item) -> Rows:
        """Walks to the facilities of an item (or of the items that it is judged by)."""
        hit = self._counts_for(item)[self._walks["target"].to_numpy()]
        part = self._walks[hit]
        return Rows(
            *(
                part[c].to_numpy()
                for c in ("origin", "target", "metres", "minutes", "metres_worst", "minutes_worst")
            )
        )

    def _counts_for(self, item: Item) -> Bools:
        """Facilities that count for an item, shape (facilities,)."""
        columns = [self.index[i] for i in item.of_items or (item.id,)]
        return np.asarray(self.g.member[:, columns].any(axis=1), dtype=bool)

    def counts(self, item: Item, rows: Rows) -> Counts:
        """Count what every origin reaches, test by test."""
        size = len(self.g.origins)
        found = np.zeros((size, len(item.tests)))
        sure = np.zeros_like(found)
        needed = np.ones_like(found)
        reasons = np.zeros((size, len(item.tests), len(REASONS)), dtype=bool)
        gap = self.g.beside[self._counts_for(item)[self.g.beside["facility"].to_numpy()]]
        beside, far_m = gap["origin"].to_numpy(), gap["metres"].to_numpy()
        for t, test in enumerate(item.tests):
            for out, worst in ((found, False), (sure, True)):
                out[:, t] = self._count(item, rows, rows.within(test, worst=worst), size)
            limit_m = self.standard.metres(test) * (1.0 if test.unit == "m" else self.g.stretch)
            if test.count > 1:
                local = self._workers_within(limit_m)
                needed[:, t] = [self.standard.needed(test, w) for w in local]
            unreached = ~self.g.origins["reached"].to_numpy(dtype=bool)
            reasons[:, t, REASONS.index("no_street")] = unreached
            reasons[:, t, REASONS.index("edge")] = self._cut | (self.g.edge_m < limit_m)
            near = np.bincount(beside[far_m <= limit_m + SLACK], minlength=size)
            reasons[:, t, REASONS.index("island")] = (near > 0) & (
                found[:, t] + near >= needed[:, t]
            )
            proven = self._proven(item)
            reasons[:, t, REASONS.index("needs_list")] = item.needs_list & ~proven
            reasons[:, t, REASONS.index("estimated_homes")] = self._estimated
            reasons[:, t, REASONS.index("thin_data")] = self._thin & ~proven
            if item.counts == "lines":
                blank = rows.within(test) & self._lineless[rows.facility]
                stops = np.bincount(rows.origin[blank], minlength=size)
                reasons[:, t, REASONS.index("no_lines")] = stops > 0
        return Counts(found, sure, needed, reasons)

    def _proven(self, item: Item) -> Bools:
        """Origins for which a complete official list speaks for an item, shape (origins,)."""
        if self.g.proven is None:
            return np.zeros(len(self.share), dtype=bool)
        columns = [self.index[i] for i in item.of_items or (item.id,)]
        by_park = np.asarray(self.g.proven[:, columns].all(axis=1), dtype=bool)
        return np.asarray(by_park[self.origin_park], dtype=bool)

    def _workers_within(self, limit_m: float) -> Floats:
        """Workers of the same park who start within `limit_m` (straight) of each origin.

        A larger count is for those who share it: in a park kilometres long, not everybody does.
        NaN where the headcount is unknown.
        """
        x, y = geo.mercator(self.g.origins["lon"].to_numpy(), self.g.origins["lat"].to_numpy())
        k = geo.scale(self.g.origins["lat"].to_numpy())
        out = np.zeros(len(self.share))
        known = self.g.residents.reindex(self.g.parks["park_id"]).to_numpy(dtype=float)
        for kind, parks in self.rows_of.items():
            whole = self.workers if kind == "work" else known
            for park, rows in enumerate(parks):
                far = np.hypot(x[rows][:, None] - x[rows], y[rows][:, None] - y[rows])
                near = far * k[rows][:, None] <= limit_m
                out[rows] = (near @ self.share[rows]) * whole[park]
        return out

    def _count(self, item: Item, rows: Rows, within: Bools, size: int) -> Floats:
        origin, facility = rows.origin[within], rows.facility[within]
        if item.counts == "facilities":
            return np.bincount(origin, minlength=size).astype(float)
        lines = self.g.facilities["lines"].to_numpy()[facility]
        pairs = pd.DataFrame({"origin": origin, "line": lines}).explode("line").dropna()
        each = pairs.drop_duplicates()["origin"].to_numpy(dtype=np.int64)
        return np.bincount(each, minlength=size).astype(float)

    def judge(self, item: Item) -> Counts:
        """Count for one item, once."""
        if item.id not in self._counts:
            self._counts[item.id] = self.counts(item, self.rows(item))
        return self._counts[item.id]

    # --- judging ----------------------------------------------------------------------------

    def assess(self) -> pd.DataFrame:
        """Return the frame of :data:`parkgap.frames.ASSESSMENT`: every park by every item."""
        judged = []
        for item in self.standard.items:
            rows = self.rows(item)
            self._counts[item.id] = self.counts(item, rows)
            judged.append((item, rows, item.needs_region and item.id not in self.g.region_has))
        # Park by park, so that the walks from one park to its sites are laid out once.
        records = [
            self._park(item, park, rows, self._counts[item.id], absent=absent)
            for park in range(len(self.g.parks))
            for item, rows, absent in judged
        ]
        frame = pd.DataFrame.from_records(records, columns=ASSESSMENT.names)
        for column in ASSESSMENT.columns:
            if column.kind == "float":
                frame[column.name] = frame[column.name].astype("float64")
        frame["weight"] = self._effective(frame)
        frame = frame.sort_values(list(ASSESSMENT.sort), ignore_index=True)
        return ASSESSMENT.check(frame)

    def _effective(self, frame: pd.DataFrame) -> pd.Series:
        """Weights over what applies to each park: they sum to 1 for it."""
        own = frame["item"].map({i.id: i.weight for i in self.standard.items})
        own = own.where(frame["status"] != "not_applicable", 0.0)
        total = own.groupby(frame["park_id"]).transform("sum")
        return (own / total.where(total > 0, 1.0)).astype("float64")

    def _kinds(self, item: Item, park: int) -> list[tuple[str, Ints]]:
        """Origins that an item is judged from in a park, by kind."""
        work = self.rows_of["work"][park]
        home = self.rows_of["home"][park]
        if item.origin == "either" and self._estimated[home].any():
            # Homes that nobody has seen cannot excuse a lack at work, nor make up for it.
            home = home[:0]
        if item.residence_kind is not None:
            based = self.g.origins["based_on"].to_numpy()[home]
            return [("home", home[based == item.residence_kind])]
        if item.origin == "work" or len(home) == 0:
            return [("work", work)]
        return [("home", home)] if item.origin == "home" else [("work", work), ("home", home)]

    def _park(
        self, item: Item, park: int, rows: Rows, counts: Counts, *, absent: bool
    ) -> dict[str, object]:
        kinds = [(k, r) for k, r in self._kinds(item, park) if len(r)]
        record = self._blank(item, park)
        if absent or not kinds or self.workers[park] == 0:
            record["status"] = "not_applicable"
            record["origin"] = kinds[0][0] if kinds else ("home" if item.residence_kind else "work")
            return record
        record["origin"] = kinds[0][0] if len(kinds) == 1 else "either"
        whole = outcome(self.share, counts, kinds)
        met = whole.met
        record |= {
            "satisfaction_low": whole.low,
            "satisfaction_high": max(whole.low, whole.high),
            "served_share": met,
            "status": whole.status,
        }
        workers = self._judged(park, kinds)
        record["workers"] = workers
        record["workers_unserved"] = self._unserved(workers, met, kinds)
        kind, own = self._better(kinds, counts)
        record |= self._worst_group(item, park, kind, own, rows, counts)
        if record["status"] == "unverified":
            record["reason_unverified"] = self._why(kinds, counts)
        if record["status"] == "short":
            record["short_by"] = float(self.additions(item, [kinds], counts))
        return record

    def _blank(self, item: Item, park: int) -> dict[str, object]:
        clauses = [t.clause_zh if self.zh else t.clause_en for t in item.tests]
        return dict.fromkeys(ASSESSMENT.names) | {
            "park_id": self.g.parks["park_id"].iat[park],
            "category": item.category,
            "item": item.id,
            "shift": "all",
            "level": item.level,
            "weight": item.weight,
            "unit": item.unit_zh if self.zh else item.unit_en,
            "clause": "; ".join(dict.fromkeys(clauses)),
            "basis": item.tests[0].basis if item.tests else "assumption",
            "tests": "",
            "evidence": "",
        }

    def _judged(self, park: int, kinds: list[tuple[str, Ints]]) -> float:
        if kinds[0][0] == "work":
            return float(self.workers[park])
        known = float(self.g.residents.get(self.g.parks["park_id"].iat[park], np.nan))
        return known * float(self.share[kinds[0][1]].sum())

    def _unserved(self, workers: float, met: float, kinds: list[tuple[str, Ints]]) -> float | None:
        lacking = round(workers * (1.0 - met)) if np.isfinite(workers) else np.nan
        hidden = kinds[0][0] == "home" and 0 < lacking < self.min_workers
        return None if hidden else lacking

    def _better(self, kinds: list[tuple[str, Ints]], counts: Counts) -> tuple[str, Ints]:
        """The end of the day that is served better: where either counts, it decides."""
        return max(kinds, key=lambda k: outcome(self.share, counts, [k]).low)

    def _why(self, kinds: list[tuple[str, Ints]], counts: Counts) -> str:
        """Reasons why unmet tests are not confirmed, in the order of `REASONS`."""
        why = np.zeros(len(REASONS), dtype=bool)
        for _, rows in kinds:
            unmet = counts.found[rows] < counts.needed[rows]
            why |= (counts.reasons[rows] & unmet[:, :, None]).any(axis=(0, 1))
            why[REASONS.index("gate")] |= bool((~unmet & ~counts.met[rows]).any())
        return "+".join(r for r, w in zip(REASONS, why, strict=True) if w)

    def _worst_group(
        self, item: Item, park: int, kind: str, own: Ints, rows: Rows, counts: Counts
    ) -> dict[str, object]:
        """Figures of the worst-served group: the binding test, what it found, what is nearest."""
        if kind == "home":
            known = float(self.g.residents.get(self.g.parks["park_id"].iat[park], np.nan))
            own = own[self.share[own] * known >= self.min_workers - 1e-9]
            if len(own) == 0:
                return {}
        ratio = (
            np.where(counts.short[own], counts.found[own], counts.sure[own]) / counts.needed[own]
        )
        order = np.lexsort((-self.share[own], ratio.min(axis=1)))
        origin = int(own[order[0]])
        t = int(np.lexsort(([x.limit for x in item.tests], ratio[order[0]]))[0])
        test = item.tests[t]
        part = rows.of(origin)
        facility, metres, minutes = rows.facility[part], rows.metres[part], rows.minutes[part]
        within = np.column_stack([rows.within(x)[part] for x in item.tests])
        by_distance = np.lexsort((facility, metres))
        seen = [f for f in by_distance if within[f].any()][:10]
        texts = [
            f"{x.limit:g} {x.unit}: {counts.found[origin, i]:g}/{counts.needed[origin, i]:g}"
            for i, x in enumerate(item.tests)
        ]
        out: dict[str, object] = {
            "needed": counts.needed[origin, t],
            "found": counts.found[origin, t],
            "found_inside": float((self.g.park_of[facility[within[:, t]]] == park).sum())
            if item.counts == "facilities"
            else None,
            "limit": test.limit,
            "limit_unit": test.unit,
            "basis": test.basis,
            "tests": "; ".join(texts),
            "evidence": " ".join(self._facility_ids[facility[seen]]),
        }
        if len(by_distance):
            first = by_distance[0]
            out["nearest_id"] = self._facility_ids[facility[first]]
            out["nearest_name"] = self._names[facility[first]]
            rough = kind == "home" or bool(self.g.hidden[origin])
            out["nearest_m"] = None if rough else metres[first]
            # Within the limit in metres, but not in minutes: up a steep hill.
            far = minutes[first] if np.isfinite(minutes[first]) else np.nan
            out["nearest_min"] = float(np.ceil(far)) if rough else far
        return out

    # --- what would meet it -----------------------------------------------------------------

    def fewest_for(self, item: Item, park_ids: list[str]) -> int:
        """Fewest additions that meet the confirmed gaps of several parks at once."""
        where = {p: i for i, p in enumerate(self.g.parks["park_id"])}
        kinds = [self._kinds(item, where[p]) for p in park_ids]
        return self.additions(
            item, [[k for k in ks if len(k[1])] for ks in kinds], self.judge(item)
        )

    def additions(self, item: Item, parks: list[list[tuple[str, Ints]]], counts: Counts) -> int:
        """Fewest additions that meet the confirmed gaps of one or more parks.

        An item judged from either end is met by meeting it at the end that takes fewer.
        """
        ends = range(max(len(kinds) for kinds in parks))
        choices = [[kinds[min(end, len(kinds) - 1)][1] for kinds in parks] for end in ends]
        if len(choices) > 1 and len(parks) > 1:
            # Each park at the end that takes fewer for it alone.
            cheaper = [
                min(rows, key=lambda r: self._cover(item, r, counts))
                for rows in zip(*choices, strict=True)
            ]
            choices.append(cheaper)
        return min(self._cover(item, np.concatenate(rows), counts) for rows in choices)

    def _cover(self, item: Item, rows: Ints, counts: Counts) -> int:
        deficit = np.where(counts.short[rows], counts.needed[rows] - counts.found[rows], 0)
        need, test = np.nonzero(deficit > 0)
        if len(need) == 0:
            return 0
        if item.counts == "lines":
            return int(deficit.max())  # one line can be led past every gate
        metres, minutes = self._site_costs(rows)
        limits = np.array([t.limit for t in item.tests])[test]
        in_metres = np.array([t.unit == "m" for t in item.tests])[test]
        cost = np.where(in_metres[:, None], metres[need], minutes[need])
        cover = cost <= limits[:, None] + SLACK
        # The origin itself is a site too, one for all its tests; but limits are nested, so that it
        # adds nothing where a street point lies within the tightest.
        lonely = np.unique(need[~cover.any(axis=1)])
        cover = np.column_stack([cover, need[:, None] == lonely])
        return fewest(cover, deficit[need, test].astype(np.int64))

    def _site_costs(self, rows: Ints) -> tuple[Floats, Floats]:
        """Metres and minutes from origins to every site that any reaches, shape (rows, sites)."""
        key = rows.tobytes()
        if key not in self._site_cache:
            origin = self._sites["origin"].to_numpy()
            first, last = np.searchsorted(origin, rows), np.searchsorted(origin, rows, side="right")
            part = np.concatenate([np.arange(a, b) for a, b in zip(first, last, strict=True)])
            site, column = np.unique(self._sites["target"].to_numpy()[part], return_inverse=True)
            line = np.repeat(np.arange(len(rows)), last - first)
            dense = np.full((2, len(rows), len(site)), np.inf)
            for layer, unit in enumerate(("metres", "minutes")):
                dense[layer, line, column] = self._sites[unit].to_numpy()[part]
            self._site_cache = {key: (dense[0], dense[1])}
        return self._site_cache[key]
