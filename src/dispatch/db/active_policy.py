"""The policy that decides now and the one in shadow, compiled once per text and shared by all requests of a process."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.models import PolicyVersion
from dispatch.domain.errors import DispatchError, FieldProblem, Invalid, NotFound, Unavailable
from dispatch.domain.hazard import SHIPPED_HAZARDS, HazardKinds
from dispatch.domain.outcome import SHIPPED_OUTCOMES, Catalogue
from dispatch.domain.timers import SHIPPED, TimeLimits
from dispatch.triage.policy import Policy, load_policy

DRAFT, SUBMITTED, PUBLISHED, WITHDRAWN = "draft", "submitted", "published", "withdrawn"
MAX_VERSION = 999_999_999
_KEPT_TEXTS = 16  # compiled texts kept besides the frozen ones; a draft under work is one of them

_JURISDICTIONS = text("select distinct jurisdiction_id from policy_version where status = 'published'")

# Which version decides at a moment. The same order stands in operations/ingest_sql.py, health, doctor and serve.
DECIDING = text(
    """
    select id, version from policy_version
    where jurisdiction_id = :jurisdiction_id and status = 'published' and effective_at <= :at
    order by effective_at desc, ordinal desc limit 1
    """
)
_SHADOW = text(
    "select id, version from policy_version where jurisdiction_id = :jurisdiction_id and shadow_since is not null"
)


@dataclass(frozen=True, slots=True)
class PolicyKey:
    """Exactly one stored version."""

    jurisdiction_id: str
    id: str
    version: int

    @classmethod
    def parse(cls, jurisdiction_id: str, name: str) -> "PolicyKey":
        """The key that `id@version` names. Raises Invalid for anything else."""
        policy_id, _, version = name.partition("@")
        if not policy_id or not version.isascii() or not version.isdigit() or len(version) > len(str(MAX_VERSION)):
            raise Invalid(
                "A policy is named `id@version`.",
                fix="For example us-default@1; list them with GET /v1/policies.",
                errors=[FieldProblem("policy", "bad_policy_name", "not id@version")],
            )
        return cls(jurisdiction_id, policy_id, int(version))

    @property
    def name(self) -> str:
        return f"{self.id}@{self.version}"


@dataclass(frozen=True, slots=True)
class Standing:
    """Who decides, and who is evaluated beside. shadow_name without shadow: its text no longer loads."""

    policy: Policy
    shadow_name: str | None = None
    shadow: Policy | None = None


class ActivePolicies:
    """Compiled policies. What was submitted never changes, so an entry is never stale; only the choice is looked up."""

    def __init__(self) -> None:
        self._frozen: dict[PolicyKey, Policy] = {}
        self._by_text: dict[str, Policy] = {}
        self._compiling: dict[str, asyncio.Task[Policy]] = {}
        self._last: dict[str, Standing] = {}

    async def deciding(self, session: AsyncSession, jurisdiction_id: str, at: datetime) -> Standing:
        """Who decided last time here, without asking: for a caller that checks it when it stores."""
        return self._last.get(jurisdiction_id) or await self.standing(session, jurisdiction_id, at)

    async def standing(self, session: AsyncSession, jurisdiction_id: str, at: datetime) -> Standing:
        """Who decides at this moment and who is in shadow. Raises Unavailable when nobody decides."""
        policy = await self.active(session, jurisdiction_id, at)
        row = (await session.execute(_SHADOW, {"jurisdiction_id": jurisdiction_id})).one_or_none()
        if row is None:
            found = Standing(policy)
        else:
            key = PolicyKey(jurisdiction_id, row.id, row.version)
            found = Standing(policy, key.name, await self._loading(session, key))
        self._last[jurisdiction_id] = found
        return found

    async def active(self, session: AsyncSession, jurisdiction_id: str, at: datetime) -> Policy:
        """The policy that decides at this moment. Raises Unavailable when none does: then nothing may be guessed."""
        row = (await session.execute(DECIDING, {"jurisdiction_id": jurisdiction_id, "at": at})).one_or_none()
        if row is None:
            raise no_active_policy(jurisdiction_id)
        return await self.get(session, PolicyKey(jurisdiction_id, row.id, row.version))

    async def limits(self, session: AsyncSession, jurisdiction_id: str, at: datetime) -> TimeLimits:
        """How long to wait for what, by the policy that decided last; the shipped limits where none decides."""
        with suppress(Unavailable):
            return (await self.deciding(session, jurisdiction_id, at)).policy.limits
        return SHIPPED

    async def hazard_kinds(self, session: AsyncSession, jurisdiction_id: str, at: datetime) -> HazardKinds:
        """The kinds of hazards, by the policy that decided last; the shipped ones where none decides."""
        with suppress(Unavailable):
            return (await self.deciding(session, jurisdiction_id, at)).policy.hazards
        return SHIPPED_HAZARDS

    async def outcomes(self, session: AsyncSession, jurisdiction_id: str, at: datetime) -> Catalogue:
        """What may come of an assignment, by the policy that decided last; the shipped outcomes where none decides."""
        with suppress(Unavailable):
            return (await self.deciding(session, jurisdiction_id, at)).policy.outcomes
        return SHIPPED_OUTCOMES

    async def warm(self, session: AsyncSession, at: datetime) -> None:
        """The deciding policy of every jurisdiction is compiled, so that the first call after a start need not wait."""
        for jurisdiction_id in (await session.scalars(_JURISDICTIONS)).all():
            await self.standing(session, jurisdiction_id, at)

    async def get(self, session: AsyncSession, key: PolicyKey) -> Policy:
        """One version, compiled. Raises NotFound when it was never stored, PolicyInvalid for a draft with problems."""
        known = self._frozen.get(key)
        if known is not None:
            return known
        row = await stored_version(session, key)
        policy = await self.compiled(row)
        if row.status != DRAFT:
            self._frozen[key] = policy
        return policy

    async def compiled(self, row: PolicyVersion) -> Policy:
        """The policy of this row. Raises PolicyInvalid, and Unavailable when somebody changed its text in silence."""
        policy = await self.compile(row)
        if policy.sha256 != row.sha256:
            raise Unavailable(
                f"The stored text of {row.id}@{row.version} is not the one that was stored: its hash differs.",
                fix="Somebody changed the database by hand. Roll back or publish a new version, and ask who.",
                policy=f"{row.id}@{row.version}",
            )
        return policy

    async def compile(self, row: PolicyVersion) -> Policy:
        """The policy of the row's texts, compiled in a thread, once however many ask. Raises PolicyInvalid."""
        sha256, texts = row.sha256, as_texts(row.texts)
        known = self._by_text.get(sha256)
        if known is not None:
            return known
        task = self._compiling.get(sha256)
        if task is None:
            parents = {name: as_texts(files) for name, files in row.parents.items()}
            task = asyncio.create_task(asyncio.to_thread(load_policy, texts, parents=parents))
            self._compiling[sha256] = task
            task.add_done_callback(lambda _: self._compiling.pop(sha256, None))
        policy = await asyncio.shield(task)
        while len(self._by_text) >= _KEPT_TEXTS:
            del self._by_text[next(iter(self._by_text))]
        self._by_text[policy.sha256] = policy
        return policy

    async def _loading(self, session: AsyncSession, key: PolicyKey) -> Policy | None:
        """What is in shadow must never stand in the way of a call."""
        try:
            return await self.get(session, key)
        except DispatchError:
            return None


async def stored_version(session: AsyncSession, key: PolicyKey, *, lock: bool = False) -> PolicyVersion:
    """The row of a version, locked when asked and then as it is now. Raises NotFound."""
    row = await session.get(
        PolicyVersion, (key.jurisdiction_id, key.id, key.version), with_for_update=lock or None, populate_existing=lock
    )
    if row is None:
        raise NotFound(f"There is no policy {key.id} version {key.version}.", fix="List them with GET /v1/policies.")
    return row


def no_active_policy(jurisdiction_id: str) -> Unavailable:
    """The refusal when a jurisdiction has no policy that decides."""
    return Unavailable(
        f"No policy is active for {jurisdiction_id}.",
        fix="Publish one: `dispatch policy publish us-default --reviewed-by NAME`.",
    )


def as_texts(stored: dict[str, Any]) -> dict[str, str]:
    """The files of a stored policy."""
    return {name: str(content) for name, content in stored.items()}
