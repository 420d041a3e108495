"""What somebody should know who sends a unit by hand, and whether its crew is here to be sent."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.candidates import candidates_now
from dispatch.db.crews import Crew
from dispatch.db.models import Assignment, Incident, TriageDecisionRow, Unit
from dispatch.domain.errors import UnitAlreadyAssigned
from dispatch.domain.geo import LatLon
from dispatch.domain.plan import Slot, plan_from_data
from dispatch.domain.unit import UnitStatus
from dispatch.operations.actor import Actor
from dispatch.routing.candidates import Candidate
from dispatch.routing.cost import EXPECTED_JOB_S
from dispatch.routing.eligibility import Question, refusals


async def doubts(
    session: AsyncSession, incident: Incident, units: Sequence[Unit], step: int | None, actor: Actor
) -> dict[str, tuple[str, ...]]:
    """Unit id -> codes of the router: too few people, a certificate that has expired, a break, an end of shift.

    Units without any are left out. step: of the plan, where the assignment fills one; None for any of them. A person
    may send them all the same: they know better, or nobody else is there.
    """
    slots = await _slots(session, incident, step)
    position = LatLon(incident.lat, incident.lon) if incident.lat is not None and incident.lon is not None else None
    question = Question(actor.now, position, incident.priority, EXPECTED_JOB_S)
    seen = await candidates_now(session, actor.jurisdiction_id, [unit.id for unit in units], actor.now)
    found = {unit.unit_id: _least(unit, slots, question) for unit in seen}
    return {unit: codes for unit, codes in found.items() if codes}


async def _slots(session: AsyncSession, incident: Incident, step: int | None) -> list[Slot]:
    data = await session.scalar(
        select(TriageDecisionRow.decision["plan"]).where(
            TriageDecisionRow.jurisdiction_id == incident.jurisdiction_id,
            TriageDecisionRow.id == incident.decision_id,
        )
    )
    steps = plan_from_data(data or []).steps
    return [slot for one in steps if step in (None, one.step) for slot in one.slots]


def _least(unit: Candidate, slots: Sequence[Slot], question: Question) -> tuple[str, ...]:
    """What is said against it in the part of the plan that it fits best. Whether it is free is not asked here."""
    free = replace(unit, status=UnitStatus.AVAILABLE, active_assignments=0, incident=None)
    fitting = [
        slot for slot in slots if slot.responder_type == unit.responder_type and slot.program in (None, unit.program)
    ]
    return min((refusals(free, slot, question) for slot in fitting or [Slot(unit.responder_type)]), key=len)


async def require_crew_here(session: AsyncSession, units: Sequence[Unit], crews: Mapping[str, Crew]) -> None:
    """Returns when no two of the units share a crew, and no crew is out with another. Raises UnitAlreadyAssigned."""
    shared = {unit.id: crews[unit.id] for unit in units if unit.id in crews and crews[unit.id].is_shared}
    if not shared:
        return
    rows = await session.execute(
        select(Assignment.crew_id, Assignment.call_sign, Incident.number)
        .join(
            Incident,
            (Incident.jurisdiction_id == Assignment.jurisdiction_id) & (Incident.id == Assignment.incident_id),
        )
        .where(
            Assignment.jurisdiction_id == units[0].jurisdiction_id,
            Assignment.crew_id.in_([crew.crew_id for crew in shared.values()]),
            Assignment.holds_unit,
        )
    )
    out = {row.crew_id: f"with {row.call_sign} at #{row.number}" for row in rows}
    for unit in units:
        crew = shared.get(unit.id)
        if crew is None:
            continue
        if crew.crew_id in out:
            raise UnitAlreadyAssigned(
                f"The crew of {unit.call_sign} is {out[crew.crew_id]}.",
                fix="Choose a unit whose crew is free. None of the units was assigned.",
                units=[{"unit": unit.call_sign, "unit_id": unit.id}],
            )
        out[crew.crew_id] = f"to go with {unit.call_sign}"
