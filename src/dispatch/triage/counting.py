"""What the rows that hold say together: one decides, the others may only add people and urgency."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from dispatch.domain.classification import Category
from dispatch.triage.decision import Reason
from dispatch.triage.model import IncidentType, Row, SlotTemplate
from dispatch.triage.policy import Policy
from dispatch.triage.row_index import numbers_of
from dispatch.triage.rows import voices

Held = tuple[IncidentType | None, int]  # an incident type, and the bits of the rows that hold when it is the type


@dataclass(slots=True)
class Tally:
    """coming: police, fire and EMS that the deciding row and those after it bring by name."""

    decided: Row | None = None
    is_by_floor: bool = False
    priority: int = 9
    needs_human: bool = False
    added: list[SlotTemplate] = field(default_factory=list)
    coming: set[str] = field(default_factory=set)
    reasons: list[Reason] = field(default_factory=list)


def counted(policy: Policy, held: Sequence[Held]) -> Tally:
    """The first of `held` is the incident type's own; the others are of types that the call names as well."""
    tally = Tally()
    (incident_type, bits), *others = held
    said = voices(policy, bits)
    rest = 0
    won: set[int] = set()
    for number in numbers_of(said):
        row, table = policy.rows[number], policy.row_tables[number]
        is_floor = policy.tables[table].is_floor
        if table in won or not _win(policy, row, tally, incident_type, is_floor=is_floor):
            rest |= 1 << number
        won.add(table)
    _add_rest(policy, rest, tally, incident_type)
    for other, other_bits in others:
        _add_rest(policy, voices(policy, other_bits) & ~said, tally, other)
    tally.reasons.sort(key=lambda reason: tally.decided is None or reason.rule != tally.decided.id)
    return tally


def _win(policy: Policy, row: Row, tally: Tally, incident_type: IncidentType | None, *, is_floor: bool) -> bool:
    """Counts a row that won its table; False when an earlier table has decided and the row has nothing of its own."""
    has_said = row.also is not None
    if row.then is not None and (tally.decided is None or is_floor):
        slots = policy.plans[row.then.plan].always_coming
        if tally.decided is None:
            tally.decided, tally.is_by_floor = row, is_floor
        else:
            tally.added += slots  # danger adds up: a later floor table raises what an earlier one decided
        tally.coming.update(slot.responder_type for slot in slots if slot.responder_type)
        tally.priority = min(tally.priority, _priority(policy, row, incident_type))
        tally.needs_human |= row.then.needs_human
        has_said = True
    if row.also is not None:
        tally.added += row.also.slots
        tally.coming.update(slot.responder_type for slot in row.also.slots if slot.responder_type)
        tally.needs_human |= row.also.needs_human
        if row.also.priority_at_least is not None:
            tally.priority = min(tally.priority, row.also.priority_at_least)
    if has_said:
        tally.reasons.append(Reason(row.id, row.because))
    return has_said


def _add_rest(policy: Policy, rows: int, tally: Tally, incident_type: IncidentType | None) -> None:
    """Rows that did not win still bring who is missing, and urgency: every floor row; and when the floor decided, the
    first of each other table, so that a danger does not send away whom the call needed without it.

    A row that does not know what the call is about brings nothing, and where no type is known those outside the floor
    bring urgency only: who was sent for want of knowledge may stay away.
    """
    of_type = incident_type.category if incident_type else Category.UNKNOWN
    for number in numbers_of(rows):
        row, is_floor = policy.rows[number], bool(policy.floor_rows >> number & 1)
        is_knowing = row.then is not None and (row.then.category or of_type) is not Category.UNKNOWN
        if is_floor or (tally.is_by_floor and is_knowing):
            _add(policy, row, tally, incident_type, brings_people=is_floor or incident_type is not None)


def _add(policy: Policy, row: Row, tally: Tally, incident_type: IncidentType | None, *, brings_people: bool) -> None:
    slots = list(policy.plans[row.then.plan].always_coming) if row.then is not None and brings_people else []
    priority = tally.priority if row.then is None else _priority(policy, row, incident_type)
    if row.also is not None:
        slots += row.also.slots
        priority = min(priority, priority if row.also.priority_at_least is None else row.also.priority_at_least)
    missing = [slot for slot in slots if slot.responder_type is not None and slot.responder_type not in tally.coming]
    if missing or priority < tally.priority:
        tally.added += missing
        tally.coming.update(slot.responder_type for slot in missing if slot.responder_type)
        tally.priority = min(tally.priority, priority)
        tally.reasons.append(Reason(row.id, row.because))


def _priority(policy: Policy, row: Row, incident_type: IncidentType | None) -> int:
    if row.then is not None and row.then.priority is not None:
        return row.then.priority
    return incident_type.priority if incident_type is not None else policy.fallback_priority
