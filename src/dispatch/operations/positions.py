"""Where units are: many positions at once, in any order, from any feed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.lookup import get_unit
from dispatch.db.models import Unit
from dispatch.db.statement import Statement
from dispatch.domain.access import Principal
from dispatch.domain.errors import DispatchError, FieldProblem, Invalid
from dispatch.domain.time import iso
from dispatch.operations.actor import Actor
from dispatch.operations.call_body import FUTURE_TOLERANCE

# The way of a unit is kept for so long; where it was last seen is kept for good.
KEPT = timedelta(days=30)

# Rows are locked in the order of ids, as assigning does. A position is no change of the roster: `version` stays, and
# copies of the roster read positions on their own (queries/roster.py).
_TAKE = Statement(
    """
    with newest as (
      select * from unnest(:ids, :newest_at, :newest_lat, :newest_lon) as n(id, at, lat, lon)
    ), locked as (
      select u.id from unit u join newest n on n.id = u.id
      where u.jurisdiction_id = :jurisdiction_id and (u.position_at is null or u.position_at < n.at)
      order by u.id for no key update of u
    ), moved as (
      update unit u set lat = n.lat, lon = n.lon, position_at = n.at
      from newest n
      where u.jurisdiction_id = :jurisdiction_id and u.id = n.id and u.id in (select id from locked)
        and (u.position_at is null or u.position_at < n.at)
      returning u.id
    ), track as (
      insert into unit_track (jurisdiction_id, recorded_at, first_at, last_at, one_way, unit_ids, at, lat, lon)
      select :jurisdiction_id, :now, min(p.at), max(p.at), u.one_way, array_agg(p.id order by p.n),
             array_agg(p.at order by p.n), array_agg(p.lat order by p.n), array_agg(p.lon order by p.n)
      from unnest(:unit_ids, :all_at, :all_lat, :all_lon) with ordinality as p(id, at, lat, lon, n)
      join unit u on u.jurisdiction_id = :jurisdiction_id and u.id = p.id
      group by u.one_way
    )
    select count(*) as moved from moved
    """,
    types={
        "ids": "text[]",
        "newest_at": "timestamptz[]",
        "newest_lat": "float8[]",
        "newest_lon": "float8[]",
        "now": "timestamptz",
        "unit_ids": "text[]",
        "all_at": "timestamptz[]",
        "all_lat": "float8[]",
        "all_lon": "float8[]",
    },
)

FORGOTTEN_AT_ONCE = 100
# What another process is forgetting right now is its business: nobody waits for anybody.
_FORGET = text(
    """
    with old as materialized (
      select id from unit_track
      where jurisdiction_id = :jurisdiction_id and last_at < :before
      order by last_at limit :batch for update skip locked
    )
    delete from unit_track t using old
    where t.jurisdiction_id = :jurisdiction_id and t.id = old.id
    returning 1
    """
)


@dataclass(frozen=True, slots=True)
class Seen:
    """A unit, by id or call sign, was at a place."""

    unit: str
    lat: float
    lon: float
    at: datetime


@dataclass(frozen=True, slots=True)
class RefusedPosition:
    """index: of the position in the batch. code, detail: why it was not taken."""

    index: int
    unit: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Taken:
    """taken: positions kept. moved: units that are somewhere else now; the rest was known to be older."""

    taken: int
    moved: int
    refused: list[RefusedPosition]


async def take_positions(session: AsyncSession, batch: Sequence[Seen], actor: Actor, principal: Principal) -> Taken:
    """Each unit is where it was seen last, whatever the order of arrival, and all that was seen is kept for a time.

    What cannot be taken is told, and holds nothing else back: a unit that is not known (or not this token's to speak
    for), a time in the future. One row of history for the whole batch, and another for units that are told one way.
    """
    units = await _speakable(session, {seen.unit for seen in batch}, actor, principal)
    refused: list[RefusedPosition] = []
    good: list[tuple[str, Seen]] = []
    for index, seen in enumerate(batch):
        unit_id = units.get(seen.unit)
        if unit_id is None:
            detail = "no such unit, or not one that this token speaks for"
            refused.append(RefusedPosition(index, seen.unit, "unknown_unit", detail))
        elif seen.at > actor.now + FUTURE_TOLERANCE:
            detail = f"later than the service's clock ({iso(actor.now)})"
            refused.append(RefusedPosition(index, seen.unit, "time_in_future", detail))
        else:
            good.append((unit_id, seen))
    moved = await _store(session, good, actor) if good else 0
    return Taken(len(good), moved, refused)


async def take_positions_of(
    session: AsyncSession, unit: str, batch: Sequence[Seen], actor: Actor, principal: Principal
) -> Unit:
    """The unit is where it was last seen. Raises NotFound, Refused, and Invalid when a position lies in the future."""
    row = await get_unit(session, actor.jurisdiction_id, unit, hidden_types=actor.hidden_types)
    principal.require_unit(row.id)
    principal.require_agency(row.agency_id)
    if any(seen.at > actor.now + FUTURE_TOLERANCE for seen in batch):
        problem = FieldProblem("/positions", "time_in_future", f"later than the service's clock ({iso(actor.now)})")
        raise Invalid("A position lies in the future.", fix="Check the sender's clock.", errors=[problem])
    await _store(session, [(row.id, seen) for seen in batch], actor)
    await session.refresh(row)
    return row


async def _speakable(session: AsyncSession, names: set[str], actor: Actor, principal: Principal) -> dict[str, str]:
    """Name -> id of the units that exist and that this principal speaks for. A name that two units have means none."""
    rows = await session.execute(
        select(Unit.id, Unit.call_sign, Unit.agency_id).where(
            Unit.jurisdiction_id == actor.jurisdiction_id,
            Unit.responder_type.not_in(sorted(actor.hidden_types)),
            or_(Unit.id.in_(names), Unit.call_sign.in_(names)),
        )
    )
    found: dict[str, str] = {}
    signs: Counter[str] = Counter()
    for row in rows:
        try:
            principal.require_unit(row.id)
            principal.require_agency(row.agency_id)
        except DispatchError:
            continue
        found |= {row.id: row.id, row.call_sign: row.id}
        signs[row.call_sign] += 1
    return {name: unit for name, unit in found.items() if signs[name] < 2}


async def _store(session: AsyncSession, good: Sequence[tuple[str, Seen]], actor: Actor) -> int:
    newest: dict[str, Seen] = {}
    for unit_id, seen in good:
        if unit_id not in newest or seen.at > newest[unit_id].at:
            newest[unit_id] = seen
    times = [seen.at for _, seen in good]
    row = await _TAKE.one(
        session,
        {
            "jurisdiction_id": actor.jurisdiction_id,
            "ids": list(newest),
            "newest_at": [seen.at for seen in newest.values()],
            "newest_lat": [seen.lat for seen in newest.values()],
            "newest_lon": [seen.lon for seen in newest.values()],
            "now": actor.now,
            "unit_ids": [unit_id for unit_id, _ in good],
            "all_at": times,
            "all_lat": [seen.lat for _, seen in good],
            "all_lon": [seen.lon for _, seen in good],
        },
    )
    await forget_old_tracks(session, actor.jurisdiction_id, actor.now)
    return int(row["moved"])


async def forget_old_tracks(
    session: AsyncSession, jurisdiction_id: str, now: datetime, batch: int = FORGOTTEN_AT_ONCE
) -> int:
    """How many batches of positions older than KEPT were forgotten, oldest first, `batch` at most.

    Every new batch does it; a feed that has ended must not keep its last month for ever, so housekeeping does too.
    """
    values = {"jurisdiction_id": jurisdiction_id, "before": now - KEPT, "batch": batch}
    return len((await session.execute(_FORGET, values)).all())
