"""One row of a table becomes a call body and what became of it, or a reject that says why. Pure: no file, no clock."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dispatch.domain.call import Channel
from dispatch.ingest.cells import clean_label
from dispatch.ingest.columns import Columns, require_call_columns
from dispatch.ingest.history_call import HistoryCall, Reject, Skipped, UnitTimes
from dispatch.ingest.mapping import Column, Mapping
from dispatch.ingest.records import RAW_SHOWN, Record
from dispatch.ingest.row_place import PlaceReader
from dispatch.ingest.times import out_of_order, read_moment
from dispatch.ingest.units import split_units, type_of_unit, warnings_of
from dispatch.triage.facts import VOCABULARY
from dispatch.triage.memo import Memo

MAX_REF = 200
_LONGEST_REPEATED = 400  # characters; longer rows are written once, remembering them is a waste
_Said = tuple[dict[str, Any], tuple[str, ...]]  # parts of a call body, and what was odd about them
_CHANNELS = frozenset(channel.value for channel in Channel)


class _Unreadable(Exception):
    """A cell that a call cannot do without."""

    def __init__(self, field: str, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.field, self.reason, self.detail = field, reason, detail


class RowReader:
    """Reads rows of one file through one mapping. `missing`: columns of the mapping that the file does not have.

    with_outcome False leaves out later times, units and outcomes: triage does not read them, and most of the
    work is there.
    """

    def __init__(self, mapping: Mapping, header: Sequence[str], *, with_outcome: bool = True) -> None:
        columns = Columns(header, empty=mapping.empty)
        self.mapping, self._columns, self._with_outcome = mapping, columns, with_outcome
        self._when = mapping.time_reading()
        self._cell = columns.cell
        keys = [columns.find(column) for column in mapping.key.columns]
        self._key = [place for place in keys if place is not None]
        self._has_key = bool(keys) and None not in keys
        self._code, self._text = columns.find(mapping.type.code), columns.find(mapping.type.text)
        self._notes = columns.find_all(mapping.narrative.columns if mapping.narrative else ())
        has_words = self._code is not None or self._text is not None or bool(self._notes)
        require_call_columns(mapping, header, has_key=self._has_key, has_words=has_words)
        self._received, self._updated = columns.find(mapping.received_at), columns.find(mapping.updated_at)
        self._priority, self._source = columns.find(mapping.priority), columns.find(mapping.source_column)
        self._answers = self._named(mapping.answers)
        self._occurred, self._recorded = self._named(mapping.occurred), self._named(mapping.recorded)
        self._rules = [(rule, columns.condition(rule.when)) for rule in mapping.not_calls]
        self._place = PlaceReader(mapping, columns)
        self._channel_rules = [(rule.channel, columns.condition(rule.when)) for rule in mapping.channel.rules]
        self._channel = columns.find(mapping.channel.column)
        caller = mapping.caller
        self._caller = self._named(
            {name: getattr(caller, name) for name in ("name", "phone", "language", "relation", "wants")}
        )
        units = mapping.units
        self._unit = columns.find(units.column) if units else None
        self._unit_type = columns.find(units.type_column) if units else None
        self._steps = self._named(dict(units.times)) if units else {}
        self._known: Memo[tuple[str, ...], _Said] = Memo()
        conditions = [condition for _, condition in self._channel_rules]
        words = (self._code, self._text, self._priority, self._channel, *self._notes)
        self._saying = sorted(
            {place for place in words if place is not None}
            | {*self._answers.values(), *self._caller.values()}
            | {place for condition in conditions for place, _ in condition.needs}
        )
        self.missing = tuple(dict.fromkeys(columns.missing))

    def _named(self, wanted: dict[str, Column]) -> dict[str, int]:
        return {name: place for name, column in wanted.items() if (place := self._columns.find(column)) is not None}

    def read(self, record: Record) -> HistoryCall | Reject | Skipped:
        """What the row says: a call, a reject, or that a rule of the mapping leaves it out."""
        rule = next((rule for rule, condition in self._rules if condition.holds(record.cells)), None)
        if rule is not None and rule.action == "skip":
            return Skipped(record.row, rule.id)
        warnings = list(record.warnings)
        try:
            return self._call(record, rule.id if rule else None, warnings)
        except _Unreadable as bad:
            raw = " | ".join(cell for cell in record.cells if cell)[:RAW_SHOWN]
            return Reject(record.row, record.line, bad.field, bad.reason, f"line {record.line}: {bad.detail}", raw)

    def _call(self, record: Record, rule: str | None, warnings: list[str]) -> HistoryCall:
        cells = record.cells
        if rule:
            warnings.append(f"not_a_call:{rule}")
        received = self._moment(cells, self._received, "received_at", warnings)
        body = self._body(record, received, warnings)
        occurred: dict[str, datetime] = {"received_at": received} if received else {}
        units: tuple[UnitTimes, ...] = ()
        recorded: dict[str, str] = {}
        if self._with_outcome:
            occurred |= self._moments(cells, self._occurred, warnings)
            warnings += [f"out_of_order:{name}" for name in out_of_order(list(occurred.items()))]
            units = self._units(cells, warnings)
            recorded = {name: text for name, place in self._recorded.items() if (text := self._cell(cells, place))}
        return HistoryCall((record.row,), body, occurred, units, recorded, tuple(dict.fromkeys(warnings)), rule)

    def _body(self, record: Record, received: datetime | None, warnings: list[str]) -> dict[str, Any]:
        cells = record.cells
        source = self._cell(cells, self._source) or self.mapping.source_name
        body: dict[str, Any] = {"source": source, "source_ref": self._ref(record)}
        updated = self._optional_moment(cells, self._updated, "updated_at", warnings) if self._with_outcome else None
        if received is not None:
            body["received_at"] = received.isoformat()
        if updated is not None:
            body["updated_at"] = updated.isoformat()
        said, said_warnings = self._said(cells)
        body |= said
        warnings += said_warnings
        if location := self._place.read(cells, warnings):
            body["location"] = location
        if "call_type" not in body and "narrative" not in body:
            raise _Unreadable("call_type", "nothing_to_triage", "neither a call type nor a narrative")
        return body

    def _said(self, cells: Sequence[str]) -> _Said:
        """What was said, whenever and wherever it was; read once for all rows that say the same."""
        key = tuple([cells[place] for place in self._saying])
        known = self._known.get(key)
        if known is None:
            known = self._read_said(cells)
            if sum(map(len, key)) <= _LONGEST_REPEATED:
                self._known.keep(key, known)
        return known

    def _read_said(self, cells: Sequence[str]) -> _Said:
        warnings: list[str] = []
        found = {
            "channel": self._channel_of(cells, warnings),
            "call_type": self._call_type(cells, warnings),
            "priority": self._cell(cells, self._priority),
            "narrative": self._narrative(cells),
            "answers": self._answered(cells, warnings),
            "caller": self._caller_of(cells, warnings),
        }
        return {name: value for name, value in found.items() if value}, tuple(warnings)

    def _ref(self, record: Record) -> str:
        if not self._has_key:
            return f"row-{record.row}"
        parts = [self._cell(record.cells, place) for place in self._key]
        if not any(parts):
            if self.mapping.key.or_row_number:
                return f"row-{record.row}"
            raise _Unreadable(self.mapping.key.columns[0][0], "key_missing", "the cell that names the call is empty")
        joined = "|".join(parts)
        if self.mapping.key.digest or len(joined) > MAX_REF:
            return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return joined

    def _moment(self, cells: Sequence[str], place: int | None, name: str, warnings: list[str]) -> datetime | None:
        text = self._cell(cells, place)
        if not text:
            if place is not None:
                warnings.append(f"time_missing:{name}")
            return None
        try:
            moment, flag = read_moment(text, self._when)
        except ValueError as unreadable:
            raise _Unreadable(self._columns.header[place or 0], "time_unreadable", str(unreadable)) from unreadable
        if flag:
            warnings.append(flag)
        return moment

    def _optional_moment(
        self, cells: Sequence[str], place: int | None, name: str, warnings: list[str]
    ) -> datetime | None:
        # Only the moment of the call is needed; a later step that cannot be read is dropped and said.
        if not self._cell(cells, place):
            return None
        try:
            return self._moment(cells, place, name, warnings)
        except _Unreadable:
            warnings.append(f"time_unreadable:{name}")
            return None

    def _moments(self, cells: Sequence[str], places: dict[str, int], warnings: list[str]) -> dict[str, datetime]:
        read = {name: self._optional_moment(cells, place, name, warnings) for name, place in places.items()}
        return {name: moment for name, moment in read.items() if moment is not None}

    def _call_type(self, cells: Sequence[str], warnings: list[str]) -> dict[str, str] | None:
        code, text = self._cell(cells, self._code), self._cell(cells, self._text)
        label = clean_label(text)
        if label != text:
            warnings.append("type_label_cleaned")
        if not code and not label:
            if self.mapping.type.missing_text is None:
                return None
            warnings.append("type_missing")
            label = self.mapping.type.missing_text
        return {name: value for name, value in (("code", code), ("text", label)) if value}

    def _narrative(self, cells: Sequence[str]) -> str:
        if self.mapping.narrative is None:
            return ""
        return self.mapping.narrative.join.join(text for place in self._notes if (text := self._cell(cells, place)))

    def _answered(self, cells: Sequence[str], warnings: list[str]) -> dict[str, str]:
        said = {fact: self._word(cells, place, fact, warnings) for fact, place in self._answers.items()}
        return {fact: value for fact, value in said.items() if value}

    def _channel_of(self, cells: Sequence[str], warnings: list[str]) -> str | None:
        channels = self.mapping.channel
        for channel, condition in self._channel_rules:
            if condition.holds(cells):
                return channel.value
        said = self._cell(cells, self._channel)
        if said and said in channels.values:
            return channels.values[said].value
        if said and said.lower() in _CHANNELS:
            return said.lower()
        if said:
            warnings.append("channel_not_understood")
        return channels.default.value if channels.default else None

    def _word(self, cells: Sequence[str], place: int | None, fact: str, warnings: list[str]) -> str:
        value = self._cell(cells, place).lower()
        if value and value != "unknown" and value not in VOCABULARY[fact].values:
            warnings.append(f"answer_not_understood:{fact}")
            return ""
        return value

    def _caller_of(self, cells: Sequence[str], warnings: list[str]) -> dict[str, str]:
        facts = {"relation": "caller_relation", "wants": "caller_wants"}
        caller = {}
        for name, place in self._caller.items():
            value = self._word(cells, place, facts[name], warnings) if name in facts else self._cell(cells, place)
            if value:
                caller[name] = value
        return caller

    def _units(self, cells: Sequence[str], warnings: list[str]) -> tuple[UnitTimes, ...]:
        form = self.mapping.units
        if form is None:
            return ()
        steps = self._moments(cells, self._steps, warnings)
        found = []
        for name in split_units(self._cell(cells, self._unit), form.separator):
            kind = self._cell(cells, self._unit_type) or type_of_unit(name, form.types_by_prefix)
            responder = form.responder_types.get(kind or "", form.default_responder_type)
            unit = UnitTimes(name, kind, responder, **steps)
            warnings += warnings_of(unit)
            found.append(unit)
        return tuple(found)
