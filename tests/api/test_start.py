"""What the service does before its first request, so that no request pays for it."""

import gc

import pytest
from tests.support.service import Service

from dispatch.triage.policy import Policy

pytestmark = pytest.mark.anyio


async def test_no_request_waits_for_a_search_for_garbage_among_the_policies(service: Service) -> None:
    try:
        async with service.app.router.lifespan_context(service.app):
            assert not any(isinstance(thing, Policy) for thing in gc.get_objects())
    finally:
        gc.unfreeze()

    assert any(isinstance(thing, Policy) for thing in gc.get_objects())
