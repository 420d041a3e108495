"""What a policy that loads may still have wrong: rows no call reaches, order that hides danger, gaps, missing cases."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from dispatch.domain.call import CallFacts
from dispatch.domain.classification import Category
from dispatch.triage.cases import moment_of, run_cases
from dispatch.triage.conditions import TOPIC, Atom, required_atoms
from dispatch.triage.evaluate import evaluate
from dispatch.triage.facts import DANGERS, VOCABULARY
from dispatch.triage.model import ACTIVE, COMES_TO_EVERY_CALL, LIFE_THREAT, RETIRED, Row, Table
from dispatch.triage.policy import Policy

ERROR, WARNING = "error", "warning"
_NOON = "2026-01-07T12:00"
NAMED = 5  # rows that a finding names one by one


@dataclass(frozen=True, slots=True)
class Finding:
    """place: file:line."""

    severity: str
    code: str
    place: str
    detail: str


def check_policy(policy: Policy) -> list[Finding]:
    """Every finding, errors first, then in the order of the checks. An error makes an answer wrong; a warning may."""
    checks: tuple[Callable[[Policy], Iterator[Finding]], ...] = (
        _unreachable_rows,
        _buried_rows,
        _hidden_urgency,
        _gaps,
        _silent_comfort,
        _shadowed_phrases,
        _unused,
        _unjudged_slots,
        _cases,
        _missed_dangers,
    )
    findings = [finding for check in checks for finding in check(policy)]
    return sorted(findings, key=lambda finding: finding.severity != ERROR)


def _active(table: Table) -> list[Row]:
    return [row for row in table.rows if row.life.status == ACTIVE and not row.life.is_dated]


def _unreachable_rows(policy: Policy) -> Iterator[Finding]:
    """A row behind another that matches whenever it does; with a different answer the two contradict each other."""
    for table in policy.tables:
        for earlier, later in combinations(_active(table), 2):
            if not _covers(earlier, later):
                continue
            if _covers(later, earlier) and earlier.then != later.then:
                detail = f"{later.id} asks the same as {earlier.id} and answers differently. Keep one."
                yield Finding(ERROR, "conflicting_rows", str(later.place), detail)
            else:
                detail = (
                    f"{later.id} can never match: {earlier.id} before it takes all its calls. Move it up or end it."
                )
                yield Finding(ERROR, "unreachable_row", str(later.place), detail)


def _buried_rows(policy: Policy) -> Iterator[Finding]:
    """A row that takes all calls of rows in later tables, as a city's can those of the policy that it extends."""
    tables = [_active(table) for table in policy.tables]
    for number, table in enumerate(tables):
        later = [row for rows in tables[number + 1 :] for row in rows if row.then is not None]
        for earlier in table:
            buried = [row.id for row in later if earlier.then is not None and _covers(earlier, row)]
            if not buried:
                continue
            more = f" and {len(buried) - NAMED} more" if len(buried) > NAMED else ""
            detail = (
                f"{earlier.id} takes every call of {len(buried)} rows in later tables "
                f"({', '.join(buried[:NAMED])}{more}). Ask for more in its `when`, or move it behind them."
            )
            yield Finding(ERROR, "buries_rows", str(earlier.place), detail)


def _missed_dangers(policy: Policy) -> Iterator[Finding]:
    """Urgent cases of the policies it stands on that would not bring who must come any more, or later.

    A city may answer otherwise for what is no life threat by replacing, by its id, the very row that the case is about.
    """
    for case in policy.inherited_dangers:
        decision = evaluate(case.call, policy, moment_of(case, policy))
        expect, first = case.expect, {slot.responder_type for slot in decision.plan.steps[0].slots}
        missing = {kind for kind in (expect.responder, *expect.with_types) if kind in COMES_TO_EVERY_CALL} - first
        lower = expect.priority is not None and decision.priority > expect.priority
        if not missing and not lower:
            continue
        row = decision.reasons[0].rule
        what = [f"{' and '.join(sorted(filter(None, missing)))} would not come first"] if missing else []
        what += [f"its priority would be {decision.priority} and not {expect.priority}"] if lower else []
        place = next((str(one.place) for one in policy.rows if one.id == row), str(case.place))
        detail = (
            f"{case.sentence} ({case.place}): {row} decides, and {' and '.join(what)}. "
            f"Let {row} take fewer calls, or say what this danger is told by in a floor table."
        )
        is_meant = row == expect.row and expect.priority is not None and expect.priority > LIFE_THREAT
        yield Finding(WARNING if is_meant else ERROR, "danger_missed", place, detail)


def _covers(one: Row, other: Row) -> bool:
    """True when `one` surely matches whatever `other` matches."""
    atoms, is_whole = required_atoms(one.when)
    if not is_whole:
        return one.when == other.when
    theirs, _ = required_atoms(other.when)
    return all(any(a.key == b.key and b.values <= a.values for b in theirs) for a in atoms)


def _hidden_urgency(policy: Policy) -> Iterator[Finding]:
    """Two rows that can match the same call, the less urgent first: order decides, and it hides danger."""
    for table in policy.tables:
        for earlier, later in combinations(_active(table), 2):
            before, after = (row.then.priority if row.then else None for row in (earlier, later))
            if before is None or after is None or before <= after or not _can_meet(earlier, later):
                continue
            detail = (
                f"{earlier.id} (priority {before}) comes before {later.id} (priority {after}) and can take its calls."
            )
            if table.is_floor:
                yield Finding(WARNING, "floor_order", str(earlier.place), detail)
            elif _asks_danger(later):
                yield Finding(WARNING, "overlap", str(earlier.place), detail)


def _asks_danger(row: Row) -> bool:
    return any(atom.key in DANGERS for atom in required_atoms(row.when)[0])


def _can_meet(one: Row, other: Row) -> bool:
    ours, theirs = required_atoms(one.when)[0], required_atoms(other.when)[0]
    return not any(_exclude(a, b) for a in ours for b in theirs)


def _exclude(one: Atom, other: Atom) -> bool:
    return one.key == other.key and one.key != TOPIC and one.values.isdisjoint(other.values)


def _gaps(policy: Policy) -> Iterator[Finding]:
    """Incident types for which, with nothing else known, only the catch-all answers."""
    at = datetime.fromisoformat(_NOON).replace(tzinfo=policy.zone)
    catch_all = policy.rows[-1].id
    for incident_type in policy.incident_types.values():
        decision = evaluate(CallFacts(source="check", type_code=incident_type.code), policy, at)
        if decision.reasons[0].rule == catch_all and incident_type.category is not Category.UNKNOWN:
            detail = f"{incident_type.code} ({incident_type.label}) is decided by the catch-all {catch_all} alone."
            yield Finding(WARNING, "gap", str(incident_type.place), detail)


def _silent_comfort(policy: Policy) -> Iterator[Finding]:
    """A type that claims by itself that there is no danger: nobody has said so on this call."""
    for incident_type in policy.incident_types.values():
        for fact, value in incident_type.facts:
            if fact in DANGERS and value == VOCABULARY[fact].safe_value:
                detail = f"{incident_type.code} claims {fact}={value} of every call. Leave it unknown."
                yield Finding(WARNING, "assumed_safe", str(incident_type.place), detail)


def _shadowed_phrases(policy: Policy) -> Iterator[Finding]:
    """Markers and pseudo-markers that a phrase of the lexicon takes the words of."""
    book = policy.phrases
    for words in (*book.marks, *book.pseudo):
        phrase = book.phrases.get(words)
        if phrase is not None:
            detail = f"The phrase {phrase.written!r} is also a context marker; the marker never works. Keep one."
            yield Finding(WARNING, "shadowed_phrase", str(phrase.place), detail)
    for phrase in book.phrases.values():
        if phrase.is_form or not phrase.meaning:
            continue
        for size in range(1, len(phrase.words)):
            mark = book.marks.get(phrase.words[:size])
            if (
                mark is not None
                and mark.before is not None
                and mark.before[0] == "negated"
                and _is_denied(phrase.meaning)
            ):
                detail = f"{phrase.written!r} begins with a negator and still counts as danger. Is that meant?"
                yield Finding(WARNING, "negator_in_phrase", str(phrase.place), detail)


def _is_denied(meaning: object) -> bool:
    """Life threats are often worded as denials ("not breathing"); anything less is worth a second look."""
    facts = getattr(meaning, "facts", ())
    return any(f in DANGERS and v not in (VOCABULARY[f].safe_value, VOCABULARY[f].values[-1]) for f, v in facts)


def _unused(policy: Policy) -> Iterator[Finding]:
    """Programs that no plan can send, and plans that nothing names."""
    rows = [row for row in policy.rows if row.life.status != RETIRED]
    named = {row.then.plan for row in rows if row.then is not None}
    named |= {policy.fallback.id} if policy.fallback is not None else set()
    slots = [slot for plan in policy.plans.values() if plan.id in named for step in plan.steps for slot in step.slots]
    slots += [slot for row in rows if row.also is not None for slot in row.also.slots]
    kinds = {kind for slot in slots for kind in slot.eligible}
    programs = {slot.program for slot in slots}
    for program in policy.programs:
        if program.life.status != RETIRED and program.responder_type not in kinds and program.id not in programs:
            detail = f"No plan in use has a slot for {program.id} ({program.responder_type}), so no call reaches it."
            yield Finding(WARNING, "unreachable_program", str(program.place), detail)
    for plan in policy.plans.values():
        if plan.id not in named:
            yield Finding(WARNING, "unused_plan", str(plan.place), f"No row uses plan {plan.id!r}.")


def _unjudged_slots(policy: Policy) -> Iterator[Finding]:
    """Slots that send a kind of responder without asking its programs whether they take the call."""
    with_programs = {program.responder_type for program in policy.programs} - COMES_TO_EVERY_CALL
    for plan in policy.plans.values():
        kinds = {slot.responder_type for step in plan.steps for slot in step.slots} & with_programs
        for kind in sorted(filter(None, kinds)):
            detail = (
                f"Plan {plan.id!r} sends {kind} unasked. Write {{eligible: [{kind}]}} so that its programs are judged."
            )
            yield Finding(WARNING, "unjudged_slot", str(plan.place), detail)


def _cases(policy: Policy) -> Iterator[Finding]:
    report = run_cases(policy)
    for result in report.results:
        if not result.passed:
            yield Finding(ERROR, "case_fails", result.at, f"{result.case}: {'; '.join(result.failures)}.")
    places = {row.id: str(row.place) for row in policy.rows}
    for row in report.without_hit:
        yield Finding(WARNING, "no_hit_case", places[row], f"No case hits {row}. Add one.")
    for row in report.without_near_miss:
        yield Finding(
            WARNING, "no_near_miss_case", places[row], f"No case names {row} in not_because. Add a near miss."
        )
