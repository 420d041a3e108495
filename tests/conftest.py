"""Fixtures for every kind of test; they cost nothing until a test asks for them."""

import gc
import signal
from collections.abc import Generator
from types import FrameType

import pytest
from hypothesis import HealthCheck, settings

# How fast a machine draws examples says nothing about Dispatch.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

pytest_plugins = ["tests.support.postgres", "tests.support.service"]

HANGS_AFTER_S = 300
GARBAGE_AFTER = 10_000  # as the service itself has it


def pytest_collection_finish() -> None:
    """What was imported stays; looking through it for garbage again and again takes a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER, 20, 20)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """A test that hangs fails, and says where, instead of stopping the whole run."""

    def give_up(_: int, __: FrameType | None) -> None:
        raise TimeoutError(f"{item.name} took more than {HANGS_AFTER_S} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(HANGS_AFTER_S)
    try:
        return (yield)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


# A job in the background of a shell ignores Ctrl+C, and its children inherit that; the tests of Ctrl+C need a default.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
