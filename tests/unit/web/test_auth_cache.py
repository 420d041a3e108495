"""What a process still believes of a token that it saw a moment ago."""

from dispatch.domain.access import Principal, Role
from dispatch.web.auth_cache import TokenCache

WHO = Principal(jurisdiction="testville", subject="tok_1", role=Role.DISPATCHER)


def test_a_token_is_believed_for_less_than_a_second_of_real_time() -> None:
    seconds = 100.0
    tokens = TokenCache(lambda: seconds)
    tokens.keep(b"hash", WHO)

    seconds = 100.9
    assert tokens.find(b"hash") is WHO
    seconds = 101.0
    assert tokens.find(b"hash") is None


def test_what_was_forgotten_is_looked_up_again() -> None:
    tokens = TokenCache()
    tokens.keep(b"hash", WHO)

    tokens.forget()

    assert tokens.find(b"hash") is None
