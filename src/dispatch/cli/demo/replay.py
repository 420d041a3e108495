"""A day as it was: the units that really went, at the times of the file."""

from collections.abc import Iterable
from datetime import datetime

from dispatch.cli.demo.agenda import Agenda
from dispatch.cli.demo.crews import Told, tell_nobody
from dispatch.cli.demo.dispatcher import Dispatcher
from dispatch.cli.demo.jobs import Job
from dispatch.cli.demo.lanes import Lanes
from dispatch.cli.demo.outcomes import disposition_code, outcome_code
from dispatch.cli.demo.played import Log, Played, Sent
from dispatch.ingest.history_call import UnitTimes

_STATUSES = {
    "en_route_at": "en_route",
    "on_scene_at": "on_scene",
    "transporting_at": "transporting",
    "at_destination_at": "at_destination",
    "cleared_at": "cleared",
}


class Replay:
    """Posts the calls of a file and repeats what its units did, each step told at its time or as soon as it can be."""

    def __init__(self, agenda: Agenda, dispatcher: Dispatcher, log: Log, *, told: Told = tell_nobody) -> None:
        self._agenda = agenda
        self._dispatcher = dispatcher
        self._log = log
        self._told = told
        self._lanes = Lanes()

    async def finish(self) -> None:
        """Whatever was not waited for is done."""
        await self._lanes.all_emptied()

    def plan(self, jobs: Iterable[Job]) -> None:
        """The calls are on the agenda."""
        for job in jobs:
            self._agenda.add(job.at, lambda job=job: self._receive(job))  # type: ignore[misc]

    async def _receive(self, job: Job) -> None:
        answer = await self._dispatcher.post_call(job.body)
        if not answer.ok:
            return
        self._log.posted += 1
        incident, advice = answer.body["incident"], answer.body["recommendation"]
        picks = frozenset(unit["responder_type"] for unit in advice["units"] if unit["pick"])
        triage, flags = answer.body["triage"], answer.body["call"]["flags"]
        played = Played(job, incident["id"], incident["number"], triage, flags, picks)
        self._log.played.append(played)
        self._told("call", played, advice)
        left = _Left(len(job.unit_times))
        for times in job.unit_times:
            sent_at = times.dispatched_at or job.at
            self._agenda.add(sent_at, lambda times=times: self._assign(played, times, left))  # type: ignore[misc]
        if not job.unit_times:
            self._log.not_sent["no_unit_in_the_file"] += 1

    async def _assign(self, played: Played, times: UnitTimes, left: "_Left") -> None:
        body = {"units": [times.unit], "mode": "ordered", "recommended": times.responder_type in played.recommended}
        answer = await self._dispatcher.assign(played.incident, body)
        if not answer.ok:
            self._log.overlaps += 1
            await self._end_one(played, left)
            return
        made = answer.body["assignments"][0]
        sent = Sent(made["id"], times.unit, made["responder_type"], made["program"], "primary", None)
        played.sent.append(sent)
        self._told("sent", played, {"unit": times.unit, "eta_s": None})
        for told_at, status, occurred_at, note in self._steps(times):
            self._agenda.add(
                max(told_at, self._agenda.now),
                lambda status=status, at=occurred_at, note=note: self._step(  # type: ignore[misc]
                    played, sent, status, at, note, left
                ),
            )

    def _steps(self, times: UnitTimes) -> list[tuple[datetime, str, datetime, str | None]]:
        """When each step is told, the step, when it happened, and a note where the file does not say that it did."""
        latest = times.dispatched_at or self._agenda.now
        steps: list[tuple[datetime, str, datetime, str | None]] = []
        known = {name: at for name, at in times.steps() if at is not None} or {"dispatched_at": latest}
        if known.keys() & {"transporting_at", "at_destination_at"}:
            # Transport starts at a scene: where the file lacks one, it is told with the time of the step after it.
            self._fill_in(known, "transporting_at", "at_destination_at")
            self._fill_in(known, "on_scene_at", "transporting_at")
        self._fill_in(known, "cleared_at", max(known, key=lambda name: known[name]))
        for name, status in _STATUSES.items():
            if name not in known:
                continue
            if known[name] < latest:
                self._log.backwards += 1
            latest = max(latest, known[name])
            note = None if getattr(times, name) is not None else "Not in the file; taken from the step beside it."
            steps.append((latest, status, known[name], note))
        return steps

    def _fill_in(self, known: dict[str, datetime], name: str, beside: str) -> None:
        if name not in known and beside in known:
            known[name] = known[beside]
            self._log.inferred[name] += 1

    async def _step(
        self, played: Played, sent: Sent, status: str, occurred_at: datetime, note: str | None, left: "_Left"
    ) -> None:
        body: dict[str, str | None] = {"status": status, "occurred_at": occurred_at.isoformat(), "note": note}
        if status == "cleared":
            body["outcome"] = outcome_code(played.job.outcome, sent.responder_type)

        async def tell() -> None:
            answer = await self._dispatcher.step(sent.assignment, body)
            if not answer.ok:
                self._dispatcher.traffic.unexpected.append(f"{sent.unit} could not become {status}: {answer.code}")

        self._lanes.put(sent.assignment, tell)
        if status == "cleared":
            await self._lanes.emptied(sent.assignment)
            sent.ended, sent.outcome = "cleared", body["outcome"]
            await self._end_one(played, left)

    async def _end_one(self, played: Played, left: "_Left") -> None:
        left.units -= 1
        if left.units:
            return
        disposition = disposition_code(one.outcome for one in played.handled_by if one.outcome)

        async def tell() -> None:
            played.closed = (await self._dispatcher.close(played.incident, disposition)).ok

        self._lanes.put(played.incident, tell)
        self._told("closed", played, disposition)


class _Left:
    """How many units of a call are still to come or on it."""

    def __init__(self, units: int) -> None:
        self.units = units
