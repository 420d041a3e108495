"""Everything that is known of a call: its common type, its topics, and each fact with where it came from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dispatch.domain.call import CallFacts
from dispatch.domain.classification import Category
from dispatch.triage.claims import Said, TextClaims, read_claims, said_by
from dispatch.triage.conditions import CATEGORY, CHANNEL, INCIDENT_TYPE, SENDER_PRIORITY, SENDER_URGENCY
from dispatch.triage.decision import Evidence, FactReading
from dispatch.triage.facts import ALWAYS_SHOWN, DANGERS, UNKNOWN, VOCABULARY
from dispatch.triage.model import IncidentType
from dispatch.triage.policy import Policy
from dispatch.triage.senders import urgency
from dispatch.triage.understanding import NO_PHRASE, NOT_UNDERSTOOD, UNDERSTOOD

ANSWERS, CALL, NARRATIVE, CALL_TYPE = "answers", "call", "narrative", "call_type"
_UNKNOWN_READING = FactReading(UNKNOWN, UNKNOWN)
_ALL_UNKNOWN = dict.fromkeys(ALWAYS_SHOWN, _UNKNOWN_READING)
LAST = 0
_ROUTINE = 4
_TOO_SHORT_CHARS = 12  # a narrative shorter than this says nothing by itself


@dataclass(frozen=True, slots=True)
class TypeReading:
    """What the sender's type says. said: by the words of its text; defaults: by the type itself. other_types: named by
    its words beside the incident type. unread: doubts of its text, and letters and signs that the policy cannot read.
    """

    incident_type: IncidentType | None
    other_types: tuple[IncidentType | None, ...]
    said: Mapping[str, Said]
    defaults: Mapping[str, str]
    topics: tuple[str, ...]
    warnings: tuple[str, ...]
    unread: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """state: what conditions see, facts and structured keys alike. other_types: named beside the incident type, which
    is the most urgent of those that the type, or without one the narrative, names; None stands for naming none.
    """

    incident_type: IncidentType | None
    other_types: tuple[IncidentType | None, ...]
    state: dict[str, str]
    topics: frozenset[str]
    topic_list: tuple[str, ...]
    facts: Mapping[str, FactReading]
    warnings: tuple[str, ...]


def last_reading(call: CallFacts, policy: Policy) -> Reading:
    """read_call(), without reading again the very call that was read last: a decision is followed by its questions."""
    last = policy.memos.last_reading.get(LAST)
    if last is not None and last[0] is call:
        assert isinstance(last[1], Reading)  # noqa: S101
        return last[1]
    return read_call(call, policy)


def read_call(call: CallFacts, policy: Policy) -> Reading:
    """Stages 1 and 2 of triage."""
    reading = _read(call, policy)
    policy.memos.last_reading[LAST] = (call, reading)
    return reading


def _read(call: CallFacts, policy: Policy) -> Reading:
    of_type = _type_reading(call, policy)
    claims = read_claims(call.narrative, NARRATIVE, policy.lexicon) if call.narrative else TextClaims()
    narrated = [policy.incident_types[code] for code in claims.incident_types]
    named_plainly = _named_plainly(narrated, claims)
    incident_type = of_type.incident_type or _most_urgent(named_plainly)
    others = of_type.other_types if of_type.incident_type else _others(named_plainly, incident_type)
    topics = dict.fromkeys(of_type.topics)
    topics.update(claims.topics)
    for named in narrated:
        topics.update(dict.fromkeys(named.topics))
    answers, warnings = _answers(call)
    sources: list[tuple[str, Mapping[str, Said]]] = [
        (ANSWERS, answers),
        (CALL, _structured(call)),
        (NARRATIVE, said_by(claims)),
        (NARRATIVE, _as_said(_worst_of(named.facts for named in narrated))),
        (CALL_TYPE, of_type.said),
        (CALL_TYPE, _as_said(of_type.defaults)),
    ]
    facts = _merged(sources)
    unread = (*claims.unread, *of_type.unread)
    if unread and UNDERSTOOD not in facts:
        facts[UNDERSTOOD] = FactReading(UNKNOWN, UNKNOWN, unread, NOT_UNDERSTOOD)
        warnings += (NOT_UNDERSTOOD,)
    state = {name: reading.value for name, reading in facts.items()}
    state.setdefault(UNDERSTOOD, "yes")
    if incident_type is None and not topics and len(call.narrative or "") < _TOO_SHORT_CHARS:
        state.setdefault("information_quality", "not_enough")
        facts.setdefault("information_quality", FactReading("not_enough", CALL))
    state[INCIDENT_TYPE] = incident_type.code if incident_type else UNKNOWN
    state[CATEGORY] = (incident_type.category if incident_type else Category.UNKNOWN).value
    state[CHANNEL] = call.channel.value if call.channel else UNKNOWN
    state[SENDER_PRIORITY] = call.sender_priority.strip().casefold() if call.sender_priority else UNKNOWN
    state[SENDER_URGENCY] = urgency(policy.senders, call.source, state[SENDER_PRIORITY]) or UNKNOWN
    return Reading(incident_type, others, state, frozenset(topics), tuple(topics), facts, of_type.warnings + warnings)


def _type_reading(call: CallFacts, policy: Policy) -> TypeReading:
    """Memoised: a sender has a few hundred types and millions of calls."""
    key = (call.source, call.type_code, call.type_text)
    known = policy.memos.types.get(key)
    if known is None:
        known = policy.memos.types.keep(key, _read_type(call, policy))
    assert isinstance(known, TypeReading)  # noqa: S101
    return known


def _read_type(call: CallFacts, policy: Policy) -> TypeReading:
    if not call.type_code and not call.type_text:
        return TypeReading(None, (), {}, {}, (), ())
    claims = TextClaims()
    found = policy.crosswalk.look_up(call.source, call.type_code, call.type_text)
    if call.type_text:
        read_claims(call.type_text, CALL_TYPE, policy.lexicon, claims)
    if call.type_code and (found is None or not call.type_text):
        read_claims(call.type_code, "call_type_code", policy.lexicon, claims)
    named = [policy.incident_types[code] for code in claims.incident_types]
    incident_type = found[0] if found else _most_urgent(named)
    row = found[1] if found else None
    defaults = _worst_of(
        [*([incident_type.facts] if incident_type else []), *(named_type.facts for named_type in named)]
    )
    if row is not None:
        defaults = {**defaults, **dict(row.facts)}
    topics = dict.fromkeys(
        [
            *(row.topics if row else ()),
            *(incident_type.topics if incident_type else ()),
            *claims.topics,
            *(topic for named_type in named for topic in named_type.topics),
        ]
    )
    warnings = () if found else ("call_type_not_in_crosswalk",)
    others = () if found else _others(named, incident_type)
    # Names of types are full of words of the sender's own, so one that is merely unknown says nothing.
    unread = () if found else tuple(one for one in claims.unread if one.phrase != NO_PHRASE)
    return TypeReading(incident_type, others, said_by(claims), defaults, tuple(topics), warnings, unread)


def _named_plainly(narrated: list[IncidentType], claims: TextClaims) -> list[IncidentType]:
    """The types that a narrative is about. A single word in passing, as "dog", names the type of a routine call
    only when nothing else is said; its topics and facts count all the same.
    """
    plain = [one for one in narrated if one.code in claims.spelled_out or one.priority < _ROUTINE]
    return plain if plain or claims.topics or claims.claims else narrated


def _most_urgent(named: Iterable[IncidentType]) -> IncidentType | None:
    """Of several types that a text names, the most urgent; the first named among equals."""
    return min(named, key=lambda one: one.priority, default=None)


def _others(named: Iterable[IncidentType], chosen: IncidentType | None) -> tuple[IncidentType | None, ...]:
    """The types named beside the chosen one, and at last none: for the words that name no type."""
    return () if chosen is None else (*(one for one in named if one is not chosen), None)


def _worst_of(defaults: Iterable[tuple[tuple[str, str], ...]]) -> dict[str, str]:
    worst: dict[str, str] = {}
    for pairs in defaults:
        for fact, value in pairs:
            if fact not in worst or (fact in DANGERS and _rank(fact, value) > _rank(fact, worst[fact])):
                worst[fact] = value
    return worst


def _rank(fact: str, value: str) -> int:
    return VOCABULARY[fact].rank(value)


def _as_said(values: Mapping[str, str]) -> dict[str, Said]:
    return {fact: Said(value) for fact, value in values.items()}


def _answers(call: CallFacts) -> tuple[dict[str, Said], tuple[str, ...]]:
    """Answers that the vocabulary knows; the API refuses others, a replay of old data only notes them."""
    said, warnings = {}, []
    for fact, value in call.answers.items():
        if fact in VOCABULARY and value in VOCABULARY[fact].values:
            said[fact] = Said(value)
        elif fact not in VOCABULARY or value != UNKNOWN:
            warnings.append(f"answer_not_understood:{fact}")
    return said, tuple(warnings)


def _structured(call: CallFacts) -> dict[str, Said]:
    given = (("place", call.place), ("caller_relation", call.relation), ("caller_wants", call.wants))
    return {fact: Said(value) for fact, value in given if value in VOCABULARY[fact].values}


def _merged(sources: list[tuple[str, Mapping[str, Said]]]) -> dict[str, FactReading]:
    facts: dict[str, FactReading] = dict(_ALL_UNKNOWN)
    by_fact: dict[str, list[tuple[str, Said]]] = {}
    for origin, said in sources:
        for fact, claim in said.items():
            by_fact.setdefault(fact, []).append((origin, claim))
    for fact, claims in by_fact.items():
        facts[fact] = _merged_danger(fact, claims) if fact in DANGERS else _merged_plain(claims)
    return facts


def _merged_danger(fact: str, claims: list[tuple[str, Said]]) -> FactReading:
    """The higher danger wins, whoever said it; a source that said it is safe is shown as conflict."""
    origin, best = max(claims, key=lambda claim: _rank(fact, claim[1].value))  # the first among equals
    if best.value == UNKNOWN:
        return FactReading(UNKNOWN, UNKNOWN, best.evidence, best.note)
    safe = VOCABULARY[fact].safe_value
    conflict = best.conflict
    for other, claim in claims:
        if claim.value not in (UNKNOWN, best.value) and (claim.value == safe or other == ANSWERS):
            conflict = conflict or claim.value
    note = best.note or next((claim.note for _, claim in claims if claim.value == UNKNOWN and claim.note), None)
    return FactReading(best.value, origin, best.evidence, note, conflict)


def _merged_plain(claims: list[tuple[str, Said]]) -> FactReading:
    told = [(origin, claim) for origin, claim in claims if claim.value != UNKNOWN]
    if not told:
        return FactReading(UNKNOWN, UNKNOWN, claims[0][1].evidence, claims[0][1].note)
    origin, first = told[0]
    other = next((claim.value for _, claim in told if claim.value != first.value), None)
    return FactReading(first.value, origin, first.evidence, first.note, first.conflict or other)
