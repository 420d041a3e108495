"""`dispatch token`: make a token, list them, take one back."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.markup import escape
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.cli.jurisdiction import find_jurisdiction
from dispatch.cli.output import AsJson, data, emit, words
from dispatch.cli.service import CLI_ACTOR, cli_actor, migrated_database, run_in_transaction
from dispatch.db.lookup import get_unit
from dispatch.db.models import AccessToken
from dispatch.domain.access import Role
from dispatch.operations.tokens import NewToken, create_token, revoke_token

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode="rich", help="Tokens for the API.")

Where = Annotated[str | None, typer.Option("--jurisdiction", "-j", help="Needed when there are several.")]


@app.command(
    epilog="[bold]Examples[/]\n\n  dispatch token create --role dispatcher --name 'Desk 4'\n\n"
    "  TOKEN=$(dispatch token create --role integration --name 'CAD East' --source cad-east)"
)
def create(
    role: Annotated[Role, typer.Option(help="What it is here to do.")],
    name: Annotated[str, typer.Option(help="Who or what uses it.")],
    person: Annotated[str | None, typer.Option(help="Whose it is, for what two people must do.")] = None,
    jurisdiction: Where = None,
    agency: Annotated[list[str] | None, typer.Option(help="Only for these agencies; repeatable.")] = None,
    source: Annotated[str | None, typer.Option(help="The only source whose calls it may post.")] = None,
    unit: Annotated[str | None, typer.Option(help="The unit that it speaks for, by call sign.")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="Narrow the role to this permission; repeatable.")] = None,
    expires_days: Annotated[int | None, typer.Option(min=1, max=3650, help="It ends after so many days.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a token. Its secret goes to stdout, once; only a hash of it is kept."""
    now = datetime.now(UTC)
    expires_at = now + timedelta(days=expires_days) if expires_days else None

    async def make(session: AsyncSession) -> tuple[dict[str, Any], str]:
        j = await find_jurisdiction(session, jurisdiction)
        unit_id = (await get_unit(session, j, unit)).id if unit else None
        wanted = NewToken(name, role, scope or None, agency or None, source, unit_id, expires_at, person)
        row, secret = await create_token(session, j, wanted, actor=CLI_ACTOR, now=now)
        return _shown(row), secret

    with migrated_database() as url:
        row, secret = run_in_transaction(url, make)
    if as_json:
        emit({**row, "token": secret})
        return
    words().print(f"[green]✓[/] [bold]{row['id']}[/] for {role.value} of {row['jurisdiction']}. It is shown only now:")
    data().print(secret, soft_wrap=True)


@app.command(name="list", epilog="[bold]Example[/]\n\n  dispatch token list --json | jq '.tokens[].name'")
def list_tokens(jurisdiction: Where = None, as_json: AsJson = False) -> None:
    """List tokens, never their secrets."""

    async def read(session: AsyncSession) -> list[dict[str, Any]]:
        j = await find_jurisdiction(session, jurisdiction)
        query = select(AccessToken).where(AccessToken.jurisdiction_id == j).order_by(AccessToken.id)
        return [_shown(row) for row in await session.scalars(query)]

    with migrated_database() as url:
        rows = run_in_transaction(url, read)
    if as_json:
        emit({"tokens": rows})
        return
    out = data()
    for row in rows:
        whose = f", {row['person']}" if row["person"] else ""
        bound = row["source"] or row["unit_id"] or ", ".join(row["agencies"] or ())
        # Two lines, whole: a table in a narrow terminal cuts the name and the role that a reader came for.
        out.print(f"{row['id']}  {row['role']:<13}  {row['created_at']:%Y-%m-%d}  {_state(row)}", soft_wrap=True)
        out.print(escape(f"  {row['name']}{whose}{f', only for {bound}' if bound else ''}"), soft_wrap=True)


@app.command(epilog="[bold]Example[/]\n\n  dispatch token revoke tok_01KAQ4Z0000000000000000000")
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="As `dispatch token list` shows it.")],
    jurisdiction: Where = None,
    as_json: AsJson = False,
) -> None:
    """Take a token back. A running service refuses it within seconds."""

    async def take_back(session: AsyncSession) -> dict[str, Any]:
        j = await find_jurisdiction(session, jurisdiction)
        return _shown(await revoke_token(session, token_id, cli_actor(j)))

    with migrated_database() as url:
        row = run_in_transaction(url, take_back)
    if as_json:
        emit(row)
    else:
        words().print(f"[green]✓[/] {row['id']} ({row['name']}) opens nothing any more")


def _shown(row: AccessToken) -> dict[str, Any]:
    names = (
        "id",
        "name",
        "person",
        "role",
        "created_by",
        "scopes",
        "agencies",
        "source",
        "unit_id",
        "created_at",
        "expires_at",
        "revoked_at",
    )
    return {"jurisdiction": row.jurisdiction_id, **{name: getattr(row, name) for name in names}}


def _state(row: dict[str, Any]) -> str:
    if row["revoked_at"] is not None:
        return f"[red]revoked {row['revoked_at']:%Y-%m-%d}[/]"
    if row["expires_at"] is None:
        return "[green]good[/]"
    word = "until" if row["expires_at"] > datetime.now(UTC) else "expired"
    return f"{word} {row['expires_at']:%Y-%m-%d}"
