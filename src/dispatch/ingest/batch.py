"""Triage of a whole file: one decision per row, in order, in constant memory, on as many processes as asked for."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import islice
from multiprocessing import get_context
from signal import SIG_BLOCK, SIG_SETMASK, SIGINT, pthread_sigmask
from typing import Any

import orjson
from pydantic import ValidationError

from dispatch.domain.errors import Unavailable
from dispatch.ingest.history import body_reject
from dispatch.ingest.history_call import HistoryCall, Reject, Skipped
from dispatch.ingest.mapping import Mapping as CallMapping
from dispatch.ingest.records import RAW_SHOWN, Line, Record
from dispatch.ingest.rows import RowReader
from dispatch.operations.call_body import CallBody
from dispatch.triage.decision import TriageDecision, as_data
from dispatch.triage.evaluate import evaluate
from dispatch.triage.policy import Policy, load_policy
from dispatch.triage.questions import with_questions

CHUNK_ROWS = 250
CHUNKS_AHEAD = 4  # per process: enough to keep it busy, few enough to keep memory constant
ERRORS_SHOWN = 20

Item = Record | Reject | Line
Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BatchJob:
    """What every process needs. mapping None: each line is a call body. at: the moment for calls without one."""

    texts: Texts
    parents: Mapping[str, Texts]
    mapping: CallMapping | None
    header: tuple[str, ...]
    at: datetime
    as_json: bool = True
    with_questions: bool = False


@dataclass(slots=True)
class BatchTally:
    """Counts of a batch. `responders`: who goes first. `errors_shown`: the first few bad rows, in a sentence each."""

    rows: int = 0
    decided: int = 0
    errors: int = 0
    needs_human: int = 0
    categories: Counter[str] = field(default_factory=Counter)
    responders: Counter[str] = field(default_factory=Counter)
    priorities: Counter[int] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    flagged: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    errors_shown: list[str] = field(default_factory=list)

    def add(self, other: "BatchTally") -> None:
        """Takes in the counts of another part of the same batch."""
        self.rows += other.rows
        self.decided += other.decided
        self.errors += other.errors
        self.needs_human += other.needs_human
        for name in ("categories", "responders", "priorities", "reasons", "skipped", "flagged", "warnings"):
            getattr(self, name).update(getattr(other, name))
        self.errors_shown += other.errors_shown[: ERRORS_SHOWN - len(self.errors_shown)]

    def as_data(self) -> dict[str, Any]:
        """Plain counts, most frequent first."""
        return {
            "rows": self.rows,
            "decided": self.decided,
            "errors": self.errors,
            "needs_human": self.needs_human,
            "categories": dict(self.categories.most_common()),
            "first_responder_types": dict(self.responders.most_common()),
            "priorities": {str(level): count for level, count in sorted(self.priorities.items())},
            "errors_by_reason": dict(self.reasons.most_common()),
            "skipped_by_rule": dict(self.skipped.most_common()),
            "flagged_by_rule": dict(self.flagged.most_common()),
            "warnings": dict(self.warnings.most_common()),
        }


@dataclass(frozen=True, slots=True)
class Decided:
    """The output lines of some rows, in order, and their counts."""

    lines: bytes
    tally: BatchTally


class RowTriage:
    """Decides rows by one policy. Pure but for the policy it was made with."""

    def __init__(self, job: BatchJob, policy: Policy) -> None:
        self._job, self._policy = job, policy
        self._reader = RowReader(job.mapping, job.header, with_outcome=False) if job.mapping else None

    def decide(self, items: Sequence[Item]) -> Decided:
        """One output line for each item. An item that cannot be decided gets a line that says why."""
        tally = BatchTally()
        lines = [self._line(item, tally) for item in items]
        return Decided(b"".join(lines), tally)

    def _line(self, item: Item, tally: BatchTally) -> bytes:
        tally.rows += 1
        read = self._read(item)
        if isinstance(read, Skipped):
            tally.skipped[read.rule] += 1
            return self._written({"row": read.row, "skipped": read.rule}, f"{read.row:>7}  skipped by rule {read.rule}")
        if isinstance(read, Reject):
            return self._error(read, tally)
        return self._decision(read, item.line if isinstance(item, Record) else read.row, tally)

    def _read(self, item: Item) -> HistoryCall | Reject | Skipped:
        if isinstance(item, Reject):
            return item
        if isinstance(item, Record):
            if self._reader is None:
                raise TypeError("rows of a table need a mapping")
            return self._reader.read(item)
        return _body_of(item)

    def _decision(self, call: HistoryCall, line: int, tally: BatchTally) -> bytes:
        try:
            body = CallBody.model_validate(call.body)
            facts, moment = body.facts(), body.received_at or self._job.at
            decision = evaluate(facts, self._policy, moment)
            if self._job.with_questions:
                decision = with_questions(decision, facts, self._policy, moment)
        except ValidationError as wrong:
            return self._error(body_reject(call.row, line, wrong, call.body), tally)
        except Exception as broken:
            # One row that breaks the engine must not cost the other ten million: it becomes an error line.
            detail = f"line {line}: triage failed with {type(broken).__name__}: {broken}"
            return self._error(Reject(call.row, line, "", "triage_failed", detail, ""), tally)
        _count(call, decision, tally)
        if not self._job.as_json:
            return _text_line(call, body, decision)
        extra: dict[str, Any] = {"row": call.row, "source_ref": body.source_ref}
        if call.warnings:
            extra["row_warnings"] = list(call.warnings)
        return orjson.dumps(extra | as_data(decision), option=orjson.OPT_APPEND_NEWLINE)

    def _error(self, reject: Reject, tally: BatchTally) -> bytes:
        tally.errors += 1
        tally.reasons[reject.reason] += 1
        if len(tally.errors_shown) < ERRORS_SHOWN:
            tally.errors_shown.append(f"{reject.reason}: {reject.detail}")
        error = {"code": reject.reason, "field": reject.field, "detail": reject.detail}
        data = {"row": reject.row, "line": reject.line, "error": error}
        return self._written(data, f"{reject.row:>7}  error {reject.reason}: {reject.detail}")

    def _written(self, data: dict[str, Any], text: str) -> bytes:
        if self._job.as_json:
            return orjson.dumps(data, option=orjson.OPT_APPEND_NEWLINE)
        return text.encode("utf-8", "replace") + b"\n"


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
        return pool.submit(_decide, chunk)
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


def _decide(items: list[Item]) -> Decided:
    return _OF_THIS_PROCESS["triage"].decide(items)


def _body_of(line: Line) -> HistoryCall | Reject:
    if line.problem is not None:
        return Reject(line.number, line.number, "", line.problem, f"line {line.number} cannot be read", "")
    try:
        body = orjson.loads(line.text)
    except ValueError as broken:
        detail = f"line {line.number} is not JSON: {broken}"
        return Reject(line.number, line.number, "", "not_json", detail, line.text[:RAW_SHOWN])
    if not isinstance(body, dict):
        detail = f"line {line.number} is JSON but no object; write one call body per line"
        return Reject(line.number, line.number, "", "not_an_object", detail, line.text[:RAW_SHOWN])
    return HistoryCall((line.number,), body, {}, (), {}, line.warnings)


def _count(call: HistoryCall, decision: TriageDecision, tally: BatchTally) -> None:
    tally.decided += 1
    tally.needs_human += decision.needs_human
    tally.categories[decision.category.value] += 1
    tally.priorities[decision.priority] += 1
    tally.responders[first_responder_type(decision)] += 1
    tally.warnings.update(code.partition(":")[0] for code in call.warnings)
    if call.rule is not None:
        tally.flagged[call.rule] += 1


def first_responder_type(decision: TriageDecision) -> str:
    """The type that leads the first step of the plan."""
    slots = [slot for step in decision.plan.steps[:1] for slot in step.slots]
    return slots[0].responder_type if slots else "nobody"


def _text_line(call: HistoryCall, body: CallBody, decision: TriageDecision) -> bytes:
    said = (body.call_type.text or body.call_type.code if body.call_type else None) or body.narrative or ""
    human = "human" if decision.needs_human else "     "
    line = f"{call.row:>7}  P{decision.priority}  {decision.category.value:<17}  {first_responder_type(decision):<19}  "
    return (line + f"{human}  {body.source_ref[:20]:<20}  {' '.join(said.split())[:60]}").encode(
        "utf-8", "replace"
    ) + b"\n"
