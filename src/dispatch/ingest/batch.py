"""Triage of a whole file: one decision per row, in order, in constant memory, on as many processes as asked for."""

import gc
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from itertools import islice
from multiprocessing import get_context
from signal import SIG_BLOCK, SIG_SETMASK, SIGINT, pthread_sigmask

from dispatch.domain.errors import Unavailable
from dispatch.ingest.batch_rows import BatchJob, Decided, Item, RowTriage
from dispatch.ingest.records import Record
from dispatch.triage.policy import load_policy

CHUNK_ROWS = 250
_Packed = tuple[int, int, list[str], tuple[str, ...]] | Item
CHUNKS_AHEAD = 4  # per process: enough to keep it busy, few enough to keep memory constant


def triage_items(items: Iterable[Item], job: BatchJob, *, workers: int = 1) -> Iterator[Decided]:
    """The items decided, in chunks and in order. Raises PolicyInvalid first when the policy does not load."""
    policy = load_policy(job.texts, parents=job.parents)
    if workers <= 1:
        triage = RowTriage(job, policy)
        yield from (triage.decide(chunk) for chunk in _chunks(items))
        return
    # spawn: a fork would copy the threads' locks of the progress display in whatever state they are.
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_start, initargs=(job,))
    try:
        yield from _in_order(partial(_submit, pool), _chunks(items), ahead=workers * CHUNKS_AHEAD)
    except BrokenProcessPool as stopped:
        raise Unavailable(
            "a worker process stopped before its rows were decided",
            fix="Try again with fewer --workers; see its message above.",
        ) from stopped
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _submit(pool: ProcessPoolExecutor, chunk: list[Item]) -> Future[Decided]:
    # A process is started inside submit and inherits the blocked signal: Ctrl+C is for the one who reads the file.
    held = pthread_sigmask(SIG_BLOCK, {SIGINT})
    try:
        return pool.submit(_decide, [_packed(item) for item in chunk])
    finally:
        pthread_sigmask(SIG_SETMASK, held)


def _in_order(
    submit: Callable[[list[Item]], Future[Decided]], chunks: Iterator[list[Item]], *, ahead: int
) -> Iterator[Decided]:
    # A window of our own, because Executor.map reads its whole input at once: ten million rows in memory.
    waiting: deque[Future[Decided]] = deque(submit(chunk) for chunk in islice(chunks, ahead))
    while waiting:
        done = waiting.popleft().result()
        waiting.extend(submit(chunk) for chunk in islice(chunks, 1))
        yield done


def _chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    source = iter(items)
    while chunk := list(islice(source, CHUNK_ROWS)):
        yield chunk


_OF_THIS_PROCESS: dict[str, RowTriage] = {}


def _start(job: BatchJob) -> None:
    _OF_THIS_PROCESS["triage"] = RowTriage(job, load_policy(job.texts, parents=job.parents))
    gc.freeze()  # the policy stays until the end: looking through it for garbage costs a tenth of all work


def _decide(items: list[_Packed]) -> Decided:
    return _OF_THIS_PROCESS["triage"].decide([Record(*item) if isinstance(item, tuple) else item for item in items])


def _packed(item: Item) -> _Packed:
    # Between processes a plain tuple costs a quarter of what an object costs.
    return (item.row, item.line, item.cells, item.warnings) if isinstance(item, Record) else item
