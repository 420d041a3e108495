"""Recently seen tokens, so that a busy integration does not cost a look-up per call."""

import time
from collections.abc import Callable

from dispatch.domain.access import Principal

# A revoked token works at most this much longer in another process; in the process that revoked it, not at all.
KEEP_S = 1.0
MAX_ENTRIES = 10_000


class TokenCache:
    """Principals by token hash, each believed for KEEP_S after it was read.

    By monotonic time, since this is an age and no date: a clock that is set back must not keep a revoked token alive.
    """

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._seen: dict[bytes, tuple[float, Principal]] = {}

    def find(self, token_hash: bytes) -> Principal | None:
        """The principal when it was read less than KEEP_S ago."""
        entry = self._seen.get(token_hash)
        if entry is None or self._seconds() - entry[0] >= KEEP_S:
            return None
        return entry[1]

    def keep(self, token_hash: bytes, principal: Principal) -> None:
        """The principal is believed from now on."""
        if len(self._seen) >= MAX_ENTRIES:
            self._seen.clear()
        self._seen[token_hash] = (self._seconds(), principal)

    def forget(self) -> None:
        """Nothing is believed any more: every token is looked up again."""
        self._seen.clear()
