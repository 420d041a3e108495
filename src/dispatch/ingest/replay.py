"""A feed of lists becomes what must be sent: each call when it is new or says something else, and each list once."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from dispatch.domain.access import ONE_WAY_TYPES
from dispatch.domain.listing import Difference, LastListed, Listed, compare
from dispatch.ingest.history_call import HistoryCall
from dispatch.ingest.snapshots import Snapshot

FORGOTTEN_AFTER = timedelta(days=7)
ROW_COUNTS = ("new", "repeated", "changed", "reappeared", "doubled", "skipped", "refused")


@dataclass(frozen=True, slots=True)
class Step:
    """What one list asks for: calls to send, in order, then the list itself."""

    send: tuple[HistoryCall, ...]
    listed: tuple[Listed, ...]
    is_whole: bool


@dataclass(slots=True)
class Replay:
    """Follows the lists of one feed and counts every row once. Remembers what each call said last, and nothing else.

    A call that was gone for a week is forgotten here, and `new` when it comes back; the service still knows it.

    rows: of ROW_COUNTS; a call that is back is `reappeared` whatever it says. changes: what the changed ones changed.
    vanished: calls that a list lacked and the one before had. late: lists that came after a newer one. restamped: new
    calls that look like one that is gone from the same list, under another key: the same place and a unit in common.
    """

    rows: Counter[str] = field(default_factory=Counter)
    changes: Counter[str] = field(default_factory=Counter)
    lists: int = 0
    late: int = 0
    doubted: int = 0
    not_whole: int = 0
    vanished: int = 0
    restamped: int = 0
    calls: int = 0
    _said: dict[str, dict[str, Any]] = field(default_factory=dict)
    _known: dict[str, LastListed] = field(default_factory=dict)
    _at: datetime | None = None
    _doubted: bool = False

    def take(self, snapshot: Snapshot) -> Step:
        """The list is followed: what of it is news, and the list to tell."""
        self.lists += 1
        self.rows["doubled"] += snapshot.doubled
        self.rows["skipped"] += snapshot.skipped
        self.rows["refused"] += len(snapshot.rejects)
        is_whole = not snapshot.rejects
        self.not_whole += not is_whole
        listed = tuple(_listed(call) for call in snapshot.calls)
        if self._at is not None and snapshot.at <= self._at:
            return self._late(snapshot, listed, is_whole)
        self._at = snapshot.at
        found = compare(list(self._known.values()), listed, is_whole=is_whole, was_doubted=self._doubted)
        back, other_units = frozenset(found.reappeared), frozenset(found.changed)
        send = [call for call in snapshot.calls if self._is_news(call, back, other_units)]
        self._doubted = found.doubted
        self.doubted += found.doubted
        self.vanished += len(found.vanished)
        self.restamped += self._restamped(found, {one.ref: one.units for one in listed})
        self._known |= {one.ref: LastListed(one.ref, one.units) for one in listed}
        for ref in found.vanished:
            self._known[ref] = LastListed(ref, self._known[ref].units, snapshot.at)
        self._forget(snapshot.at - FORGOTTEN_AFTER)
        return Step(tuple(send), listed, is_whole)

    def accounted(self, rows_read: int) -> bool:
        """True when every row that was read is in exactly one count."""
        return rows_read == sum(self.rows[name] for name in ROW_COUNTS)

    def as_data(self) -> dict[str, Any]:
        """Plain counts."""
        return {
            "lists": self.lists,
            "late": self.late,
            "doubted": self.doubted,
            "not_whole": self.not_whole,
            "calls": self.calls,
            "rows": {name: self.rows[name] for name in ROW_COUNTS},
            "changes": dict(self.changes.most_common()),
            "vanished": self.vanished,
            "restamped": self.restamped,
            "listed_at_end": sum(1 for one in self._known.values() if one.absent_since is None),
        }

    def _is_news(self, call: HistoryCall, back: frozenset[str], other_units: frozenset[str]) -> bool:
        """True when the call must be sent; its row is counted."""
        ref, said = call.body["source_ref"], _lasting(call)
        before = self._said.get(ref)
        self._said[ref] = said
        if before is None:
            self.calls += 1
            self.rows["new"] += 1
            return True
        fields = [name for name in sorted({*said, *before}) if said.get(name) != before.get(name)]
        self.changes.update(fields)
        if ref in other_units:
            self.changes["units"] += 1
        is_changed = bool(fields) or ref in other_units
        self.rows["reappeared" if ref in back else "changed" if is_changed else "repeated"] += 1
        return bool(fields)

    def _forget(self, before: datetime) -> None:
        gone = [ref for ref, one in self._known.items() if one.absent_since is not None and one.absent_since < before]
        for ref in gone:
            del self._known[ref], self._said[ref]

    def _restamped(self, found: Difference, units: dict[str, tuple[str, ...]]) -> int:
        """Counted and not joined: the same crew may have a second emergency at that door. The linker proposes it."""
        gone = [(self._said[ref].get("location"), set(self._known[ref].units)) for ref in found.vanished]
        return sum(
            1
            for ref in found.new
            if any(
                place and place == self._said[ref].get("location") and crew & set(units[ref]) for place, crew in gone
            )
        )

    def _late(self, snapshot: Snapshot, listed: tuple[Listed, ...], is_whole: bool) -> Step:
        """Only calls that no list had are news; of the others something newer is known."""
        self.late += 1
        send = [call for call in snapshot.calls if call.body["source_ref"] not in self._said]
        self.rows["new"] += len(send)
        self.rows["repeated"] += len(snapshot.calls) - len(send)
        self.calls += len(send)
        self.vanished += len(send)
        units = {one.ref: one.units for one in listed}
        for call in send:
            ref = call.body["source_ref"]
            self._said[ref] = _lasting(call)
            self._known[ref] = LastListed(ref, units[ref], self._at)
        return Step(tuple(send), listed, is_whole)


def _listed(call: HistoryCall) -> Listed:
    # Units that are told one way are left out here already: a list travels further than one reader.
    units = tuple(unit.unit for unit in call.unit_times if unit.responder_type not in ONE_WAY_TYPES)
    return Listed(call.body["source_ref"], units)


def _lasting(call: HistoryCall) -> dict[str, Any]:
    return {name: value for name, value in call.body.items() if name != "updated_at"}
