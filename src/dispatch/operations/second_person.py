"""What one person wrote, another puts in force: who acts is compared with who acted before, token by token."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.domain.access import Holder, why_one_person
from dispatch.domain.errors import SecondPersonRequired
from dispatch.operations.actor import Actor

# Tokens are made by tokens that were there before, so the line always ends: at the command line.
_LINE = text(
    """
    with recursive line as (
      select id, person, created_by, 0 as depth from access_token
       where jurisdiction_id = :jurisdiction_id and id = :subject
      union all
      select t.id, t.person, t.created_by, l.depth + 1 from line l
        join access_token t on t.jurisdiction_id = :jurisdiction_id and t.id = l.created_by
    )
    select id, person from line order by depth
    """
)


async def require_second_person(session: AsyncSession, actor: Actor, earlier: str, what: str) -> None:
    """Returns when the actor is somebody else than `earlier`, who did `what` (a sentence without its end).

    Raises SecondPersonRequired when both may be one person, saying why.
    """
    why = why_one_person(
        await _line(session, actor.jurisdiction_id, earlier), await _line(session, actor.jurisdiction_id, actor.subject)
    )
    if why is not None:
        raise SecondPersonRequired(
            f"{what} by {earlier}. {why}",
            fix="Ask a second person to read and publish it, with a token that says whose it is (`person`).",
            earlier=earlier,
        )


async def _line(session: AsyncSession, jurisdiction_id: str, subject: str) -> list[Holder]:
    rows = await session.execute(_LINE, {"jurisdiction_id": jurisdiction_id, "subject": subject})
    return [Holder(row.id, row.person) for row in rows] or [Holder(subject)]
