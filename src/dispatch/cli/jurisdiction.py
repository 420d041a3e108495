"""Which jurisdiction a command means."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.models import Jurisdiction
from dispatch.domain.errors import Invalid, NotFound


async def find_jurisdiction(session: AsyncSession, named: str | None) -> str:
    """The named one, or the only one there is. Raises NotFound or Invalid."""
    known = list(await session.scalars(select(Jurisdiction.id).order_by(Jurisdiction.id)))
    if not known:
        raise NotFound("No jurisdiction is set up here.", fix="Import a roster: `dispatch import units FILE`.")
    if named is None and len(known) > 1:
        raise Invalid("There are several jurisdictions.", fix=f"Add --jurisdiction with one of: {', '.join(known)}.")
    if named is not None and named not in known:
        raise NotFound(f"There is no jurisdiction {named}.", fix=f"There are: {', '.join(known)}.")
    return named or known[0]
