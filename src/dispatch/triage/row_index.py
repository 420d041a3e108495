"""All rows of a policy judged at once: one bit per row, one AND per key, so that cost hardly grows with rows."""

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass

from dispatch.triage.conditions import TOPIC, Condition, State, atoms_of, required_atoms
from dispatch.triage.facts import UNKNOWN


@dataclass(frozen=True, slots=True)
class RowIndex:
    """accepting: key -> (value -> rows that may hold at this value, rows that do not ask).

    exact: rows of which the bits say everything; the others need their closure too. mentions: key -> rows whose
    condition looks at it anywhere, so that only they can change with it.
    """

    every: int
    accepting: tuple[tuple[str, dict[str, int], int], ...]
    by_topic: dict[str, int]
    without_topic: int
    exact: int
    mentions: dict[str, int]
    by_key: dict[str, tuple[dict[str, int], int]]

    def candidates(self, state: State, topics: Set[str]) -> int:
        """Bits of the rows that no single required value rules out."""
        bits = self.by_topics(topics)
        for key, accepted, unasked in self.accepting:
            bits &= accepted.get(state.get(key, UNKNOWN), unasked)
        return bits

    def by_topics(self, topics: Set[str]) -> int:
        """Bits of the rows that the topics do not rule out."""
        bits = self.without_topic
        for topic in topics:
            bits |= self.by_topic.get(topic, 0)
        return bits


def build_index(conditions: Sequence[Condition], *, keep_untold: bool = False) -> RowIndex:
    """keep_untold: rows that only fail because a fact is unknown stay candidates (programs must say cannot_tell)."""
    every = (1 << len(conditions)) - 1
    accepting: dict[str, dict[str, int]] = {}
    asking: dict[str, int] = {}
    by_topic: dict[str, int] = {}
    mentions: dict[str, int] = {}
    with_topic = exact = 0
    for number, condition in enumerate(conditions):
        bit = 1 << number
        for key in {atom.key for atom in atoms_of(condition)}:
            mentions[key] = mentions.get(key, 0) | bit
        atoms, is_whole = required_atoms(condition)
        asked: dict[str, frozenset[str]] = {}
        for atom in atoms:
            if atom.key == TOPIC and atom.key in asked:
                is_whole = False  # two topic conditions: the closure checks the second
                continue
            asked[atom.key] = asked.get(atom.key, atom.values) & atom.values
        for topic in asked.pop(TOPIC, ()):
            by_topic[topic] = by_topic.get(topic, 0) | bit
        with_topic |= bit if any(atom.key == TOPIC for atom in atoms) else 0
        exact |= bit if is_whole else 0
        for key, values in asked.items():
            asking[key] = asking.get(key, 0) | bit
            for value in values | {UNKNOWN} if keep_untold else values:
                accepting.setdefault(key, {}).setdefault(value, 0)
                accepting[key][value] |= bit
    table = tuple(
        (key, {value: bits | (every & ~asking[key]) for value, bits in accepting.get(key, {}).items()}, every & ~rows)
        for key, rows in asking.items()
    )
    return RowIndex(
        every,
        table,
        by_topic,
        every & ~with_topic,
        exact,
        mentions,
        {key: (accepted, unasked) for key, accepted, unasked in table},
    )


def numbers_of(bits: int) -> Iterator[int]:
    """Positions of the set bits, lowest first."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def bits_of(flags: Iterable[bool]) -> int:
    """One bit for each flag that is set, the first the lowest."""
    return sum(1 << number for number, flag in enumerate(flags) if flag)


def table_bits(row_tables: tuple[int, ...], count: int) -> tuple[int, ...]:
    """For each of `count` tables the bits of its rows. row_tables: the table of each row."""
    return tuple(bits_of(table == number for table in row_tables) for number in range(count))
