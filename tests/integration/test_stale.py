"""What a store or a cluster must not answer with: the result of something else."""

from __future__ import annotations

import csv
import json
import shutil
import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from distributed import LocalCluster
from tests.integration.test_hills import tilted
from tests.integration.test_rerun import files, fresh, three_parks
from tests.rasters import hgt, tif
from tests.towns import LAT, LON, Town, village

from parkgap import cluster, judging
from parkgap.errors import InputError
from parkgap.rerun import Means, run
from parkgap.store import Memo, Shelf, Store
from parkgap.study import Study, load_study

DEM = '[terrain]\ndem = "{}"\n'


def hilly() -> Town:
    town = village()
    town.node(300, 0, amenity="pharmacy", name="D")
    return town


def again(study: Study, tmp_path: Path) -> None:
    """Run with what is kept; the results must be those of a run with nothing."""
    run(study, tmp_path / "out")
    whole = fresh(study, tmp_path / "fresh")
    mine = files(tmp_path / "out")
    changes = {n for n in mine if n.startswith(("changes", "parkgap."))}
    told = {"run.json", "index.html", *changes}  # they tell of the run before
    assert {n: mine[n] for n in mine if n not in told} == {
        n: whole[n] for n in whole if n not in told
    }


# --- rasters --------------------------------------------------------------------------------------


def test_a_tile_under_its_right_name_lies_elsewhere(tmp_path: Path) -> None:
    z = 500 + 5 * np.arange(1201)[::-1, None] + np.zeros((1201, 1201))
    town, folder = hilly(), tmp_path / "s"
    folder.mkdir()
    for east in (int(LON) + 1, int(LON)):
        name = f"N{int(LAT):02d}E{east:03d}.hgt"
        hgt(folder / name, z)
        town.settings = DEM.format(name)
        again(town.write(folder), tmp_path)


def test_the_same_raster_is_ground_first_and_then_people(tmp_path: Path) -> None:
    town, folder = hilly(), tmp_path / "s"
    town.settings = tilted(folder, 0.05)
    run(town.write(folder), tmp_path / "out")
    town.settings = '[population]\nraster = "dem.tif"\n'
    again(town.write(folder), tmp_path)


def test_a_raster_that_breaks_after_the_tables_were_kept_is_refused(tmp_path: Path) -> None:
    town, folder = hilly(), tmp_path / "s"
    town.settings = tilted(folder, 0.05)
    study = town.write(folder)
    run(study, tmp_path / "out")
    before = files(tmp_path / "out")
    (folder / "dem.tif").write_bytes(b"no raster")
    with pytest.raises(InputError, match=r"dem\.tif.*not a raster"):
        run(study, tmp_path / "out")
    assert files(tmp_path / "out") == before


def test_how_far_a_walk_may_lead_is_part_of_what_was_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[judging.Judge] = []

    def judge(*args: Any) -> judging.Judge:
        seen.append(judging.Judge(*args))
        return seen[-1]

    monkeypatch.setattr("parkgap.assessing.Judge", judge)
    village().results(tmp_path)
    flat = replace(seen[0].ground, edge_m=np.full_like(seen[0].ground.edge_m, 1100.0))

    def rows(stretch: float, store: Store | None) -> pd.DataFrame:
        ground = replace(flat, stretch=stretch)
        return replace(seen[0], ground=ground, memo=Memo(store, "program"), _keys={}).frames()[
            "assessment"
        ]

    # 15 minutes are 1,005 m on the flat and 1,196 m on a hill, where the map ends after 1,100 m.
    store = Store(tmp_path / "judged")
    level, hill = rows(1.0, store), rows(1.19, store)
    assert not level.equals(hill)
    pd.testing.assert_frame_equal(hill, rows(1.19, None))


def test_a_list_that_is_declared_complete_is_judged_anew(tmp_path: Path) -> None:
    # Homes 2 m beyond the 1,000: nobody knows of nearer ones, until the list is said to be whole.
    town, folder, out = village(district="区"), tmp_path / "s", tmp_path / "out"
    stock = {"id": "H", "name": "Homes", "kind": "公租房", "beds": 40, "status": "现有"}
    town._row("housing_stock", (871, 10), **stock)
    declared = 'complete = { area = "区", issuer = "局", as_of = 2025-01-31 }\n'
    for complete, status in (("", "unverified"), (declared, "short"), ("", "unverified")):
        town.write(folder)
        toml = folder / "study.toml"
        head = "[housing_stock]\n"
        text = toml.read_text("utf-8").replace(head, head + complete)
        toml.write_text(text, encoding="utf-8")
        again(load_study(folder), tmp_path)
        with (out / "shortfall.csv").open(encoding="utf-8-sig", newline="") as stream:
            (row,) = [r for r in csv.DictReader(stream) if r["item"] == "worker_housing"]
        assert row["status"] == status
        shutil.rmtree(tmp_path / "fresh")
    timings = json.loads((out / "timings.json").read_text(encoding="utf-8"))
    # Both ways of judging it are in the store by now, and neither is taken for the other.
    assert any(n.startswith("park") for s in timings["stages"] for n in s["reused"])


# --- pieces that are lost -------------------------------------------------------------------------


def damage(store: Path) -> None:
    """Damage what is kept of the map, and take away what was made of it."""
    for path in (store / "piece").rglob("*.entry"):
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
    for stage in ("survey", "drawn"):
        for path in (store / stage).rglob("*.entry"):
            path.unlink()


def test_workers_make_again_what_a_disk_has_lost(tmp_path: Path) -> None:
    study, store = three_parks().write(tmp_path / "s"), tmp_path / "store"
    whole = fresh(study, tmp_path / "whole")
    run(study, tmp_path / "first", Means(store=store))
    damage(store)
    run(study, tmp_path / "out", Means(workers=2, store=store))
    assert files(tmp_path / "out") == whole


def test_a_disk_that_loses_everything_does_not_stop_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = three_parks().write(tmp_path / "s")
    whole = fresh(study, tmp_path / "whole")
    monkeypatch.setattr("parkgap.pipeline.Shelf", partial(Shelf, memory=0))
    monkeypatch.setattr(Store, "whole", lambda *_: None)
    run(study, tmp_path / "out")
    assert files(tmp_path / "out") == whole


# --- workers --------------------------------------------------------------------------------------


def test_a_raster_that_a_worker_cannot_read_is_refused_as_an_input(tmp_path: Path) -> None:
    town, folder = hilly(), tmp_path / "s"
    folder.mkdir()
    west, north, cell = LON - 0.1, LAT + 0.1, 1 / 3600
    tif(folder / "dem.tif", np.full((720, 720), 5.0), west=west, north=north, cell=cell)
    path = folder / "dem.tif"
    path.write_bytes(path.read_bytes()[:900_000])  # of 2 MB: it opens, but ends before the town
    town.settings = DEM.format("dem.tif")
    study = town.write(folder)
    with pytest.raises(InputError) as alone:
        run(study, tmp_path / "out")
    with pytest.raises(InputError) as shared:
        run(study, tmp_path / "out", Means(workers=2))
    assert str(shared.value) == str(alone.value)
    assert "dem.tif" in str(alone.value)


def _slowly(order: Any, *_: object) -> Any:
    time.sleep(1.0)  # while another run asks the same scheduler
    return vars(cluster)["_Told"]((order.folder,))


def test_two_runs_on_one_scheduler_get_each_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parkgap.work.is_kept", lambda _: False)
    monkeypatch.setattr(cluster, "_do", _slowly)
    monkeypatch.setattr(cluster, "_fetch", lambda _work, told, _store: told.names)
    work: Any = SimpleNamespace(
        **dict.fromkeys(["shard", "cells", "tolerance", "prepared", "rules", "mask"]),
        memo=SimpleNamespace(program=""),
    )
    got: dict[str, Any] = {}

    def ask(address: str, name: str) -> None:
        store = Store(tmp_path / name)
        with cluster.hands(0, address, store, lambda _: None) as do:
            assert do is not None
            got[name] = do([work])

    with LocalCluster(
        n_workers=1,
        threads_per_worker=2,
        processes=False,
        host="127.0.0.1",
        protocol="tcp",
        dashboard_address=None,
    ) as local:
        asking = [
            threading.Thread(target=ask, args=(local.scheduler_address, n)) for n in ("a", "b")
        ]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join()
    assert got == {n: [(str((tmp_path / n).resolve()),)] for n in ("a", "b")}
