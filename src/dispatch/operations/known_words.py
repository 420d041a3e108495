"""Words that are data, not code: each is known to the jurisdiction's policy or roster, or is refused by field."""

from contextlib import suppress
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.active_policy import ActivePolicies
from dispatch.db.models import Incident, Program, Unit
from dispatch.domain.classification import SHIPPED_RESPONDER_TYPES
from dispatch.domain.errors import FieldProblem, Invalid, Unavailable
from dispatch.domain.nearest import nearest
from dispatch.operations.actor import Actor


async def require_incident_type(
    session: AsyncSession, policies: ActivePolicies, incident: Incident, code: str, pointer: str, actor: Actor
) -> None:
    """Returns when the policy that decides now knows the incident type, or the incident has had it. Raises Invalid."""
    if code in (incident.incident_type, incident.triage_type, incident.on_scene_type, incident.final_type):
        return
    policy = await policies.active(session, actor.jurisdiction_id, actor.now)
    if code not in policy.incident_types:
        raise Invalid(
            f"There is no incident type {code!r}.",
            fix=f"Use one of the types of {policy.id}@{policy.version}.",
            errors=[FieldProblem(pointer, "unknown_incident_type", nearest(code, policy.incident_types))],
        )


async def known_responder_types(
    session: AsyncSession, policies: ActivePolicies, jurisdiction_id: str, at: datetime
) -> set[str]:
    """The responder types that ship, and those of programs and units of the roster and of the policy that decides."""
    known = set(SHIPPED_RESPONDER_TYPES)
    for table in (Program, Unit):
        of_city = select(table.responder_type).where(table.jurisdiction_id == jurisdiction_id)
        known.update(await session.scalars(of_city.distinct()))
    with suppress(Unavailable):  # a roster may be there before a policy
        known.update(one.responder_type for one in (await policies.active(session, jurisdiction_id, at)).programs)
    return known


async def require_responder_type(
    session: AsyncSession, policies: ActivePolicies, responder_type: str, actor: Actor
) -> None:
    """Returns when the actor knows the type. Raises Invalid, which names none that it must not know of.

    Whoever may not know of a type makes nothing of it either: that a name is taken there would tell who has it.
    """
    known = await known_responder_types(session, policies, actor.jurisdiction_id, actor.now)
    told = sorted(known - actor.hidden_types)
    if responder_type not in told:
        raise Invalid(
            f"There is no responder type {responder_type}.",
            fix=f"Use one of: {', '.join(told)}; a program with this type makes it known.",
            errors=[FieldProblem("/responder_type", "unknown_responder_type", nearest(responder_type, told))],
        )
