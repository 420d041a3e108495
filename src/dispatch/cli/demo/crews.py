"""A dispatcher who follows the recommendations: sends the picks, waits where the plan says so, tries the next best."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any

from dispatch.cli.demo.agenda import Agenda
from dispatch.cli.demo.dispatcher import Dispatcher
from dispatch.cli.demo.duty import Duty, Span
from dispatch.cli.demo.jobs import Job
from dispatch.cli.demo.lanes import Lanes
from dispatch.cli.demo.lives import Step, answer_delay_s, declines, steps_of
from dispatch.cli.demo.outcomes import disposition_code
from dispatch.cli.demo.played import Log, Played, Sent

AFTER_DECLINE_S = 10
PROBE_EVERY = 20  # assignments between two tries to give a unit that is on a job to somebody else
STEPS_LIMIT = 40  # assignments of one incident: whoever needs more is stuck

Told = Callable[[str, Played, Any], None]


def tell_nobody(what: str, played: Played, more: Any) -> None:
    """For a run that nobody watches."""


class Crews:
    """Plays the dispatcher and the units, over HTTP only. capacities, types: of each unit by call sign."""

    def __init__(
        self,
        agenda: Agenda,
        dispatcher: Dispatcher,
        log: Log,
        *,
        types: Mapping[str, str],
        capacities: Mapping[str, int],
        told: Told = tell_nobody,
    ) -> None:
        self._agenda = agenda
        self._dispatcher = dispatcher
        self._log = log
        self._capacities = capacities
        self._told = told
        self._duty = Duty(agenda, dispatcher, types, self._serve_line)
        self._line: dict[str, Played] = {}
        self._open: dict[str, Played] = {}
        self._assigned = 0
        self._lanes = Lanes()

    def plan(self, jobs: Iterable[Job], spans: Iterable[Span], until: datetime) -> None:
        """The calls and the shifts are on the agenda."""
        self._duty.plan(spans, until)
        for job in jobs:
            self._agenda.add(job.at, lambda job=job: self._receive(job))  # type: ignore[misc]

    async def finish(self) -> None:
        """Whatever was not waited for is done."""
        await self._lanes.all_emptied()

    async def _receive(self, job: Job) -> None:
        answer = await self._dispatcher.post_call(job.body)
        if not answer.ok:
            return
        self._log.posted += 1
        advice = answer.body["recommendation"]
        incident = answer.body["incident"]
        picks = frozenset(unit["responder_type"] for unit in advice["units"] if unit["pick"])
        triage, flags = answer.body["triage"], answer.body["call"]["flags"]
        played = Played(job, incident["id"], incident["number"], triage, flags, picks)
        self._log.played.append(played)
        self._told("call", played, advice)
        if job.not_a_call is not None:
            self._log.not_sent[job.not_a_call] += 1
            self._close(played, "other", "Nobody asked for help.")
            return
        self._open[played.incident] = played
        sent_at = (job.occurred or {}).get("dispatched_at")
        if sent_at is not None and sent_at > self._agenda.now:
            self._agenda.add(sent_at, lambda: self._look_again(played))
        else:
            await self._send(played, advice)

    async def _look_again(self, played: Played) -> None:
        """Whoever can go now is sent."""
        if played.closed:
            self._line.pop(played.incident, None)
            return
        if len(played.sent) > STEPS_LIMIT:
            if self._line.pop(played.incident, None) is not None:
                self._dispatcher.traffic.unexpected.append(
                    f"{played.number} was recommended more and more units ({len(played.sent)}) and never had enough"
                )
            return
        answer = await self._dispatcher.recommendation(played.incident)
        if answer.ok:
            await self._send(played, answer.body)

    async def _send(self, played: Played, advice: Mapping[str, Any]) -> None:
        _note_gaps(played, advice)
        held_until = _worth_waiting_for(advice, self._agenda.now)
        if held_until is not None and not played.on_it:
            if not played.waited:
                played.waited = True
                self._told("wait", played, held_until)
            self._wait_in_line(played)
            self._agenda.add(held_until, lambda: self._look_again_if_waiting(played))
            return
        picks = [unit for unit in advice["units"] if unit["pick"]]
        for role, of_role in groupby(sorted(picks, key=lambda pick: pick["role"]), key=lambda pick: pick["role"]):
            await self._assign(played, list(of_role), role)
        active = advice["active_step"]
        short = [gap for gap in advice["shortfalls"] if gap["step"] == active and gap["role"] != "support"]
        if short or not (picks or played.on_it):
            if short and not played.lacks_units:
                self._told("short", played, short)
            self._wait_in_line(played)
        else:
            played.lacks_units = False
            self._line.pop(played.incident, None)

    def _wait_in_line(self, played: Played) -> None:
        played.lacks_units = True
        self._line[played.incident] = played

    async def _look_again_if_waiting(self, played: Played) -> None:
        if played.incident in self._line:
            await self._look_again(played)

    async def _serve_line(self, responder_type: str) -> None:
        """A unit of this type is free: whoever waits for one gets it, the most urgent and oldest first."""
        wanting = [
            played
            for played in self._line.values()
            if any(entry["responder_type"] == responder_type for entry in played.triage["plan"])
        ]
        for played in sorted(wanting, key=lambda one: (one.priority, one.job.at)):
            before = len(played.sent)
            await self._look_again(played)
            if len(played.sent) > before:
                return

    async def _assign(self, played: Played, picks: list[dict[str, Any]], role: str) -> None:
        etas = {pick["unit"]: pick["eta_s"] for pick in picks if pick["eta_s"] is not None}
        body = {
            "units": [pick["unit"] for pick in picks],
            "step": picks[0]["step"],
            "role": role,
            "eta_s": etas or None,
            "recommended": True,
        }
        answer = await self._dispatcher.assign(played.incident, body)
        if not answer.ok:
            self._wait_in_line(played)
            return
        by_unit = {pick["unit"]: pick for pick in picks}
        for made in answer.body["assignments"]:
            pick = by_unit[made["unit"]]
            sent = Sent(made["id"], made["unit"], made["responder_type"], made["program"], role, made["step"])
            played.sent.append(sent)
            self._duty.took(sent.unit)
            self._told("sent", played, pick)
            self._begin(played, sent, pick, made["mode"])
        self._assigned += 1
        if self._assigned % PROBE_EVERY == 0:
            await self._try_to_double_book(played)

    def _begin(self, played: Played, sent: Sent, pick: dict[str, Any], mode: str) -> None:
        if mode == "ordered":
            self._follow(played, sent, steps_of(played.job, pick, self._agenda.now))
            return
        delay = answer_delay_s(played.job, sent.unit)
        if declines(played.job, sent.unit):
            self._agenda.add_in(delay, lambda: self._decline(played, sent))
        else:
            self._agenda.add_in(delay, lambda: self._accept(played, sent, pick))

    async def _accept(self, played: Played, sent: Sent, pick: dict[str, Any]) -> None:
        self._send_step(sent, Step(self._agenda.now, "accepted"))
        self._follow(played, sent, steps_of(played.job, pick, self._agenda.now))

    async def _decline(self, played: Played, sent: Sent) -> None:
        body = {"status": "declined", "reason": "Cannot take it now."}
        await self._dispatcher.step(sent.assignment, body)
        sent.ended = "declined"
        self._told("declined", played, sent)
        self._agenda.add_in(AFTER_DECLINE_S, lambda: self._look_again(played))
        await self._duty.released(sent.unit)

    def _follow(self, played: Played, sent: Sent, steps: list[Step]) -> None:
        for step in steps:
            self._agenda.add(step.at, lambda step=step: self._step(played, sent, step))  # type: ignore[misc]

    async def _step(self, played: Played, sent: Sent, step: Step) -> None:
        self._send_step(sent, step)
        if step.status != "cleared":
            return
        await self._lanes.emptied(sent.assignment)
        sent.ended, sent.outcome = "cleared", step.outcome
        if not played.on_it:
            outcomes = [one.outcome for one in played.handled_by if one.outcome]
            self._close(played, disposition_code(outcomes))
        await self._duty.released(sent.unit)

    def _send_step(self, sent: Sent, step: Step) -> None:
        """The step is told in its turn; it happened now, however long that takes."""
        body = {"status": step.status, "occurred_at": self._agenda.now.isoformat()}
        if step.outcome:
            body["outcome"] = step.outcome

        async def tell() -> None:
            if step.status == "on_scene" and sent.role == "staged":
                await self._dispatcher.release(sent.assignment)
            answer = await self._dispatcher.step(sent.assignment, body)
            if not answer.ok:
                self._dispatcher.traffic.unexpected.append(f"{sent.unit} could not become {step.status}: {answer.code}")

        self._lanes.put(sent.assignment, tell)

    def _close(self, played: Played, disposition: str, note: str | None = None) -> None:
        self._line.pop(played.incident, None)
        self._open.pop(played.incident, None)
        played.closed = True

        async def tell() -> None:
            played.closed = (await self._dispatcher.close(played.incident, disposition, note)).ok

        self._lanes.put(played.incident, tell)
        self._told("closed", played, disposition)

    async def _try_to_double_book(self, played: Played) -> None:
        """Another incident asks for a unit that is on this one: the service must refuse."""
        unit = next((sent.unit for sent in played.on_it if self._capacities.get(sent.unit) == 1), None)
        other = next((one for key, one in reversed(self._open.items()) if key != played.incident), None)
        if unit is None or other is None:
            return
        answer = await self._dispatcher.assign(other.incident, {"units": [unit]})
        self._log.double_booking["refused" if answer.code == "unit_already_assigned" else "not_refused"] += 1
        if answer.code != "unit_already_assigned":
            self._dispatcher.traffic.unexpected.append(f"{unit} was given to two incidents at once")


def _note_gaps(played: Played, advice: Mapping[str, Any]) -> None:
    for gap in advice["shortfalls"]:
        key = (gap["responder_type"], gap["program"])
        played.gaps.setdefault(key, set()).update(gap["reasons"])


def _worth_waiting_for(advice: Mapping[str, Any], now: datetime) -> datetime | None:
    """Until when the plan would rather wait for somebody of an earlier step than go on; None: go on."""
    active = advice["active_step"]
    limits = [
        datetime.fromisoformat(gap["wait_until"])
        for gap in advice["shortfalls"]
        if gap["wait_until"] is not None and (active is None or gap["step"] < active) and gap["role"] != "support"
    ]
    later = [limit for limit in limits if limit > now]
    return max(later) if later else None
