"""`when` and `takes` become condition trees; every unknown word is refused with the nearest valid one."""

from dispatch.domain.call import Channel
from dispatch.domain.classification import Category
from dispatch.triage.conditions import (
    ALWAYS,
    CATEGORY,
    CHANNEL,
    INCIDENT_TYPE,
    SENDER_PRIORITY,
    SENDER_URGENCY,
    STRUCTURED_KEYS,
    TOPIC,
    AllOf,
    AnyOf,
    Atom,
    Condition,
    Not,
)
from dispatch.triage.facts import UNKNOWN, VOCABULARY
from dispatch.triage.loading.fields import words_in
from dispatch.triage.loading.problems import Problems
from dispatch.triage.loading.source import Listing, Mapping, Node, Scalar
from dispatch.triage.loading.words import Words
from dispatch.triage.model import Place
from dispatch.triage.senders import LESS_URGENT, MOST_URGENT

_CHANNELS = frozenset(channel.value for channel in Channel)
_CATEGORIES = frozenset(category.value for category in Category)
_URGENCIES = frozenset({MOST_URGENT, LESS_URGENT, UNKNOWN})
_GROUPS = ("any", "all", "not")
_KEYS = (*VOCABULARY, TOPIC, *STRUCTURED_KEYS, *_GROUPS)


def parse_condition(node: Node, words: Words, problems: Problems) -> Condition:
    """The condition; parts that cannot be read are noted as problems and left out."""
    if not isinstance(node, Mapping):
        problems.add(node.place, "shape", "A condition is a mapping such as {topic: noise, weapon: [none, unknown]}.")
        return ALWAYS
    parts = [
        part
        for key, value in node.items.items()
        if (part := _parse_line(key, value, node.key_places[key], words, problems)) is not None
    ]
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _parse_line(key: str, value: Node, place: Place, words: Words, problems: Problems) -> Condition | None:
    if key in ("any", "all"):
        if not isinstance(value, Listing) or not value.parts:
            problems.add(place, "shape", f"{key!r} needs a list of conditions.")
            return None
        parts = tuple(parse_condition(part, words, problems) for part in value.parts)
        return AnyOf(parts) if key == "any" else AllOf(parts)
    if key == "not":
        return Not(parse_condition(value, words, problems))
    if key not in _KEYS:
        problems.unknown_word(place, "condition", key, _KEYS)
        return None
    if isinstance(value, Mapping):
        return _parse_at_least(key, value, place, problems)
    return _parse_values(key, value, place, words, problems)


def _parse_at_least(key: str, value: Mapping, place: Place, problems: Problems) -> Condition | None:
    spec = VOCABULARY.get(key)
    bound = value.items.get("at_least")
    if spec is None or not spec.is_ordered or not isinstance(bound, Scalar) or len(value.items) != 1:
        problems.add(place, "shape", f"{key!r} takes a value or a list; {{at_least: value}} only for ordered facts.")
        return None
    if bound.text not in spec.values:
        problems.unknown_word(place, f"value of {key}", bound.text, spec.values)
        return None
    values = spec.values[spec.values.index(bound.text) :]
    return Atom(key, frozenset(values), f"at least {bound.text}")


def _parse_values(key: str, value: Node, place: Place, words: Words, problems: Problems) -> Condition | None:
    allowed = _allowed(key, words)
    chosen = []
    for word, word_place in words_in(value, problems):
        if allowed is not None and word not in allowed:
            problems.unknown_word(word_place, f"value of {key}" if key in VOCABULARY else key, word, allowed)
        else:
            chosen.append(word.casefold() if key == SENDER_PRIORITY else word)
    if not chosen:
        if isinstance(value, Listing) and not value.parts:
            problems.add(place, "shape", f"{key!r} needs at least one value.")
        return None
    return Atom(key, frozenset(chosen), " or ".join(chosen))


def _allowed(key: str, words: Words) -> frozenset[str] | None:
    """None for a sender's own words, which nobody can list."""
    if key in VOCABULARY:
        return frozenset((*VOCABULARY[key].values, UNKNOWN))
    return {
        TOPIC: words.topics,
        INCIDENT_TYPE: words.incident_types | {UNKNOWN},
        CATEGORY: _CATEGORIES,
        CHANNEL: _CHANNELS | {UNKNOWN},
        SENDER_PRIORITY: None,
        SENDER_URGENCY: _URGENCIES,
    }[key]
