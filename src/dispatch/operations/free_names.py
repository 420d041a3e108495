"""A name that is taken is refused, as far as whoever asks may know that it is: on each side of the one-way valve."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.errors import broken
from dispatch.db.models import Program, Responder, Unit
from dispatch.operations.actor import Actor


async def require_free_names(
    session: AsyncSession, kind: type[Unit | Responder], values: dict[str, Any], actor: Actor
) -> None:
    """Returns when a name is free as far as the actor can see, and the program is one that it can see.

    The database itself refuses less: names may be the same on the two sides of the one-way valve, and employee numbers
    in two agencies, since a refusal would tell of what must not be known. Raises AlreadyExists or Invalid.
    """
    of_city = kind.jurisdiction_id == actor.jurisdiction_id
    if kind is Unit and "call_sign" in values:
        taken = select(Unit.id).where(of_city, Unit.call_sign == values["call_sign"])
        if await session.scalar(taken.where(Unit.responder_type.not_in(sorted(actor.hidden_types))).limit(1)):
            raise broken("uq_unit_call_sign")
    if kind is Responder and "employee_number" in values:
        taken = select(Responder.id).where(of_city, Responder.employee_number == values["employee_number"])
        if actor.agencies is not None:
            taken = taken.where(Responder.agency_id.in_(sorted(actor.agencies)))
        if await session.scalar(taken.limit(1)):
            raise broken("uq_responder_employee_number")
    if values.get("program_id") is not None and actor.hidden_types:
        program = await session.get(Program, (actor.jurisdiction_id, values["program_id"]))
        if program is not None and program.responder_type in actor.hidden_types:
            raise broken("fk_unit_program")
