"""A unit that was staged goes in: released by somebody, or somebody is told that nobody did. Nobody is held back."""

from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.models import Assignment, Incident
from dispatch.domain.alarm import AlarmKind
from dispatch.domain.assignment import AssignmentStatus
from dispatch.domain.classification import ARMED_RESPONDER_TYPES, SlotRole
from dispatch.operations.actor import Actor
from dispatch.operations.alarms import Raise, raise_alarm

NOT_RELEASED = "not_released"
WHY_NOT_RELEASED = "It was to wait short of the scene, and nobody has said that it is safe."

_ON_THE_WAY = frozenset({AssignmentStatus.ORDERED, AssignmentStatus.ACCEPTED, AssignmentStatus.EN_ROUTE})


async def warn_of_arrival(session: AsyncSession, incident: Incident, row: Assignment, actor: Actor) -> list[log.Entry]:
    """An alarm where a unit that waited for it went in before anybody said that the scene is safe."""
    if not went_in_unreleased(row):
        return []
    message = f"{row.call_sign} is on scene of #{incident.number}; nobody said that it is safe."
    what = Raise(AlarmKind.ARRIVED_UNRELEASED, message, row.id, incident, row, for_every_agency=True)
    return [await raise_alarm(session, what, actor)]


def waits_for_release(row: Assignment) -> bool:
    """True for a unit that is to wait short of the scene: it is staged, or its part in the plan is to wait there."""
    status = AssignmentStatus(row.status)
    return status is AssignmentStatus.STAGED or (row.role == SlotRole.STAGED.value and status in _ON_THE_WAY)


def went_in_unreleased(row: Assignment) -> bool:
    """True for a unit on scene that was to wait and never was released, unless it is one that makes scenes safe."""
    was_to_wait = row.staged_at is not None or row.role == SlotRole.STAGED.value
    return (
        row.status == AssignmentStatus.ON_SCENE.value
        and was_to_wait
        and row.released_at is None
        and row.responder_type not in ARMED_RESPONDER_TYPES
    )
