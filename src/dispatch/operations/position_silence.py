"""Positions that stop are noticed: looked for now and then, told of once, and cleared when they come again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.models import Alarm, Shift, Timer, Unit
from dispatch.db.timers import Begin, Timing
from dispatch.domain.access import ONE_WAY_TYPES
from dispatch.domain.alarm import AlarmKind
from dispatch.domain.classification import LOWEST_PRIORITY
from dispatch.domain.events import EventType
from dispatch.domain.silence import LOOK_EVERY, LOOKS, REPORTS_WITHIN, Reporting, Silence, look_at, silences
from dispatch.domain.timers import TimeLimits, TimerKind
from dispatch.domain.unit import UnitStatus
from dispatch.operations.actor import Actor
from dispatch.operations.alarms import Raise, raise_alarm
from dispatch.operations.assignment_steps import Taken

_OFF = (UnitStatus.OFF_DUTY.value, UnitStatus.OUT_OF_SERVICE.value)
_KINDS = (AlarmKind.POSITION_SILENT.value, AlarmKind.POSITIONS_SILENT.value)
CLEARED = "positions come again, or it is no longer on duty"


async def position_look(session: AsyncSession, now: datetime, jurisdiction_id: str) -> list[Begin]:
    """The first look of each side, where units on duty report and nobody looks yet."""
    found = []
    for subject, is_one_way in LOOKS.items():
        reports = exists().where(*_reports(jurisdiction_id, now, is_one_way=is_one_way))
        looked = exists().where(
            Timer.jurisdiction_id == jurisdiction_id,
            Timer.subject_id == subject,
            Timer.kind == TimerKind.POSITION_SILENT.value,
            Timer.fired_at.is_(None),
        )
        if await session.scalar(select(reports & ~looked)):
            found.append(Begin(TimerKind.POSITION_SILENT, subject, None, look_at(now)))
    return found


async def look_for_silence(
    session: AsyncSession, look: str, payload: Mapping[str, Any], limits: TimeLimits, actor: Actor
) -> Taken:
    """Each silence has its alarm, told once; what is silent no more is cleared; and one looks again in a while.

    look: whose, one of LOOKS. payload: what the look before left: the subjects that were told. Looking ends when nobody
    on duty reports.
    """
    before = frozenset(payload.get("told", ()))
    watched = await _watched(session, limits, actor, is_one_way=LOOKS[look])
    standing = silences(watched, actor.now, before)
    entries = [
        await raise_alarm(session, _alarm(one, actor.now), actor)
        for subject, one in standing.items()
        if subject not in before
    ]
    entries += await _clear(session, before - standing.keys(), actor)
    # A look every few seconds would leave a row for each.
    await session.execute(
        delete(Timer).where(
            Timer.jurisdiction_id == actor.jurisdiction_id,
            Timer.subject_id == look,
            Timer.kind == TimerKind.POSITION_SILENT.value,
        )
    )
    if not watched:
        return Taken(entries)
    again = Begin(TimerKind.POSITION_SILENT, look, None, look_at(actor.now) + LOOK_EVERY, {"told": sorted(standing)})
    return Taken(entries, Timing([again]))


def _reports(jurisdiction_id: str, now: datetime, *, is_one_way: bool) -> tuple[Any, ...]:
    """Conditions on units: on duty, and equipped to say where they are."""
    return (
        Unit.jurisdiction_id == jurisdiction_id,
        Unit.mobile,
        Unit.status.not_in(_OFF),
        Unit.position_at > now - REPORTS_WITHIN,
        Unit.responder_type.in_(ONE_WAY_TYPES) if is_one_way else Unit.responder_type.not_in(ONE_WAY_TYPES),
    )


async def _watched(session: AsyncSession, limits: TimeLimits, actor: Actor, *, is_one_way: bool) -> list[Reporting]:
    on_since = (
        select(func.max(Shift.starts_at))
        .where(
            Shift.jurisdiction_id == Unit.jurisdiction_id,
            Shift.unit_id == Unit.id,
            Shift.starts_at <= actor.now,
            Shift.ends_at > actor.now,
        )
        .correlate(Unit)
        .scalar_subquery()
    )
    rows = await session.execute(
        select(
            Unit.id,
            Unit.call_sign,
            Unit.agency_id,
            Unit.responder_type,
            func.greatest(Unit.position_at, on_since).label("since"),
        )
        .where(*_reports(actor.jurisdiction_id, actor.now, is_one_way=is_one_way))
        .order_by(Unit.id)
    )
    return [
        Reporting(
            row.id,
            row.call_sign,
            row.agency_id,
            row.responder_type,
            row.since,
            limits.limit_s(TimerKind.POSITION_SILENT, LOWEST_PRIORITY, row.responder_type),
        )
        for row in rows
    ]


def _alarm(one: Silence, now: datetime) -> Raise:
    if one.is_group:
        whose = f"{one.agency_id}'s" if one.agency_id else "the"
        message = f"{len(one.units)} of {one.of} of {whose} units on duty send no position: look at the location feed."
        payload: dict[str, Any] = {"silent": len(one.units), "of": one.of}
        kind = AlarmKind.POSITIONS_SILENT
        return Raise(kind, message, one.subject, None, None, payload, False, one.agency_id, one.responder_type)
    unit = one.units[0]
    silent_s = round((now - unit.waited_since).total_seconds())
    message = f"{unit.call_sign} has sent no position for {silent_s} s."
    return Raise(
        AlarmKind.POSITION_SILENT,
        message,
        one.subject,
        payload={"silent_s": silent_s},
        agency_id=unit.agency_id,
        responder_type=unit.responder_type,
        named=(unit.unit_id, unit.call_sign),
    )


async def _clear(session: AsyncSession, subjects: frozenset[str], actor: Actor) -> list[log.Entry]:
    """Alarms about these subjects stand no longer; one that nobody had acknowledged says who cleared it, and why."""
    if not subjects:
        return []
    rows = await session.scalars(
        select(Alarm)
        .where(
            Alarm.jurisdiction_id == actor.jurisdiction_id,
            Alarm.subject_id.in_(sorted(subjects)),
            Alarm.kind.in_(_KINDS),
            Alarm.acknowledged_at.is_(None),
        )
        .order_by(Alarm.id)
        .with_for_update()
    )
    entries = []
    for row in rows.all():
        row.acknowledged_at, row.acknowledged_by, row.note = actor.now, actor.subject, CLEARED
        payload = {
            "kind": row.kind,
            "unit": row.call_sign,
            "responder_type": row.responder_type,
            "agency": row.agency_id,
            "subject": row.subject_id,
        }
        entries.append(log.Entry(EventType.ALARM_CLEARED, row.id, actor.now, None, payload))
    return entries
