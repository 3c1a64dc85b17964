"""Sites for every short requirement of Las Palmas: 10 a category, chosen and judged again.

Run ``python benchmarks/siting.py [EXTRACT]`` from the checkout.  Headcounts are made up (30 workers
a hectare).  It prints the seconds of the run and of its siting alone (wall and processor), how
many candidates there were, and how far what was promised is from what the judge then said.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from studies import make_study, mapped_parks

NUMBER = 10
ASK = f"\n[siting]\nnumber = {NUMBER}\n"


def main() -> None:
    """Measure."""
    shared = Path(os.environ.get("PARKGAP_SHARED", "../shared/data"))
    given = Path(sys.argv[1]) if len(sys.argv) > 1 else shared / "las-palmas" / "osm.osm.pbf"
    study = make_study(Path("/tmp/s/bench"), "siting", given, mapped_parks(given))
    with (study / "study.toml").open("a", encoding="utf-8") as file:
        file.write(ASK)

    from parkgap import sited
    from parkgap.assess.siting_needs import foreseen
    from parkgap.pipeline import compute
    from parkgap.study import load_study

    seen: dict[str, Any] = {}
    whole = sited._Siting.made

    def timed(self: Any) -> Any:
        clocks = time.perf_counter(), time.process_time()
        out = whole(self)
        seen["wall"], seen["cpu"] = time.perf_counter() - clocks[0], time.process_time() - clocks[1]
        seen["candidates"] = len(self.candidates)
        seen["apart"] = _apart(self)
        return out

    def _apart(siting: Any) -> float:
        """Largest difference between what the model promised and what the judge says."""
        picked = [siting._pick(i) for i in siting.request.items if siting._wanted(i)]
        changes = siting._judged_again(picked)
        far = []
        for p in picked:
            at = siting.index[p.item]
            people = np.nan_to_num(siting.base.workers[:, at])
            mass = people * np.nan_to_num(siting.base.weight[:, at]) * siting.base.short[:, at]
            built = np.bincount(p.chosen, minlength=p.needs.sites).astype(float)
            item = siting.standard.item(p.item)
            then = foreseen(siting.assessor, item, p.needs, p.unit_of, built).park.low
            promised = float(mass @ np.nan_to_num(then - siting.base.low[:, at]))
            far.append(abs(promised - float(changes[p.item].worth.sum())))
            far.append(abs(promised - float(p.plan.gain[-1])))
        return max(far)

    sited._Siting.made = timed  # type: ignore[method-assign]
    clocks = time.perf_counter(), time.process_time()
    plans = compute(load_study(study)).plans
    wall, cpu = time.perf_counter() - clocks[0], time.process_time() - clocks[1]
    built = plans.sites[plans.sites["order"].notna()]
    print(f"whole run: {wall:.1f} s wall, {cpu:.1f} s processor (and the check of promises)")
    print(f"siting: {seen['wall']:.1f} s wall, {seen['cpu']:.1f} s processor")
    print(f"candidates: {seen['candidates']}")
    print(
        f"sites: {len(built)} of {built['item'].nunique()} items; no site: {plans.sites['reason'].notna().sum()}"
    )
    print(f"promised and judged differ by {seen['apart']:.2e} at most")
    print(built.groupby("item").size().to_string())
    print(f"gap: {plans.curve['gap'].max()}")


if __name__ == "__main__":
    main()
