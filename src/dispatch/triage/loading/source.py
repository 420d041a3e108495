"""YAML 1.2 read into nodes that know their file and line. No anchors, no tags, no duplicate keys."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import yaml

from dispatch.domain.errors import FieldProblem
from dispatch.triage.loading.problems import Problems
from dispatch.triage.model import Place

_FILES_KEPT = 256
_DEEPEST = 24  # levels of nesting; deeper is a mistake or an attack
_UNSEEN_BREAK = re.compile("[\x85\u2028\u2029]")  # end a line for libyaml (YAML 1.1) and not in YAML 1.2


@dataclass(frozen=True, slots=True)
class Scalar:
    """One word or text, as written: `yes` and `22:30` stay words."""

    text: str
    place: Place
    is_null: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    parts: "tuple[Node, ...]"
    place: Place


@dataclass(frozen=True, slots=True)
class Mapping:
    items: "dict[str, Node]"
    place: Place
    key_places: dict[str, Place] = field(default_factory=dict)


Node = Scalar | Listing | Mapping
Events = Iterator[yaml.Event]


def read_yaml(file: str, text: str, problems: Problems) -> Mapping | None:
    """The top mapping of one file; None when it cannot be read, with the problem noted."""
    node, found = _read(file, text)
    problems.found.extend(found)
    return node


# Forty packs stand on one policy, whose files are most of what there is to read.
@lru_cache(maxsize=_FILES_KEPT)
def _read(file: str, text: str) -> tuple[Mapping | None, tuple[FieldProblem, ...]]:
    problems = Problems()
    return _top(file, text, problems), tuple(problems.found)


def _top(file: str, text: str, problems: Problems) -> Mapping | None:
    try:
        node = _document(file, text, problems)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problems.add(Place(file, mark.line + 1 if mark else 1), "yaml", f"Not YAML: {error.problem or error.context}.")
        return None
    except _TooDeep:
        return None
    except (yaml.YAMLError, ValueError) as error:
        problems.add(Place(file, 1), "yaml", f"Not YAML: {str(error).splitlines()[0]}.")
        return None
    if not isinstance(node, Mapping):
        problems.add(Place(file, 1), "yaml", "The file must hold keys and values at its top.")
        return None
    return node


def _document(file: str, text: str, problems: Problems) -> Node | None:
    for number, line in enumerate(text.split("\n"), 1):
        if found := _UNSEEN_BREAK.search(line):
            problems.add(
                Place(file, number),
                "line_break",
                f"The invisible line break U+{ord(found[0]):04X} stands here. Break the line as usual or remove it.",
            )
            return None
    # Events and not nodes: libyaml's composer recurses without a limit, and a deep file would end the process.
    events: Events = yaml.parse(text, Loader=yaml.CSafeLoader)
    node: Node | None = None
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            if node is not None:
                problems.add(_place(file, event), "yaml", "A second document begins here. Keep one in a file.")
                return None
            node = _Reader(file, events, problems).node(next(events), 0)
    return node


def _place(file: str, event: yaml.Event) -> Place:
    return Place(file, event.start_mark.line + 1)


class _TooDeep(Exception):
    """Ends the reading: libyaml needs minutes for what is nested some hundred thousand times, even to skip it."""


class _Reader:
    """Makes nodes of the events of one document."""

    def __init__(self, file: str, events: Events, problems: Problems) -> None:
        self._file, self._events, self._problems = file, events, problems

    def node(self, event: yaml.Event, depth: int) -> Node:
        """The node that begins with the event; its last event was taken."""
        place = _place(self._file, event)
        if isinstance(event, yaml.AliasEvent):
            self._problems.add(place, "alias", "Aliases (*name) are not part of the grammar. Write the value out.")
            return Scalar("", place, True)
        if depth > _DEEPEST:
            self._problems.add(place, "too_deep", f"Nested deeper than {_DEEPEST} levels. Flatten it.")
            raise _TooDeep
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(place, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            parts = []
            while not isinstance(following := next(self._events), yaml.SequenceEndEvent):
                parts.append(self.node(following, depth + 1))
            return Listing(tuple(parts), place)
        is_null = event.style in (None, "") and event.value in ("", "null", "~")
        return Scalar("" if is_null else str(event.value), place, is_null)

    def _mapping(self, place: Place, depth: int) -> Mapping:
        items: dict[str, Node] = {}
        places: dict[str, Place] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key_node = self.node(event, depth + 1)
            value = self.node(next(self._events), depth + 1)
            key, key_place = (key_node.text if isinstance(key_node, Scalar) else ""), key_node.place
            if not key:
                self._problems.add(key_place, "key", "A key must be a word.")
            elif key in items:
                self._problems.add(key_place, "duplicate_key", f"{key!r} stands here twice. Keep one.")
            else:
                items[key] = value
                places[key] = key_place
        return Mapping(items, place, places)
