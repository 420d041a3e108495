"""YAML 1.2 read into nodes that know their file and line. No anchors, no tags, no duplicate keys."""

from dataclasses import dataclass, field
from functools import lru_cache

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.nodes import Node as YamlNode

from dispatch.domain.errors import FieldProblem
from dispatch.triage.loading.problems import Problems
from dispatch.triage.model import Place

_FILES_KEPT = 256
_DEEPEST = 24  # levels of nesting; deeper is a mistake or an attack


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
        # ruamel refuses control characters by itself; pure, because only that reader knows YAML 1.2.
        root = YAML(typ="safe", pure=True).compose(text)
        node = None if root is None else _converted(root, file, problems, set(), 0)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problems.add(Place(file, mark.line + 1 if mark else 1), "yaml", f"Not YAML: {error.problem or error.context}.")
        return None
    except (YAMLError, ValueError, RecursionError) as error:
        problems.add(Place(file, 1), "yaml", f"Not YAML: {str(error).splitlines()[0]}.")
        return None
    if not isinstance(node, Mapping):
        problems.add(Place(file, 1), "yaml", "The file must hold keys and values at its top.")
        return None
    return node


def _converted(node: YamlNode, file: str, problems: Problems, seen: set[int], depth: int) -> Node:
    place = Place(file, node.start_mark.line + 1)
    if id(node) in seen:
        problems.add(place, "alias", "Aliases (*name) are not part of the grammar. Write the value out.")
        return Scalar("", place, True)
    seen.add(id(node))
    if depth > _DEEPEST:
        problems.add(place, "too_deep", f"Nested deeper than {_DEEPEST} levels. Flatten it.")
        return Scalar("", place, True)
    if isinstance(node, ScalarNode):
        is_null = node.style is None and node.value in ("", "null", "~")
        return Scalar("" if is_null else str(node.value), place, is_null)
    if isinstance(node, SequenceNode):
        return Listing(tuple(_converted(part, file, problems, seen, depth + 1) for part in node.value), place)
    if isinstance(node, MappingNode):
        return _converted_mapping(node, place, problems, seen, depth)
    return Scalar("", place, True)


def _converted_mapping(node: MappingNode, place: Place, problems: Problems, seen: set[int], depth: int) -> Mapping:
    items: dict[str, Node] = {}
    places: dict[str, Place] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value) if isinstance(key_node, ScalarNode) else ""
        key_place = Place(place.file, key_node.start_mark.line + 1)
        if not key:
            problems.add(key_place, "key", "A key must be a word.")
        elif key in items:
            problems.add(key_place, "duplicate_key", f"{key!r} stands here twice. Keep one.")
        else:
            items[key] = _converted(value_node, place.file, problems, seen, depth + 1)
            places[key] = key_place
    return Mapping(items, place, places)
