"""A call arrives: it is stored, triaged and put on the queue, once, however often it is sent."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db import log
from dispatch.db.active_policy import ActivePolicies, Standing
from dispatch.db.ids import new_id
from dispatch.db.lookup import get_incident
from dispatch.db.models import CallUpdate
from dispatch.db.session import NeedsTransaction, is_lone, json_text
from dispatch.domain.call import CallFacts
from dispatch.domain.errors import Conflict, ConflictingContent, FieldProblem, Invalid, StaleContent
from dispatch.domain.events import EventType
from dispatch.domain.ids import Prefix
from dispatch.domain.plan import Plan, plan_from_data
from dispatch.domain.time import as_utc, iso
from dispatch.linking.profile import phone_key, place_words
from dispatch.operations.actor import Actor, tell
from dispatch.operations.call_body import FUTURE_TOLERANCE, CallBody
from dispatch.operations.decisions import Redecision, latest_decision, record_redecision, standing_decision, summary
from dispatch.operations.ingest_sql import LOCK_SEEN, SEEN, STORE
from dispatch.operations.shadow import beside
from dispatch.operations.triage_input import as_given, carried_over, linked_of, notes_of
from dispatch.triage.decision import as_data
from dispatch.triage.evaluate import evaluate
from dispatch.triage.questions import with_questions
from dispatch.triage.whole import evaluate_whole


@dataclass(frozen=True, slots=True)
class Received:
    """What came of a call. created: False when the reference was seen before.

    decision: the `triage` object. plan: who it wants, as the router reads it.
    """

    created: bool
    call_id: str
    call_version: int
    flags: list[str]
    incident_id: str
    incident_number: str
    incident_status: str
    linked_calls: int
    decision: dict[str, Any]
    plan: Plan
    roster_fingerprint: int | None


@dataclass(frozen=True, slots=True)
class _Seen:
    call_id: str
    incident_id: str
    number: str
    status: str
    version: int
    linked_calls: int
    digest: bytes
    revised_at: datetime
    flags: list[str]
    decision_id: str
    answers: dict[str, str]


async def receive(
    session: AsyncSession, body: CallBody, raw: bytes, policies: ActivePolicies, actor: Actor, *, ask: bool = True
) -> Received:
    """The call is stored with its raw bytes, and its incident is on the queue with a decision and its reasons.

    ask: whether the decision carries the questions worth asking, which costs several evaluations.
    Sent again with the same content: nothing changes. With newer content: a new version and a new decision.
    Raises StaleContent for an older version, ConflictingContent for other content of the same age, Invalid for a
    time in the future, Unavailable when no policy is active, NeedsTransaction in a session of lone statements when the
    reference was seen before.
    """
    _refuse_future(body, actor.now)
    standing = await policies.deciding(session, actor.jurisdiction_id, actor.now)
    stored = await _store_new(session, body, raw, standing, actor, ask)
    if not stored.policy_is_active:
        standing = await policies.standing(session, actor.jurisdiction_id, actor.now)
        stored = await _store_new(session, body, raw, standing, actor, ask)
    if stored.received is not None:
        return stored.received
    if is_lone(session):
        raise NeedsTransaction
    fingerprint = stored.roster_fingerprint
    key = {"jurisdiction_id": actor.jurisdiction_id, "source": body.source, "source_ref": body.source_ref}
    await session.execute(LOCK_SEEN, key)
    seen = (await session.execute(SEEN, key)).one_or_none()
    if seen is None:
        raise Conflict(
            "The same source_ref is being stored by another request right now.",
            fix="Send the same request again; it will answer with the stored call.",
        )
    earlier = _Seen(
        seen.call_id,
        seen.incident_id,
        seen.number,
        seen.status,
        seen.version,
        seen.linked_calls,
        bytes(seen.digest),
        seen.revised_at,
        list(seen.flags),
        seen.decision_id,
        seen.answers,
    )
    said, digest = body.content()
    if earlier.digest == digest:
        if body.updated_at is not None and as_utc(body.updated_at) > earlier.revised_at:
            # Said again later: what was said in between must not count as newer.
            await _store_version(session, _Sent(body, raw, said, digest), earlier, actor, earlier.flags)
        decision = await standing_decision(session, actor.jurisdiction_id, earlier.decision_id)
        return _answer_seen(earlier, decision.decision, fingerprint)
    return await _update(session, _Sent(body, raw, said, digest), standing, actor, earlier, fingerprint)


@dataclass(frozen=True, slots=True)
class _Sent:
    """What a sender sent: checked, as bytes, as plain data, and its digest."""

    body: CallBody
    raw: bytes
    said: dict[str, Any]
    digest: bytes


@dataclass(frozen=True, slots=True)
class _Stored:
    """What the one statement did. received None: nothing was stored."""

    received: Received | None
    policy_is_active: bool
    roster_fingerprint: int | None


async def _store_new(
    session: AsyncSession, body: CallBody, raw: bytes, standing: Standing, actor: Actor, ask: bool
) -> _Stored:
    call, policy = body.facts(), standing.policy
    decision = evaluate(call, policy, actor.now)
    if ask:
        decision = with_questions(decision, call, policy, actor.now)
    data = as_data(decision)
    call_id, incident_id, decision_id = new_id(Prefix.CALL), new_id(Prefix.INCIDENT), new_id(Prefix.DECISION)
    received_at = as_utc(body.received_at) if body.received_at else actor.now
    flags = [*body.flags(), *decision.warnings]
    events = _opening_events(body, call_id, incident_id, decision_id, data, received_at, actor.now, flags)
    row = await STORE.one(
        session,
        {
            **_call_columns(body, call, raw, actor),
            **_place_columns(body),
            **_repeat_keys(body),
            "call_id": call_id,
            "incident_id": incident_id,
            "decision_id": decision_id,
            "received_at": received_at,
            "type_mapped": "call_type_not_in_crosswalk" not in decision.warnings,
            "flags": flags,
            "category": decision.category.value,
            "incident_type": decision.incident_type,
            "priority": decision.priority,
            "needs_human": decision.needs_human,
            "initial_type": call.type_code or call.type_text,
            "given": json_text(as_given(call)),
            "decision": json_text(data),
            "policy_id": decision.policy.id,
            "policy_version": decision.policy.version,
            "policy_sha256": decision.policy.sha256,
            "shadow_name": standing.shadow_name,
            "shadows": json_text(beside(standing, call, data, actor.now)),
            "schema_version": log.SCHEMA_VERSION,
            "request_id": actor.request_id,
            "events": json_text(log.rows(events)),
        },
    )
    fingerprint = row["roster_fingerprint"]
    if row["number"] is None:
        return _Stored(None, row["policy_is_active"], fingerprint)
    received = Received(
        True, call_id, 1, flags, incident_id, row["number"], "pending", 1, data, decision.plan, fingerprint
    )
    return _Stored(received, True, fingerprint)


async def _update(
    session: AsyncSession, sent: _Sent, standing: Standing, actor: Actor, earlier: _Seen, fingerprint: int | None
) -> Received:
    body = sent.body
    revised_at = body.revised_at(actor.now) if (body.updated_at or body.received_at) else None
    _require_newer(revised_at, earlier)
    last = await latest_decision(session, actor.jurisdiction_id, earlier.incident_id)
    call = carried_over(body.facts(), last.given, earlier.answers)
    linked = linked_of(last.given)
    decision = evaluate_whole(call, linked, standing.policy, actor.now)
    flags = [*body.flags(), *decision.warnings]
    version = await _store_version(session, sent, earlier, actor, flags)
    await _move_incident(session, body, earlier.incident_id, actor)
    change = Redecision(earlier.incident_id, "call_update", call, decision, notes_of(last.given), linked)
    data = await record_redecision(session, change, actor, standing)
    return Received(
        False,
        earlier.call_id,
        version,
        flags,
        earlier.incident_id,
        earlier.number,
        (await get_incident(session, actor.jurisdiction_id, earlier.incident_id)).status,
        earlier.linked_calls,
        data,
        decision.plan,
        fingerprint,
    )


async def _store_version(session: AsyncSession, sent: _Sent, earlier: _Seen, actor: Actor, flags: list[str]) -> int:
    """The number of the version of the call that is stored now, beside all earlier ones."""
    version = earlier.version + 1
    session.add(
        CallUpdate(
            jurisdiction_id=actor.jurisdiction_id,
            call_id=earlier.call_id,
            version=version,
            revised_at=sent.body.revised_at(actor.now),
            recorded_at=actor.now,
            body=sent.said,
            raw=sent.raw,
            digest=sent.digest,
            flags=flags,
        )
    )
    payload = {"version": version, "flags": flags}
    await tell(session, actor, log.Entry("call.updated", earlier.call_id, actor.now, earlier.incident_id, payload))
    return version


async def _move_incident(session: AsyncSession, body: CallBody, incident_id: str, actor: Actor) -> None:
    """The incident is where the newest version of its call says; what a version leaves out wipes nothing out.

    But the position of one address is not the position of another: a new address without a position has none.
    """
    given = {name: value for name, value in _place_columns(body).items() if value is not None}
    incident = await get_incident(session, actor.jurisdiction_id, incident_id, lock=True)
    if "lat" not in given and "address" in given and not _same_address(given["address"], incident.address):
        given |= {"lat": None, "lon": None, "uncertainty_m": None}
    for name, value in _repeat_keys(body).items():
        setattr(incident, name, value or getattr(incident, name))
    changed = {name: value for name, value in given.items() if getattr(incident, name) != value}
    if not changed:
        return
    before = {name: getattr(incident, name) for name in changed}
    for name, value in changed.items():
        setattr(incident, name, value)
    incident.version += 1
    payload = {**changed, "before": before}
    await tell(session, actor, log.Entry(EventType.INCIDENT_MOVED, incident.id, actor.now, incident.id, payload))


def _same_address(one: str, other: str | None) -> bool:
    return other is not None and one.casefold().split() == other.casefold().split()


def _require_newer(revised_at: datetime | None, earlier: _Seen) -> None:
    facts: dict[str, Any] = {
        "call": earlier.call_id,
        "incident": earlier.incident_id,
        "stored_revision": iso(earlier.revised_at),
    }
    if revised_at is None or revised_at == earlier.revised_at:
        raise ConflictingContent(
            "This source_ref is stored with other content of the same age.",
            fix="To change the call, send it with `updated_at` later than `stored_revision`; "
            "for another call use another source_ref.",
            **facts,
        )
    if revised_at < earlier.revised_at:
        raise StaleContent(
            "A newer version of this call is stored; the older one was not taken.",
            fix="Nothing needs doing. To change the call, send `updated_at` later than `stored_revision`.",
            **facts,
        )


def _refuse_future(body: CallBody, now: datetime) -> None:
    late = [
        FieldProblem(f"/{name}", "time_in_future", f"{name} is later than the service's clock ({iso(now)})")
        for name, moment in (("received_at", body.received_at), ("updated_at", body.updated_at))
        if moment is not None and moment > now + FUTURE_TOLERANCE
    ]
    if late:
        raise Invalid(
            "A time lies in the future.", fix="Check the clock and the zone offset of the sender.", errors=late
        )


def _call_columns(body: CallBody, call: CallFacts, raw: bytes, actor: Actor) -> dict[str, Any]:
    said, digest = body.content()
    return {
        "jurisdiction_id": actor.jurisdiction_id,
        "actor": actor.subject,
        "source": body.source,
        "source_ref": body.source_ref,
        "recorded_at": actor.now,
        "revised_at": body.revised_at(actor.now),
        "channel": body.channel.value if body.channel else None,
        "type_code": call.type_code,
        "type_text": call.type_text,
        "narrative": body.narrative,
        "body": json_text(said),
        "raw": raw,
        "digest": digest,
    }


def _place_columns(body: CallBody) -> dict[str, Any]:
    location = body.location
    position = location.position() if location else None
    return {
        "lat": position.lat if position else None,
        "lon": position.lon if position else None,
        "uncertainty_m": location.uncertainty_m if location else None,
        "address": location.address if location else None,
        "place": location.place if location else None,
        "caller_language": body.caller.language if body.caller else None,
    }


def _repeat_keys(body: CallBody) -> dict[str, str | None]:
    """What another call to the same address or from the same telephone is found by."""
    return {
        "address_key": place_words(body.location.address if body.location else None)[0],
        "phone_key": phone_key(body.caller.phone if body.caller else None),
    }


def _opening_events(
    body: CallBody,
    call_id: str,
    incident_id: str,
    decision_id: str,
    data: dict[str, Any],
    received_at: datetime,
    now: datetime,
    flags: list[str],
) -> list[log.Entry]:
    return [
        log.Entry(
            "call.received",
            call_id,
            received_at,
            incident_id,
            {"source": body.source, "source_ref": body.source_ref, "flags": flags},
        ),
        log.Entry("incident.opened", incident_id, now, incident_id, {"call": call_id}),
        log.Entry("incident.triaged", incident_id, now, incident_id, summary(decision_id, data)),
    ]


def _answer_seen(earlier: _Seen, decision: dict[str, Any], fingerprint: int | None) -> Received:
    return Received(
        False,
        earlier.call_id,
        earlier.version,
        earlier.flags,
        earlier.incident_id,
        earlier.number,
        earlier.status,
        earlier.linked_calls,
        decision,
        plan_from_data(decision["plan"]),
        fingerprint,
    )
