"""The roster changes: who exists, who is in service, where units are."""

from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.active_policy import ActivePolicies
from dispatch.db.ids import new_id
from dispatch.db.lookup import get_unit
from dispatch.db.models import Agency, Assignment, Certification, Program, Responder, Shift, ShiftMember, Unit
from dispatch.domain.access import Principal
from dispatch.domain.assignment import ACTIVE, AssignmentStatus, unit_status_after
from dispatch.domain.errors import Conflict, FieldProblem, Invalid, NotFound
from dispatch.domain.ids import Prefix
from dispatch.domain.time import iso
from dispatch.domain.unit import UnitStatus
from dispatch.operations.actor import Actor, tell
from dispatch.operations.backup import hear_emergency, lock_for_emergency
from dispatch.operations.call_body import FUTURE_TOLERANCE
from dispatch.operations.crews import leave, lock_crew, stand_down
from dispatch.operations.escalation import Escalated
from dispatch.operations.free_names import require_free_names
from dispatch.operations.known_words import require_responder_type
from dispatch.operations.shift_rows import has_shifts

Row = TypeVar("Row", Agency, Program, Unit, Responder)

# What a unit may say of itself; the others follow from its assignment.
OWN_STATUSES = frozenset({UnitStatus.AVAILABLE, UnitStatus.OUT_OF_SERVICE, UnitStatus.OFF_DUTY, UnitStatus.EMERGENCY})


async def add_agency(session: AsyncSession, values: dict[str, Any], actor: Actor) -> Agency:
    """The agency exists."""
    row = Agency(jurisdiction_id=actor.jurisdiction_id, version=1, **values)
    return await _added(session, row, "agency.added", row.id, actor)


async def add_program(session: AsyncSession, values: dict[str, Any], actor: Actor) -> Program:
    """The program exists."""
    row = Program(jurisdiction_id=actor.jurisdiction_id, version=1, **values)
    return await _added(session, row, "program.added", row.id, actor)


async def add_unit(session: AsyncSession, values: dict[str, Any], policies: ActivePolicies, actor: Actor) -> Unit:
    """The unit exists, with the status given. Raises Invalid for a responder type that nobody knows."""
    await require_free_names(session, Unit, values, actor)
    await require_responder_type(session, policies, values["responder_type"], actor)
    row = Unit(jurisdiction_id=actor.jurisdiction_id, id=new_id(Prefix.UNIT), status_at=actor.now, version=1, **values)
    return await _added(session, row, "unit.added", row.id, actor)


async def add_responder(session: AsyncSession, values: dict[str, Any], actor: Actor) -> Responder:
    """The person exists, with certifications. The answer carries them as `certifications`."""
    certifications = values.pop("certifications", [])
    await require_free_names(session, Responder, values, actor)
    row = Responder(jurisdiction_id=actor.jurisdiction_id, id=new_id(Prefix.RESPONDER), version=1, **values)
    await _added(session, row, "responder.added", row.id, actor)
    await _certify(session, row, certifications)
    return row


async def change_agency(session: AsyncSession, agency_id: str, values: dict[str, Any], actor: Actor) -> Agency:
    """The fields given are changed."""
    row = await _locked(session, Agency, agency_id, actor)
    return await _changed(session, row, values, "agency.changed", actor)


async def change_program(session: AsyncSession, program_id: str, values: dict[str, Any], actor: Actor) -> Program:
    """The fields given are changed."""
    row = await _locked(session, Program, program_id, actor)
    return await _changed(session, row, values, "program.changed", actor)


async def change_unit(session: AsyncSession, unit: str, values: dict[str, Any], actor: Actor) -> Unit:
    """The fields given are changed."""
    row = await _unit(session, unit, actor)
    await require_free_names(session, Unit, values, actor)
    return await _changed(session, row, values, "unit.changed", actor)


async def change_responder(session: AsyncSession, responder_id: str, values: dict[str, Any], actor: Actor) -> Responder:
    """The fields given are changed; certifications are replaced as a whole. Units that the person is on follow."""
    row = await _locked(session, Responder, responder_id, actor)
    certifications = values.pop("certifications", None)
    await _changed(session, row, values, "responder.changed", actor)
    if certifications is not None:
        await session.execute(
            delete(Certification).where(
                Certification.jurisdiction_id == row.jurisdiction_id, Certification.responder_id == row.id
            )
        )
        await _certify(session, row, certifications)
    else:
        await _attach_certifications(session, row)
    await _touch_units_of(session, row)
    return row


async def set_unit_status(
    session: AsyncSession,
    unit: str,
    status: UnitStatus,
    reason: str | None,
    occurred_at: datetime | None,
    actor: Actor,
    principal: Principal,
) -> Unit:
    """The unit says of itself that it is in or out of service, on or off duty, or in an emergency.

    Off duty ends its shift. Raises Conflict while an assignment holds the unit, or when it would be available without a
    crew. An emergency is always taken, and `available` ends it: the unit
    is then where its assignment says. It is an alarm for every agency, and its incident needs police and EMS.
    """
    if status is UnitStatus.EMERGENCY:
        await lock_for_emergency(session, unit, actor)
    units, row, crew = await lock_crew(session, unit, actor, principal)
    at = occurred_at or actor.now
    if at > actor.now + FUTURE_TOLERANCE:
        problem = FieldProblem("/occurred_at", "time_in_future", f"later than the service's clock ({iso(actor.now)})")
        raise Invalid("The time lies in the future.", fix="Check the sender's clock.", errors=[problem])
    if status not in OWN_STATUSES:
        raise Invalid(
            f"A unit becomes {status.value} by a step of its assignment.",
            fix="POST /v1/assignments/{id}/status instead.",
            errors=[FieldProblem("/status", "not_own_status", ", ".join(sorted(one.value for one in OWN_STATUSES)))],
        )
    before = row.status
    held_at = None if status is UnitStatus.EMERGENCY else await _held_at(session, row)
    if held_at is not None and before == UnitStatus.EMERGENCY.value and status is UnitStatus.AVAILABLE:
        status = unit_status_after(held_at)  # the emergency is over, the job is not
    elif held_at is not None:
        raise Conflict(
            f"{row.call_sign} is on an assignment.", fix="Clear or cancel its assignment first.", unit=row.call_sign
        )
    left: list[Unit] = []
    if status is UnitStatus.OFF_DUTY:
        left = await leave(session, units, row, crew, actor)
        for one in left:
            stand_down(one, at, reason)
    elif status is UnitStatus.AVAILABLE and held_at is None and crew is None and await has_shifts(session, row):
        status = _without_crew(row)
    row.status, row.status_at, row.status_reason = status.value, at, reason
    row.version += 1
    payload = {
        "unit": row.call_sign,
        **_whose(row),
        "from": before,
        "to": status.value,
        "reason": reason,
    }
    heard = await hear_emergency(session, row, reason, actor) if status is UnitStatus.EMERGENCY else Escalated()
    changed = log.Entry("unit.status_changed", row.id, at, None, payload)
    with_it = [_left_too(one, row, at, reason) for one in left if one is not row]
    await tell(session, actor, changed, *with_it, *heard.entries, timing=heard.timing)
    return row


def _without_crew(unit: Unit) -> UnitStatus:
    """What a unit that is staffed by shifts becomes where none runs. Raises Conflict, unless an emergency must end."""
    if unit.status != UnitStatus.EMERGENCY.value:
        raise Conflict(
            f"{unit.call_sign} has no crew now, so nobody could go with it.",
            fix="Log its crew on with POST /v1/units/{unit}:log-on; without one it is off_duty or out_of_service.",
            unit=unit.call_sign,
        )
    unit.due_off_at = None
    return UnitStatus.OFF_DUTY


def _left_too(unit: Unit, first: Unit, at: datetime, reason: str | None) -> log.Entry:
    payload = {"unit": unit.call_sign, **_whose(unit), "to": unit.status, "reason": reason, "also": [first.call_sign]}
    return log.Entry("unit.status_changed", unit.id, at, None, payload)


async def _held_at(session: AsyncSession, unit: Unit) -> AssignmentStatus | None:
    """Where the newest assignment that holds the unit stands."""
    found = await session.scalar(
        select(Assignment.status)
        .where(
            Assignment.jurisdiction_id == unit.jurisdiction_id,
            Assignment.unit_id == unit.id,
            Assignment.status.in_([status.value for status in ACTIVE]),
        )
        .order_by(Assignment.created_at.desc(), Assignment.id.desc())
        .limit(1)
    )
    return None if found is None else AssignmentStatus(found)


async def _added(session: AsyncSession, row: Row, event: str, subject: str, actor: Actor) -> Row:
    session.add(row)
    await tell(session, actor, log.Entry(event, subject, actor.now, None, _whose(row)))
    return row


async def _unit(session: AsyncSession, name: str, actor: Actor) -> Unit:
    return await get_unit(session, actor.jurisdiction_id, name, lock=True, hidden_types=actor.hidden_types)


async def _locked(session: AsyncSession, kind: type[Row], key: str, actor: Actor) -> Row:
    row = await session.get(kind, (actor.jurisdiction_id, key), with_for_update=True)
    if row is None or not _exists_for(actor, row):
        name = kind.__name__.lower()
        raise NotFound(f"There is no {name} {key}.", fix=f"List them with GET /v1/{name}s.")
    return row


async def _changed(session: AsyncSession, row: Row, values: dict[str, Any], event: str, actor: Actor) -> Row:
    before = {name: getattr(row, name) for name in values}
    for name, value in values.items():
        if value is None and not row.__table__.c[name].nullable:
            raise Invalid(
                f"{name} cannot be empty.",
                fix="Leave the field out to keep it as it is.",
                errors=[FieldProblem(f"/{name}", "null", "cannot be null")],
            )
        setattr(row, name, value)
    row.version += 1
    payload = {**_whose(row), "before": before, "after": values}
    await tell(session, actor, log.Entry(event, row.id, actor.now, None, payload))
    return row


def _whose(row: Row) -> dict[str, Any]:
    """Which agency, and which kind of responder, a row of the log is about: by these it is kept from some readers."""
    whose: dict[str, Any] = {"agency": row.id if isinstance(row, Agency) else row.agency_id}
    if isinstance(row, Program | Unit):
        whose["responder_type"] = row.responder_type
    return whose


def _exists_for(actor: Actor, row: Row) -> bool:
    if isinstance(row, Responder):
        return actor.agencies is None or row.agency_id in actor.agencies
    return not isinstance(row, Program | Unit) or row.responder_type not in actor.hidden_types


async def _certify(session: AsyncSession, row: Responder, certifications: list[dict[str, Any]]) -> None:
    names = [one["name"] for one in certifications]
    if len(set(names)) != len(names):
        raise Invalid(
            "A certification is named twice.",
            fix="Name each certification once.",
            errors=[FieldProblem("/certifications", "duplicate", "names must differ")],
        )
    session.add_all(
        Certification(jurisdiction_id=row.jurisdiction_id, responder_id=row.id, **one) for one in certifications
    )
    await session.flush()
    await _attach_certifications(session, row)


async def _attach_certifications(session: AsyncSession, row: Responder) -> None:
    row.certifications = list(  # type: ignore[attr-defined]
        await session.scalars(
            select(Certification)
            .where(Certification.jurisdiction_id == row.jurisdiction_id, Certification.responder_id == row.id)
            .order_by(Certification.name)
        )
    )


async def _touch_units_of(session: AsyncSession, row: Responder) -> None:
    """Rosters that were copied before this change are out of date, and know it by the unit's version."""
    units = await session.scalars(
        select(Unit)
        .join(Shift, (Shift.jurisdiction_id == Unit.jurisdiction_id) & (Shift.unit_id == Unit.id))
        .join(ShiftMember, (ShiftMember.jurisdiction_id == Shift.jurisdiction_id) & (ShiftMember.shift_id == Shift.id))
        .where(ShiftMember.jurisdiction_id == row.jurisdiction_id, ShiftMember.responder_id == row.id)
        .order_by(Unit.id)
        .with_for_update(of=Unit)
    )
    for unit in units.unique():
        unit.version += 1
    await session.flush()
