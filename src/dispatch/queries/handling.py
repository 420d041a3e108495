"""How far each kind of responder got with the incidents of a span, in counts that are never mixed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.domain.access import POLICE_TYPES
from dispatch.domain.outcome import OUTCOMES, PASSED_ON, SHIPPED_OUTCOMES

# One row per incident and responder type first, then the police of the same incident beside it. `handled` is a clear of
# which no outcome leaves anything to somebody else and the first is no mere cancellation, on an incident that is
# closed: an open one may still go otherwise. Whoever cleared without a time on scene, and was not turned round, may
# have been there: nobody is counted as alone beside them. Rows that keep no more than a word are read by the catalogue
# that ships.
_COUNTS = text(
    """
    with told as (
      select i.id, i.status, a.responder_type,
             bool_or(coalesce(a.ordered_at, a.accepted_at) is not null) as dispatched,
             bool_or(a.on_scene_at is not null) as arrived,
             bool_or(a.on_scene_at is not null or (
               a.status = 'cleared' and a.kind <> 'transfer' and a.outcome <> all(:turned_round)
             )) as may_have_arrived,
             bool_or(a.status = 'cleared' and (
               a.outcome = any(:met) or jsonb_path_exists(a.outcomes, '$[*] ? (@.met == true)')
             ) is true) as met,
             bool_or(a.status = 'cleared' and a.outcome <> all(:unhandled)
                     and jsonb_path_exists(a.outcomes, '$[*].leaves_to') is not true
                     and jsonb_path_exists(a.outcomes, '$[0] ? (@.handles == false)') is not true) as served,
             bool_or(a.status = 'cleared' and (
               a.outcome = any(:passed_on) or jsonb_path_exists(a.outcomes, '$[*].leaves_to') is true
             )) as passed_on
      from incident i
      join assignment a on a.jurisdiction_id = i.jurisdiction_id and a.incident_id = i.id
      where i.jurisdiction_id = :jurisdiction_id and i.opened_at >= :from_at and i.opened_at < :to_at
        and i.linked_to is null and (cast(:category as text) is null or i.category = :category)
      group by i.id, i.status, a.responder_type
    ), beside as (
      select id,
             bool_or(responder_type = any(:police)) as police_associated,
             bool_or(responder_type = any(:police) and dispatched) as police_dispatched,
             bool_or(responder_type = any(:police) and may_have_arrived) as police_arrived,
             array_agg(responder_type) filter (where may_have_arrived and responder_type = any(:ordered))
               as ordered_arrived
      from told group by id
    )
    select t.responder_type,
           count(*) as associated,
           count(*) filter (where t.dispatched) as dispatched,
           count(*) filter (where t.arrived) as arrived,
           count(*) filter (
             where t.arrived and not coalesce(b.ordered_arrived, '{}') && array_remove(:ordered, t.responder_type)
           ) as arrived_alone,
           count(*) filter (where t.passed_on) as passed_on,
           count(*) filter (where t.met) as contact_made,
           count(*) filter (where t.served and t.status = 'closed') as handled,
           count(*) filter (where t.served and t.status = 'closed' and not b.police_associated)
             as handled_police_never_assigned,
           count(*) filter (where t.served and t.status = 'closed' and not b.police_dispatched)
             as handled_police_never_sent,
           count(*) filter (where t.served and t.status = 'closed' and not b.police_arrived)
             as handled_police_never_arrived,
           count(*) filter (where t.status in ('pending', 'held', 'active')) as still_open
    from told t join beside b on b.id = t.id
    where t.responder_type <> all(:hidden)
    group by t.responder_type order by t.responder_type
    """
)


@dataclass(frozen=True, slots=True)
class Handling:
    """Incidents of one responder type; each count is of incidents, not of units, and each is part of `associated`.

    associated: a unit of the type was given to it, whatever came of that. dispatched: one was ordered or accepted.
    arrived: one was on scene. arrived_alone: and no police, fire or EMS unit was, or may have been. contact_made: one
    cleared and says that somebody was reached. passed_on: one left it to others, handed it off or gave it back.
    handled: one cleared with outcomes that leave nothing to others, and the incident is closed; and of these the ones
    where police were never assigned, never sent (ordered or accepted), never there as far as anybody can tell. An
    officer who comes with a clinician is police.
    still_open: not decided yet, in none of the last four.
    """

    responder_type: str
    associated: int
    dispatched: int
    arrived: int
    arrived_alone: int
    passed_on: int
    contact_made: int
    handled: int
    handled_police_never_assigned: int
    handled_police_never_sent: int
    handled_police_never_arrived: int
    still_open: int


async def handling(
    session: AsyncSession,
    jurisdiction_id: str,
    from_at: datetime,
    to_at: datetime,
    *,
    category: str | None = None,
    ordered: Sequence[str],
    hidden_types: frozenset[str] = frozenset(),
) -> list[Handling]:
    """The counts over incidents opened from (inclusive) to (exclusive), by responder type. Linked ones count once.

    ordered: the responder types that nobody counts as alone beside.
    """
    rows = await session.execute(
        _COUNTS,
        {
            "jurisdiction_id": jurisdiction_id,
            "from_at": from_at,
            "to_at": to_at,
            "category": category,
            "ordered": sorted({*ordered, *POLICE_TYPES}),
            "police": sorted(POLICE_TYPES),
            "hidden": sorted(hidden_types),
            "passed_on": list(PASSED_ON),
            "met": [word for one in OUTCOMES if one.met for word in SHIPPED_OUTCOMES.words_for(one.code)],
            "turned_round": [one.code for one in OUTCOMES if not one.handles],
            "unhandled": [*PASSED_ON, *(one.code for one in OUTCOMES if not one.handles)],
        },
    )
    return [Handling(**row) for row in rows.mappings()]
