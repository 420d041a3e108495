"""Bring a database to the schema of this version, or say how it differs."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch.db.errors import NOT_REACHED
from dispatch.domain.errors import Unavailable

_PACKAGED = Path(__file__).parent.parent / "_migrations"  # in the wheel
_CHECKOUT = Path(__file__).parents[3] / "migrations"


def _config(url: str = "") -> Config:
    place = _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT
    if not place.is_dir():
        raise Unavailable("The migrations are not installed.", fix="Install the package again.")
    config = Config(stdout=sys.stderr)  # stdout is for data, and alembic talks
    config.set_main_option("script_location", str(place).replace("%", "%%"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """The schema is at the revision. Call from a thread without a running event loop. Raises Unavailable."""
    with _reached(make_url(url)):
        command.upgrade(_config(url), revision)


def downgrade(url: str, revision: str) -> None:
    """The schema is back at the revision; data of dropped columns and tables is gone. Raises Unavailable."""
    with _reached(make_url(url)):
        command.downgrade(_config(url), revision)


def offline_sql() -> str:
    """Every migration as SQL, for a linter or an operator who runs it by hand."""
    out = io.StringIO()
    config = _config()
    config.output_buffer = out
    command.upgrade(config, "head", sql=True)
    return out.getvalue()


def check(url: str) -> None:
    """Returns when models and schema agree. Raises CommandError naming the first difference, or Unavailable."""
    with _reached(make_url(url)):
        command.check(_config(url))


def head_revision() -> str:
    """The newest revision that this version knows."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


async def current_revision(engine: AsyncEngine) -> str | None:
    """The revision of the database, None before the first migration. Raises Unavailable."""
    with _reached(engine.url):
        return await _current_revision(engine)


async def _current_revision(engine: AsyncEngine) -> str | None:
    async with engine.connect() as connection:
        if (await connection.execute(text("select to_regclass('alembic_version')"))).scalar_one() is None:
            return None
        return (await connection.execute(text("select version_num from alembic_version"))).scalar_one_or_none()


@contextmanager
def _reached(url: URL) -> Iterator[None]:
    """Turns the many ways in which no connection comes about into one refusal that says where it was sought."""
    try:
        yield
    except NOT_REACHED as error:
        # A socket's folder stands in the query; the password stands nowhere.
        where = url.host or url.query.get("host") or "the local socket"
        port = f":{url.port}" if url.port else ""
        raise Unavailable(
            f"The database {url.database!r} at {where}{port} cannot be reached: {str(error) or type(error).__name__}.",
            fix="Start it, or correct DISPATCH_DATABASE_URL; `dispatch doctor` says more.",
        ) from error
