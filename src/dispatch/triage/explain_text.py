"""An explanation as people read it: in short for whoever asks why, or whole, with every row and clause."""

from collections.abc import Iterator

from dispatch.domain.classification import Verdict
from dispatch.domain.plan import Slot
from dispatch.triage.conditions import ALWAYS, describe
from dispatch.triage.decision import TriageDecision
from dispatch.triage.explain import OVERTAKEN, SHADOW_HIT, Explanation, ProgramTrace
from dispatch.triage.facts import UNKNOWN
from dispatch.triage.understanding import UNDERSTOOD

_NOT_THEIRS = "not_in_scope"
_REASONS = {
    "in_scope": "this is a call of its kind",
    "outside_hours": "it is closed at this hour",
    "outside_area": "the place is outside its area",
    "shadow": "it is on trial and never sent",
}
_OPEN = {"cannot_tell": "it waits to be told:", "unasked": "without being asked about"}
_REASONS_WITH = {
    "channel": "it takes no calls by {}",
    "place": "it does not go to a place like this: {}",
    "age": "not for this age: {}",
}


def short_text(explanation: Explanation) -> str:
    """What was decided and what speaks for it, what nobody has said, and why a program whose call it is may not go."""
    return "\n".join(_short(explanation)) + "\n"


def whole_text(explanation: Explanation) -> str:
    """Every fact, row and clause with what was seen, line by line."""
    return "\n".join(_whole(explanation)) + "\n"


def _short(explanation: Explanation) -> Iterator[str]:
    decision = explanation.decision
    titles = {row.row: row.title for table in explanation.tables for row in table.rows}
    category, human = _said(decision.category.value), ", and a person must look at it" if decision.needs_human else ""
    yield f"{category.capitalize()}, priority {decision.priority}, filed as {decision.incident_type}{human}"
    yield "Why"
    for reason in decision.reasons:
        yield f"  {reason.rule} {titles.get(reason.rule, '')}".rstrip()
        yield f"      {reason.because}"
    yield "Who goes"
    for step in decision.plan.steps:
        wait = f"; if nobody can within {_minutes(step.wait_limit_s)}, the next" if step.wait_limit_s else ""
        yield f"  {step.step}. {', '.join(_slot(slot) for slot in step.slots)}{wait}"
    yield from _what_was_said(decision)
    yield from _who_may_go(explanation)
    for result, head in ((OVERTAKEN, "Would have decided alone"), (SHADOW_HIT, "On trial, changes nothing")):
        found = [row for table in explanation.tables for row in table.rows if row.result == result]
        rows = [f"{row.row} {row.title}" for row in found if row.when != describe(ALWAYS)]
        if rows:
            yield head
            yield from (f"  {row}" for row in rows)
    yield from (f"Note: {_said(warning)}" for warning in decision.warnings)


def _what_was_said(decision: TriageDecision) -> Iterator[str]:
    yield "What was said"
    silent = []
    for name, fact in decision.facts.items():
        spans = ", ".join(f'"{one.quote}"' for one in fact.evidence)
        if name == UNDERSTOOD:
            spans = " ".join((spans, *sorted({one.phrase for one in fact.evidence if one.phrase.startswith("(")})))
        extra = "".join(
            f"; {what} {_said(text)}" for what, text in (("noted:", fact.note), ("but also", fact.conflict)) if text
        )
        if fact.value == UNKNOWN and not spans and not extra:
            silent.append(_said(name))
        else:
            origin = f", by {_said(fact.origin)}" if fact.origin != UNKNOWN else ""
            yield f"  {_said(name)}: {_said(fact.value)}{origin}{f' {spans}' if spans else ''}{extra}"
    if decision.topics:
        yield f"  about: {', '.join(_said(topic) for topic in decision.topics)}"
    if silent:
        yield f"  Nobody has said, so unknown: {', '.join(silent)}"


def _who_may_go(explanation: Explanation) -> Iterator[str]:
    yield "Programs"
    heads = {Verdict.ELIGIBLE.value: "may go", Verdict.INELIGIBLE.value: "may not go"}
    others = []
    for program in explanation.programs:
        if _NOT_THEIRS in program.reasons:
            others.append(program.program)
            continue
        why = "; ".join(_reasons(program))
        yield f"  {program.program} {heads.get(program.verdict, 'waits for an answer')}: {why}"
    if others:
        yield f"  Not a call of their kind: {', '.join(others)}"


def _reasons(program: ProgramTrace) -> Iterator[str]:
    """Its reasons as sentences, all that nobody has said or asked in one."""
    open_points = {name: [c.partition(":")[2] for c in program.reasons if c.startswith(f"{name}:")] for name in _OPEN}
    yield from (_reason(code, program) for code in program.reasons if code.partition(":")[0] not in _OPEN)
    yield from (
        f"{_OPEN[name]} {', '.join(_said(one) for one in found)}" for name, found in open_points.items() if found
    )


def _reason(code: str, program: ProgramTrace) -> str:
    """The code as a sentence; one that is not known stays as it is."""
    name, _, value = code.partition(":")
    if name in ("disqualifier", "co_respond", "stage"):
        level = "exclude" if name == "disqualifier" else name
        start = f"{level} {value}: "
        clause = next(
            (one.clause.removeprefix(start) for one in program.clauses if one.clause.startswith(start)), value
        )
        ends = {"disqualifier": "", "co_respond": ", so police come along", "stage": ", so police go first"}
        return f"{_said(clause)}{ends[name]}"
    if name.startswith("caller_wants_"):
        return f"the caller wants {_said(name.removeprefix('caller_wants_'))}"
    if value and name in _REASONS_WITH:
        return _REASONS_WITH[name].format(_said(value))
    return _REASONS.get(code, code)


def _slot(slot: Slot) -> str:
    who = f"{_said(slot.responder_type)}{f' ({slot.program})' if slot.program else ''}"
    count = f"{slot.count} " if slot.count != 1 else ""
    role = {"primary": "", "support": " in support", "staged": " waiting nearby until it is safe"}.get(
        str(slot.role), ""
    )
    return f"{count}{who}{_with_skills(slot)}{role}"


def _with_skills(slot: Slot) -> str:
    return f" with {', '.join(_said(one) for one in sorted(slot.capabilities))}" if slot.capabilities else ""


def _minutes(seconds: int) -> str:
    return f"{seconds // 60} min" if seconds % 60 == 0 else f"{seconds} s"


def _said(name: str) -> str:
    return name.replace("_", " ")


def _whole(explanation: Explanation) -> Iterator[str]:
    decision = explanation.decision
    yield f"{decision.category.value}, priority {decision.priority}, type {decision.incident_type}" + (
        ", needs a human" if decision.needs_human else ""
    )
    yield from (f"  because {reason.rule}: {reason.because}" for reason in decision.reasons)
    for step in decision.plan.steps:
        slots = [
            f"{s.count} {s.responder_type}{f' ({s.program})' if s.program else ''} {s.role}{_with_skills(s)}"
            for s in step.slots
        ]
        wait = f", at most {step.wait_limit_s} s" if step.wait_limit_s is not None else ""
        yield f"  step {step.step}: {'; '.join(slots)}{wait}"
    yield "Facts"
    for name, fact in decision.facts.items():
        spans = ", ".join(f"{e.quote!r} at {e.start} ({e.context})" for e in fact.evidence)
        extra = "".join(f", {what} {text}" for what, text in (("note", fact.note), ("conflict", fact.conflict)) if text)
        yield f"  {name} = {fact.value} from {fact.origin}{extra}{f': {spans}' if spans else ''}"
    yield f"Topics: {', '.join(decision.topics) or 'none'}"
    for table in explanation.tables:
        yield f"Table {table.table}{' (safety floor)' if table.is_floor else ''}"
        for row in table.rows:
            yield f"  {row.result:10} {row.row} {row.title}{': ' + '; '.join(row.why) if row.why else ''}"
    yield "Programs"
    for program in explanation.programs:
        yield f"  {program.program}: {program.verdict} ({', '.join(program.reasons)})"
        for clause in program.clauses:
            held = "cannot tell" if clause.holds is None else "yes" if clause.holds else "no"
            yield f"    {held:11} {clause.clause}"
    yield from (f"Warning: {warning}" for warning in decision.warnings)
