"""Which rows of a policy hold for a call, as bits, and how these change when one fact changes."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import date

from dispatch.triage.conditions import State
from dispatch.triage.facts import UNKNOWN, VOCABULARY
from dispatch.triage.policy import Policy

SHADOW_ROW = "shadow_row"  # a warning about a row on trial, with its id


def live_rows(policy: Policy, day: date) -> int:
    """Bits of the rows in force on that day, shadow rows among them."""
    bits = policy.undated_rows
    for number in policy.dated_rows:
        if policy.rows[number].life.covers(day):
            bits |= 1 << number
    return bits


def held_rows(policy: Policy, state: State, topics: Set[str], live: int) -> int:
    """Bits of the live rows whose condition holds."""
    return _tested(policy, policy.index.candidates(state, topics) & live, state, topics)


def _tested(policy: Policy, candidates: int, state: State, topics: Set[str]) -> int:
    held = candidates & policy.index.exact
    doubtful = candidates ^ held
    rows = policy.rows
    while doubtful:
        lowest = doubtful & -doubtful
        doubtful ^= lowest
        if rows[lowest.bit_length() - 1].test(state, topics) is True:
            held |= lowest
    return held


def voices(policy: Policy, held: int) -> int:
    """Of the rows that hold, those that can have a say: all of a floor table, the first active one of each other."""
    active = held & ~policy.shadow_rows
    said = active & policy.floor_rows
    active ^= said
    while active:
        lowest = active & -active
        said |= lowest
        active &= ~policy.table_bits[policy.row_tables[lowest.bit_length() - 1]]
    return said


def shadow_hits(policy: Policy, held: int) -> list[str]:
    """A warning for each shadow row that would have had a say in its table."""
    found: list[str] = []
    shadow = held & policy.shadow_rows
    while shadow:
        lowest = shadow & -shadow
        shadow ^= lowest
        number = lowest.bit_length() - 1
        earlier = held & policy.table_bits[policy.row_tables[number]] & (lowest - 1) & ~policy.shadow_rows
        if not earlier:
            found.append(f"{SHADOW_ROW}:{policy.rows[number].id}")
    return found


@dataclass(frozen=True, slots=True)
class Variations:
    """What holds for one state, ready to be asked "and if this fact were known?" without judging every row again.

    candidates: rows that no single required value rules out; near: these, and those that exactly one rules out.
    """

    policy: Policy
    state: State
    topics: Set[str]
    live: int
    held: int
    candidates: int
    near: int

    def held_if(self, fact: str) -> list[int]:
        """For each value of the fact, held_rows() of the state with it; only rows that look at the fact are judged."""
        index, values = self.policy.index, VOCABULARY[fact].values
        asking = index.mentions.get(fact, 0)
        rest = self.held & ~asking
        accepted, unasked = index.by_key.get(fact, ({}, index.every))
        ruled_out = ~accepted.get(self.state.get(fact, UNKNOWN), unasked)
        possible = (self.candidates | (self.near & ruled_out)) & asking & self.live
        if not possible:
            return [rest] * len(values)
        return [rest | self._tested(possible & accepted.get(value, unasked), fact, value) for value in values]

    def _tested(self, candidates: int, fact: str, value: str) -> int:
        if not candidates & ~self.policy.index.exact:
            return candidates
        return _tested(self.policy, candidates, {**self.state, fact: value}, self.topics)


def variations(policy: Policy, state: State, topics: Set[str], live: int) -> Variations:
    """The starting point of counterfactuals: which rows nothing rules out, and which a single key does."""
    index = policy.index
    once, twice = index.every & ~index.by_topics(topics), 0
    for key, accepted, unasked in index.accepting:
        ruled_out = index.every & ~accepted.get(state.get(key, UNKNOWN), unasked)
        twice |= once & ruled_out
        once |= ruled_out
    candidates = index.every & ~once
    held = _tested(policy, candidates & live, state, topics)
    return Variations(policy, state, topics, live, held, candidates, index.every & ~twice)
