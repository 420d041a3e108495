"""Where an import goes, as the options of its command say."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TypeVar

from dispatch.cli.importing.takers import Taker, here, there
from dispatch.cli.jurisdiction import find_jurisdiction
from dispatch.cli.service import migrated_database, run_in_transaction
from dispatch.domain.errors import Unauthenticated

Result = TypeVar("Result")
Work = Callable[[Taker | None], Awaitable[Result]]


@dataclass(frozen=True, slots=True)
class Target:
    """url None: the database. dry_run: nothing is stored, and the work has no taker."""

    url: str | None
    token: str = field(repr=False)
    jurisdiction: str | None
    dry_run: bool = False

    def run(self, work: Work[Result]) -> Result:
        """What the work gives. Raises Unauthenticated when there is a service and no token."""
        if self.url and not self.token:
            raise Unauthenticated("Posting to a service needs a token.", fix="Set DISPATCH_TOKEN.")
        if self.url:
            return asyncio.run(self._through(there(self.url, self.token), work))
        with migrated_database() as address:
            j = run_in_transaction(address, lambda session: find_jurisdiction(session, self.jurisdiction))
            return asyncio.run(self._through(here(address, j), work))

    async def _through(self, opened: AbstractAsyncContextManager[Taker], work: Work[Result]) -> Result:
        async with opened as taker:
            return await work(None if self.dry_run else taker)
