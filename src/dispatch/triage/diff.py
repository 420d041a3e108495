"""What is different between two policies, by the ids that people know: rows, programs, plans, phrases, types, cases."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Any

from dispatch.triage.conditions import AllOf, AnyOf, Atom, Not, describe
from dispatch.triage.model import Area, Hours, Place, Row, Table
from dispatch.triage.policy import Policy

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
_NOT_SHOWN = frozenset({"place", "layer", "words", "is_form", "open_minutes", "asks", "asks_topics", "asks_programs"})
_Parts = dict[tuple[str, str], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a part; None where the part has it not."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Change:
    """One part of a policy. kind: row, table, plan, program, phrase, marker, incident_type, call_type, case, setting"""

    kind: str
    id: str
    change: str
    fields: tuple[FieldChange, ...]


def diff_policies(old: Policy, new: Policy) -> list[Change]:
    """Every part that was added, removed or changed, in the order of the parts of a policy; where it is written, and
    in which order things of equal weight stand, does not count. A moved row counts: the first that matches wins.
    """
    before, after = _parts(old), _parts(new)
    found = []
    for key in dict.fromkeys((*before, *after)):
        ours, theirs = before.get(key), after.get(key)
        changed = tuple(_fields(ours or {}, theirs or {}))
        if changed:
            what = ADDED if ours is None else REMOVED if theirs is None else CHANGED
            found.append(Change(*key, what, changed))
    return found + list(_moved(old, new))


def _fields(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[FieldChange]:
    for name in dict.fromkeys((*ours, *theirs)):
        if ours.get(name) != theirs.get(name):
            yield FieldChange(name, ours.get(name), theirs.get(name))


def _moved(old: Policy, new: Policy) -> Iterator[Change]:
    """Tables whose common rows stand in another order, and tables that are tried in another order."""
    tables = {table.name: table for table in new.tables}
    for table in old.tables:
        if table.name in tables:
            yield from _reordered("table", table.name, _ids(table), _ids(tables[table.name]))
    yield from _reordered("setting", "tables", [t.name for t in old.tables], [t.name for t in new.tables])


def _reordered(kind: str, part: str, old: list[str], new: list[str]) -> Iterator[Change]:
    common = set(old) & set(new)
    before, after = ([one for one in ids if one in common] for ids in (old, new))
    if before != after:
        yield Change(kind, part, CHANGED, (FieldChange("order", before, after),))


def _ids(table: Table) -> list[str]:
    return [row.id for row in table.rows]


def _parts(policy: Policy) -> _Parts:
    parts: _Parts = {}
    for name in ("title", "owner", "time_zone", "fallback_priority"):
        parts["setting", name] = {"value": getattr(policy, name)}
    parts["setting", "fallback"] = {"plan": policy.fallback.id if policy.fallback else None}
    for table in policy.tables:
        parts["table", table.name] = {"title": table.title, "owner": table.owner, "floor": table.is_floor}
        for row in table.rows:
            parts["row", row.id] = {"table": table.name, **_row(row)}
    for kind, found in (("plan", policy.plans.values()), ("program", policy.programs)):
        for part in found:
            parts[kind, part.id] = _record(part)
    for incident_type in policy.incident_types.values():
        parts["incident_type", incident_type.code] = _record(incident_type)
    parts |= _texts(policy)
    for case in policy.cases:
        parts["case", case.sentence] = _record(case)
    return parts


def _texts(policy: Policy) -> _Parts:
    """What the lexicon, the markers and the crosswalk say."""
    parts: _Parts = {}
    for phrase in policy.phrases.phrases.values():
        if not phrase.is_form:
            parts["phrase", phrase.written] = {"meaning": plain(phrase.meaning)}
    for words, mark in policy.phrases.marks.items():
        parts["marker", " ".join(words)] = {"meaning": plain(mark)}
    for words, written in policy.phrases.pseudo.items():
        parts["marker", " ".join(words)] = {"nothing": written}
    for (source, code, text), call_type in policy.crosswalk.rows.items():
        parts["call_type", f"{source}/{code}/{text}"] = _record(call_type)
    return parts


def _row(row: Row) -> Mapping[str, Any]:
    return {name: value for name, value in _record(row).items() if name != "id"}


def _record(part: Any) -> dict[str, Any]:
    return {
        name: value
        for one in fields(part)
        if (name := one.name) not in _NOT_SHOWN and one.repr and (value := plain(getattr(part, name))) not in (None, [])
    }


def plain(value: Any) -> Any:
    """Any part of a policy as JSON data: conditions as the words in which they are explained, sets in order."""
    if isinstance(value, Atom | AllOf | AnyOf | Not):
        return describe(value)
    if isinstance(value, Place):
        return str(value)
    if isinstance(value, Hours):
        return {"ranges": plain(value.ranges), "closed_on": plain(value.closed_on)}
    if isinstance(value, Area):
        return {"name": value.name, "polygons": plain(value.polygons)}
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return _record(value)
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, Set):
        return sorted((plain(one) for one in value), key=str)
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
