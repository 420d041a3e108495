"""The answer to an `Idempotency-Key` is kept for a day, and then forgotten without anybody asking."""

import asyncio
import io
from datetime import timedelta

import pytest
import structlog
from prometheus_client import REGISTRY
from tests.support.city import NOW
from tests.support.service import Service

from dispatch.db.session import transaction
from dispatch.operations import kept_answers
from dispatch.operations.kept_answers import KEPT_FOR, forget_old_answers

pytestmark = pytest.mark.anyio

KEEP = """
    insert into idempotency_key (jurisdiction_id, token_id, key, request_hash, status, media_type, body, created_at)
    select $1, 'tok', 'k' || n, '', 200, 'text/plain', '', $2 from generate_series(1, $3) n
"""


async def _kept(service: Service) -> int:
    return (await service.rows())["idempotency_key"]


async def _forget(service: Service, batch: int = kept_answers.BATCH) -> int:
    async with transaction(service.sessions) as session:
        return await forget_old_answers(session, service.clock.now(), batch)


async def test_an_answer_is_given_again_for_a_day_and_then_the_request_is_done_anew(service: Service) -> None:
    body, key = {"name": "wall board", "role": "auditor"}, {"Idempotency-Key": "one"}
    first = await service.post("/v1/tokens", body, by="administrator", headers=key)

    service.clock.advance(KEPT_FOR.total_seconds() - 1)
    await _forget(service)
    repeated = await service.post("/v1/tokens", body, by="administrator", headers=key)
    service.clock.advance(1)
    await _forget(service)
    anew = await service.post("/v1/tokens", body, by="administrator", headers=key)

    assert repeated.headers["Idempotency-Replayed"] == "true"
    assert repeated.json()["id"] == first.json()["id"]
    assert "Idempotency-Replayed" not in anew.headers
    assert anew.json()["id"] != first.json()["id"]


async def test_two_processes_that_forget_at_once_do_not_wait_for_each_other(service: Service) -> None:
    await service.fetch(KEEP, service.jurisdiction, NOW - KEPT_FOR - timedelta(days=900), 10)

    async with transaction(service.sessions) as one, transaction(service.sessions) as other:
        gone = [await forget_old_answers(session, service.clock.now(), 6) for session in (one, other)]

    assert gone == [6, 4]
    assert await _kept(service) == 0


async def test_the_running_service_forgets_by_itself_batch_by_batch_and_says_how_many(service: Service) -> None:
    written = io.StringIO()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=written))
    await service.fetch(KEEP, service.jurisdiction, NOW - KEPT_FOR, 2 * kept_answers.BATCH + 1)
    before = REGISTRY.get_sample_value("dispatch_kept_answers_forgotten_total") or 0.0

    async with asyncio.timeout(120), service.app.router.lifespan_context(service.app):
        while await _kept(service):  # noqa: ASYNC110 - the service tells nobody
            await asyncio.sleep(0.01)

    assert (REGISTRY.get_sample_value("dispatch_kept_answers_forgotten_total") or 0.0) - before >= 1001
    assert "kept answers forgotten" in written.getvalue()


async def test_old_answers_are_found_without_reading_the_young_ones(service: Service) -> None:
    async with transaction(service.sessions) as session:
        driver = await session.connection()
        await driver.exec_driver_sql("set local enable_seqscan = off")
        plan = await driver.exec_driver_sql(
            "explain select 1 from idempotency_key where created_at <= now() order by created_at limit 500"
        )

    assert "ix_idempotency_key_created" in " ".join(str(line) for line in plan)
