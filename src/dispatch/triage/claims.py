"""What one text says: claims about facts in their contexts, topics and incident types, each with its span."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from dispatch.triage.context import (
    AFFIRMED,
    HYPOTHETICAL,
    NEGATED,
    NONE_SEEN,
    OTHER_PERSON,
    PAST,
    QUOTED,
    UNCERTAIN,
)
from dispatch.triage.decision import Evidence
from dispatch.triage.facts import UNKNOWN, VOCABULARY, FactSpec
from dispatch.triage.lexicon import Lexicon, Mention
from dispatch.triage.understanding import unread_because

_MOST_EVIDENCE = 5  # spans kept per value and context; a hostile text may hold a million
_COUNTS_FOR_DANGER = (AFFIRMED, UNCERTAIN, OTHER_PERSON, QUOTED)
_COUNTS = (AFFIRMED, UNCERTAIN, QUOTED)
_NOT_A_TOPIC = frozenset({NEGATED, NONE_SEEN})

_Spans = list[Evidence]


@dataclass(slots=True)
class TextClaims:
    """claims: fact -> (value, context) -> spans, in order of place. denials: facts that are denied as a whole.
    spelled_out: incident types that more than a single word names. unread: words that may mean danger and that
    nothing reads.
    """

    claims: dict[str, dict[tuple[str, str], _Spans]] = field(default_factory=dict)
    denials: dict[str, _Spans] = field(default_factory=dict)
    topics: dict[str, None] = field(default_factory=dict)
    incident_types: dict[str, Evidence] = field(default_factory=dict)
    spelled_out: set[str] = field(default_factory=set)
    unread: list[Evidence] = field(default_factory=list)


class Said(NamedTuple):
    """What one source says of one fact. value: unknown when it only left a note."""

    value: str
    evidence: tuple[Evidence, ...] = ()
    note: str | None = None
    conflict: str | None = None


def read_claims(text: str, text_of: str, lexicon: Lexicon, into: TextClaims | None = None) -> TextClaims:
    """Every claim of the text; linear in its length."""
    found = into or TextClaims()
    tokens, mentions = lexicon.read(text)
    nothing_read = True
    for mention in mentions:
        nothing_read = False
        start, end = tokens.span(mention.start, mention.end)
        evidence = Evidence(text_of, start, end, text[start:end], mention.phrase, mention.context)
        _add(found, mention, evidence)
    for number in lexicon.unknown_words(tokens, nothing_read=nothing_read):
        start, end = tokens.span(number, number + 1)
        because = unread_because(tokens.words[number])
        found.unread.append(Evidence(text_of, start, end, text[start:end], because, AFFIRMED))
    return found


def _add(found: TextClaims, mention: Mention, evidence: Evidence) -> None:
    meaning, context = mention.meaning, mention.context
    if meaning.is_doubt and context not in _NOT_A_TOPIC and len(found.unread) < _MOST_EVIDENCE:
        found.unread.append(evidence)
    if context not in _NOT_A_TOPIC:
        for topic in meaning.topics:
            found.topics[topic] = None
        if meaning.incident_type is not None and context in _COUNTS:
            found.incident_types.setdefault(meaning.incident_type, evidence)
            if mention.end - mention.start > 1:
                found.spelled_out.add(meaning.incident_type)
    for fact, value in meaning.facts:
        spans = found.claims.setdefault(fact, {}).setdefault((value, context), [])
        if len(spans) < _MOST_EVIDENCE:
            spans.append(evidence)
        if context == NEGATED and _denies_all(VOCABULARY[fact], value, meaning.denial):
            denied = found.denials.setdefault(fact, [])
            if len(denied) < _MOST_EVIDENCE:
                denied.append(evidence)


def _denies_all(spec: FactSpec, value: str, denial: str) -> bool:
    """ "No weapons" denies weapons; "not holding a knife" says nothing of the knife in the pocket."""
    if not spec.is_danger or value == spec.safe_value:
        return False
    return denial == "none" or (denial == "" and spec.rank(value) == 1)


def said_by(claims: TextClaims) -> Mapping[str, Said]:
    """The text's one answer per fact that it speaks of."""
    return {
        fact: _danger(VOCABULARY[fact], found, claims.denials.get(fact, []))
        if VOCABULARY[fact].is_danger
        else _plain(found)
        for fact, found in claims.claims.items()
    }


def _danger(spec: FactSpec, found: dict[tuple[str, str], _Spans], denied: _Spans) -> Said:
    """One mention of danger beats any number of denials; a denial stands only when nothing speaks against it."""
    best, spans, notes = "", [], []
    stated_safe: _Spans = []
    for (value, context), evidence in found.items():
        counted = _counted(spec, value, context)
        if counted == spec.safe_value:
            stated_safe += evidence
        elif counted is None:
            continue
        elif not best or spec.rank(counted) > spec.rank(best):
            best, spans, notes = counted, list(evidence), [_note(value, context)]
        elif counted == best:
            spans += evidence
            notes.append(_note(value, context))
    safe = denied + stated_safe
    if best:
        note = None if None in notes else notes[0]
        return Said(best, tuple(spans), note, spec.safe_value if safe else None)
    if safe:
        return Said(spec.safe_value, tuple(safe))
    (value, context), evidence = next(iter(found.items()))
    return Said(UNKNOWN, tuple(evidence), _note(value, context))


def _counted(spec: FactSpec, value: str, context: str) -> str | None:
    """The value that a mention in this context sets; None when it only leaves a note."""
    if context in _COUNTS_FOR_DANGER:
        is_doubtful_comfort = value == spec.safe_value and context != AFFIRMED
        return None if is_doubtful_comfort else value
    if value == spec.safe_value:
        return None
    if context == HYPOTHETICAL:
        return spec.hypothetical
    return spec.past if context == PAST else None


def _note(value: str, context: str) -> str | None:
    if context == AFFIRMED:
        return None
    if context in (PAST, HYPOTHETICAL):
        return f"{context}:{value}"
    return f"denied:{value}" if context == NEGATED else context


def _plain(found: dict[tuple[str, str], _Spans]) -> Said:
    """The first affirmed value; another one is shown as conflict."""
    counted = [(value, context, spans) for (value, context), spans in found.items() if context in _COUNTS]
    if not counted:
        (value, context), spans = next(iter(found.items()))
        return Said(UNKNOWN, tuple(spans), _note(value, context))
    value, context, spans = counted[0]
    other = next((v for v, _, _ in counted if v != value), None)
    return Said(value, tuple(spans), None if context == AFFIRMED else context, other)
