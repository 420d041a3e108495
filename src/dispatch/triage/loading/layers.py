"""The files of a policy and of those it extends, merged by id before anything is interpreted."""

import re
from collections.abc import Mapping as Texts
from dataclasses import dataclass, field
from typing import TypeVar

from dispatch.triage.loading.csv_rows import CsvRow, read_csv
from dispatch.triage.loading.problems import Problems
from dispatch.triage.loading.source import Listing, Mapping, Node, Scalar, read_yaml
from dispatch.triage.model import Place

_INCIDENT_COLUMNS = ("incident_type", "label", "category", "priority", "facts", "topics")
_CALL_COLUMNS = ("source", "code", "text", "incident_type", "facts", "topics")
_TABLE_FILE = re.compile(r"tables/(\d{2})-([a-z0-9-]+)\.yaml")
_Key = TypeVar("_Key")
_FOLDERS = ("lexicon", "context", "programs", "cases")
_FILES = frozenset(
    {"policy.yaml", "plans.yaml", "timers.yaml", "hazards.yaml", "outcomes.yaml", "senders.yaml", "accepted.yaml"}
)


@dataclass(slots=True)
class TableDraft:
    """layer: 0 is the root policy. rows: (layer, node), in the order they will be read."""

    name: str
    number: int
    node: Mapping
    layer: int
    is_floor: bool
    rows: list[tuple[int, Node]]


@dataclass(slots=True)
class Draft:
    """Everything that counts after merging, still as nodes."""

    settings: dict[str, Node] = field(default_factory=dict)
    settings_places: dict[str, Place] = field(default_factory=dict)
    own_settings: Mapping | None = None
    incident_types: dict[str, CsvRow] = field(default_factory=dict)
    call_types: dict[tuple[str, str, str], CsvRow] = field(default_factory=dict)
    lexicons: list[tuple[int, Mapping]] = field(default_factory=list)
    contexts: list[Mapping] = field(default_factory=list)
    timers: list[Mapping] = field(default_factory=list)
    hazards: list[Mapping] = field(default_factory=list)
    senders: list[Mapping] = field(default_factory=list)
    outcomes: list[Mapping] = field(default_factory=list)
    accepted: list[tuple[int, Mapping]] = field(default_factory=list)
    plans: dict[str, tuple[int, Mapping]] = field(default_factory=dict)
    inherited_plans: dict[str, Mapping] = field(default_factory=dict)
    tables: dict[str, TableDraft] = field(default_factory=dict)
    programs: dict[str, tuple[int, Mapping]] = field(default_factory=dict)
    retired: list[tuple[int, Node]] = field(default_factory=list)
    cases: list[tuple[int, Node]] = field(default_factory=list)
    layers: int = 0

    @property
    def all_settings(self) -> Mapping:
        """policy.yaml with what it inherits, each key on the line that says it."""
        return Mapping(self.settings, Place("policy.yaml", 1), self.settings_places)


def add_layer(draft: Draft, texts: Texts[str, str], problems: Problems, *, prefix: str) -> None:
    """Merges one policy over what it extends. prefix: put before file names in messages about a parent."""
    layer = draft.layers
    draft.layers += 1
    if "policy.yaml" not in texts:
        problems.add(Place(prefix + "policy.yaml", 1), "missing", "policy.yaml is missing. It names the policy.")
    for path in sorted(texts):
        _add_file(draft, layer, path, prefix + path, texts[path], problems)


def _add_file(draft: Draft, layer: int, path: str, shown: str, text: str, problems: Problems) -> None:
    folder, _, name = path.partition("/")
    if path == "incident_types.csv":
        for row in read_csv(shown, text, _INCIDENT_COLUMNS, problems):
            _put_once(draft.incident_types, row.cells["incident_type"], row, layer, problems)
    elif path == "call_types.csv":
        for row in read_csv(shown, text, _CALL_COLUMNS, problems):
            key = (row.cells["source"], row.cells["code"], row.cells["text"])
            _put_once(draft.call_types, key, row, layer, problems)
    elif path.endswith(".md"):
        return  # notes for readers
    elif path in _FILES or (
        path.endswith(".yaml") and (folder in _FOLDERS or _TABLE_FILE.fullmatch(path)) and "/" not in name
    ):
        node = read_yaml(shown, text, problems)
        if node is not None:
            _add_yaml(draft, layer, path, node, problems)
    else:
        detail = f"{path!r} has no place in a policy. Tables are tables/NN-name.yaml; see docs/policy-format.md."
        problems.add(Place(shown, 1), "unknown_file", detail)


def _put_once(rows: dict[_Key, CsvRow], key: _Key, row: CsvRow, layer: int, problems: Problems) -> None:
    row.layer = layer
    if key in rows and rows[key].layer == layer:
        problems.add(row.place, "duplicate_row", f"{key!r} is already at {rows[key].place}. Keep one.")
    rows[key] = row


def _add_yaml(draft: Draft, layer: int, path: str, node: Mapping, problems: Problems) -> None:
    folder = path.partition("/")[0]
    if path == "policy.yaml":
        if "understanding" in node.items and "understanding" in draft.settings:
            detail = "'understanding' is inherited and holds for every pack. Leave it out."
            problems.add(node.key_places["understanding"], "weakens_floor", detail)
        draft.settings.update(node.items)
        draft.settings_places.update(node.key_places)
        if "retire" in node.items:
            draft.retired.append((layer, node.items["retire"]))
        draft.own_settings = node
    elif path == "plans.yaml":
        _add_plans(draft, layer, node, problems)
    elif path == "timers.yaml":
        draft.timers.append(node)
    elif path == "hazards.yaml":
        draft.hazards.append(node)
    elif path == "senders.yaml":
        draft.senders.append(node)
    elif path == "outcomes.yaml":
        draft.outcomes.append(node)
    elif path == "accepted.yaml":
        draft.accepted.append((layer, node))
    elif folder == "lexicon":
        draft.lexicons.append((layer, node))
    elif folder == "context":
        draft.contexts.append(node)
    elif folder == "programs":
        _add_program(draft, node, problems, layer)
    elif folder == "cases":
        draft.cases += [(layer, part) for part in parts_of(node, "cases", problems)]
        _refuse_other_keys(node, ("cases",), problems)
    else:
        _add_table(draft, layer, path, node, problems)


def _add_plans(draft: Draft, layer: int, node: Mapping, problems: Problems) -> None:
    _refuse_other_keys(node, ("plans",), problems)
    for part in parts_of(node, "plans", problems):
        plan_id = id_of(part, "id", problems)
        if plan_id is None or not isinstance(part, Mapping):
            continue
        before = draft.plans.get(plan_id)
        if before is not None and before[0] == layer:
            problems.add(part.place, "duplicate_id", f"Plan {plan_id!r} is already at {before[1].place}. Rename one.")
        elif before is not None:
            draft.inherited_plans.setdefault(plan_id, before[1])
        draft.plans[plan_id] = (layer, part)


def _add_program(draft: Draft, node: Mapping, problems: Problems, layer: int) -> None:
    program_id = id_of(node, "program", problems)
    if program_id is None:
        return
    before = draft.programs.get(program_id)
    if before is not None and before[0] == layer:
        problems.add(node.place, "duplicate_id", f"Program {program_id!r} is already at {before[1].place}. Rename one.")
    draft.programs[program_id] = (layer, node)


def _add_table(draft: Draft, layer: int, path: str, node: Mapping, problems: Problems) -> None:
    match = _TABLE_FILE.fullmatch(path)
    assert match is not None  # noqa: S101  only table files come here
    number, name = int(match[1]), match[2]
    rows = [(layer, part) for part in parts_of(node, "rows", problems)]
    floor = node.items.get("floor")
    is_floor = isinstance(floor, Scalar) and floor.text == "true"
    before = draft.tables.get(name)
    if before is None:
        draft.tables[name] = TableDraft(name, number, node, layer, is_floor, rows)
    elif before.layer == layer:
        problems.add(node.place, "duplicate_id", f"Table {name!r} is already at {before.node.place}. Rename one.")
    else:
        _merge_rows(before, rows, problems)


def _merge_rows(table: TableDraft, rows: list[tuple[int, Node]], problems: Problems) -> None:
    inherited = {row_id: i for i, (_, node) in enumerate(table.rows) if (row_id := plain_id(node, "id"))}
    fresh = []
    for layer, node in rows:
        row_id = plain_id(node, "id")
        if row_id not in inherited:
            fresh.append((layer, node))
        elif table.is_floor:
            detail = f"{row_id!r} belongs to the safety floor and cannot be replaced. Add a floor table of your own."
            problems.add(node.place, "weakens_floor", detail)
        else:
            table.rows[inherited[row_id]] = (layer, node)
    # First match wins: a city's new row must not stand before the floor it inherits, and must before all else.
    table.rows = table.rows + fresh if table.is_floor else fresh + table.rows


def own_row_ids(draft: Draft) -> frozenset[str]:
    """The rows that the last layer wrote, new or in place of inherited ones."""
    rows = [layered for table in draft.tables.values() for layered in table.rows]
    return frozenset(plain_id(node, "id") for layer, node in rows if layer == draft.layers - 1)


def parts_of(node: Mapping, key: str, problems: Problems) -> tuple[Node, ...]:
    value = node.items.get(key)
    if isinstance(value, Listing):
        return value.parts
    problems.add(node.place, "missing", f"{key!r} is missing. It is a list.")
    return ()


def id_of(node: Node, key: str, problems: Problems) -> str | None:
    found = plain_id(node, key)
    if not found:
        problems.add(node.place, "missing", f"{key!r} is missing. Every one needs its own.")
    return found or None


def plain_id(node: Node, key: str) -> str:
    value = node.items.get(key) if isinstance(node, Mapping) else None
    return value.text.strip() if isinstance(value, Scalar) else ""


def _refuse_other_keys(node: Mapping, keys: tuple[str, ...], problems: Problems) -> None:
    for key in node.items:
        if key not in keys:
            problems.unknown_word(node.key_places[key], "key", key, keys)
