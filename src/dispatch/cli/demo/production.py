"""What a demo plays, whichever city it comes from, and how a fresh database is furnished for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.cli.demo.duty import Span
from dispatch.cli.demo.jobs import Job
from dispatch.cli.policy_source import PolicyTexts
from dispatch.cli.service import cli_actor
from dispatch.db.models import Unit
from dispatch.domain.access import Role
from dispatch.operations.policies import install_policy
from dispatch.operations.setup import SetUp, set_up
from dispatch.operations.tokens import NewToken, create_token


@dataclass(frozen=True, slots=True)
class Production:
    """A city, its calls and its clock. replays: the units of a file are sent as they were, not as recommended.

    spans: when units are on duty. begins: where the clock starts. ends: shifts are played until then.
    source: the name under which an integration would post. notes: what a reader of the summary must know.
    """

    set_up: SetUp
    policy: PolicyTexts
    jobs: Sequence[Job]
    spans: Sequence[Span]
    begins: datetime
    ends: datetime
    source: str
    replays: bool = False
    notes: tuple[str, ...] = ()

    @property
    def types(self) -> dict[str, str]:
        """Call sign -> responder type."""
        return {unit.call_sign: unit.responder_type for unit in self.set_up.units}

    @property
    def capacities(self) -> dict[str, int]:
        """Call sign -> assignments at once."""
        return {unit.call_sign: unit.capacity for unit in self.set_up.units}


async def furnish(session: AsyncSession, production: Production) -> Mapping[Role, str]:
    """The jurisdiction, its roster and its policy are there; the secret of a token for every role."""
    j, now = production.set_up.jurisdiction_id, production.begins
    actor = cli_actor(j, now)
    await set_up(session, production.set_up, actor)
    await install_policy(session, j, production.policy.texts, production.policy.parents, actor=actor.subject, now=now)
    crews = [unit.call_sign for unit in production.set_up.units if unit.mobile]
    one = await session.scalar(select(Unit.id).where(Unit.jurisdiction_id == j, Unit.call_sign == min(crews)))
    bound = {Role.INTEGRATION: {"source": production.source}, Role.RESPONDER: {"unit_id": one}}
    tokens = {}
    for role in Role:
        wanted = NewToken(f"demo {role.value.replace('_', ' ')}", role, **bound.get(role, {}))  # type: ignore[arg-type]
        _, tokens[role] = await create_token(session, j, wanted, actor=actor.subject, now=now)
    return tokens
