"""`dispatch tail`: what happens in a running service, as it happens."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import httpx
import orjson
import typer
from rich.console import Console
from rich.markup import escape

from dispatch.cli.http_client import answer, open_client, unreachable
from dispatch.cli.output import AsJson, data, words
from dispatch.domain.errors import Unauthenticated

app = typer.Typer(add_completion=False, rich_markup_mode="rich")

PAGE = 500
LOOK_EVERY_S = 0.5
DEFAULT_URL = "http://127.0.0.1:8911"
COLORS = {"call": "cyan", "incident": "magenta", "unit": "green", "assignment": "green", "policy": "yellow"}
QUIET = {"schema_version", "late_s", "body"}


@app.command(
    epilog="[bold]Examples[/]\n\n  DISPATCH_TOKEN=dsp_... dispatch tail\n\n"
    "  dispatch tail --since 0 --once --json | jq -r .type | sort | uniq -c"
)
def tail(
    url: Annotated[str, typer.Option(envvar="DISPATCH_URL", help="Where the service is.")] = DEFAULT_URL,
    token: Annotated[
        str, typer.Option(envvar="DISPATCH_TOKEN", help="Better in the environment, where no process list shows it.")
    ] = "",
    since: Annotated[int | None, typer.Option(min=0, help="After this seq; 0 is the beginning; default: now.")] = None,
    once: Annotated[bool, typer.Option("--once", help="End when all there is was shown.")] = False,
    as_json: AsJson = False,
) -> None:
    """Follow the log of a running service. Nothing is ever skipped: ask again from the last seq shown.

    With --json one object a line.
    """
    if not token:
        raise Unauthenticated(
            "Following the log needs a token.",
            fix="Set DISPATCH_TOKEN; `dispatch token create --role auditor` makes one.",
        )
    try:
        asyncio.run(_follow(url, token, since, once=once, as_json=as_json))
    except httpx.HTTPError as error:
        raise unreachable(url, error) from error


async def _follow(url: str, token: str, since: int | None, *, once: bool, as_json: bool) -> None:
    out = data()
    async with open_client(url, token) as client:
        after = since if since is not None else answer(await client.get("/v1/status"))["last_seq"]
        if not once and not as_json:
            words().print(f"[dim]following {url} after {after}; Ctrl+C ends it[/]")
        while True:
            page = answer(await client.get("/v1/feed", params={"after": after, "limit": PAGE}))
            for event in page["items"]:
                _show(out, event, as_json=as_json)
            after = page["last_seq"]
            if page["items"]:
                continue
            if once:
                words().print(f"[dim]last seq {after}[/]")
                return
            await asyncio.sleep(LOOK_EVERY_S)


def _show(out: Console, event: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        out.out(orjson.dumps(event).decode(), highlight=False)
        return
    at = datetime.fromisoformat(event["occurred_at"])
    kind = event["type"]
    color = COLORS.get(kind.partition(".")[0], "white")
    out.print(
        f"[dim]{event['seq']:>7} {at:%m-%d %H:%M:%S}[/] [{color}]{kind:<24}[/] {escape(_what(event))} "
        f"[dim]{escape(str(event['subject_id']))}[/]",
        soft_wrap=True,
    )


def _what(event: Mapping[str, Any]) -> str:
    """The telling parts of the payload, in its own order."""
    parts = []
    for name, value in event["payload"].items():
        if name in QUIET or value in (None, [], {}, "") or isinstance(value, dict | list):
            continue
        parts.append(f"{name}={value}")
    return " ".join(parts)
