"""The words that a policy may use, gathered before its conditions are read and checked against them."""

from dataclasses import dataclass

from dispatch.domain.classification import SHIPPED_RESPONDER_TYPES
from dispatch.triage.facts import UNKNOWN, VOCABULARY
from dispatch.triage.loading.problems import Problems
from dispatch.triage.model import Place


@dataclass(frozen=True, slots=True)
class Words:
    topics: frozenset[str] = frozenset()
    incident_types: frozenset[str] = frozenset()
    responder_types: frozenset[str] = frozenset(SHIPPED_RESPONDER_TYPES)
    plans: frozenset[str] = frozenset()
    programs: frozenset[str] = frozenset()


def is_fact_value(fact: str, value: str, place: Place, problems: Problems, *, may_be_unknown: bool = False) -> bool:
    """False, with the problem noted, for a fact or value that the vocabulary lacks."""
    spec = VOCABULARY.get(fact)
    if spec is None:
        problems.unknown_word(place, "fact", fact, VOCABULARY)
        return False
    allowed = (*spec.values, UNKNOWN) if may_be_unknown else spec.values
    if value not in allowed:
        problems.unknown_word(place, f"value of {fact}", value, allowed)
        return False
    return True


def parse_facts(text: str, place: Place, problems: Problems) -> tuple[tuple[str, str], ...]:
    """`weapon=in_hand;injury=yes` as pairs."""
    pairs = []
    for part in filter(None, (p.strip() for p in text.split(";"))):
        fact, equals, value = (p.strip() for p in part.partition("="))
        if not equals:
            problems.add(place, "shape", f"{part!r} must be written fact=value, several divided by a semicolon.")
        elif is_fact_value(fact, value, place, problems):
            pairs.append((fact, value))
    return tuple(pairs)


def parse_topics(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (part.strip() for part in text.split(";"))))
