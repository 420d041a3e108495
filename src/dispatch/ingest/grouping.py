"""Rows that share a key: one call on many rows, or many calls under one key."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from dispatch.ingest.history_call import STEPS, HistoryCall, Reject, UnitTimes
from dispatch.ingest.units import with_overlaps


def merge_rows(calls: Iterable[HistoryCall | Reject]) -> Iterator[HistoryCall | Reject]:
    """One call for each `source_ref`, in the order of their first rows; rejects at once.

    Holds every call until the end. The first row gives the body; units of all rows are united; rows that disagree
    with the first are flagged;
    of what is recorded as the outcome, the last row counts.
    """
    groups: dict[str, HistoryCall] = {}
    for call in calls:
        if isinstance(call, Reject):
            yield call
            continue
        ref = call.body["source_ref"]
        groups[ref] = united(groups[ref], call) if ref in groups else call
    yield from with_overlaps(list(groups.values()))


def united(first: HistoryCall, other: HistoryCall) -> HistoryCall:
    """The first call with the rows, units and warnings of the other as well."""
    warnings = [*first.warnings, *other.warnings]
    warnings += [f"rows_disagree:{name}" for name in sorted(first.body) if first.body[name] != other.body.get(name)]
    units = {unit.unit: unit for unit in first.unit_times}
    for unit in other.unit_times:
        units[unit.unit] = _filled(units[unit.unit], unit) if unit.unit in units else unit
    return replace(
        first,
        rows=first.rows + other.rows,
        occurred={**other.occurred, **first.occurred},
        recorded={**first.recorded, **other.recorded},
        unit_times=tuple(units.values()),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def number_repeats(calls: Iterable[HistoryCall | Reject]) -> Iterator[HistoryCall | Reject]:
    """Each call under a reference of its own: the second under the same key becomes `<key>#2`. Remembers every key."""
    seen: dict[str, int] = {}
    for call in calls:
        if isinstance(call, HistoryCall):
            ref = call.body["source_ref"]
            seen[ref] = seen.get(ref, 0) + 1
            if seen[ref] > 1:
                body = {**call.body, "source_ref": f"{ref}#{seen[ref]}"}
                call = replace(call, body=body, warnings=(*call.warnings, "key_repeated"))
        yield call


def reject_repeats(calls: Iterable[HistoryCall | Reject]) -> Iterator[HistoryCall | Reject]:
    """Only the first call under each key; every later one is a reject that names it. Remembers every key."""
    seen: dict[str, int] = {}
    for call in calls:
        if isinstance(call, HistoryCall):
            ref = call.body["source_ref"]
            if ref in seen:
                detail = f"row {call.row} repeats the key '{ref}' of row {seen[ref]}"
                yield Reject(call.row, 0, "source_ref", "key_repeated", detail, ref)
                continue
            seen[ref] = call.row
        yield call


def _filled(known: UnitTimes, more: UnitTimes) -> UnitTimes:
    # A unit listed twice on one call: what the first listing left open is taken from the second.
    empty = {step: getattr(more, step) for step in STEPS if getattr(known, step) is None}
    return replace(known, **empty)
