"""Whether units can be given an incident now: in service, and with room for one more."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.models import Assignment, Incident, Unit
from dispatch.domain.assignment import ACTIVE
from dispatch.domain.errors import UnitAlreadyAssigned, UnitNotAvailable
from dispatch.domain.unit import UnitStatus

OUT = frozenset({UnitStatus.OFF_DUTY.value, UnitStatus.OUT_OF_SERVICE.value, UnitStatus.EMERGENCY.value})


async def require_free(session: AsyncSession, jurisdiction_id: str, units: Sequence[Unit]) -> None:
    """Returns when every unit is in service and has room. Raises UnitNotAvailable or UnitAlreadyAssigned."""
    out = [unit for unit in units if unit.status in OUT]
    if out:
        raise UnitNotAvailable(
            "; ".join(f"{unit.call_sign} is {unit.status.replace('_', ' ')}" for unit in out) + ".",
            fix="Choose another unit, or put this one in service first.",
            units=[{"unit": unit.call_sign, "status": unit.status} for unit in out],
        )
    rows = await session.execute(
        select(
            Assignment.unit_id,
            func.count().label("active"),
            func.min(Incident.number).label("number"),
            func.min(Assignment.incident_id).label("incident_id"),
            func.min(Assignment.status).label("status"),
        )
        .join(
            Incident,
            (Incident.jurisdiction_id == Assignment.jurisdiction_id) & (Incident.id == Assignment.incident_id),
        )
        .where(
            Assignment.jurisdiction_id == jurisdiction_id,
            Assignment.unit_id.in_([unit.id for unit in units]),
            Assignment.status.in_([status.value for status in ACTIVE]),
        )
        .group_by(Assignment.unit_id)
    )
    busy = {row.unit_id: row for row in rows}
    taken = [(unit, busy[unit.id]) for unit in units if unit.id in busy and busy[unit.id].active >= unit.capacity]
    if taken:
        raise UnitAlreadyAssigned(
            "; ".join(f"{unit.call_sign} is {row.status.replace('_', ' ')} at #{row.number}" for unit, row in taken)
            + ".",
            fix="Choose a unit that is free, or clear this one first. None of the units was assigned.",
            units=[
                {"unit": unit.call_sign, "unit_id": unit.id, "incident": row.incident_id, "number": row.number}
                for unit, row in taken
            ],
        )
