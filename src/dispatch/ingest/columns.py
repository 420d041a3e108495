"""Finding a mapping's columns in the columns that a file has, once, so that a row is read by position."""

from collections.abc import Sequence
from dataclasses import dataclass

from dispatch.domain.errors import Invalid
from dispatch.ingest.cells import clean_cell
from dispatch.ingest.mapping import Column, Condition, Mapping, nearest


class Columns:
    """Positions of columns by name. empty: cells that mean nothing, such as NA.

    `missing` collects the names that the file does not have."""

    def __init__(self, header: Sequence[str], *, empty: Sequence[str] = ()) -> None:
        self.header = list(header)
        self._empty = frozenset(empty)
        self.missing: list[str] = []
        self._exact = {name: place for place, name in reversed(list(enumerate(header)))}
        self._folded = {name.casefold(): place for name, place in self._exact.items()}

    def find(self, column: Column) -> int | None:
        """Position of the first of the names that the file has, as written, else without case."""
        for name in column:
            if name in self._exact:
                return self._exact[name]
        for name in column:
            if name.casefold() in self._folded:
                return self._folded[name.casefold()]
        if column:
            self.missing.append(column[0])
        return None

    def find_all(self, wanted: Sequence[Column]) -> list[int]:
        """Positions of those columns that the file has."""
        return [place for column in wanted if (place := self.find(column)) is not None]

    def cell(self, cells: Sequence[str], place: int | None) -> str:
        """The cleaned text at a position; "" when there is no such column or the cell means nothing."""
        if place is None or not cells[place]:
            return ""
        text = clean_cell(cells[place])
        return "" if text in self._empty else text

    def condition(self, when: Condition) -> "RowCondition":
        """The condition with its columns found; one that needs a missing column never holds."""
        found = [(self.find((column,)), frozenset(values)) for column, values in when.items()]
        if any(place is None for place, _ in found):
            return RowCondition(())
        return RowCondition(tuple((place, values) for place, values in found if place is not None))


@dataclass(frozen=True, slots=True)
class RowCondition:
    """Column positions and the values that each must have."""

    needs: tuple[tuple[int, frozenset[str]], ...]

    def holds(self, cells: Sequence[str]) -> bool:
        """True when every column has one of its values. A condition without columns never holds."""
        for place, values in self.needs:
            if clean_cell(cells[place]) not in values:
                return False
        return bool(self.needs)


def columns_wanted(mapping: Mapping) -> list[Column]:
    """Every column that the mapping may read: what is taken out of a row that is a JSON object."""
    where, caller, units = mapping.location, mapping.caller, mapping.units
    conditions = [rule.when for rule in mapping.channel.rules] + [rule.when for rule in mapping.not_calls]
    conditions.append(where.withheld or {})
    wanted = [
        *mapping.key.columns,
        *(mapping.type.code, mapping.type.text, mapping.priority, mapping.received_at, mapping.updated_at),
        *(mapping.source_column, mapping.channel.column),
        *mapping.occurred.values(),
        *mapping.recorded.values(),
        *(mapping.narrative.columns if mapping.narrative else ()),
        *mapping.answers.values(),
        *(where.lat, where.lon, where.point, where.place, where.uncertainty_column),
        *(column for part in (where.address.parts if where.address else ()) for column in part),
        *((name,) for condition in conditions for name in condition),
        *(caller.name, caller.phone, caller.language, caller.relation, caller.wants),
        *((units.column, units.type_column, *units.times.values()) if units else ()),
    ]
    return [column for column in dict.fromkeys(wanted) if column]


def require_call_columns(mapping: Mapping, found: Sequence[str], *, has_key: bool, has_words: bool) -> None:
    """Refuses a file that lacks what every call needs: its key, and a type or a narrative."""
    lacking = []
    if not has_key and not mapping.key.or_row_number:
        lacking += [column[0] for column in mapping.key.columns]
    if not has_words:
        lacking += [column[0] for column in (mapping.type.code, mapping.type.text) if column]
    if not lacking:
        return
    hints = [f"'{name}' may be '{near}'" for name in lacking if (near := nearest(name, found))]
    raise Invalid(
        f"mapping {mapping.mapping} needs the column {' and '.join(lacking)}; the file has: {', '.join(found[:40])}",
        fix="; ".join(hints)
        or "Choose the mapping that fits the file, or write one: a small YAML file, see docs/mappings.md.",
    )
