"""Case files become calls with what is expected of them."""

from collections.abc import Iterable
from datetime import datetime

from dispatch.domain.call import CallFacts, Channel
from dispatch.domain.classification import Category, Verdict
from dispatch.domain.geo import LatLon
from dispatch.triage.facts import VOCABULARY
from dispatch.triage.loading.fields import Fields
from dispatch.triage.loading.problems import Problems
from dispatch.triage.loading.source import Mapping, Node, Scalar
from dispatch.triage.loading.words import Words, is_fact_value
from dispatch.triage.model import ORDINARY_MOMENT, Case, Expectation, Place

_CASE_KEYS = ("case", "given", "expect", "not_because", "must_hold", "source", "note")
_CALL_KEYS = ("source", "code", "call_type", "narrative", "at", "channel", "priority", "lat", "lon", "language")
_EXPECT_KEYS = (
    *("row", "category", "priority", "incident_type", "responder", "with", "never", "program", "needs_human"),
    *("facts", "topics", "programs"),
)


def parse_cases(
    nodes: Iterable[tuple[int, Node]], words: Words, rows: frozenset[str], problems: Problems
) -> list[tuple[int, Case]]:
    """Each case with the layer that it was written in. Within a layer a sentence stands for one case."""
    found: list[tuple[int, Case]] = []
    seen: dict[tuple[int, str], Place] = {}
    for layer, node in nodes:
        case = _parse_case(node, words, rows, problems)
        if case is None:
            continue
        before = seen.setdefault((layer, case.sentence), case.place)
        if before is not case.place:
            detail = f"The case {case.sentence!r} is already at {before}. Say what is different, or keep one."
            problems.add(case.place, "duplicate_case", detail)
        found.append((layer, case))
    return found


def _parse_case(node: Node, words: Words, rows: frozenset[str], problems: Problems) -> Case | None:
    fields = Fields.of(node, problems, what="case", keys=_CASE_KEYS)
    if fields is None:
        return None
    given = Fields.of(fields.get("given") or node, problems, what="given", keys=(*_CALL_KEYS, *VOCABULARY))
    expect = Fields.of(fields.get("expect") or node, problems, what="expect", keys=_EXPECT_KEYS)
    if given is None or expect is None or given.node is node or expect.node is node:
        problems.add(fields.place, "missing", "A case needs 'given' and 'expect'.")
        return None
    for row, place in fields.words("not_because"):
        if row not in rows:
            problems.unknown_word(place, "row", row, rows)
    return Case(
        sentence=fields.text("case", required=True),
        call=_call(given, problems),
        at=_moment(given, problems),
        expect=_expectation(expect, words, rows, problems),
        not_because=tuple(row for row, _ in fields.words("not_because")),
        must_hold=fields.flag("must_hold") is True,
        place=fields.place,
        note=fields.text("note"),
    )


def _call(given: Fields, problems: Problems) -> CallFacts:
    channel = given.choice("channel", [c.value for c in Channel])
    answers = {}
    for fact in VOCABULARY:
        if given.has(fact):
            value = given.text(fact)
            if is_fact_value(fact, value, given.place_of(fact), problems, may_be_unknown=True):
                answers[fact] = value
    return CallFacts(
        source=given.text("source", default="case"),
        type_code=given.text("code") or None,
        type_text=given.text("call_type") or None,
        narrative=given.text("narrative") or None,
        sender_priority=given.text("priority") or None,
        channel=Channel(channel) if channel else None,
        answers=answers,
        language=given.text("language") or None,
        position=_position(given, problems),
    )


def _position(given: Fields, problems: Problems) -> LatLon | None:
    if not (given.has("lat") or given.has("lon")):
        return None
    try:
        return LatLon(float(given.text("lat")), float(given.text("lon")))
    except ValueError as error:
        problems.add(given.place, "position", f"lat and lon must be degrees: {error}.")
        return None


def _moment(given: Fields, problems: Problems) -> str:
    word = given.text("at", default=ORDINARY_MOMENT)
    try:
        moment = datetime.fromisoformat(word)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None:
        problems.add(given.place_of("at"), "date", f"{word!r} is not a local time. Write it as 2026-11-23T14:00.")
        return ORDINARY_MOMENT
    return word


def _expectation(expect: Fields, words: Words, rows: frozenset[str], problems: Problems) -> Expectation:
    types = words.responder_types
    for key in ("with", "never"):
        for word, place in expect.words(key):
            if word not in types:
                problems.unknown_word(place, "responder type", word, types)
    facts = _pairs(expect, "facts", problems)
    for fact, value in facts:
        is_fact_value(fact, value, expect.place_of("facts"), problems, may_be_unknown=True)
    programs = _pairs(expect, "programs", problems)
    for program, verdict in programs:
        if program not in words.programs:
            problems.unknown_word(expect.place_of("programs"), "program", program, words.programs)
        if verdict not in tuple(Verdict):
            problems.unknown_word(expect.place_of("programs"), "verdict", verdict, tuple(Verdict))
    return Expectation(
        row=expect.choice("row", rows) or None,
        category=expect.choice("category", [c.value for c in Category]) or None,
        priority=expect.whole("priority", low=0, high=4),
        incident_type=expect.choice("incident_type", words.incident_types | {"unknown"}) or None,
        responder=expect.choice("responder", types) or None,
        with_types=tuple(word for word, _ in expect.words("with")),
        never=tuple(word for word, _ in expect.words("never")),
        program=expect.choice("program", words.programs) or None,
        needs_human=expect.flag("needs_human"),
        facts=facts,
        topics=tuple(word for word, _ in expect.words("topics")),
        programs=programs,
    )


def _pairs(fields: Fields, key: str, problems: Problems) -> tuple[tuple[str, str], ...]:
    node = fields.get(key)
    if node is None:
        return ()
    if not isinstance(node, Mapping):
        problems.add(node.place, "shape", f"{key!r} is a mapping.")
        return ()
    return tuple((name, value.text) for name, value in node.items.items() if isinstance(value, Scalar))
