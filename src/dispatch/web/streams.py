"""How many streams are open: a limit for each token and one for the process, so that no client starves the others."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from dispatch.domain.errors import TooMany, Unavailable

RETRY_S = 15


class OpenStreams:
    """The streams that are open in this process, by token."""

    def __init__(self, *, most: int, most_per_token: int) -> None:
        self._most = most
        self._most_per_token = most_per_token
        self._open: Counter[str] = Counter()

    @contextmanager
    def one_more(self, token: str) -> Iterator[None]:
        """One stream more is open until the block ends. Raises TooMany or Unavailable where that is beyond a limit."""
        if self._open[token] >= self._most_per_token:
            raise TooMany(
                f"This token has {self._most_per_token} streams open already.",
                fix="Close one of them, or share one between windows.",
                limit=self._most_per_token,
                retry_after_s=RETRY_S,
            )
        if self._open.total() >= self._most:
            raise Unavailable(
                f"This process has {self._most} streams open already.",
                fix="Try again later, or follow GET /v1/feed meanwhile.",
                retry_after_s=RETRY_S,
            )
        self._open[token] += 1
        try:
            yield
        finally:
            self._open[token] -= 1
            if not self._open[token]:
                del self._open[token]


class CountedStream(StreamingResponse):
    """A stream that counts as open from its first byte until its last, however it ends."""

    media_type = "text/event-stream"
    streams: OpenStreams
    token: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self.streams.one_more(self.token):
            await super().__call__(scope, receive, send)
