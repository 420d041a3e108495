"""Random pairs: what is said first, and a danger said after it, both from the phrases that the policy itself reads."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime

from dispatch.domain.call import CallFacts
from dispatch.domain.classification import Category
from dispatch.triage.decision import TriageDecision
from dispatch.triage.evaluate import evaluate
from dispatch.triage.lexicon import Meaning
from dispatch.triage.loading.lexicon_text import Phrase
from dispatch.triage.policy import Policy

SEAM = ". zz. "  # keeps phrases from running into one another
NOON = datetime(2026, 1, 7, 18, 0, tzinfo=UTC)
COMING = frozenset({"police", "fire", "ems"})


def pairs(policy: Policy, wanted: int, seed: int) -> Iterator[tuple[str, str]]:
    """(words of one to three phrases, a danger phrase: one that by itself is answered by the safety floor)."""
    spoken = sorted(
        " ".join(p.words)
        for p in policy.phrases.phrases.values()
        if isinstance(p.meaning, Meaning) and not _is_in_passing(p, policy)
    )
    floor = _floor(policy)
    dangers = [
        words
        for words in spoken
        if _is_over(policy, words) < any(r.rule in floor for r in decide(policy, words).reasons)
    ]
    draw = random.Random(seed)
    for _ in range(wanted):
        yield SEAM.join(draw.sample(spoken, draw.randint(1, 3))), draw.choice(dangers)


def decide(policy: Policy, narrative: str) -> TriageDecision:
    return evaluate(CallFacts(source="pairs", narrative=narrative), policy, NOON)


def comes(decision: TriageDecision) -> set[str]:
    return {slot.responder_type for slot in decision.plan.steps[0].slots} & COMING


def asked_for(policy: Policy, decision: TriageDecision) -> set[str]:
    """Police, fire and EMS that rows which know what the call is about ask for by name; stand-ins are left out."""
    rows = {row.id: row for row in policy.rows}
    named: set[str] = set()
    for reason in decision.reasons:
        row = rows.get(reason.rule)
        if row is None:
            continue
        if row.also is not None:
            named |= {slot.responder_type for slot in row.also.slots if slot.responder_type}
        is_guess = decision.incident_type == "unknown" or (
            row.then is not None and row.then.category is Category.UNKNOWN
        )
        if row.then is not None and (not is_guess or reason.rule in _floor(policy)):
            named |= {s.responder_type for s in policy.plans[row.then.plan].always_coming if s.responder_type}
    return named & comes(decision)


def _is_in_passing(phrase: Phrase, policy: Policy) -> bool:
    """A single word that names a routine type ("dog") gives way to whatever else is said, by design."""
    meaning = phrase.meaning
    named = meaning.incident_type if isinstance(meaning, Meaning) else None
    return len(phrase.words) == 1 and named is not None and policy.incident_types[named].priority == 4


def _is_over(policy: Policy, words: str) -> bool:
    """What says that it has passed is no danger."""
    crime = decide(policy, words).facts.get("crime")
    return crime is not None and crime.value == "past"


def _floor(policy: Policy) -> set[str]:
    return {row.id for table in policy.tables if table.is_floor for row in table.rows if row.then is not None}


def milder(policy: Policy, text: str, danger: str) -> str | None:
    """A sentence on how the danger made the answer milder; None when it did not."""
    before, after = decide(policy, text), decide(policy, f"{text}{SEAM}{danger}")
    missing = asked_for(policy, before) - comes(after)
    is_known = before.category != "unknown" or before.reasons[0].rule in _floor(policy)
    if after.facts["crime"].value == "past":
        return None  # the text itself says that it is over, so the weapon or blow in it is a report
    if missing:
        return f"{text!r} + {danger!r} loses {', '.join(sorted(missing))}: {_shown(before)} -> {_shown(after)}"
    if is_known and after.priority > before.priority:
        return f"{text!r} + {danger!r} is less urgent: {_shown(before)} -> {_shown(after)}"
    return None


def _shown(decision: TriageDecision) -> str:
    rows = " ".join(reason.rule for reason in decision.reasons)
    return f"{decision.incident_type} p{decision.priority} [{rows}] {'+'.join(sorted(comes(decision)))}"
