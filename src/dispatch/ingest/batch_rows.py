"""One row of a batch becomes one line of output: its decision, or what is wrong with it; and it is counted."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from pydantic import ValidationError

from dispatch.domain.call import CallFacts
from dispatch.ingest.history import body_reject
from dispatch.ingest.history_call import HistoryCall, Reject, Skipped
from dispatch.ingest.mapping import Mapping as CallMapping
from dispatch.ingest.records import RAW_SHOWN, Line, Record
from dispatch.ingest.rows import RowReader
from dispatch.operations.call_body import CallBody
from dispatch.triage.decision import TriageDecision, as_data
from dispatch.triage.evaluate import evaluate, rests_on
from dispatch.triage.memo import Memo
from dispatch.triage.policy import Policy
from dispatch.triage.questions import with_questions

ERRORS_SHOWN = 20
_LONGEST_REPEATED = 200  # characters; a longer narrative is written once in a lifetime, remembering it is a waste

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


@dataclass(frozen=True, slots=True)
class _Answer:
    """A decision as it is counted and written. rest_of_line: its JSON without the opening brace."""

    category: str
    first: str
    priority: int
    needs_human: bool
    rest_of_line: bytes


class RowTriage:
    """Decides rows by one policy. Pure but for the policy it was made with."""

    def __init__(self, job: BatchJob, policy: Policy) -> None:
        self._job, self._policy = job, policy
        self._answers: Memo[Hashable, _Answer] = Memo()
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
            answer = self._answer(body.facts(), body.received_at or self._job.at)
        except ValidationError as wrong:
            return self._error(body_reject(call.row, line, wrong, call.body), tally)
        except Exception as broken:
            # One row that breaks the engine must not cost the other ten million: it becomes an error line.
            detail = f"line {line}: triage failed with {type(broken).__name__}: {broken}"
            return self._error(Reject(call.row, line, "", "triage_failed", detail, ""), tally)
        _count(call, answer, tally)
        if not self._job.as_json:
            return _text_line(call, body, answer)
        extra: dict[str, Any] = {"row": call.row, "source_ref": body.source_ref}
        if call.warnings:
            extra["row_warnings"] = list(call.warnings)
        return orjson.dumps(extra)[:-1] + answer.rest_of_line

    def _answer(self, facts: CallFacts, moment: datetime) -> _Answer:
        """Worked out once for all rows that say the same: ten million calls have a few thousand wordings."""
        if facts.narrative is not None and len(facts.narrative) > _LONGEST_REPEATED:
            return self._decided(facts, moment)
        key = rests_on(facts, self._policy, moment)
        known = self._answers.get(key)
        if known is None:
            known = self._answers.keep(key, self._decided(facts, moment))
        return known

    def _decided(self, facts: CallFacts, moment: datetime) -> _Answer:
        decision = evaluate(facts, self._policy, moment)
        if self._job.with_questions:
            decision = with_questions(decision, facts, self._policy, moment)
        return _Answer(
            decision.category.value,
            first_responder_type(decision),
            decision.priority,
            decision.needs_human,
            b"," + orjson.dumps(as_data(decision), option=orjson.OPT_APPEND_NEWLINE)[1:] if self._job.as_json else b"",
        )

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


def _count(call: HistoryCall, answer: _Answer, tally: BatchTally) -> None:
    tally.decided += 1
    tally.needs_human += answer.needs_human
    tally.categories[answer.category] += 1
    tally.priorities[answer.priority] += 1
    tally.responders[answer.first] += 1
    for code in call.warnings:
        tally.warnings[code.partition(":")[0]] += 1
    if call.rule is not None:
        tally.flagged[call.rule] += 1


def first_responder_type(decision: TriageDecision) -> str:
    """The type that leads the first step of the plan."""
    slots = [slot for step in decision.plan.steps[:1] for slot in step.slots]
    return slots[0].responder_type if slots else "nobody"


def _text_line(call: HistoryCall, body: CallBody, answer: _Answer) -> bytes:
    said = (body.call_type.text or body.call_type.code if body.call_type else None) or body.narrative or ""
    human = "human" if answer.needs_human else "     "
    line = f"{call.row:>7}  P{answer.priority}  {answer.category:<17}  {answer.first:<19}  "
    return (line + f"{human}  {body.source_ref[:20]:<20}  {' '.join(said.split())[:60]}").encode(
        "utf-8", "replace"
    ) + b"\n"
