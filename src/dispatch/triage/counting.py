"""What the rows that hold say together: one decides, the others may only add people and urgency."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from dispatch.domain.classification import Category
from dispatch.triage.decision import Reason
from dispatch.triage.model import IncidentType, Row, SlotTemplate
from dispatch.triage.policy import Policy
from dispatch.triage.row_index import numbers_of
from dispatch.triage.rows import voices

Held = tuple[IncidentType | None, int]  # an incident type, and the bits of the rows that hold when it is the type


@dataclass(slots=True)
class Tally:
    """coming: police, fire and EMS that the deciding row and those after it bring by name, as many as one of them asks.

    beside: slots for programs that join them.
    """

    decided: Row | None = None
    is_by_floor: bool = False
    priority: int = 9
    needs_human: bool = False
    added: list[SlotTemplate] = field(default_factory=list)
    coming: dict[str, SlotTemplate] = field(default_factory=dict)
    beside: set[SlotTemplate] = field(default_factory=set)
    reasons: list[Reason] = field(default_factory=list)

    def expects(self, slots: Iterable[SlotTemplate]) -> None:
        """These come; a responder who was coming already comes in the number and with the skills that are more."""
        for slot in slots:
            if slot.responder_type is None:
                self.beside.add(slot)
            else:
                self.coming[slot.responder_type] = self._joined(slot)

    def lacks(self, slots: Iterable[SlotTemplate]) -> list[SlotTemplate]:
        """Of these, what is not coming yet, in number or skill; who waits at a distance goes on waiting."""
        joined = [slot if slot.responder_type is None else self._joined(slot) for slot in slots]
        return [slot for slot in joined if slot not in self.beside and slot not in self.coming.values()]

    def _joined(self, slot: SlotTemplate) -> SlotTemplate:
        before = self.coming.get(slot.responder_type or "")
        if before is None:
            return slot
        count, capabilities = max(before.count, slot.count), before.capabilities | slot.capabilities
        return replace(before, count=count, capabilities=capabilities)


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
        plan = policy.plans[row.then.plan]
        slots = (*plan.always_coming, *plan.beside)
        if tally.decided is None:
            tally.decided, tally.is_by_floor = row, is_floor
        else:
            tally.added += slots  # danger adds up: a later floor table raises what an earlier one decided
        tally.expects(slots)
        tally.priority = min(tally.priority, _priority(policy, row, incident_type))
        tally.needs_human |= row.then.needs_human
        has_said = True
    if row.also is not None:
        tally.added += row.also.slots
        tally.expects(row.also.slots)
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
            _add(policy, row, tally, incident_type, is_floor=is_floor)


def _add(policy: Policy, row: Row, tally: Tally, incident_type: IncidentType | None, *, is_floor: bool) -> None:
    """A floor row brings people, urgency and a person's judgement wherever it stands in its table."""
    brings_people = is_floor or incident_type is not None
    plan = policy.plans[row.then.plan] if row.then is not None and brings_people else None
    slots = [] if plan is None else [*plan.always_coming, *(plan.beside if is_floor else ())]
    priority = tally.priority if row.then is None else _priority(policy, row, incident_type)
    needs_human = is_floor and row.then is not None and row.then.needs_human
    if row.also is not None:
        slots += row.also.slots
        priority = min(priority, priority if row.also.priority_at_least is None else row.also.priority_at_least)
        needs_human |= is_floor and row.also.needs_human
    missing = tally.lacks(slots)
    if missing or priority < tally.priority or needs_human > tally.needs_human:
        tally.added += missing
        tally.expects(missing)
        tally.priority = min(tally.priority, priority)
        tally.needs_human |= needs_human
        tally.reasons.append(Reason(row.id, row.because))


def _priority(policy: Policy, row: Row, incident_type: IncidentType | None) -> int:
    if row.then is not None and row.then.priority is not None:
        return row.then.priority
    return incident_type.priority if incident_type is not None else policy.fallback_priority
