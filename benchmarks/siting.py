"""Sites for every short requirement of Las Palmas: 10 a category, chosen and judged again.

``python benchmarks/siting.py [EXTRACT]`` from the checkout.  Headcounts are made up (30 workers a
hectare).  Prints the seconds of siting alone, wall and processor, how many candidates there were,
and how far what was promised is from what the judge then said.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from parkgap import sited
from parkgap.assess.siting_needs import foreseen
from parkgap.pipeline import compute
from parkgap.study import load_study
from studies import make_study, mapped_parks

WORK = Path(__file__).parent / "work"
NUMBER = 10


def apart(siting: Any, picked: Any, changes: Any) -> float:
    """Largest difference between what the model promised and what the judge says."""
    far = [0.0]
    for p in picked:
        at, item = siting.index[p.item], siting.standard.item(p.item)
        base = siting.base
        mass = np.nan_to_num(base.workers[:, at] * base.weight[:, at]) * base.short[:, at]
        built = np.bincount(p.chosen, minlength=p.needs.sites).astype(float)
        then = foreseen(siting.assessor, item, p.needs, p.unit_of, built).park.low
        promised = float(mass @ np.nan_to_num(then - base.low[:, at]))
        judged = float(changes[p.item].worth.sum())
        far += [abs(promised - judged), abs(float(p.plan.gain[-1]) - judged)]
    return max(far)


class Timed(sited._Siting):  # noqa: SLF001 - what is measured
    """Siting that notes what it took."""

    seen: dict[str, float] = {}  # noqa: RUF012

    def made(self) -> sited.Sited:
        """Choose, judge again, and note the seconds."""
        wall, cpu = time.perf_counter(), time.process_time()
        out = super().made()
        self.seen["wall"] = time.perf_counter() - wall
        self.seen["cpu"] = time.process_time() - cpu
        self.seen["candidates"] = len(self.candidates)
        return out

    def _judged_again(self, picked: Any) -> Any:
        changes = super()._judged_again(picked)
        self.seen["apart"] = apart(self, picked, changes)
        return changes


def main() -> None:
    """Measure."""
    shared = Path(os.environ.get("PARKGAP_SHARED", "../shared/data"))
    given = Path(sys.argv[1]) if len(sys.argv) > 1 else shared / "las-palmas" / "osm.osm.pbf"
    study = make_study(WORK, "siting", given, mapped_parks(given))
    with (study / "study.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n[siting]\nnumber = {NUMBER}\n")
    sited._Siting = Timed  # type: ignore[misc] # noqa: SLF001
    plans, seen = compute(load_study(study)).plans, Timed.seen
    built = plans.sites[plans.sites["order"].notna()]
    print(f"siting: {seen['wall']:.1f} s wall, {seen['cpu']:.1f} s processor")
    print(f"candidates: {seen['candidates']:.0f}")
    print(f"sites: {len(built)} of {built['item'].nunique()} items")
    print(f"promised and judged differ by {seen['apart']:.1e} at most")
    print(f"largest proven gap: {plans.curve['gap'].max():.1e}")


if __name__ == "__main__":
    main()
