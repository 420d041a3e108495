"""Conditions of rows and programs: a typed tree, three-valued, compiled to closures."""

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import TypeAlias

from dispatch.triage.facts import DANGERS, UNKNOWN, VOCABULARY

TOPIC, INCIDENT_TYPE, CATEGORY, CHANNEL, SENDER_PRIORITY, SENDER_URGENCY = (
    "topic",
    "incident_type",
    "category",
    "channel",
    "sender_priority",
    "sender_urgency",
)
STRUCTURED_KEYS = (INCIDENT_TYPE, CATEGORY, CHANNEL, SENDER_PRIORITY, SENDER_URGENCY)

# A type or category that is not known is simply another one: only facts, channel and priority can be "not told".
_TWO_VALUED = frozenset({TOPIC, INCIDENT_TYPE, CATEGORY})

State: TypeAlias = Mapping[str, str]  # fact or structured key -> value; a missing key is unknown
Test: TypeAlias = Callable[[State, Set[str]], bool | None]


@dataclass(frozen=True, slots=True)
class Atom:
    """The value of one key is one of these; for `topic`: at least one of these was read."""

    key: str
    values: frozenset[str]
    shown: str


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    part: "Condition"


Condition: TypeAlias = Atom | AllOf | AnyOf | Not
ALWAYS = AllOf(())


def compile_condition(condition: Condition, *, under_not: bool = False) -> Test:
    """A closure that tells True, False or None (cannot be told)."""
    match condition:
        case Atom():
            return _compile_atom(condition, under_not=under_not)
        case Not(part):
            inner = compile_condition(part, under_not=not under_not)
            return lambda state, topics: None if (held := inner(state, topics)) is None else not held
        case AllOf(parts):
            return _all_of([compile_condition(part, under_not=under_not) for part in parts])
        case AnyOf(parts):
            return _any_of([compile_condition(part, under_not=under_not) for part in parts])


def _compile_atom(atom: Atom, *, under_not: bool) -> Test:
    key, values = atom.key, atom.values
    if key == TOPIC:
        return lambda _state, topics: not values.isdisjoint(topics)
    if key in _TWO_VALUED or UNKNOWN in values:
        return lambda state, _topics: state.get(key, UNKNOWN) in values
    untold = _untold_under_not(atom) if under_not else None

    def told(state: State, _topics: Set[str]) -> bool | None:
        value = state.get(key, UNKNOWN)
        return untold if value == UNKNOWN else value in values

    return told


def _untold_under_not(atom: Atom) -> bool | None:
    """An unknown danger counts as possibly there, so `not: {weapon: none}` holds and `not: {weapon: used}` does not."""
    if atom.key not in DANGERS:
        return None
    return atom.values != {VOCABULARY[atom.key].safe_value}


def _all_of(tests: list[Test]) -> Test:
    def test(state: State, topics: Set[str]) -> bool | None:
        result: bool | None = True
        for part in tests:
            held = part(state, topics)
            if held is False:
                return False
            if held is None:
                result = None
        return result

    return test


def _any_of(tests: list[Test]) -> Test:
    def test(state: State, topics: Set[str]) -> bool | None:
        result: bool | None = False
        for part in tests:
            held = part(state, topics)
            if held is True:
                return True
            if held is None:
                result = None
        return result

    return test


def required_atoms(condition: Condition) -> tuple[tuple[Atom, ...], bool]:
    """The atoms that must all hold, and whether they say everything that the condition says."""
    match condition:
        case Atom():
            return (condition,), True
        case AllOf(parts):
            found = [required_atoms(part) for part in parts]
            return tuple(a for atoms, _ in found for a in atoms), all(whole for _, whole in found)
        case _:
            return (), False


def atoms_of(condition: Condition) -> Iterator[Atom]:
    """Every atom anywhere in the tree, in the order written."""
    match condition:
        case Atom():
            yield condition
        case Not(part):
            yield from atoms_of(part)
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from atoms_of(part)


def asked_for(condition: Condition) -> Iterator[Atom]:
    """The atoms that speak for a match, in the order written: all but those under a `not`."""
    match condition:
        case Atom():
            yield condition
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from asked_for(part)


def describe(condition: Condition) -> str:
    """The condition as a reader would say it."""
    match condition:
        case Atom():
            return f"{condition.key} is {condition.shown}"
        case Not(part):
            return f"not ({describe(part)})"
        case AllOf(parts):
            return " and ".join(describe(part) for part in parts) or "always"
        case AnyOf(parts):
            return "(" + " or ".join(describe(part) for part in parts) + ")"
