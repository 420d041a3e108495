"""Find a row by the name that a person would use for it."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.models import Incident, Unit
from dispatch.domain.errors import FieldProblem, Invalid, NotFound
from dispatch.domain.ids import Prefix, is_id


async def get_incident(session: AsyncSession, jurisdiction_id: str, name: str, *, lock: bool = False) -> Incident:
    """The incident with this id or number (`#1042` or `1042`), locked when asked. Raises NotFound."""
    by = Incident.id if is_id(name, Prefix.INCIDENT) else Incident.number
    query = select(Incident).where(Incident.jurisdiction_id == jurisdiction_id, by == name.removeprefix("#"))
    row = await session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise no_incident(name)
    return row


def no_incident(name: str) -> NotFound:
    """The refusal for an incident that does not exist, or not for whoever asks."""
    return NotFound(f"There is no incident {name}.", fix="List the open ones with GET /v1/incidents.")


async def get_unit(
    session: AsyncSession,
    jurisdiction_id: str,
    name: str,
    *,
    lock: bool = False,
    hidden_types: frozenset[str] = frozenset(),
) -> Unit:
    """The unit with this id or call sign, locked when asked. Raises NotFound, also for one of a hidden type.

    Raises Invalid where the call sign means two units: one on each side of the one-way valve.
    """
    by = Unit.id if is_id(name, Prefix.UNIT) else Unit.call_sign
    query = select(Unit).where(
        Unit.jurisdiction_id == jurisdiction_id, by == name, Unit.responder_type.not_in(sorted(hidden_types))
    )
    rows = list(await session.scalars(query.with_for_update() if lock else query))
    if not rows:
        raise NotFound(f"There is no unit {name}.", fix="List the roster with GET /v1/units.", units=[name])
    if len(rows) > 1:
        raise two_units(name, (row.id for row in rows))
    return rows[0]


def two_units(name: str, ids: Iterable[str]) -> Invalid:
    """The refusal for a call sign that two units have: nobody guesses which one was meant."""
    which = " and ".join(sorted(ids))
    return Invalid(
        f"Two units are called {name}: {which}.",
        fix="Name the one that you mean by its id.",
        errors=[FieldProblem("/unit", "ambiguous", which)],
    )
