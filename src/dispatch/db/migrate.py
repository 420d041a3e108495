"""Bring a database to the schema of this version, or say how it differs."""

import io
import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

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
    """The schema is at the revision. Call from a thread without a running event loop."""
    command.upgrade(_config(url), revision)


def downgrade(url: str, revision: str) -> None:
    """The schema is back at the revision; data of dropped columns and tables is gone."""
    command.downgrade(_config(url), revision)


def offline_sql() -> str:
    """Every migration as SQL, for a linter or an operator who runs it by hand."""
    out = io.StringIO()
    config = _config()
    config.output_buffer = out
    command.upgrade(config, "head", sql=True)
    return out.getvalue()


def check(url: str) -> None:
    """Returns when models and schema agree; raises alembic's CommandError naming the first difference."""
    command.check(_config(url))


def head_revision() -> str:
    """The newest revision that this version knows."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


async def current_revision(engine: AsyncEngine) -> str | None:
    """The revision of the database, None before the first migration."""
    async with engine.connect() as connection:
        if (await connection.execute(text("select to_regclass('alembic_version')"))).scalar_one() is None:
            return None
        return (await connection.execute(text("select version_num from alembic_version"))).scalar_one_or_none()
