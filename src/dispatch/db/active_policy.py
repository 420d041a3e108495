"""The policy that decides now, compiled once per version and shared by all requests of this process."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.models import PolicyVersion
from dispatch.domain.errors import FieldProblem, Invalid, NotFound, Unavailable
from dispatch.triage.policy import Policy, load_policy

_JURISDICTIONS = text("select jurisdiction_id from policy_version where status = 'active'")

_ACTIVE = text(
    "select id, version, sha256 from policy_version where jurisdiction_id = :jurisdiction_id and status = 'active'"
)


@dataclass(frozen=True, slots=True)
class PolicyKey:
    """Exactly one published text."""

    jurisdiction_id: str
    id: str
    version: int

    @classmethod
    def parse(cls, jurisdiction_id: str, name: str) -> "PolicyKey":
        """The key that `id@version` names. Raises Invalid for anything else."""
        policy_id, _, version = name.partition("@")
        if not policy_id or not version.isascii() or not version.isdigit() or len(version) > 9:
            raise Invalid(
                "A policy is named `id@version`.",
                fix="For example us-default@1; list them with GET /v1/policies.",
                errors=[FieldProblem("policy", "bad_policy_name", "not id@version")],
            )
        return cls(jurisdiction_id, policy_id, int(version))


class ActivePolicies:
    """Compiled policies by version. Versions never change, so an entry is never stale; only the choice is looked up."""

    def __init__(self) -> None:
        self._compiled: dict[PolicyKey, Policy] = {}
        self._last_active: dict[str, Policy] = {}

    async def deciding(self, session: AsyncSession, jurisdiction_id: str) -> Policy:
        """The policy that decided last time here, without asking: for a caller that checks it when it stores."""
        return self._last_active.get(jurisdiction_id) or await self.active(session, jurisdiction_id)

    async def active(self, session: AsyncSession, jurisdiction_id: str) -> Policy:
        """The policy that decides now. Raises Unavailable when none is active: then nothing may be guessed."""
        row = (await session.execute(_ACTIVE, {"jurisdiction_id": jurisdiction_id})).one_or_none()
        if row is None:
            raise no_active_policy(jurisdiction_id)
        policy = await self.get(session, PolicyKey(jurisdiction_id, row.id, row.version))
        self._last_active[jurisdiction_id] = policy
        return policy

    async def warm(self, session: AsyncSession) -> None:
        """The active policy of every jurisdiction is compiled, so that the first call after a start need not wait."""
        for jurisdiction_id in (await session.scalars(_JURISDICTIONS)).all():
            await self.active(session, jurisdiction_id)

    async def get(self, session: AsyncSession, key: PolicyKey) -> Policy:
        """One version, compiled. Raises NotFound when it was never stored."""
        known = self._compiled.get(key)
        if known is not None:
            return known
        row = await session.get(PolicyVersion, (key.jurisdiction_id, key.id, key.version))
        if row is None:
            raise NotFound(
                f"There is no policy {key.id} version {key.version}.", fix="List them with GET /v1/policies."
            )
        policy = load_policy(_texts(row.texts), parents={name: _texts(files) for name, files in row.parents.items()})
        self._compiled[key] = policy
        return policy


def no_active_policy(jurisdiction_id: str) -> Unavailable:
    """The refusal when a jurisdiction has no policy that decides."""
    return Unavailable(
        f"No policy is active for {jurisdiction_id}.", fix="Publish one: `dispatch policy publish us-default`."
    )


def _texts(stored: dict[str, Any]) -> dict[str, str]:
    return {name: str(content) for name, content in stored.items()}
