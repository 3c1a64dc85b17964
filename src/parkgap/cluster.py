"""The hands that do the shards' work: this process, its own workers, or those of a Dask cluster.

Workers write what they make into the study's store and hand back only its names, so that the
process that asked never holds more than it gathers, and what is finished stays finished.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from parkgap.errors import ShardError

if TYPE_CHECKING:
    from distributed import Client

    from parkgap.store import Store
    from parkgap.work import Done, Work

Do = Callable[[list["Work"]], list["Done"]]
_RETRIES = 2
_FOUND_S = 30.0  # seconds to wait for a scheduler


@dataclass(frozen=True)
class _Order:
    """One shard's work as it is sent: plain data, and where the store lies."""

    parts: dict[str, Any]
    folder: str
    reads: bool
    program: str


@contextmanager
def hands(
    workers: int, scheduler: str | None, store: Store, tell: Callable[[str], None]
) -> Iterator[Do]:
    """Offer a function that does the work of shards.

    Parameters
    ----------
    workers
        Processes of our own; 0 or 1: this one alone.
    scheduler
        Address of a Dask scheduler instead, whose workers see the store's folder under the
        same path and have the same version of parkgap.
    store
        Where workers put what they make.
    tell
        Called with a sentence as shards finish.

    Raises
    ------
    ShardError
        The scheduler does not answer; or, of the function: a shard failed on every try.
    LostPieceError
        Of the function: what a shard needs is gone from the store.
    """
    from parkgap.work import one_by_one

    if scheduler is None and workers <= 1:
        yield one_by_one
        return
    with _client(workers, scheduler) as client:
        yield lambda works: _do_all(client, works, store, tell)


@contextmanager
def _client(workers: int, scheduler: str | None) -> Iterator[Client]:
    import dask
    from distributed import Client, LocalCluster

    if scheduler is not None:
        try:
            client = Client(scheduler, timeout=_FOUND_S, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise ShardError(
                f"{scheduler}：调度器无应答（{error}） / the scheduler does not answer ({error})"
            ) from error
        with client:
            yield client
        return
    # Nothing of it may be reached from outside this machine.
    quiet = {"distributed.worker.daemon": True, "distributed.admin.tick.limit": "1h"}
    with (
        dask.config.set(quiet),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            worker_dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


def _do_all(
    client: Client, works: list[Work], store: Store, tell: Callable[[str], None]
) -> list[Done]:
    from distributed import as_completed

    from parkgap.store import LostPieceError

    if not works:
        return []
    # What all shards share is sent once.
    prepared, rules = client.scatter(
        [works[0].prepared, works[0].rules], broadcast=True, hash=False
    )
    futures = {}
    for i, work in enumerate(works):
        parts = {"shard": work.shard, "cells": work.cells, "tolerance": work.tolerance}
        order = _Order(parts, str(store.folder.resolve()), store.reads, work.memo.program)
        future = client.submit(
            _do, order, prepared, rules, key=f"shard-{i}", retries=_RETRIES, pure=False
        )
        futures[future] = i
    names: dict[int, tuple[str, str]] = {}
    failed: list[tuple[int, str]] = []
    for future in as_completed(list(futures), loop=client.loop):
        i = futures[future]
        if future.status == "finished":
            names[i] = future.result()
        else:
            error = future.exception()
            if isinstance(error, LostPieceError):
                raise error  # trying the same again is no use: the piece must be made again
            failed.append((i, str(error or future.status)))
        tell(f"{len(names) + len(failed)}/{len(works)} 分片 / shards")
    if failed:
        raise ShardError(*(_sentence(works[i], text) for i, text in sorted(failed)))
    return [_fetch(work, names[i], store) for i, work in enumerate(works)]


def _sentence(work: Work, error: str) -> str:
    own = work.shard.own
    shown = ", ".join(own[:3]) + (f" … (+{len(own) - 3})" if len(own) > 3 else "")  # noqa: PLR2004
    return (
        f"分片失败（园区 {shown}）：{error}；已完成的部分已保存，重新运行会接着做 / a shard failed "
        f"(parks {shown}): {error}; finished parts are kept, the next run goes on from there"
    )


def _do(order: _Order, prepared: Any, rules: Any) -> tuple[str, str]:
    """Do one shard's work on a worker; return the names of what was put into the store."""
    from pathlib import Path

    from parkgap import program
    from parkgap.errors import ShardError
    from parkgap.store import Memo, Shelf, Store
    from parkgap.work import Work, do_one

    if program.fingerprint() != order.program:
        raise ShardError(
            "工作进程的 parkgap 或其依赖版本不同 / the worker has another version of parkgap or of "
            "its libraries"
        )
    store = Store(Path(order.folder), reads=order.reads)
    work = Work(
        **order.parts,
        prepared=prepared,
        rules=rules,
        shelf=Shelf(store),
        memo=Memo(store, order.program),
    )
    done = do_one(work)
    shelf = Shelf(store, memory=0)
    names = shelf.put(done.found), shelf.put(done.drawn)
    if store.trouble:
        raise ShardError(store.trouble)
    return names


def _fetch(work: Work, names: tuple[str, str], store: Store) -> Done:
    from parkgap.store import Shelf
    from parkgap.work import Done

    shelf = Shelf(store, memory=0)
    found, drawn = (shelf.get(name) for name in names)
    work.memo.reused.extend(["survey", "drawn"])
    return Done(found, drawn)
