"""Policies are stored as exact text and take over from one another."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.models import PolicyVersion
from dispatch.domain.errors import ConflictingContent
from dispatch.triage.policy import Policy, load_policy


async def install_policy(
    session: AsyncSession,
    jurisdiction_id: str,
    texts: dict[str, str],
    parents: dict[str, dict[str, str]],
    *,
    actor: str,
    now: datetime,
) -> Policy:
    """The policy is stored as exact text and decides from now on; the one before it is retired.

    Storing the same text again changes nothing. Raises PolicyInvalid when it does not load.
    """
    policy = load_policy(texts, parents=parents)
    row = await session.get(PolicyVersion, (jurisdiction_id, policy.id, policy.version))
    if row is not None and row.status == "active" and row.sha256 == policy.sha256:
        return policy
    version = policy.version
    if row is not None and row.sha256 != policy.sha256:
        raise ConflictingContent(
            f"Version {version} of {policy.id} is stored with other text.",
            fix="A published version never changes: raise `version` in policy.yaml.",
        )
    await session.execute(
        text("update policy_version set status = 'retired' where jurisdiction_id = :j and status = 'active'"),
        {"j": jurisdiction_id},
    )
    if row is None:
        session.add(
            PolicyVersion(
                jurisdiction_id=jurisdiction_id,
                id=policy.id,
                version=version,
                sha256=policy.sha256,
                texts=texts,
                parents=parents,
                status="active",
                written_by=actor,
                published_by=actor,
                effective_at=now,
                created_at=now,
            )
        )
    else:
        row.status = "active"
        row.effective_at = now
    await session.flush()
    return policy
