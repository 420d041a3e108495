"""A policy is written: its draft stored with what it stands on, replaced by its writer, checked, tried in shadow."""

import asyncio
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.active_policy import (
    DRAFT,
    PUBLISHED,
    SUBMITTED,
    ActivePolicies,
    PolicyKey,
    as_texts,
    stored_version,
)
from dispatch.db.models import PolicyVersion
from dispatch.domain.errors import Conflict, FieldProblem, Invalid, PolicyInvalid, Refused
from dispatch.domain.events import EventType
from dispatch.operations.actor import Actor, tell
from dispatch.operations.policy_checks import findings_here
from dispatch.policies import read_shipped, shipped_ids
from dispatch.triage.findings import ERROR, Finding
from dispatch.triage.naming import name_of, require_file_names
from dispatch.triage.policy import Policy
from dispatch.triage.policy_texts import parent_id, policy_sha256

Texts = dict[str, str]


@dataclass(frozen=True, slots=True)
class DraftText:
    """id: as in policy.yaml. pins: version of a stored policy that this one stands on, by id."""

    id: str
    texts: Texts
    pins: dict[str, int] = field(default_factory=dict)
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """What the checks say. contents: how many of what; None when the texts do not load."""

    passed: bool
    contents: dict[str, int] | None
    findings: list[Finding]

    @property
    def errors(self) -> int:
        return sum(found.severity == ERROR for found in self.findings)


async def save_draft(
    session: AsyncSession, wanted: DraftText, policies: ActivePolicies, actor: Actor
) -> tuple[PolicyVersion, Checked, bool]:
    """The texts are stored as a draft with what the checks say, whatever is wrong with them; and whether it is new.

    Raises PolicyInvalid when they do not say which policy and version they are, Conflict when that version is another
    writer's or was submitted.
    """
    require_file_names(wanted.texts)
    policy_id, version = await asyncio.to_thread(name_of, wanted.texts)
    if policy_id != wanted.id:
        detail = f"policy.yaml says {policy_id!r}, the request {wanted.id!r}"
        raise Invalid(
            "The id is not the one in policy.yaml.",
            fix="Write the same id in both.",
            errors=[FieldProblem("/id", "other_id", detail)],
        )
    key = PolicyKey(actor.jurisdiction_id, policy_id, version)
    parents = await _parents(session, key, wanted)
    sha256 = await asyncio.to_thread(policy_sha256, wanted.texts, parents)
    row = await session.get(PolicyVersion, (key.jurisdiction_id, key.id, key.version), with_for_update=True)
    is_new = row is None
    if row is None:
        await _require_next(session, key)
        row = PolicyVersion(
            jurisdiction_id=key.jurisdiction_id,
            id=key.id,
            version=key.version,
            status=DRAFT,
            written_by=actor.subject,
            created_at=actor.now,
        )
        session.add(row)
    else:
        _require_own_draft(row, actor)
    row.texts, row.parents, row.sha256 = wanted.texts, parents, sha256
    row.note, row.updated_at = wanted.note, actor.now
    checked = await check(session, policies, row, actor)
    payload = {"id": key.id, "version": version, "sha256": row.sha256, "note": wanted.note, "errors": checked.errors}
    await tell(session, actor, log.Entry(EventType.POLICY_DRAFTED, key.name, actor.now, None, payload))
    return row, checked, is_new


async def discard_draft(session: AsyncSession, key: PolicyKey, actor: Actor) -> None:
    """The writer's own draft is gone; only the log knows of it."""
    row = await stored_version(session, key, lock=True)
    if row.status != DRAFT:
        raise Conflict(f"{key.name} was submitted and stays.", fix="What was submitted is never removed.")
    _require_own_draft(row, actor)
    await session.delete(row)
    payload = {"id": row.id, "version": row.version, "sha256": row.sha256, "written_by": row.written_by}
    await tell(session, actor, log.Entry(EventType.POLICY_DISCARDED, key.name, actor.now, None, payload))


async def check_version(session: AsyncSession, key: PolicyKey, policies: ActivePolicies, actor: Actor) -> Checked:
    """What the checks say of a stored version; the log knows that it was asked and what came out."""
    row = await stored_version(session, key)
    checked = await check(session, policies, row, actor)
    payload = {
        "id": row.id,
        "version": row.version,
        "sha256": row.sha256,
        "passed": checked.passed,
        "errors": checked.errors,
        "findings": len(checked.findings),
    }
    await tell(session, actor, log.Entry(EventType.POLICY_CHECKED, key.name, actor.now, None, payload))
    return checked


async def check(session: AsyncSession, policies: ActivePolicies, row: PolicyVersion, actor: Actor) -> Checked:
    """Every finding of the loader, or of the checks when it loads."""
    try:
        policy = await policies.compile(row)
    except PolicyInvalid as invalid:
        findings = [Finding(ERROR, one.code, one.pointer, one.detail) for one in invalid.errors]
        return Checked(False, None, findings)
    findings = await findings_here(session, row.jurisdiction_id, policy, actor.now)
    return Checked(all(found.severity != ERROR for found in findings), contents_of(policy), findings)


def contents_of(policy: Policy) -> dict[str, int]:
    """How much a policy holds."""
    return {
        "tables": len(policy.tables),
        "rows": len(policy.rows),
        "plans": len(policy.plans),
        "programs": len(policy.programs),
        "incident_types": len(policy.incident_types),
        "cases": len(policy.cases),
    }


async def put_in_shadow(session: AsyncSession, key: PolicyKey, policies: ActivePolicies, actor: Actor) -> PolicyVersion:
    """From the next call on the version is evaluated beside the deciding one; its text is frozen. One at a time.

    Raises PolicyInvalid when it does not load, Conflict when it decides itself.
    """
    row = await stored_version(session, key)
    sha256 = row.sha256
    await policies.compiled(row)
    row = await stored_version(session, key, lock=True)
    if row.status == DRAFT and row.written_by != actor.subject:
        raise Refused(
            f"{key.name} is still a draft of {row.written_by}.",
            fix="Its writer puts it in shadow, which submits it.",
        )
    if row.sha256 != sha256:
        raise Conflict(f"{key.name} was changed meanwhile.", fix="Send the same request again.")
    if row.status == PUBLISHED and row.effective_at is not None and row.effective_at <= actor.now:
        raise Conflict(f"{key.name} is in force and decides or has decided.", fix="Put another version in shadow.")
    if row.shadow_since is None:
        await _leave_shadow(session, key.jurisdiction_id)
        row.status = SUBMITTED if row.status == DRAFT else row.status
        row.shadow_since = row.updated_at = actor.now
        await _tell_shadow(session, row, actor, on=True)
    return row


async def take_out_of_shadow(session: AsyncSession, key: PolicyKey, actor: Actor) -> PolicyVersion:
    """The version is evaluated no more; what it would have decided stays recorded. Doing it twice changes nothing."""
    row = await stored_version(session, key, lock=True)
    if row.shadow_since is not None:
        row.shadow_since = None
        row.updated_at = actor.now
        await _tell_shadow(session, row, actor, on=False)
    return row


async def _leave_shadow(session: AsyncSession, jurisdiction_id: str) -> None:
    await session.execute(
        update(PolicyVersion)
        .where(PolicyVersion.jurisdiction_id == jurisdiction_id, PolicyVersion.shadow_since.is_not(None))
        .values(shadow_since=None)
        .execution_options(synchronize_session=False)
    )


async def _tell_shadow(session: AsyncSession, row: PolicyVersion, actor: Actor, *, on: bool) -> None:
    payload = {"id": row.id, "version": row.version, "sha256": row.sha256, "on": on}
    name = f"{row.id}@{row.version}"
    await tell(session, actor, log.Entry(EventType.POLICY_SHADOWED, name, actor.now, None, payload))


def _require_own_draft(row: PolicyVersion, actor: Actor) -> None:
    name = f"{row.id}@{row.version}"
    if row.status != DRAFT:
        raise Conflict(f"{name} was submitted and never changes.", fix="Raise `version` in policy.yaml.")
    if row.written_by != actor.subject:
        raise Conflict(
            f"{name} is a draft of somebody else.",
            fix="Raise `version` in policy.yaml, or ask its writer to discard it.",
            written_by=row.written_by,
        )


async def _require_next(session: AsyncSession, key: PolicyKey) -> None:
    newest = await session.scalar(
        select(func.max(PolicyVersion.version)).where(
            PolicyVersion.jurisdiction_id == key.jurisdiction_id,
            PolicyVersion.id == key.id,
            PolicyVersion.status == PUBLISHED,
        )
    )
    if newest is not None and newest >= key.version:
        raise Conflict(
            f"{key.id}@{newest} is published already, and versions only grow.",
            fix=f"Write `version: {newest + 1}` in policy.yaml.",
        )


async def _parents(session: AsyncSession, key: PolicyKey, wanted: DraftText) -> dict[str, Texts]:
    """What the texts stand on: the pinned version, else the newest published here, else the shipped one."""
    parents: dict[str, Texts] = {}
    name = await asyncio.to_thread(parent_id, wanted.texts)
    while name is not None and name not in parents and name != key.id:
        row = await _stored_parent(session, key.jurisdiction_id, name, wanted.pins.get(name))
        if row is not None:
            parents |= {name: as_texts(row.texts), **{n: as_texts(files) for n, files in row.parents.items()}}
            break
        if name not in shipped_ids():
            break  # the loader names the missing parent with its file and line
        parents[name] = dict(read_shipped(name))
        name = await asyncio.to_thread(parent_id, parents[name])
    return parents


async def _stored_parent(session: AsyncSession, j: str, policy_id: str, pinned: int | None) -> PolicyVersion | None:
    of = select(PolicyVersion).where(PolicyVersion.jurisdiction_id == j, PolicyVersion.id == policy_id)
    if pinned is None:
        query = of.where(PolicyVersion.status == PUBLISHED).order_by(PolicyVersion.version.desc()).limit(1)
        return await session.scalar(query)
    row = await session.scalar(of.where(PolicyVersion.version == pinned, PolicyVersion.status != DRAFT))
    if row is None:
        raise Invalid(
            f"There is no submitted {policy_id}@{pinned} to stand on.",
            fix="Pin a version that was submitted or published, or none.",
            errors=[FieldProblem(f"/extends/{policy_id}", "unknown_version", "not stored here")],
        )
    return row


def findings_as_data(findings: list[Finding]) -> list[dict[str, Any]]:
    """Each finding with file and line apart."""
    shown = []
    for found in findings:
        file, _, line = found.place.rpartition(":")
        place = {"file": file, "line": int(line)} if file and line.isdigit() else {"file": found.place, "line": None}
        shown.append({**asdict(found), **place})
    return shown
