"""Units are given to incidents, all or none, and each assignment goes step by step from offer to clear."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.crews import crews_now
from dispatch.db.ids import new_id
from dispatch.db.lookup import get_incident, two_units
from dispatch.db.models import Assignment, AssignmentResponder, Incident, Unit
from dispatch.db.timers import End, Timing
from dispatch.domain.access import ONE_WAY_TYPES, Principal
from dispatch.domain.assignment import (
    AssignmentMode,
    AssignmentStatus,
    OfferRule,
    first_status,
    is_taken,
    stamp_column,
)
from dispatch.domain.classification import ORDERED_RESPONDER_TYPES
from dispatch.domain.errors import Conflict, FieldProblem, Invalid, NotFound
from dispatch.domain.events import EventType
from dispatch.domain.ids import Prefix, is_id
from dispatch.domain.outcome import SHIPPED_OUTCOMES, Catalogue
from dispatch.domain.time import iso
from dispatch.domain.timers import OF_QUEUE, SHIPPED, WELFARE_CHECKED, TimeLimits
from dispatch.domain.transfer import ASKED_FIRST, AssignmentKind, kind_of
from dispatch.domain.unit import UnitStatus
from dispatch.operations.actor import Actor, tell
from dispatch.operations.assignment_steps import (
    ENDED_INCIDENT,
    StatusStep,
    follow_unit,
    take_step,
)
from dispatch.operations.call_body import FUTURE_TOLERANCE
from dispatch.operations.corrections import correct, is_correction
from dispatch.operations.fitness import doubts, require_crew_here
from dispatch.operations.free_units import require_free
from dispatch.operations.queue import make_active, wait_for_answer
from dispatch.operations.watching import watch_of, watched

MAX_UNITS = 50


@dataclass(frozen=True, slots=True)
class AssignUnits:
    """Give these units (ids or call signs) to the incident. mode None: each as its responder type is used to.

    kind None: what a unit like it is used to. takes_over_from: the assignment that it is asked to take over.
    scheduled_for: it is reserved until then.
    """

    incident_id: str
    units: Sequence[str]
    mode: AssignmentMode | None = None
    step: int | None = None
    role: str | None = None
    eta_s: dict[str, int] | None = None
    recommended: bool | None = None
    reason: str | None = None
    offer_rule: OfferRule | None = None
    kind: AssignmentKind | None = None
    takes_over_from: str | None = None
    scheduled_for: datetime | None = None


async def assign_units(
    session: AsyncSession,
    command: AssignUnits,
    actor: Actor,
    principal: Principal | None = None,
    limits: TimeLimits = SHIPPED,
) -> "Given":
    """Every unit is on the incident, or none is; what is waited for has its timer. Doubts are told, not obeyed.

    Raises UnitAlreadyAssigned naming the unit and where it is, UnitNotAvailable, NotFound or Invalid; Refused when the
    principal may not act for the agency of one of them.
    """
    names = list(dict.fromkeys(command.units))
    if not 1 <= len(names) <= MAX_UNITS:
        raise Invalid(
            f"Name 1 to {MAX_UNITS} units.",
            fix="Send the units as call signs or ids.",
            errors=[FieldProblem("/units", "bad_length", f"{len(names)} units")],
        )
    incident = await get_incident(session, actor.jurisdiction_id, command.incident_id, lock=True)
    if incident.status in ENDED_INCIDENT:
        raise Conflict(
            f"Incident {incident.number} is {incident.status}.", fix="Reopen it first.", incident_status=incident.status
        )
    units = await lock_units(session, actor, names)
    if principal is not None:
        for unit in units:
            principal.require_agency(unit.agency_id)
    made = await give(session, incident, units, command, actor, limits)
    is_asked_only = all(row.kind == AssignmentKind.TRANSFER.value for row in made.assignments)
    back = await wait_for_answer(session, incident, actor) if is_asked_only else []
    await tell(session, actor, *made.entries, *back, timing=made.timing)
    return made


@dataclass(frozen=True, slots=True)
class Given:
    """Assignments that were made, and what to tell of them. doubts: unit id -> what speaks against it, as codes."""

    assignments: list[Assignment]
    entries: list[log.Entry]
    timing: Timing
    doubts: Mapping[str, tuple[str, ...]]


async def give(
    session: AsyncSession,
    incident: Incident,
    units: Sequence[Unit],
    command: AssignUnits,
    actor: Actor,
    limits: TimeLimits,
) -> Given:
    """The locked units are on the locked incident. Raises as assign_units does; nothing is told yet."""
    await require_free(session, actor.jurisdiction_id, units)
    against = await doubts(session, incident, units, command.step, actor)
    crews = await crews_now(session, actor.jurisdiction_id, [unit.id for unit in units], actor.now)
    people = {unit: crew.people for unit, crew in crews.items()}
    await require_crew_here(session, units, crews)
    made = [new_assignment(unit, incident, command, actor) for unit in units]
    for unit, row in zip(units, made, strict=True):
        crew = crews.get(unit.id)
        row.crew_id = crew.crew_id if crew is not None and crew.is_shared else None
    _join_offers(made, command.offer_rule)
    timing = Timing()
    for unit, row in zip(units, made, strict=True):
        timing += watch_of(row, actor.now, limits, len(people.get(unit.id, ())) or 1)
    handling = [row for row in made if row.responder_type not in ONE_WAY_TYPES]
    if any(is_taken(AssignmentStatus(row.status)) for row in handling):
        timing += Timing(ends=[End(incident.id, OF_QUEUE)])
    session.add_all(made)
    await session.flush()
    session.add_all(
        AssignmentResponder(jurisdiction_id=actor.jurisdiction_id, assignment_id=row.id, responder_id=person)
        for unit, row in zip(units, made, strict=True)
        for person in people.get(unit.id, ())
    )
    for unit in units:
        follow_unit(unit, UnitStatus.ASSIGNED, actor.now)
        unit.break_until = unit.break_reason = None  # whoever is sent has been called back
    if any(row.kind not in ASKED_FIRST or is_taken(AssignmentStatus(row.status)) for row in handling):
        timing += make_active(incident)
    return Given(
        made, [_assigned(row, against.get(unit.id, ())) for unit, row in zip(units, made, strict=True)], timing, against
    )


def _join_offers(made: Sequence[Assignment], rule: OfferRule | None) -> None:
    """Offers that were made together end together, as the rule says."""
    if rule is None:
        return
    ordered = [row.call_sign for row in made if row.mode != AssignmentMode.OFFERED.value]
    if ordered or len(made) < 2:
        raise Invalid(
            f"{rule.value} is for several offers; {', '.join(ordered) or 'one unit alone'} cannot be offered so.",
            fix="Name at least two units that are offered the job, or leave `offer` out.",
            errors=[FieldProblem("/offer", "not_several_offers", "needs two or more offered units")],
        )
    if len({row.responder_type in ONE_WAY_TYPES for row in made}) > 1:
        raise Invalid(
            "Who is told one way shares no offer with others: its answer would be seen in theirs.",
            fix="Offer it to them on its own.",
            errors=[FieldProblem("/offer", "one_way_shared", "units of both sides")],
        )
    offer_id = new_id(Prefix.OFFER)
    for row in made:
        row.offer_id, row.offer_rule = offer_id, rule.value


async def step_assignment(
    session: AsyncSession,
    command: StatusStep,
    actor: Actor,
    principal: Principal | None = None,
    limits: TimeLimits = SHIPPED,
    catalogue: Catalogue = SHIPPED_OUTCOMES,
) -> Assignment:
    """The assignment has taken the step, its time is stamped, and its unit, incident, offer and timers follow.

    A status that it has passed already, sent with a time, is late or corrects one: the time is written and nothing
    moves.

    Raises IllegalTransition with the legal steps, Invalid where a reason or an outcome is missing or unknown, or the
    time lies in the future, NotFound; Refused when the principal may not speak for the unit or its agency.
    """
    incident, row = await lock_assignment(session, command.assignment_id, actor, principal)
    _refuse_future(command.occurred_at or actor.now, actor.now)
    if is_correction(row, command):
        taken = await correct(session, row, command, actor, limits)
    else:
        taken = await take_step(session, incident, row, command, actor, limits, catalogue)
    await tell(session, actor, *taken.entries, timing=taken.timing)
    return row


async def check_in(
    session: AsyncSession,
    assignment_id: str,
    note: str | None,
    actor: Actor,
    principal: Principal | None = None,
    limits: TimeLimits = SHIPPED,
) -> Assignment:
    """The unit has said that it is well; the next welfare check is a whole interval away.

    Raises Conflict before it has arrived and when it has cleared, NotFound; Refused when the principal may not speak
    for the unit or its agency.
    """
    _, row = await lock_assignment(session, assignment_id, actor, principal)
    if AssignmentStatus(row.status) not in WELFARE_CHECKED:
        raise Conflict(
            f"{row.call_sign} is {row.status.replace('_', ' ')}; welfare is checked from the arrival on.",
            fix="Nothing needs doing, or tell its status with POST /v1/assignments/{id}/status.",
        )
    timing = await watched(session, row, actor.now, limits)
    payload = {
        "unit": row.call_sign,
        "responder_type": row.responder_type,
        "agency": row.agency_id,
        "note": note,
    }
    await tell(session, actor, _checked_in(row, actor.now, payload), timing=timing)
    return row


def _checked_in(row: Assignment, now: datetime, payload: dict[str, Any]) -> log.Entry:
    return log.Entry(EventType.ASSIGNMENT_CHECKED_IN, row.id, now, row.incident_id, payload)


# The most frequent command of all: built once.
_INCIDENT_OF = (
    select(Incident)
    .where(
        Incident.jurisdiction_id == bindparam("jurisdiction_id"),
        Incident.id
        == select(Assignment.incident_id)
        .where(Assignment.jurisdiction_id == bindparam("jurisdiction_id"), Assignment.id == bindparam("assignment_id"))
        .scalar_subquery(),
    )
    .with_for_update()
    .execution_options(populate_existing=True)
)
_ASSIGNMENT = (
    select(Assignment)
    .where(Assignment.jurisdiction_id == bindparam("jurisdiction_id"), Assignment.id == bindparam("assignment_id"))
    .with_for_update()
    .execution_options(populate_existing=True)
)


async def lock_assignment(
    session: AsyncSession, assignment_id: str, actor: Actor, principal: Principal | None
) -> tuple[Incident, Assignment]:
    """The assignment, locked after its incident: locks are always taken in one order. Raises NotFound, Refused."""
    missing = NotFound(f"There is no assignment {assignment_id}.", fix="List them with GET /v1/assignments.")
    which = {"jurisdiction_id": actor.jurisdiction_id, "assignment_id": assignment_id}
    incident = await session.scalar(_INCIDENT_OF, which)
    if incident is None:
        raise missing
    row = (await session.scalars(_ASSIGNMENT, which)).one()
    if row.responder_type in actor.hidden_types:
        raise missing
    if principal is not None:
        principal.require_unit(row.unit_id)
        principal.require_agency(row.agency_id)
    return incident, row


async def lock_units(session: AsyncSession, actor: Actor, names: Sequence[str]) -> list[Unit]:
    """The units with these ids or call signs, locked in the order in which everybody locks units.

    Raises NotFound, and Invalid for a call sign that two units have.
    """
    ids = [name for name in names if is_id(name, Prefix.UNIT)]
    signs = [name for name in names if not is_id(name, Prefix.UNIT)]
    rows = await session.scalars(
        select(Unit)
        .where(
            Unit.jurisdiction_id == actor.jurisdiction_id,
            Unit.id.in_(ids) | Unit.call_sign.in_(signs),
            Unit.responder_type.not_in(sorted(actor.hidden_types)),
        )
        .order_by(Unit.id)
        .with_for_update()
    )
    found = list(rows)
    known = {unit.id for unit in found} | {unit.call_sign for unit in found}
    missing = [name for name in names if name not in known]
    if missing:
        raise NotFound(
            f"There is no unit {', '.join(missing)}.", fix="List the roster with GET /v1/units.", units=missing
        )
    for sign in signs:
        same = [unit.id for unit in found if unit.call_sign == sign]
        if len(same) > 1:
            raise two_units(sign, same)
    return found


def new_assignment(unit: Unit, incident: Incident, command: AssignUnits, actor: Actor) -> Assignment:
    """The assignment as it begins, not yet added."""
    mode = command.mode or (
        AssignmentMode.ORDERED if unit.responder_type in ORDERED_RESPONDER_TYPES else AssignmentMode.OFFERED
    )
    first = first_status(mode) if command.scheduled_for is None else AssignmentStatus.RESERVED
    row = Assignment(
        jurisdiction_id=actor.jurisdiction_id,
        id=new_id(Prefix.ASSIGNMENT),
        incident_id=incident.id,
        unit_id=unit.id,
        call_sign=unit.call_sign,
        agency_id=unit.agency_id,
        program_id=unit.program_id,
        responder_type=unit.responder_type,
        category=incident.category,
        incident_type=incident.incident_type,
        priority=incident.priority,
        lat=incident.lat,
        lon=incident.lon,
        mode=mode.value,
        kind=(command.kind or kind_of(unit.responder_type, is_mobile=unit.mobile)).value,
        status=first.value,
        decision_id=incident.decision_id,
        scheduled_for=command.scheduled_for,
        takes_over_from=command.takes_over_from,
        take_over_asked_at=actor.now if command.takes_over_from is not None else None,
        exclusive=unit.capacity == 1,
        step=command.step,
        role=command.role,
        eta_s=(command.eta_s or {}).get(unit.call_sign),
        recommended=command.recommended,
        assigned_by=actor.subject,
        reason=command.reason,
        version=1,
        created_at=actor.now,
    )
    setattr(row, stamp_column(first), actor.now)
    return row


def reservation(unit: Unit, incident: Incident, command: AssignUnits, actor: Actor) -> Assignment:
    """An assignment that waits until its unit is free, not yet added. Who is on the unit is asked when it starts."""
    row = new_assignment(unit, incident, command, actor)
    setattr(row, stamp_column(AssignmentStatus(row.status)), None)
    row.status, row.reserved_at = AssignmentStatus.RESERVED.value, actor.now
    return row


def _assigned(row: Assignment, against: Sequence[str]) -> log.Entry:
    payload = {
        "unit": row.call_sign,
        "responder_type": row.responder_type,
        "agency": row.agency_id,
        "program": row.program_id,
        "mode": row.mode,
        "kind": row.kind,
        "step": row.step,
        "role": row.role,
        "recommended": row.recommended,
        "reason": row.reason,
        "warnings": list(against),
    }
    return log.Entry("unit.assigned", row.id, row.created_at, row.incident_id, payload)


def _refuse_future(occurred_at: datetime, now: datetime) -> None:
    if occurred_at > now + FUTURE_TOLERANCE:
        raise Invalid(
            "The time lies in the future.",
            fix="Check the clock and the zone offset of the sender.",
            errors=[FieldProblem("/occurred_at", "time_in_future", f"later than the service's clock ({iso(now)})")],
        )
