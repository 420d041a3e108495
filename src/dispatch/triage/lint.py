"""What a policy that loads may still have wrong: rows no call reaches, order that hides danger, gaps, missing cases."""

from collections.abc import Callable, Iterator
from datetime import datetime

from dispatch.domain.call import CallFacts
from dispatch.domain.classification import Category
from dispatch.triage.acceptance import with_acceptances
from dispatch.triage.cases import run_cases
from dispatch.triage.evaluate import evaluate
from dispatch.triage.facts import DANGERS, VOCABULARY
from dispatch.triage.findings import ACCEPTED, ERROR, WARNING, Finding
from dispatch.triage.missed_dangers import check_missed_dangers
from dispatch.triage.model import COMES_TO_EVERY_CALL, ORDINARY_MOMENT, RETIRED
from dispatch.triage.policy import Policy
from dispatch.triage.row_order import check_row_order


def check_policy(policy: Policy) -> list[Finding]:
    """Every finding, errors first, accepted ones last, else in the order of the checks.

    An error makes an answer wrong; a warning may; an accepted one is a warning that the owner has given a reason for.
    """
    checks: tuple[Callable[[Policy], Iterator[Finding]], ...] = (
        check_row_order,
        _gaps,
        _silent_comfort,
        _shadowed_phrases,
        _unused,
        _unjudged_slots,
        _borrowed_zone,
        _cases,
        check_missed_dangers,
    )
    findings = with_acceptances(policy, [finding for check in checks for finding in check(policy)])
    return sorted(findings, key=lambda finding: (ERROR, WARNING, ACCEPTED).index(finding.severity))


def _gaps(policy: Policy) -> Iterator[Finding]:
    """Incident types for which, with nothing else known, only the catch-all answers."""
    at = datetime.fromisoformat(ORDINARY_MOMENT).replace(tzinfo=policy.zone)
    catch_all = policy.rows[-1].id
    for incident_type in policy.incident_types.values():
        decision = evaluate(CallFacts(source="check", type_code=incident_type.code), policy, at)
        if decision.reasons[0].rule == catch_all and incident_type.category is not Category.UNKNOWN:
            detail = f"{incident_type.code} ({incident_type.label}) is decided by the catch-all {catch_all} alone."
            yield Finding(WARNING, "gap", str(incident_type.place), detail, incident_type.code)


def _silent_comfort(policy: Policy) -> Iterator[Finding]:
    """A type that claims by itself that there is no danger: nobody has said so on this call."""
    for incident_type in policy.incident_types.values():
        for fact, value in incident_type.facts:
            if fact in DANGERS and value == VOCABULARY[fact].safe_value:
                detail = f"{incident_type.code} claims {fact}={value} of every call. Leave it unknown."
                yield Finding(WARNING, "assumed_safe", str(incident_type.place), detail, incident_type.code)


def _shadowed_phrases(policy: Policy) -> Iterator[Finding]:
    """Markers and pseudo-markers that a phrase of the lexicon takes the words of."""
    book = policy.phrases
    for words in (*book.marks, *book.pseudo):
        phrase = book.phrases.get(words)
        if phrase is not None:
            detail = f"The phrase {phrase.written!r} is also a context marker; the marker never works. Keep one."
            yield Finding(WARNING, "shadowed_phrase", str(phrase.place), detail, phrase.written)
    for phrase in book.phrases.values():
        if phrase.is_form or not phrase.meaning:
            continue
        starts = (book.marks.get(phrase.words[:size]) for size in range(1, len(phrase.words)))
        if _is_denied(phrase.meaning) and any(m and m.before and m.before[0] == "negated" for m in starts):
            detail = f"{phrase.written!r} begins with a negator and still counts as danger. Is that meant?"
            yield Finding(WARNING, "negator_in_phrase", str(phrase.place), detail, phrase.written)


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
            yield Finding(WARNING, "unreachable_program", str(program.place), detail, program.id)
    for plan in policy.plans.values():
        if plan.id not in named:
            yield Finding(WARNING, "unused_plan", str(plan.place), f"No row uses plan {plan.id!r}.", plan.id)


def _unjudged_slots(policy: Policy) -> Iterator[Finding]:
    """Slots that send a kind of responder without asking its programs whether they take the call."""
    with_programs = {program.responder_type for program in policy.programs} - COMES_TO_EVERY_CALL
    for plan in policy.plans.values():
        kinds = {slot.responder_type for step in plan.steps for slot in step.slots} & with_programs
        for kind in sorted(filter(None, kinds)):
            detail = (
                f"Plan {plan.id!r} sends {kind} unasked. Write {{eligible: [{kind}]}} so that its programs are judged."
            )
            yield Finding(WARNING, "unjudged_slot", str(plan.place), detail, plan.id)


def _borrowed_zone(policy: Policy) -> Iterator[Finding]:
    """Hours of the policy's own programs that are read on the clock of the policy that it extends."""
    for program in policy.programs:
        if program.hours and not program.zone and not policy.is_own_zone and program.place.file.startswith("programs/"):
            detail = (
                f"The hours of {program.id} are read in {policy.time_zone}, which is inherited. "
                "Say 'time_zone' in policy.yaml, or in the program."
            )
            yield Finding(WARNING, "borrowed_zone", str(program.place), detail, program.id)


def _cases(policy: Policy) -> Iterator[Finding]:
    report = run_cases(policy)
    for result in report.results:
        if not result.passed:
            yield Finding(ERROR, "case_fails", result.at, f"{result.case}: {'; '.join(result.failures)}.", result.case)
    places = {row.id: str(row.place) for row in policy.rows}
    for row in report.without_hit:
        yield Finding(WARNING, "no_hit_case", places[row], f"No case hits {row}. Add one.", row)
    for row in report.without_near_miss:
        detail = f"No case names {row} in not_because. Add a near miss."
        yield Finding(WARNING, "no_near_miss_case", places[row], detail, row)
