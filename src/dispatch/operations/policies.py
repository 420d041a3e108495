"""A policy begins to decide: published by a second person for a moment, and taken back in one step."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.active_policy import (
    DECIDING,
    PUBLISHED,
    SUBMITTED,
    WITHDRAWN,
    ActivePolicies,
    PolicyKey,
    stored_version,
)
from dispatch.db.models import Jurisdiction, PolicyVersion
from dispatch.domain.errors import (
    Conflict,
    ConflictingContent,
    FieldProblem,
    Invalid,
    NotFound,
    StaleVersion,
)
from dispatch.domain.events import EventType
from dispatch.domain.time import iso
from dispatch.operations.actor import Actor, tell
from dispatch.operations.policy_checks import require_sound
from dispatch.operations.second_person import require_second_person
from dispatch.triage.naming import require_file_names
from dispatch.triage.policy import Policy, load_policy


@dataclass(frozen=True, slots=True)
class Publication:
    """effective_at: None means from now on. sha256: of the text that was read, refused when it is another by now.

    again: why what it was rolled back for holds no longer; needed for a version that was.
    """

    note: str
    effective_at: datetime | None = None
    sha256: str | None = None
    again: str | None = None


async def publish(
    session: AsyncSession, key: PolicyKey, wish: Publication, policies: ActivePolicies, actor: Actor
) -> PolicyVersion:
    """The version decides from its moment on; its text never changes again.

    Raises SecondPersonRequired for its writer, and for whoever rolled it back; PolicyInvalid with every error and
    failing case, StaleVersion when the text is not the one that was read, Conflict when it is published already.
    """
    row = await stored_version(session, key)
    _require_publishable(row, wish)
    await require_second_person(session, actor, row.written_by, f"{key.name} was written")
    await _require_second_thought(session, row, wish, actor)
    await require_sound(session, key.jurisdiction_id, await policies.compiled(row), actor.now)
    checked = row.sha256
    await _in_turn(session, key.jurisdiction_id)
    row = await stored_version(session, key, lock=True)
    _require_publishable(row, Publication(wish.note, wish.effective_at, checked))
    await _require_second_thought(session, row, wish, actor)
    await _require_newest(session, row)
    begins = _begins(wish.effective_at, actor.now)
    await _begin(session, row, actor.subject, begins, actor.now)
    payload = {**_named(row), "written_by": row.written_by, "effective_at": iso(begins), "note": wish.note}
    payload |= {"again": wish.again} if wish.again else {}
    await tell(session, actor, log.Entry(EventType.POLICY_PUBLISHED, key.name, actor.now, None, payload))
    return row


async def roll_back(
    session: AsyncSession, key: PolicyKey, reason: str, policies: ActivePolicies, actor: Actor
) -> PolicyKey | None:
    """The version is withdrawn; the one that decides now is returned: the one before it, if it had begun already.

    Raises Conflict when the version neither decides nor waits to, and when none would be left to decide.
    """
    await _in_turn(session, key.jurisdiction_id)
    row = await stored_version(session, key, lock=True)
    decides = await _deciding(session, key.jurisdiction_id, actor.now)
    is_waiting = row.status == PUBLISHED and row.effective_at is not None and row.effective_at > actor.now
    if decides != key and not is_waiting:
        raise Conflict(
            f"{key.name} neither decides nor waits to.",
            fix="Roll back the version that decides, or one that is scheduled; GET /v1/policies lists them.",
            decides=decides.name if decides else None,
        )
    row.status = WITHDRAWN
    row.withdrawn_by, row.withdrawn_reason, row.updated_at = actor.subject, reason, actor.now
    await session.flush()
    after = await _deciding(session, key.jurisdiction_id, actor.now)
    if after is None and not is_waiting:
        raise Conflict(
            f"Before {key.name} no other version decided, so nothing would decide.",
            fix="Publish another version instead.",
        )
    if after is not None:
        await policies.get(session, after)
    payload = {**_named(row), "reason": reason, "decides": after.name if after else None}
    await tell(session, actor, log.Entry(EventType.POLICY_ROLLED_BACK, key.name, actor.now, None, payload))
    return after


async def install_policy(
    session: AsyncSession,
    jurisdiction_id: str,
    texts: dict[str, str],
    parents: dict[str, dict[str, str]],
    *,
    actor: str,
    now: datetime,
    reviewed_by: str | None = None,
    note: str | None = None,
) -> Policy:
    """The policy is stored as exact text and decides from now on: how an operator of the machine sets one up.

    reviewed_by: the second person, who answers for the publication. Storing what decides already changes nothing.
    Raises PolicyInvalid when it does not load, ConflictingContent when the version is stored with other text.
    """
    require_file_names(texts)
    policy = await asyncio.to_thread(load_policy, texts, parents=parents)
    key = PolicyKey(jurisdiction_id, policy.id, policy.version)
    await _in_turn(session, jurisdiction_id)
    row = await session.get(PolicyVersion, (jurisdiction_id, policy.id, policy.version))
    if row is not None and row.sha256 != policy.sha256:
        raise ConflictingContent(
            f"Version {policy.version} of {policy.id} is stored with other text.",
            fix="A published version never changes: raise `version` in policy.yaml.",
        )
    if row is not None and await _deciding(session, jurisdiction_id, now) == key:
        return policy
    if row is not None and row.status == WITHDRAWN and not note:
        raise _needs_second_thought(row, "note", "Say why with a note.")
    if row is None:
        row = PolicyVersion(
            jurisdiction_id=jurisdiction_id,
            id=policy.id,
            version=policy.version,
            sha256=policy.sha256,
            texts=texts,
            parents=parents,
            status=SUBMITTED,
            written_by=actor,
            note=note,
            created_at=now,
        )
        session.add(row)
    await _begin(session, row, reviewed_by or actor, now, now)
    payload = {**_named(row), "written_by": row.written_by, "effective_at": iso(now), "note": note}
    told = Actor(jurisdiction_id, actor, now)
    reviewed = {"reviewed_by": reviewed_by} if reviewed_by else {}
    await tell(session, told, log.Entry(EventType.POLICY_PUBLISHED, key.name, now, None, payload | reviewed))
    return policy


async def _require_second_thought(session: AsyncSession, row: PolicyVersion, wish: Publication, actor: Actor) -> None:
    """What was rolled back comes back only with a reason, and not by whoever rolled it back alone."""
    if row.status != WITHDRAWN:
        return
    if not wish.again:
        raise _needs_second_thought(row, "again", "Send `again`: why that holds no longer.")
    if row.withdrawn_by is not None:
        await require_second_person(session, actor, row.withdrawn_by, f"{row.id}@{row.version} was rolled back")


def _needs_second_thought(row: PolicyVersion, field: str, fix: str) -> Invalid:
    return Invalid(
        f"{row.id}@{row.version} was rolled back ({row.withdrawn_reason or 'nobody said why'}).",
        fix=fix,
        errors=[FieldProblem(f"/{field}", "missing", "required for a version that was rolled back")],
    )


def _require_publishable(row: PolicyVersion, wish: Publication) -> None:
    if row.status == PUBLISHED:
        raise Conflict(
            f"{row.id}@{row.version} is published already.",
            fix="To change it, draft the next version; to end it, roll it back.",
        )
    if wish.sha256 is not None and wish.sha256 != row.sha256:
        raise StaleVersion(
            f"The text of {row.id}@{row.version} is not the one that you read.",
            fix="Read it again and publish with the sha256 of what you read.",
            sha256=row.sha256,
        )


async def _require_newest(session: AsyncSession, row: PolicyVersion) -> None:
    newest = await session.scalar(
        select(func.max(PolicyVersion.version)).where(
            PolicyVersion.jurisdiction_id == row.jurisdiction_id,
            PolicyVersion.id == row.id,
            PolicyVersion.status == PUBLISHED,
        )
    )
    if newest is not None and newest > row.version:
        raise Conflict(
            f"{row.id}@{newest} is published already, and versions only grow.",
            fix="Raise `version` in policy.yaml, or roll the newer one back.",
        )


def _begins(effective_at: datetime | None, now: datetime) -> datetime:
    if effective_at is None:
        return now
    if effective_at < now:
        raise Invalid(
            "The policy cannot begin in the past: what was decided stays decided.",
            fix="Leave out effective_at to begin now.",
            errors=[FieldProblem("/effective_at", "time_in_past", f"it is {iso(now)}")],
        )
    return effective_at


async def _begin(session: AsyncSession, row: PolicyVersion, by: str, begins: datetime, now: datetime) -> None:
    last = await session.scalar(
        select(func.max(PolicyVersion.ordinal)).where(PolicyVersion.jurisdiction_id == row.jurisdiction_id)
    )
    row.status = PUBLISHED
    row.published_by = by
    row.published_at = now
    row.effective_at = begins
    row.ordinal = (last or 0) + 1
    row.shadow_since = None
    row.updated_at = now
    await session.flush()


async def _in_turn(session: AsyncSession, jurisdiction_id: str) -> None:
    """One change of who decides at a time; calls go on meanwhile."""
    found = await session.scalar(
        select(Jurisdiction.id).where(Jurisdiction.id == jurisdiction_id).with_for_update(key_share=True)
    )
    if found is None:
        raise NotFound(f"There is no jurisdiction {jurisdiction_id}.", fix="Set it up first.")


async def _deciding(session: AsyncSession, jurisdiction_id: str, at: datetime) -> PolicyKey | None:
    row = (await session.execute(DECIDING, {"jurisdiction_id": jurisdiction_id, "at": at})).one_or_none()
    return None if row is None else PolicyKey(jurisdiction_id, row.id, row.version)


def _named(row: PolicyVersion) -> dict[str, object]:
    return {"id": row.id, "version": row.version, "sha256": row.sha256}
