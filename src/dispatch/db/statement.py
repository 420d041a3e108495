"""A statement that goes straight to the driver: for the few places where each microsecond is paid a thousand times."""

import re
from collections.abc import Mapping
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.session import driver_of

_NAME = re.compile(r"(?<!:):([a-z_][a-z0-9_]*)")


class Statement:
    """SQL with `:names`, prepared once per connection, run inside the session's transaction.

    types: the PostgreSQL type of each name that is not text. The ORM's pending changes are not flushed first.
    """

    def __init__(self, sql: str, types: Mapping[str, str]) -> None:
        self.names: list[str] = []
        self._types = types
        self.sql = _NAME.sub(self._number, sql)

    def _number(self, match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in self.names:
            self.names.append(name)
        return f"${self.names.index(name) + 1}::{self._types.get(name, 'text')}"

    async def one(self, session: AsyncSession, values: dict[str, Any]) -> asyncpg.Record:
        """The only row of the answer. Raises KeyError for a name without a value."""
        row: asyncpg.Record | None = await driver_of(session).fetchrow(self.sql, *[values[name] for name in self.names])
        if row is None:
            raise LookupError("the statement answered with no row")
        return row
