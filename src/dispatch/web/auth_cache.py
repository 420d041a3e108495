"""Recently seen tokens, so that a busy integration does not cost a look-up per call."""

from datetime import datetime, timedelta

from dispatch.domain.access import Principal

# A revoked token works at most this much longer in another process; in the process that revoked it, not at all.
KEEP_FOR = timedelta(seconds=1)
MAX_ENTRIES = 10_000


class TokenCache:
    """Principals by token hash, each believed for KEEP_FOR after it was read."""

    def __init__(self) -> None:
        self._seen: dict[bytes, tuple[datetime, Principal]] = {}

    def find(self, token_hash: bytes, now: datetime) -> Principal | None:
        """The principal when it was read less than KEEP_FOR ago."""
        entry = self._seen.get(token_hash)
        if entry is None or not timedelta(0) <= now - entry[0] < KEEP_FOR:
            return None
        return entry[1]

    def keep(self, token_hash: bytes, principal: Principal, now: datetime) -> None:
        """The principal is believed from now on."""
        if len(self._seen) >= MAX_ENTRIES:
            self._seen.clear()
        self._seen[token_hash] = (now, principal)

    def forget(self) -> None:
        """Nothing is believed any more: every token is looked up again."""
        self._seen.clear()
