"""A further decision: triage again when more is known, or a person who decides otherwise and says why."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.active_policy import ActivePolicies, Standing
from dispatch.db.ids import new_id
from dispatch.db.lookup import get_incident
from dispatch.db.models import Incident, TriageDecisionRow
from dispatch.db.timers import End, Timing
from dispatch.domain.access import ONE_WAY_TYPES
from dispatch.domain.alarm import AlarmKind
from dispatch.domain.call import CallFacts
from dispatch.domain.classification import HIGHEST_PRIORITY, LOWEST_PRIORITY, Category
from dispatch.domain.errors import FieldProblem, Invalid, NotFound
from dispatch.domain.ids import Prefix
from dispatch.domain.incident import IncidentStatus
from dispatch.domain.risk import risen
from dispatch.domain.timers import OF_INCIDENT, OF_QUEUE
from dispatch.operations.actor import Actor, tell
from dispatch.operations.alarms import Raise, raise_alarm
from dispatch.operations.earlier_decisions import last_of_triage, was_overridden
from dispatch.operations.known_words import require_incident_type, require_responder_type
from dispatch.operations.queue import is_off_the_queue, put_back
from dispatch.operations.shadow import beside, record_shadow
from dispatch.operations.triage_input import (
    LINKED,
    NOTES,
    as_given,
    as_linked,
    from_given,
    linked_of,
    notes_of,
    with_more,
)
from dispatch.triage.decision import TriageDecision, as_data
from dispatch.triage.outcomes import differences, must_come, tells_more
from dispatch.triage.whole import LinkedFacts, evaluate_whole, joined, raised

# Why a person decided otherwise. Codes are for ever; the note beside one is free text.
OVERRIDE_REASONS: dict[str, str] = {
    "caller_update": "The caller or another caller said more than the record shows",
    "scene_information": "Someone at the scene reported otherwise",
    "no_weapon_confirmed": "It was confirmed that there is no weapon",
    "danger_known": "The dispatcher knows of a danger that triage did not read",
    "premise_history": "Known history of this place or person",
    "supervisor_direction": "A supervisor directed it",
    "responder_request": "The responder asked for it",
    "caller_wish": "The caller asked for another kind of responder",
    "policy_gap": "The policy has no good answer for this",
    "resource_shortage": "The right responder cannot come in time",
    "other": "Another reason, given in the note",
}

LIFE_AT_STAKE = 1  # up to this priority, new facts reopen an incident that had ended


@dataclass(frozen=True, slots=True)
class Redecision:
    """A new answer of triage for an incident that has one already. trigger: call_update, retriage, linked.

    notes: all that people added to the call so far; they are part of the narrative already. linked: what the calls
    linked to it say; the decision covers them.
    """

    incident_id: str
    trigger: str
    call: CallFacts
    decision: TriageDecision
    notes: list[str] = field(default_factory=list)
    linked: list[LinkedFacts] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MoreKnown:
    """What was learnt since the last decision."""

    answers: dict[str, str]
    note: str | None = None
    type_code: str | None = None
    type_text: str | None = None


@dataclass(frozen=True, slots=True)
class Override:
    """What a person decided instead. None leaves triage's answer."""

    reason: str
    note: str | None = None
    category: Category | None = None
    priority: int | None = None
    incident_type: str | None = None
    responder_type: str | None = None


async def standing_decision(session: AsyncSession, jurisdiction_id: str, decision_id: str) -> TriageDecisionRow:
    """The decision that the incident follows: a person's override outlives a later answer of triage."""
    return await session.get_one(TriageDecisionRow, (jurisdiction_id, decision_id))


async def latest_decision(session: AsyncSession, jurisdiction_id: str, incident_id: str) -> TriageDecisionRow:
    """The newest decision, with all that was known by then; the incident need not follow it. Raises NotFound."""
    row = await session.scalar(
        select(TriageDecisionRow)
        .where(TriageDecisionRow.jurisdiction_id == jurisdiction_id, TriageDecisionRow.incident_id == incident_id)
        .order_by(TriageDecisionRow.ordinal.desc())
        .limit(1)
    )
    if row is None:
        raise NotFound(f"Incident {incident_id} has no decision.", fix="Retriage it.")
    return row


async def retriage(
    session: AsyncSession, incident_id: str, more: MoreKnown, policies: ActivePolicies, actor: Actor
) -> dict[str, Any]:
    """The incident has a new decision under the policy of now, made from all that was known plus `more`."""
    incident = await get_incident(session, actor.jurisdiction_id, incident_id, lock=True)
    last = await latest_decision(session, actor.jurisdiction_id, incident.id)
    standing = await policies.standing(session, actor.jurisdiction_id, actor.now)
    policy = standing.policy
    call = with_more(
        from_given(last.given),
        answers=more.answers,
        note=more.note,
        type_code=more.type_code,
        type_text=more.type_text,
    )
    linked = linked_of(last.given)
    decision = evaluate_whole(call, linked, policy, actor.now)
    notes = [*notes_of(last.given), *([more.note] if more.note else [])]
    change = Redecision(incident.id, "retriage", call, decision, notes, linked)
    return await record_redecision(session, change, actor, standing, note=more.note)


async def record_redecision(
    session: AsyncSession, change: Redecision, actor: Actor, standing: Standing, *, note: str | None = None
) -> dict[str, Any]:
    """The new decision stands beside the old ones, and the incident follows it.

    A person's override is not undone by triage, unless what triage finds is graver than what it found before: more
    urgent, or somebody must come who need not come then. Other news is shown to a person. When what is found now is
    graver, or life is at stake and the facts are new, an incident is on the queue again that had ended, that is held,
    or that only a desk or an outside party has.
    """
    incident = await get_incident(session, actor.jurisdiction_id, change.incident_id, lock=True)
    last = await latest_decision(session, actor.jurisdiction_id, incident.id)
    data = as_data(change.decision)
    found_before = await last_of_triage(session, incident)
    is_graver = data["priority"] < incident.priority or bool(must_come(data) - must_come(found_before))
    overridden = await was_overridden(session, incident)
    follows = is_graver or not overridden
    given = as_given(change.call) | ({NOTES: change.notes} if change.notes else {})
    given |= {LINKED: as_linked(change.linked)} if change.linked else {}
    row = decision_row(incident.id, last.ordinal + 1, change.trigger, given, data, actor, note=note)
    session.add(row)
    before = {"category": incident.category, "priority": incident.priority, "incident_type": incident.incident_type}
    urgency, timing = incident.priority, Timing()
    if follows:
        timing = follow(incident, row.id, data, actor.now, restart=data["plan"] != last.decision["plan"])
        if overridden:
            incident.priority = min(urgency, incident.priority)
    elif differences(found_before, data):
        incident.needs_human = True  # news that the override outlives
        incident.version += 1
    await record_shadow(session, row, beside(standing, joined(change.call, change.linked), data, actor.now))
    payload = {**summary(row.id, data), "before": before, "followed": follows, "trigger": change.trigger}
    entries = [log.Entry("incident.retriaged", incident.id, actor.now, incident.id, payload)]
    is_new_and_grave = data["priority"] <= LIFE_AT_STAKE and tells_more(found_before, data)
    if (is_graver or is_new_and_grave) and await is_off_the_queue(session, incident):
        entries.append(put_back(incident, "danger_told_since", actor))
        timing += Timing(ends=[End(incident.id, OF_INCIDENT)])
    more = raised(found_before, data) if change.linked else risen(found_before, data)
    if more:
        message = f"#{incident.number} is more dangerous than it was: {', '.join(more)}."
        what = Raise(AlarmKind.RISK_RAISED, message, incident.id, incident, None, {"risen": list(more)})
        entries.append(await raise_alarm(session, what, actor))
    await tell(session, actor, *entries, timing=timing)
    return data


async def override(
    session: AsyncSession, incident_id: str, wish: Override, policies: ActivePolicies, actor: Actor
) -> dict[str, Any]:
    """A person's decision stands for the incident, with its reason code, beside what triage said."""
    _check(wish)
    if wish.responder_type is not None:
        await require_responder_type(session, policies, wish.responder_type, actor)
    incident = await get_incident(session, actor.jurisdiction_id, incident_id, lock=True)
    if wish.incident_type is not None:
        await require_incident_type(session, policies, incident, wish.incident_type, "/incident_type", actor)
    last = await latest_decision(session, actor.jurisdiction_id, incident.id)
    data = _overridden(last.decision, wish)
    row = decision_row(
        incident.id,
        last.ordinal + 1,
        "override",
        last.given,
        data,
        actor,
        note=wish.note,
        override_reason=wish.reason,
    )
    session.add(row)
    before = {"category": incident.category, "priority": incident.priority, "incident_type": incident.incident_type}
    urgency = incident.priority
    timing = follow(incident, row.id, data, actor.now, restart=data["plan"] != last.decision["plan"])
    payload = {**summary(row.id, data), "before": before, "reason": wish.reason, "note": wish.note}
    entries = [log.Entry("incident.overridden", incident.id, actor.now, incident.id, payload)]
    is_with_a_desk = incident.status == IncidentStatus.ACTIVE.value and await is_off_the_queue(session, incident)
    is_held = incident.status == IncidentStatus.HELD.value and data["priority"] <= LIFE_AT_STAKE
    if (is_with_a_desk and risen(last.decision, data)) or (is_held and data["priority"] < urgency):
        entries.append(put_back(incident, "decided_otherwise", actor))
        timing += Timing(ends=[End(incident.id, OF_INCIDENT)])
    await tell(session, actor, *entries, timing=timing)
    return data


def _check(wish: Override) -> None:
    problems = []
    if wish.responder_type in ONE_WAY_TYPES:
        problems.append(FieldProblem("/responder_type", "never_first", "is told beside others and never goes first"))
    if wish.reason not in OVERRIDE_REASONS:
        problems.append(FieldProblem("/reason", "unknown_reason", f"one of: {', '.join(OVERRIDE_REASONS)}"))
    if wish.reason == "other" and not (wish.note or "").strip():
        problems.append(FieldProblem("/note", "missing", "the reason 'other' needs a note"))
    if wish.priority is not None and not HIGHEST_PRIORITY <= wish.priority <= LOWEST_PRIORITY:
        problems.append(FieldProblem("/priority", "out_of_range", "0 (life threat) to 4 (can wait)"))
    if (wish.category, wish.priority, wish.incident_type, wish.responder_type) == (None, None, None, None):
        problems.append(
            FieldProblem("/", "nothing_overridden", "give category, priority, incident_type or responder_type")
        )
    if problems:
        raise Invalid("The override is not complete.", fix="Correct the fields named in `errors`.", errors=problems)


def _overridden(decision: dict[str, Any], wish: Override) -> dict[str, Any]:
    because = f"{OVERRIDE_REASONS[wish.reason]}{': ' + wish.note if wish.note else ''}"
    data = {
        **decision,
        "reasons": [{"rule": f"override:{wish.reason}", "because": because}, *decision["reasons"]],
        "needs_human": False,
    }
    if wish.category is not None:
        data["category"] = wish.category.value
    if wish.priority is not None:
        data["priority"] = wish.priority
    if wish.incident_type is not None:
        data["incident_type"] = wish.incident_type
    if wish.responder_type is not None:
        data["plan"] = _plan_with(wish.responder_type, decision["plan"])
    return data


def _plan_with(responder_type: str, plan: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The wished responder first; the old plan's steps stay behind it, so that someone always comes."""
    first: dict[str, Any] = {
        "step": 1,
        "responder_type": responder_type,
        "program": None,
        "count": 1,
        "role": "primary",
        "capabilities": [],
        "wait_limit_s": plan[0]["wait_limit_s"] if plan else None,
    }
    return [first, *({**entry, "step": entry["step"] + 1} for entry in plan)]


def decision_row(
    incident_id: str,
    ordinal: int,
    trigger: str,
    given: dict[str, Any],
    data: dict[str, Any],
    actor: Actor,
    *,
    note: str | None,
    override_reason: str | None = None,
) -> TriageDecisionRow:
    """A further decision of an incident, not yet added."""
    policy = data["policy"]
    return TriageDecisionRow(
        jurisdiction_id=actor.jurisdiction_id,
        id=new_id(Prefix.DECISION),
        incident_id=incident_id,
        ordinal=ordinal,
        decided_at=actor.now,
        trigger=trigger,
        actor=actor.subject,
        given=given,
        decision=data,
        policy_id=policy["id"],
        policy_version=policy["version"],
        policy_sha256=policy["sha256"],
        override_reason=override_reason,
        note=note,
    )


def follow(incident: Incident, decision_id: str, data: dict[str, Any], now: datetime, *, restart: bool) -> Timing:
    """The incident stands as the decision says. restart: its plan is another one, which begins with its first step.

    Answers with the end of the timers of the queue, which are set anew for the new urgency and plan.
    """
    if restart:
        incident.plan_step, incident.step_since = 1, now
    anew = restart or data["priority"] != incident.priority
    incident.decision_id = decision_id
    incident.category = data["category"]
    incident.priority = data["priority"]
    incident.incident_type = data["incident_type"]
    incident.needs_human = data["needs_human"]
    incident.version += 1
    return Timing(ends=[End(incident.id, OF_QUEUE)]) if anew else Timing()


def summary(decision_id: str, data: dict[str, Any]) -> dict[str, Any]:
    """What the log says of a decision; the whole of it is in the decision itself."""
    return {
        "decision": decision_id,
        "category": data["category"],
        "incident_type": data["incident_type"],
        "priority": data["priority"],
        "needs_human": data["needs_human"],
        "rules": [reason["rule"] for reason in data["reasons"]],
        "policy": data["policy"],
    }
