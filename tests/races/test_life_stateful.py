"""Any order of calls, assignments, steps and endings, over two connections at once, keeps the books straight."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import httpx
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from tests.support.city import UNITS
from tests.support.service import Service, a_call, a_service

from dispatch.db.session import reading
from dispatch.domain.assignment import (
    ACTIVE,
    NEEDS_OUTCOME,
    NEEDS_REASON,
    TERMINAL,
    AssignmentMode,
    AssignmentStatus,
    legal_moves,
    unit_status_after,
)
from dispatch.domain.classification import ORDERED_RESPONDER_TYPES
from dispatch.queries.roster import RosterCopies, read_roster

T = TypeVar("T")
Answer = httpx.Response

PLAYING = ("P1", "CR1", "DESK")
KIND = {unit.call_sign: unit.responder_type for unit in UNITS}
CAPACITY = {unit.call_sign: unit.capacity for unit in UNITS}
# Which of those that are there: races decide how many there are, so the choice must not depend on it.
ANY = st.integers(0, 999)


def _has_it(unit: str, status: AssignmentStatus) -> bool:
    """True when the unit has the incident: a desk has it when it says yes, since until then the call waits."""
    return status in ACTIVE and not (unit == "DESK" and status is AssignmentStatus.OFFERED)


class Life(RuleBasedStateMachine):
    """The model holds what was acknowledged; after every rule the database must say the same."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.entered = a_service(self.url)
        self.service: Service = self._run(self.entered.__aenter__)
        self.copies = RosterCopies()  # brought up to date after every rule, it is the roster read whole
        self.calls: dict[str, str] = {}
        self.incident: dict[str, str] = {}
        self.held: dict[str, tuple[str, str, AssignmentStatus]] = {}
        self.since_clear: dict[str, set[str]] = {}  # by incident, who was sent after the last unit cleared

    def _run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        return asyncio.run_coroutine_threadsafe(work(), self.loop).result(timeout=20)

    def _both(self, *requests: tuple[str, dict[str, Any]]) -> list[Answer]:
        """The answers to requests that were sent in the same instant over two connections, a second later."""
        self.service.clock.advance(1)

        async def send() -> list[Answer]:
            return list(await asyncio.gather(*(self.service.post(path, body) for path, body in requests)))

        return self._run(send)

    def teardown(self) -> None:
        async def leave() -> None:
            await self.entered.__aexit__(None, None, None)

        self._run(leave)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(timeout=5)
        self.loop.close()

    @rule(twice=st.booleans())
    def a_call_comes_in(self, twice: bool) -> None:
        body = a_call()
        answers = self._both(*[("/v1/calls", body)] * (2 if twice else 1))

        assert sorted(answer.status_code for answer in answers) == ([200, 201] if twice else [201])
        [incident] = {answer.json()["incident"]["id"] for answer in answers}
        self.calls[body["source_ref"]] = incident
        self.incident[incident] = "pending"

    def _active(self, unit: str) -> list[str]:
        return [incident for incident, name, status in self.held.values() if name == unit and status in ACTIVE]

    def _took(self, answer: Answer) -> None:
        for row in answer.json()["assignments"]:
            self.held[row["id"]] = (row["incident_id"], row["unit"], AssignmentStatus(row["status"]))
            if row["incident_id"] in self.since_clear:
                self.since_clear[row["incident_id"]].add(row["id"])
            if _has_it(row["unit"], AssignmentStatus(row["status"])):
                self.incident[row["incident_id"]] = "active"
        on_it = [_has_it(unit, status) for where, unit, status in self.held.values() if where == row["incident_id"]]
        if not any(on_it):  # everybody has left, and the desk was asked
            self.incident[row["incident_id"]] = "pending"

    def _pick(self, known: dict[str, Any], n: int) -> str:
        return list(known)[n % len(known)]

    @precondition(lambda self: self.incident)
    @rule(n=ANY, units=st.sets(st.sampled_from(PLAYING), min_size=1, max_size=3))
    def units_are_assigned(self, n: int, units: set[str]) -> None:
        incident = self._pick(self.incident, n)
        [answer] = self._both((f"/v1/incidents/{incident}/assignments", {"units": sorted(units)}))

        free = all(len(self._active(unit)) < CAPACITY[unit] and incident not in self._active(unit) for unit in units)
        open_ = self.incident[incident] not in ("closed", "cancelled")
        assert answer.status_code == (201 if free and open_ else 409), answer.text
        if answer.status_code == 201:
            self._took(answer)

    @precondition(lambda self: self.incident)
    @rule(n=ANY, m=ANY, unit=st.sampled_from(PLAYING))
    def two_dispatchers_want_one_unit(self, n: int, m: int, unit: str) -> None:
        first, second = self._pick(self.incident, n), self._pick(self.incident, m)
        answers = self._both(*((f"/v1/incidents/{one}/assignments", {"units": [unit]}) for one in (first, second)))

        wanted = [
            one
            for one in dict.fromkeys((first, second))
            if self.incident[one] not in ("closed", "cancelled") and one not in self._active(unit)
        ]
        won = [answer for answer in answers if answer.status_code == 201]
        assert {answer.status_code for answer in answers} <= {201, 409}
        assert len(won) == min(len(wanted), CAPACITY[unit] - len(self._active(unit)))
        for answer in won:
            self._took(answer)

    @rule(n=ANY, k=ANY, sensible=st.sampled_from((True, True, True, False)), twice=st.booleans())
    def a_step_is_reported(self, n: int, k: int, sensible: bool, twice: bool) -> None:
        if not self.held:
            return
        assignment = self._pick(self.held, n)
        incident, unit, before = self.held[assignment]
        mode = AssignmentMode.ORDERED if KIND[unit] in ORDERED_RESPONDER_TYPES else AssignmentMode.OFFERED
        choices = (legal_moves(before, mode) if sensible else ()) or tuple(AssignmentStatus)
        to = choices[k % len(choices)].value
        body = {"status": to, "reason": "because", "outcome": "handled"}
        answers = self._both(*[(f"/v1/assignments/{assignment}/status", body)] * (2 if twice else 1))

        status = AssignmentStatus(to)
        legal = status in legal_moves(before, mode)
        expected = ([200] if legal else [409]) + ([409] if twice else [])
        assert sorted(answer.status_code for answer in answers) == sorted(expected), answers[0].text
        if legal:
            self.held[assignment] = (incident, unit, status)
            if _has_it(unit, status) and not _has_it(unit, before):
                self.incident[incident] = "active"
            self._incident_follows(incident, status)

    def _incident_follows(self, incident: str, status: AssignmentStatus) -> None:
        mine = {one: (unit, held) for one, (where, unit, held) in self.held.items() if where == incident}
        if status is AssignmentStatus.CLEARED:
            self.since_clear[incident] = set()
        in_vain = [one for one in self.since_clear.get(incident, ()) if mine[one][1] in TERMINAL]
        came = incident in self.since_clear and not in_vain
        stays = came or any(_has_it(unit, held) for unit, held in mine.values())
        if status in TERMINAL and not stays and self.incident[incident] == "active":
            self.incident[incident] = "pending"

    @precondition(lambda self: self.incident)
    @rule(n=ANY)
    def an_incident_is_closed(self, n: int) -> None:
        incident = self._pick(self.incident, n)
        [answer] = self._both((f"/v1/incidents/{incident}:close", {"disposition": "resolved"}))

        busy = any(where == incident and status in ACTIVE for where, _, status in self.held.values())
        possible = self.incident[incident] not in ("closed", "cancelled") and not busy
        assert answer.status_code == (200 if possible else 409)
        if possible:
            self.incident[incident] = "closed"

    @precondition(lambda self: self.incident)
    @rule(n=ANY, unit=st.sampled_from(PLAYING))
    def one_closes_while_another_assigns(self, n: int, unit: str) -> None:
        incident = self._pick(self.incident, n)
        closed, assigned = self._both(
            (f"/v1/incidents/{incident}:close", {"disposition": "resolved"}),
            (f"/v1/incidents/{incident}/assignments", {"units": [unit]}),
        )

        assert not (closed.status_code == 200 and assigned.status_code == 201)
        if assigned.status_code == 201:
            self._took(assigned)
        if closed.status_code == 200:
            self.incident[incident] = "closed"

    @precondition(lambda self: self.incident)
    @rule(n=ANY)
    def an_incident_is_reopened_if_it_had_ended(self, n: int) -> None:
        incident = self._pick(self.incident, n)
        [answer] = self._both((f"/v1/incidents/{incident}:reopen", {"reason": "rang again"}))

        if self.incident[incident] in ("closed", "cancelled"):
            assert answer.status_code == 200
            self.incident[incident] = "pending"
        else:
            assert answer.status_code == 409

    @invariant()
    def the_books_are_straight(self) -> None:
        self._run(self._compare)

    async def _compare(self) -> None:
        j = self.service.jurisdiction
        fetch = self.service.fetch
        stored = {row["id"]: row for row in await fetch("select * from assignment where jurisdiction_id = $1", j)}
        incidents = await fetch("select id, status from incident where jurisdiction_id = $1", j)
        calls = await fetch("select source_ref, incident_id from call where jurisdiction_id = $1", j)
        units = await fetch("select call_sign, status, capacity from unit where jurisdiction_id = $1", j)
        log = await fetch(
            "select distinct on (subject_id) subject_id, type, payload from event_log"
            " where jurisdiction_id = $1 and subject_id like 'asg_%' order by subject_id, seq desc", j
        )  # fmt: skip

        assert {row["source_ref"]: row["incident_id"] for row in calls} == self.calls
        assert {row["id"]: row["status"] for row in incidents} == self.incident
        assert {one: (row["incident_id"], row["call_sign"], row["status"]) for one, row in stored.items()} == {
            one: (incident, unit, status.value) for one, (incident, unit, status) in self.held.items()
        }
        for unit in units:
            now = [status for _, name, status in self.held.values() if name == unit["call_sign"] and status in ACTIVE]
            assert len(now) <= unit["capacity"]
            if unit["capacity"] == 1:
                assert unit["status"] == (unit_status_after(now[0]).value if now else "available")
        async with reading(self.service.sessions) as session:
            at = self.service.clock.now()
            copy = await self.copies.get(session, j, at)
            assert copy.candidates == (await read_roster(session, j, at)).candidates
        for row in log:
            said = row["type"].partition(".")[2]
            status = stored[row["subject_id"]]["status"]
            assert said == status or (said == "assigned" and status in ("ordered", "offered"))
        assert {row["subject_id"] for row in log} == set(stored)


def test_any_order_of_events_over_two_connections_keeps_the_books_straight(
    worker_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert NEEDS_REASON
    assert NEEDS_OUTCOME
    monkeypatch.setattr(Life, "url", worker_database_url)

    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=20,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            database=None,
            # No shrinking: a race that is found once need not be found again.
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
