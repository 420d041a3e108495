"""What is known of each incident of a span, so that the published formulas can be counted by name."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.domain.access import ONE_WAY_TYPES, POLICE_TYPES
from dispatch.domain.classification import ORDERED_RESPONDER_TYPES
from dispatch.domain.formula import Facts, Figure, figure
from dispatch.domain.outcome import OUTCOMES, PASSED_ON
from dispatch.domain.published_formulas import FORMULAS

# How much of the span one statement looks at.
AT_ONCE = timedelta(days=30)

_NAMES = tuple(one.name for one in fields(Facts))


def _any(column: str, whose: str) -> str:
    """Yes when one of these assignments says so. While the incident is open, and where one cannot be told, null."""
    found = f"coalesce(bool_or({column}) filter (where {whose}), false)"
    unclear = f"coalesce(bool_or({column} is null) filter (where {whose}), false)"
    return f"case when {found} then true when {unclear} or not i.decided then null else false end"


_OURS, _POLICE = "a.responder_type = :ours", "a.responder_type = any(:police)"
_OTHERS = "a.responder_type = any(:others) and a.responder_type <> :ours"

# A unit that has cleared without a time on scene may have been there: only one that was turned round, or never took the
# job, was not. Whoever goes nowhere is there when it accepts. Rows that keep no more than a word of what came of it are
# read by the catalogue that ships, as in queries/handling.py.
_TOLD = text(
    f"""
    with asked as (
      select i.id, i.category, i.triage_type, i.decision_id, i.status = 'closed' as closed,
             i.status in ('closed', 'cancelled') as decided
      from incident i
      where i.jurisdiction_id = :jurisdiction_id and i.opened_at >= :from_at and i.opened_at < :to_at
        and i.linked_to is null
    ), given as (
      select a.incident_id, a.responder_type, true as associated,
             coalesce(a.ordered_at, a.accepted_at) is not null as sent,
             case when a.on_scene_at is not null or (a.kind = 'transfer' and a.accepted_at is not null) then true
                  when a.status = 'cleared' and a.outcome <> all(:turned_round) then null
                  when a.is_open and a.status <> 'reserved' then null
                  else false end as came,
             a.status = 'cleared' and a.outcome <> all(:unhandled)
               and jsonb_path_exists(a.outcomes, '$[*].leaves_to') is not true
               and jsonb_path_exists(a.outcomes, '$[0] ? (@.handles == false)') is not true as served
      from assignment a
      join asked i on i.id = a.incident_id
      where a.jurisdiction_id = :jurisdiction_id
    ), told as (
      select
        (select case when bool_or(c.channel <> 'officer' and c.channel not in ('cad', 'other')) then true
                     when bool_and(c.channel = 'officer') and bool_and(c.channel is not null) then false end
           from call c where c.jurisdiction_id = :jurisdiction_id and c.incident_id = i.id) as public,
        (select case when bool_or(v ->> 'verdict' = 'eligible') then true
                     when bool_or(v ->> 'verdict' = 'cannot_tell') then null else false end
           from triage_decision d, jsonb_array_elements(d.decision -> 'programs') v
          where d.jurisdiction_id = :jurisdiction_id and d.id = i.decision_id
            and v ->> 'responder_type' = :ours and v ->> 'responder_type' <> all(:hidden)) as eligible,
        case when i.category <> 'unknown' then i.category = 'behavioral_health' end as behavioral_health,
        i.triage_type = any(cast(:own_types as text[])) as own_type,
        i.triage_type = any(cast(:diverted_types as text[])) as diverted_type,
        {_any("a.associated", _OURS)} as associated,
        {_any("a.sent", _OURS)} as sent,
        {_any("a.came", _OURS)} as came,
        case when not i.decided then null else i.closed and coalesce(bool_or(a.served) filter (where {_OURS}), false)
          end as handled,
        {_any("a.associated", _POLICE)} as police_associated,
        {_any("a.sent", _POLICE)} as police_sent,
        {_any("a.came", _POLICE)} as police_came,
        {_any("a.associated", _OTHERS)} as others_associated,
        {_any("a.sent", _OTHERS)} as others_sent,
        {_any("a.came", _OTHERS)} as others_came,
        {_any("a.came", "a.responder_type = :ours or a.responder_type <> all(:one_way)")} as anybody_came
      from asked i
      left join given a on a.incident_id = i.id
      group by i.id, i.category, i.triage_type, i.decision_id, i.closed, i.decided
    )
    select {", ".join(_NAMES)}, count(*) as number from told group by {", ".join(_NAMES)}
    """  # noqa: S608 - names of our own
)


_KNOWN = text(
    """
    select min(opened_at) as first, max(opened_at) + interval '1 microsecond' as after
    from incident where jurisdiction_id = :jurisdiction_id
    """
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Incidents opened from (inclusive) to (exclusive), and the responder type in question. Linked ones count once.

    own_types: incident types to which police would not have been sent. diverted_types: those of which a part counts as
    diverted. None: not named. hidden_types: what the reader may not know of.
    """

    from_at: datetime
    to_at: datetime
    responder_type: str
    own_types: tuple[str, ...] | None = None
    diverted_types: tuple[str, ...] | None = None
    hidden_types: frozenset[str] = frozenset()


async def formulas(session: AsyncSession, jurisdiction_id: str, asked: Asked) -> list[Figure]:
    """Every published formula over these incidents, in the order of the list.

    A month at a time, since each incident costs some 50 microseconds and a statement has half a minute.
    """
    given = {"own_types": asked.own_types, "diverted_types": asked.diverted_types}
    values = {
        "jurisdiction_id": jurisdiction_id,
        "ours": asked.responder_type,
        "police": sorted(POLICE_TYPES),
        "others": sorted(ORDERED_RESPONDER_TYPES | POLICE_TYPES),
        "one_way": sorted(ONE_WAY_TYPES),
        "hidden": sorted(asked.hidden_types),
        "turned_round": [one.code for one in OUTCOMES if not one.handles],
        "unhandled": [*PASSED_ON, *(one.code for one in OUTCOMES if not one.handles)],
        **{name: None if types is None else list(types) for name, types in given.items()},
    }
    told: list[tuple[Facts, int]] = []
    known = (await session.execute(_KNOWN, {"jurisdiction_id": jurisdiction_id})).one()
    since, end = max(asked.from_at, known.first or asked.to_at), min(asked.to_at, known.after or asked.to_at)
    while since < end:
        until = min(since + AT_ONCE, end)
        rows = await session.execute(_TOLD, {**values, "from_at": since, "to_at": until})
        told += [(Facts(*row[:-1]), row.number) for row in rows]
        since = until
    named = frozenset(name for name, types in given.items() if types is not None)
    return [figure(one, told, named=named) for one in FORMULAS]
