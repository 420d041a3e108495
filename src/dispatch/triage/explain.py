"""The whole way to a decision: facts with spans, each row that hit or missed and why, each program's clauses."""

from collections.abc import Iterator, Set
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from dispatch.domain.call import CallFacts
from dispatch.triage.conditions import (
    CATEGORY,
    TOPIC,
    AllOf,
    AnyOf,
    Atom,
    Condition,
    Not,
    State,
    compile_condition,
    describe,
)
from dispatch.triage.decision import TriageDecision, as_data
from dispatch.triage.evaluate import evaluate
from dispatch.triage.facts import UNKNOWN
from dispatch.triage.model import RETIRED, SHADOW, Row, Table
from dispatch.triage.policy import Policy
from dispatch.triage.programs import Moment, is_inside, is_open, moment_of
from dispatch.triage.reading import Reading, read_call

HIT, ADDED, OVERTAKEN, MISSED, NOT_READ, INACTIVE, SHADOW_HIT = (
    "hit",
    "added",
    "overtaken",
    "missed",
    "not_read",
    "inactive",
    "shadow_hit",
)


@dataclass(frozen=True, slots=True)
class RowTrace:
    """result: hit; added (not the first of its table, or of another type that the call names, and it brings people or
    urgency); overtaken (it won its table, but an earlier table had decided); missed; not_read (an earlier row of
    the table won); inactive; shadow_hit. why: what did not hold, and the value seen.
    """

    row: str
    title: str
    result: str
    when: str
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableTrace:
    table: str
    title: str
    is_floor: bool
    rows: tuple[RowTrace, ...]


@dataclass(frozen=True, slots=True)
class ClauseTrace:
    """holds: None when it cannot be told."""

    clause: str
    holds: bool | None
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProgramTrace:
    program: str
    verdict: str
    reasons: tuple[str, ...]
    clauses: tuple[ClauseTrace, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    decision: TriageDecision
    tables: tuple[TableTrace, ...]
    programs: tuple[ProgramTrace, ...]

    def as_data(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "decision": as_data(self.decision),
            "tables": [asdict(table) for table in self.tables],
            "programs": [asdict(program) for program in self.programs],
        }


def explain(call: CallFacts, policy: Policy, at: datetime) -> Explanation:
    """The decision of evaluate() and the trace of how it came about."""
    decision = evaluate(call, policy, at)
    reading = read_call(call, policy)
    moment = moment_of(at, policy.zone)
    state = {**reading.state, CATEGORY: decision.category.value}
    return Explanation(
        decision,
        tuple(_table(table, decision, reading, moment) for table in policy.tables),
        tuple(_programs(policy, decision, state, reading, call, moment)),
    )


def _table(table: Table, decision: TriageDecision, reading: Reading, moment: Moment) -> TableTrace:
    rows: list[RowTrace] = []
    is_won = False
    counted = {reason.rule for reason in decision.reasons}
    for row in table.rows:
        result, why = _row(row, reading, moment, is_won=is_won)
        is_won |= result == HIT
        if result == HIT and row.id not in counted:
            result = OVERTAKEN
        elif result in (NOT_READ, MISSED) and row.id in counted:
            result, why = ADDED, ()
        rows.append(RowTrace(row.id, row.title, result, describe(row.when), why))
    return TableTrace(table.name, table.title, table.is_floor, tuple(rows))


def _row(row: Row, reading: Reading, moment: Moment, *, is_won: bool) -> tuple[str, tuple[str, ...]]:
    if is_won:
        return NOT_READ, ()
    if row.life.status == RETIRED or not row.life.covers(moment.day):
        return INACTIVE, ()
    if row.test(reading.state, reading.topics) is True:
        return SHADOW_HIT if row.life.status == SHADOW else HIT, ()
    return MISSED, tuple(why_not(row.when, reading.state, reading.topics))


def why_not(condition: Condition, state: State, topics: Set[str], *, under_not: bool = False) -> Iterator[str]:
    """The parts that do not hold, each with the value seen."""
    if compile_condition(condition, under_not=under_not)(state, topics) is True:
        return
    match condition:
        case Atom():
            yield f"{condition.key} is {_seen(condition, state, topics)}, asked for {condition.shown}"
        case Not(part):
            yield f"{describe(part)} is not ruled out"
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from why_not(part, state, topics, under_not=under_not)


def _seen(atom: Atom, state: State, topics: Set[str]) -> str:
    if atom.key == TOPIC:
        return ", ".join(sorted(topics)) or "none read"
    return state.get(atom.key, UNKNOWN)


def _programs(
    policy: Policy, decision: TriageDecision, state: State, reading: Reading, call: CallFacts, moment: Moment
) -> Iterator[ProgramTrace]:
    programs = {program.id: program for program in policy.programs}
    topics = reading.topics
    for verdict in decision.programs:
        program = programs[verdict.program]
        takes = AnyOf(program.takes)
        clauses = [ClauseTrace(f"takes {describe(takes)}", program.takes_test(state, topics))]
        clauses += [
            ClauseTrace(f"{rule.level} {rule.id}: {describe(rule.when)}", rule.test(state, topics))
            for rule in program.disqualifies
        ]
        asked = (
            ("place", program.places),
            ("age_band", program.ages),
            ("channel", program.channels),
            ("caller_wants", program.caller_wants),
        )
        for key, allowed in asked:
            if allowed:
                seen = state.get(key, UNKNOWN)
                held = None if seen == UNKNOWN else seen in allowed
                clauses.append(ClauseTrace(f"{key} is {' or '.join(sorted(allowed))}", held, (f"seen {seen}",)))
        if program.hours is not None:
            clock = moment if program.zone is None else moment_of(moment.local, program.zone)
            clauses.append(ClauseTrace(f"open at {clock.local:%A %H:%M %Z}", is_open(program.hours, clock)))
        if program.area is not None:
            inside = None if call.position is None else is_inside(program.area, call.position)
            clauses.append(ClauseTrace(f"inside {program.area.name or 'its area'}", inside))
        yield ProgramTrace(program.id, verdict.verdict.value, verdict.reasons, tuple(clauses))
