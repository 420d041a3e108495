"""Many at once, over real connections: nothing is booked twice, nothing is counted twice, nothing is half done."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import httpx
import pytest
from tests.support.service import Service, a_call, a_service
from tests.support.sockets import a_listening

from dispatch.app import create_app
from dispatch.config import Settings
from dispatch.db.session import make_engine

pytestmark = pytest.mark.anyio

ACTIVE = "('offered','ordered','accepted','en_route','staged','on_scene','transporting','at_destination')"


@pytest.fixture
async def crowd(worker_database_url: str) -> AsyncIterator[Service]:
    """A service with twenty more units to fight over."""
    async with a_service(worker_database_url, extra_units=20) as running:
        yield running


async def _two_processes(service: Service) -> tuple[httpx.AsyncClient, ...]:
    """Two further apps with engines and caches of their own, as two processes would have."""
    clients = []
    for _ in range(2):
        engine = make_engine(service.database_url)
        url, quiet = service.database_url, Settings(log_level="error")
        app = create_app(quiet, database_url=url, engine=engine, clock=service.clock)
        clients.append(httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service"))
    return tuple(clients)


async def _double_booked(service: Service) -> int:
    rows = await service.fetch(
        f"select unit_id from assignment a join unit u using (jurisdiction_id) where a.unit_id = u.id"
        f" and a.jurisdiction_id = $1 and a.status in {ACTIVE}"
        " group by unit_id, u.capacity having count(*) > u.capacity",
        service.jurisdiction,
    )
    return len(rows)


async def test_sixty_four_clients_fight_over_twenty_units_and_every_unit_is_booked_once(crowd: Service) -> None:
    incidents = [await crowd.incident() for _ in range(64)]
    headers = {"Authorization": f"Bearer {crowd.tokens['dispatcher']}"}

    async with (
        a_listening(crowd.app) as url,
        httpx.AsyncClient(base_url=url, headers=headers, timeout=60, limits=httpx.Limits(max_connections=64)) as client,
    ):

        async def fight(n: int) -> list[int]:
            return [
                (
                    await client.post(
                        f"/v1/incidents/{incidents[n]}/assignments", json={"units": [f"X{(n + k) % 20 + 1}"]}
                    )
                ).status_code
                for k in range(3)
            ]

        answers = Counter(code for codes in await asyncio.gather(*(fight(n) for n in range(64))) for code in codes)

    assert answers == {201: 20, 409: 64 * 3 - 20}
    assert await _double_booked(crowd) == 0
    [row] = await crowd.fetch("select count(*) from assignment where jurisdiction_id = $1", crowd.jurisdiction)
    assert row["count"] == 20


async def test_pairs_of_units_wanted_in_opposite_order_do_not_deadlock(crowd: Service) -> None:
    incidents = [await crowd.incident() for _ in range(24)]
    pairs = [("X1", "X2", "X3"), ("X3", "X2", "X1"), ("X2", "X3", "X1")]

    answers = await asyncio.gather(
        *(
            crowd.post(f"/v1/incidents/{incident}/assignments", {"units": list(pairs[n % 3])})
            for n, incident in enumerate(incidents)
        )
    )

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 23}
    assert all(answer.json()["code"] == "unit_already_assigned" for answer in answers if answer.status_code == 409)


async def test_a_unit_wanted_by_many_life_threats_at_once_is_turned_round_once_and_the_other_waits_again(
    service: Service,
) -> None:
    calm = await service.incident(call_type={"text": "NOISE COMPLAINT"}, narrative="loud music next door")
    await service.assign(calm, "M1")
    threats = [await service.incident(call_type=None, narrative="my father is not breathing") for _ in range(8)]

    answers = await asyncio.gather(
        *(service.post(f"/v1/incidents/{threat}:redirect", {"unit": "M1"}) for threat in threats),
        *(service.post(f"/v1/incidents/{threat}/assignments", {"units": ["M1"]}) for threat in threats),
    )

    codes = Counter(answer.status_code for answer in answers)
    assert codes == {200: 1, 409: 15}
    held = await service.fetch(
        "select incident_id from assignment where jurisdiction_id = $1 and holds_unit", service.jurisdiction
    )
    (winner,) = [threat for threat, answer in zip(threats, answers, strict=False) if answer.status_code == 200]
    assert [row["incident_id"] for row in held] == [winner]
    assert (await service.get(f"/v1/incidents/{calm}")).json()["incident"]["status"] == "pending"


async def test_a_unit_that_arrives_while_it_is_turned_round_is_at_one_place(service: Service) -> None:
    for _ in range(6):
        calm = await service.incident(call_type={"text": "NOISE COMPLAINT"}, narrative="loud music next door")
        [old] = await service.assign(calm, "M1")
        grave = await service.incident(call_type=None, narrative="my father is not breathing")

        arrived, turned = await asyncio.gather(
            service.post(f"/v1/assignments/{old['id']}/status", {"status": "on_scene"}),
            service.post(f"/v1/incidents/{grave}:redirect", {"unit": "M1"}),
        )

        assert sorted((arrived.status_code, turned.status_code)) == [200, 409]
        held = await service.fetch(
            "select id, status from assignment where jurisdiction_id = $1 and holds_unit", service.jurisdiction
        )
        assert [row["status"] for row in held] == ["on_scene" if arrived.status_code == 200 else "ordered"]
        await service.step(held[0]["id"], "cleared", outcome="handled")


async def test_a_desk_is_filled_to_its_capacity_and_not_beyond(service: Service) -> None:
    incidents = [await service.incident() for _ in range(12)]

    answers = await asyncio.gather(
        *(service.post(f"/v1/incidents/{incident}/assignments", {"units": ["DESK"]}) for incident in incidents)
    )

    assert Counter(answer.status_code for answer in answers) == {201: 3, 409: 9}


async def test_one_call_posted_thirty_two_times_at_once_is_one_call(service: Service) -> None:
    body = a_call()
    others = await _two_processes(service)
    headers = {"Authorization": f"Bearer {service.tokens['integration']}"}

    answers = await asyncio.gather(
        *((service.client, *others)[n % 3].post("/v1/calls", json=body, headers=headers) for n in range(32))
    )

    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 31}
    assert len({answer.json()["call"]["id"] for answer in answers}) == 1
    assert len({answer.json()["incident"]["id"] for answer in answers}) == 1
    assert len({answer.json()["incident"]["number"] for answer in answers}) == 1
    rows = await service.rows()
    assert (rows["call"], rows["incident"], rows["triage_decision"]) == (1, 1, 1)


async def test_versions_of_one_call_that_arrive_at_once_end_with_the_newest(service: Service) -> None:
    body = a_call()
    await service.call(**body)
    versions = [{**body, "updated_at": f"2026-11-23T14:01:{n:02}Z", "narrative": f"version {n}"} for n in range(1, 13)]

    answers = await asyncio.gather(*(service.post("/v1/calls", one) for one in reversed(versions)))

    assert {answer.status_code for answer in answers} <= {200, 409}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"stale_content"}
    again = await service.post("/v1/calls", versions[-1])
    assert again.status_code == 200
    taken = sum(answer.status_code == 200 for answer in answers)
    assert (await service.rows())["call_update"] == taken
    assert again.json()["call"]["version"] == taken + 1


async def test_one_idempotency_key_used_sixteen_times_at_once_does_the_work_once(service: Service) -> None:
    incident = await service.incident()
    others = await _two_processes(service)
    headers = {"Authorization": f"Bearer {service.tokens['dispatcher']}", "Idempotency-Key": "once"}

    answers = await asyncio.gather(
        *(
            (service.client, *others)[n % 3].post(
                f"/v1/incidents/{incident}/assignments", json={"units": ["CR1"]}, headers=headers
            )
            for n in range(16)
        )
    )

    assert Counter(answer.status_code for answer in answers) == {201: 16}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == 15
    assert (await service.rows())["assignment"] == 1


async def test_a_unit_is_either_assigned_or_off_duty_never_both(crowd: Service) -> None:
    incident = await crowd.incident()
    units = [f"X{n}" for n in range(1, 13)]

    answers = await asyncio.gather(
        *(
            call
            for unit in units
            for call in (
                crowd.post(f"/v1/incidents/{incident}/assignments", {"units": [unit]}),
                crowd.post(f"/v1/units/{unit}/status", {"status": "off_duty"}),
            )
        )
    )

    for n, unit in enumerate(units):
        assigned, off = answers[2 * n], answers[2 * n + 1]
        assert sorted((assigned.status_code, off.status_code)) in ([200, 409], [201, 409]), unit
        assert assigned.status_code == 201 or assigned.json()["code"] == "unit_not_available"


async def test_one_step_sent_eight_times_at_once_is_taken_once(service: Service) -> None:
    incident = await service.incident()
    [row] = await service.assign(incident, "P1")

    answers = await asyncio.gather(
        *(service.post(f"/v1/assignments/{row['id']}/status", {"status": "en_route"}) for _ in range(8))
    )

    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 7}
    steps = await service.fetch(
        "select 1 from event_log where jurisdiction_id = $1 and type = 'assignment.en_route'", service.jurisdiction
    )
    assert len(steps) == 1


async def test_closing_and_assigning_at_once_never_leaves_a_unit_on_a_closed_incident(service: Service) -> None:
    for unit in ("P1", "P2", "M1", "M2", "CR1", "CR2"):
        incident = await service.incident()

        assigned, closed = await asyncio.gather(
            service.post(f"/v1/incidents/{incident}/assignments", {"units": [unit]}),
            service.post(f"/v1/incidents/{incident}:close", {"disposition": "resolved"}),
        )

        assert sorted((assigned.status_code, closed.status_code)) in ([200, 409], [201, 409])


async def test_two_overrides_and_a_retriage_at_once_are_three_decisions_in_order(service: Service) -> None:
    incident = await service.incident()

    answers = await asyncio.gather(
        service.post(f"/v1/incidents/{incident}:override", {"reason": "caller_update", "priority": 1}),
        service.post(f"/v1/incidents/{incident}:override", {"reason": "caller_update", "priority": 2}),
        service.post(f"/v1/incidents/{incident}:retriage", {"note": "more"}),
    )

    assert {answer.status_code for answer in answers} == {200}
    decisions = (await service.get(f"/v1/incidents/{incident}/decisions")).json()["items"]
    assert [one["ordinal"] for one in decisions] == [1, 2, 3, 4]


async def test_slow_senders_do_not_keep_others_out(service: Service) -> None:
    async def drip() -> AsyncIterator[bytes]:
        yield b'{"source": "cad-east", '
        await asyncio.sleep(90)
        yield b'"source_ref": "slow"}'

    headers = {"Authorization": f"Bearer {service.tokens['dispatcher']}", "Content-Type": "application/json"}
    async with (
        a_listening(service.app) as url,
        httpx.AsyncClient(
            base_url=url, headers=headers, timeout=30, limits=httpx.Limits(max_connections=100)
        ) as client,
    ):
        slow = [asyncio.create_task(client.post("/v1/calls", content=drip())) for _ in range(40)]
        await asyncio.sleep(0.5)
        async with asyncio.timeout(30):
            answer = await client.post("/v1/calls", json=a_call())
        for one in slow:
            one.cancel()
        await asyncio.gather(*slow, return_exceptions=True)

    assert answer.status_code == 201


async def test_late_statuses_that_come_at_once_in_any_order_end_in_the_same_history(service: Service) -> None:
    """A crew's device finds the network again and sends all it has at once, over several connections."""
    told = {"en_route": "14:01:00", "staged": "14:03:00", "on_scene": "14:05:00"}
    made = [(await service.assign(await service.incident(), unit))[0]["id"] for unit in ("P1", "M1", "CR1", "H1")]
    service.clock.advance(600)

    async def tell(assignment: str, status: str) -> int:
        body = {"status": status, "occurred_at": f"2026-11-23T{told[status]}Z"}
        return (await service.post(f"/v1/assignments/{assignment}/status", body)).status_code

    orders = [list(told), list(told)[::-1], ["on_scene", "en_route", "staged"], ["staged", "on_scene", "en_route"]]
    answers = await asyncio.gather(*(tell(one, status) for one, by in zip(made, orders, strict=True) for status in by))

    assert set(answers) == {200}
    rows = await service.fetch("select * from assignment where id = any($1)", made)
    stamps = {tuple(f"{row[f'{status}_at']:%H:%M:%S}" for status in told) for row in rows}
    assert ({row["status"] for row in rows}, stamps) == ({"on_scene"}, {tuple(told.values())})
    units = await service.fetch("select status from unit where id = any($1)", [row["unit_id"] for row in rows])
    assert {row["status"] for row in units} == {"on_scene"}
    running = await service.fetch("select kind from timer where subject_id = any($1) and fired_at is null", made)
    assert [row["kind"] for row in running] == ["welfare_check"] * len(made)
