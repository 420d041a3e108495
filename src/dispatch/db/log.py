"""Append to the event log, inside the transaction that makes the event true."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.ids import new_event_id
from dispatch.db.session import json_text
from dispatch.db.timers import SET_TIMERS, UNTIMED, Timing

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. `type` is `noun.past_tense`; subject is the id of what it happened to."""

    type: str
    subject_id: str
    occurred_at: datetime
    incident_id: str | None = None
    payload: dict[str, Any] = field(default_factory=dict)


_INSERT = """
    insert into event_log (jurisdiction_id, id, type, schema_version, occurred_at, recorded_at, actor, subject_id,
                           incident_id, request_id, payload, open_seq)
    select :jurisdiction_id, e.id, e.type, :schema_version, e.occurred_at, :recorded_at, :actor, e.subject_id,
           e.incident_id, :request_id, e.payload, open_place(:jurisdiction_id, e.type, e.incident_id, e.payload)
    from jsonb_to_recordset(cast(:entries as jsonb))
      as e(id text, type text, occurred_at timestamptz, subject_id text, incident_id text, payload jsonb)
    """
_APPEND = text(_INSERT)
_APPEND_AND_TIME = text(SET_TIMERS + _INSERT)


async def append(
    session: AsyncSession,
    entries: Sequence[Entry],
    *,
    jurisdiction_id: str,
    actor: str,
    recorded_at: datetime,
    request_id: str | None,
    timing: Timing = UNTIMED,
) -> None:
    """The entries are in the log, in order, if and only if the transaction commits. One statement for all of them.

    timing: timers that begin or end with what happened; they ride in the same statement.
    """
    if not entries and not timing:
        return
    timed = timing.values(recorded_at) if timing else {}
    await session.execute(
        _APPEND_AND_TIME if timing else _APPEND,
        {
            **timed,
            "jurisdiction_id": jurisdiction_id,
            "schema_version": SCHEMA_VERSION,
            "recorded_at": recorded_at,
            "actor": actor,
            "request_id": request_id,
            "entries": json_text(rows(entries)),
        },
    )


def rows(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """The entries as records for jsonb_to_recordset, each with its fresh id."""
    return [
        {
            "id": new_event_id(),
            "type": entry.type,
            "occurred_at": entry.occurred_at.isoformat(),
            "subject_id": entry.subject_id,
            "incident_id": entry.incident_id,
            "payload": entry.payload,
        }
        for entry in entries
    ]
