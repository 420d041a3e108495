"""Typed access to one mapping of a policy file: unknown keys and wrong values become problems, never exceptions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from dispatch.triage.loading.problems import Problems
from dispatch.triage.loading.source import Listing, Mapping, Node, Scalar
from dispatch.triage.model import Place


@dataclass(frozen=True, slots=True)
class Fields:
    """One mapping with the keys it may have."""

    node: Mapping
    problems: Problems

    @classmethod
    def of(cls, node: Node, problems: Problems, *, what: str, keys: Sequence[str]) -> "Fields | None":
        """None, with the problem noted, when the node is no mapping."""
        if not isinstance(node, Mapping):
            problems.add(node.place, "shape", f"Expected a {what} with keys ({', '.join(keys)}).")
            return None
        for key in node.items:
            if key not in keys:
                problems.unknown_word(node.key_places[key], "key", key, keys)
        return cls(node, problems)

    @property
    def place(self) -> Place:
        return self.node.place

    def place_of(self, key: str) -> Place:
        return self.node.key_places.get(key, self.node.place)

    def has(self, key: str) -> bool:
        value = self.node.items.get(key)
        return value is not None and not (isinstance(value, Scalar) and value.is_null)

    def get(self, key: str) -> Node | None:
        return self.node.items[key] if self.has(key) else None

    def text(self, key: str, *, required: bool = False, default: str = "") -> str:
        value = self.get(key)
        if value is None:
            if required:
                self.problems.add(self.place, "missing", f"{key!r} is missing. Add it.")
            return default
        if not isinstance(value, Scalar):
            self.problems.add(value.place, "shape", f"{key!r} must be one text.")
            return default
        word = value.text.strip()
        if required and not word:
            self.problems.add(value.place, "missing", f"{key!r} is empty. Write it.")
        return word or default

    def choice(self, key: str, options: Iterable[str], *, default: str = "", required: bool = False) -> str:
        word = self.text(key, default=default, required=required)
        known = tuple(options)
        if word and word not in known:
            self.problems.unknown_word(self.place_of(key), key.replace("_", " "), word, known)
            return default
        return word

    def whole(self, key: str, *, low: int, high: int, default: int | None = None) -> int | None:
        word = self.text(key)
        if not word:
            return default
        if not (word.isascii() and word.isdigit() and len(word) < 10 and low <= int(word) <= high):
            self.problems.add(self.place_of(key), "number", f"{key!r} must be a whole number from {low} to {high}.")
            return default
        return int(word)

    def flag(self, key: str) -> bool | None:
        word = self.text(key).lower()
        if word not in ("", "true", "false"):
            self.problems.add(self.place_of(key), "flag", f"{key!r} must be true or false.")
        return None if not word else word == "true"

    def day(self, key: str) -> date | None:
        return parse_day(self.text(key), self.place_of(key), self.problems)

    def parts(self, key: str) -> tuple[Node, ...]:
        value = self.get(key)
        if value is None:
            return ()
        if not isinstance(value, Listing):
            self.problems.add(value.place, "shape", f"{key!r} must be a list.")
            return ()
        return value.parts

    def words(self, key: str) -> tuple[tuple[str, Place], ...]:
        """One word or a list of words, each with its place."""
        value = self.get(key)
        return () if value is None else words_in(value, self.problems)


def words_in(node: Node, problems: Problems) -> tuple[tuple[str, Place], ...]:
    parts = node.parts if isinstance(node, Listing) else (node,)
    words = []
    for part in parts:
        if isinstance(part, Scalar) and not part.is_null:
            words.append((part.text.strip(), part.place))
        else:
            problems.add(part.place, "shape", "Expected a word or a list of words.")
    return tuple(words)


def parse_day(word: str, place: Place, problems: Problems) -> date | None:
    if not word:
        return None
    try:
        return date.fromisoformat(word)
    except ValueError:
        problems.add(place, "date", f"{word!r} is not a date. Write it as 2026-11-23.")
        return None
