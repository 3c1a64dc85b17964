"""The hands that do the shards' work: this process, its own workers, or those of a Dask cluster.

Workers write what they make into the study's store and hand back only its names, so that the
process that asked never holds more than it gathers, and what is finished stays finished.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from parkgap.errors import InputError, ShardError

if TYPE_CHECKING:
    from distributed import Client

    from parkgap.errors import Problem
    from parkgap.store import Store
    from parkgap.work import Done, Work

Do = Callable[[list["Work"]], list["Done"]]
_RETRIES = 2
_FOUND_S = 30.0  # seconds to wait for a scheduler
_NAMED = 3  # parks of a shard, in a message


@dataclass(frozen=True)
class _Order:
    """One shard's work as it is sent: plain data, and where the store lies."""

    parts: dict[str, Any]
    folder: str
    reads: bool
    program: str


@dataclass(frozen=True)
class _Told:
    """What a worker says: names in the store, what it took from there, what it refuses."""

    names: tuple[str, ...] = ()
    reused: tuple[str, ...] = ()
    refused: tuple[Problem, ...] = ()


@contextmanager
def hands(
    workers: int, scheduler: str | None, store: Store, tell: Callable[[str], None]
) -> Iterator[Do | None]:
    """Offer a function that does the work of shards; None: the process itself does it.

    Workers are called only for shards that the store does not hold: to start them takes longer
    than to read what is there.

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
        Of the function: the scheduler does not answer, or a shard failed on every try.
    InputError
        Of the function: an input is refused.
    LostPieceError
        Of the function: what a shard needs is gone from the store.
    """
    from parkgap.work import do_one, is_kept

    if scheduler is None and workers <= 1:
        yield None
        return
    with ExitStack() as open_ones:
        clients: list[Client] = []

        def do(works: list[Work]) -> list[Done]:
            kept = [is_kept(work) for work in works]
            if not all(kept) and not clients:
                clients.append(open_ones.enter_context(_client(workers, scheduler)))
            new = [work for work, is_there in zip(works, kept, strict=True) if not is_there]
            made = iter(_do_all(clients[0], new, store, tell) if new else ())
            return [
                do_one(work) if is_there else next(made)
                for work, is_there in zip(works, kept, strict=True)
            ]

        yield do


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

    # What shards share is sent once: the map, and the rules of each standard.
    each = {id(work.rules): work.rules for work in works}
    shared = [works[0].prepared, *each.values()]
    prepared, *sent = client.scatter(shared, broadcast=True, hash=False)
    rules = dict(zip(each, sent, strict=True))
    futures = {}
    for i, work in enumerate(works):
        parts = {n: getattr(work, n) for n in ("shard", "cells", "tolerance", "mask")}
        order = _Order(parts, str(store.folder.resolve()), store.reads, work.memo.program)
        # Not pure: under a key of its own, or another run's shard (or an earlier try) answers it.
        own = rules[id(work.rules)]
        future = client.submit(_do, order, prepared, own, retries=_RETRIES, pure=False)
        futures[future] = i
    told: dict[int, _Told] = {}
    failed: list[tuple[int, str]] = []
    for future in as_completed(list(futures), loop=client.loop):
        i = futures[future]
        if future.status == "finished":
            told[i] = future.result()
        else:
            error = future.exception()
            if isinstance(error, LostPieceError):
                raise error  # trying the same again is no use: the piece must be made again
            failed.append((i, str(error or future.status)))
        tell(f"{len(told) + len(failed)}/{len(works)} 分片 / shards")
    if failed:
        raise ShardError(*(_sentence(works[i], text) for i, text in sorted(failed)))
    refused = {str(problem): problem for i in sorted(told) for problem in told[i].refused}
    if refused:
        raise InputError(*refused.values())
    return [_fetch(work, told[i], store) for i, work in enumerate(works)]


def _sentence(work: Work, error: str) -> str:
    own = work.shard.own
    more = len(own) - _NAMED
    shown = ", ".join(own[:_NAMED]) + (f" … (+{more})" if more > 0 else "")
    return (
        f"分片失败（园区 {shown}）：{error}；已完成的部分已保存，重新运行会接着做 / a shard failed "
        f"(parks {shown}): {error}; finished parts are kept, the next run goes on from there"
    )


def _do(order: _Order, prepared: Any, rules: Any) -> _Told:
    """Do one shard's work on a worker."""
    from pathlib import Path

    from parkgap import program
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
    try:
        done = do_one(work)
    except InputError as error:  # no use in trying that again
        return _Told(refused=error.problems)
    shelf = Shelf(store, memory=0)
    names = shelf.put(done.found), shelf.put(done.drawn)
    if store.trouble:
        raise ShardError(store.trouble)
    return _Told(names, tuple(work.memo.reused))


def _fetch(work: Work, told: _Told, store: Store) -> Done:
    from parkgap.store import Shelf
    from parkgap.work import Done

    shelf = Shelf(store, memory=0)
    found, drawn = (shelf.get(name) for name in told.names)
    work.memo.reused.extend(told.reused)
    return Done(found, drawn)
