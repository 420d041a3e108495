"""Rows of the log: what can happen, and the shape that every one of them has."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from dispatch.domain.assignment import AssignmentStatus

SCHEMA_VERSION = 1
_EMPTY: Mapping[str, Any] = MappingProxyType({})


class EventType(StrEnum):
    """noun.past_tense. A type is never renamed or given another meaning; a new meaning is a new type."""

    CALL_RECEIVED = "call.received"
    CALL_UPDATED = "call.updated"
    CALL_LINKED = "call.linked"
    CALL_VANISHED = "call.vanished"
    CALL_REAPPEARED = "call.reappeared"
    CALL_SENDER_UNITS_CHANGED = "call.sender_units_changed"
    LIST_DOUBTED = "list.doubted"
    INCIDENT_OPENED = "incident.opened"
    INCIDENT_TRIAGED = "incident.triaged"
    INCIDENT_RETRIAGED = "incident.retriaged"
    INCIDENT_OVERRIDDEN = "incident.overridden"
    INCIDENT_LINKED = "incident.linked"
    INCIDENT_UNLINKED = "incident.unlinked"
    INCIDENT_KEPT_SEPARATE = "incident.kept_separate"
    INCIDENT_RAISED = "incident.raised"
    INCIDENT_MOVED = "incident.moved"
    INCIDENT_HELD = "incident.held"
    INCIDENT_CLOSED = "incident.closed"
    INCIDENT_CANCELLED = "incident.cancelled"
    INCIDENT_REOPENED = "incident.reopened"
    INCIDENT_STEP_MOVED_ON = "incident.step_moved_on"
    INCIDENT_ESCALATED = "incident.escalated"
    INCIDENT_HOLD_ENDED = "incident.hold_ended"
    INCIDENT_TYPE_FOUND = "incident.type_found"
    UNIT_ASSIGNED = "unit.assigned"
    UNIT_REDIRECTED = "unit.redirected"
    UNIT_EXCHANGED = "unit.exchanged"
    UNIT_STACK_REORDERED = "unit.stack_reordered"
    UNIT_STATUS_CHANGED = "unit.status_changed"
    UNIT_ADDED = "unit.added"
    UNIT_CHANGED = "unit.changed"
    UNIT_LOGGED_ON = "unit.logged_on"
    UNIT_LOGGED_OFF = "unit.logged_off"
    UNIT_CREW_CHANGED = "unit.crew_changed"
    UNIT_SHIFT_ENDED = "unit.shift_ended"
    UNIT_SHIFT_PLANNED = "unit.shift_planned"
    UNIT_SHIFT_CANCELLED = "unit.shift_cancelled"
    UNIT_BREAK_STARTED = "unit.break_started"
    UNIT_BREAK_ENDED = "unit.break_ended"
    ASSIGNMENT_RESERVED = "assignment.reserved"
    ASSIGNMENT_OFFERED = "assignment.offered"
    ASSIGNMENT_ORDERED = "assignment.ordered"
    ASSIGNMENT_ACCEPTED = "assignment.accepted"
    ASSIGNMENT_DECLINED = "assignment.declined"
    ASSIGNMENT_TIMED_OUT = "assignment.timed_out"
    ASSIGNMENT_RESCINDED = "assignment.rescinded"
    ASSIGNMENT_EN_ROUTE = "assignment.en_route"
    ASSIGNMENT_STAGED = "assignment.staged"
    ASSIGNMENT_ON_SCENE = "assignment.on_scene"
    ASSIGNMENT_TRANSPORTING = "assignment.transporting"
    ASSIGNMENT_AT_DESTINATION = "assignment.at_destination"
    ASSIGNMENT_CLEARED = "assignment.cleared"
    ASSIGNMENT_CANCELLED = "assignment.cancelled"
    ASSIGNMENT_CORRECTED = "assignment.corrected"
    ASSIGNMENT_UNDONE = "assignment.undone"
    ASSIGNMENT_OUTCOME_ADDED = "assignment.outcome_added"
    ASSIGNMENT_BACKUP_REQUESTED = "assignment.backup_requested"
    ASSIGNMENT_CHECKED_IN = "assignment.checked_in"
    ASSIGNMENT_TRANSFER_OFFERED = "assignment.transfer_offered"
    ASSIGNMENT_RETURNED = "assignment.returned"
    ASSIGNMENT_APPOINTED = "assignment.appointed"
    ASSIGNMENT_HAND_OFF_OFFERED = "assignment.hand_off_offered"
    ASSIGNMENT_TAKEN_OVER = "assignment.taken_over"
    ASSIGNMENT_HAND_OFF_REFUSED = "assignment.hand_off_refused"
    ASSIGNMENT_RELEASED = "assignment.released"
    FOLLOW_UP_PROMISED = "follow_up.promised"
    FOLLOW_UP_DONE = "follow_up.done"
    HAZARD_RECORDED = "hazard.recorded"
    HAZARD_REVIEWED = "hazard.reviewed"
    HAZARD_WITHDRAWN = "hazard.withdrawn"
    ALARM_RAISED = "alarm.raised"
    ALARM_ACKNOWLEDGED = "alarm.acknowledged"
    ALARM_CLEARED = "alarm.cleared"
    ROSTER_IMPORTED = "roster.imported"
    ZONES_IMPORTED = "zones.imported"
    AGENCY_ADDED = "agency.added"
    AGENCY_CHANGED = "agency.changed"
    PROGRAM_ADDED = "program.added"
    PROGRAM_CHANGED = "program.changed"
    RESPONDER_ADDED = "responder.added"
    RESPONDER_CHANGED = "responder.changed"
    POLICY_DRAFTED = "policy.drafted"
    POLICY_DISCARDED = "policy.discarded"
    POLICY_CHECKED = "policy.checked"
    POLICY_SHADOWED = "policy.shadowed"
    POLICY_PUBLISHED = "policy.published"
    POLICY_ROLLED_BACK = "policy.rolled_back"
    TOKEN_CREATED = "token.created"  # noqa: S105 - the name of an event
    TOKEN_REVOKED = "token.revoked"  # noqa: S105 - the name of an event


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. subject_id: what it happened to. actor: the token, user or timer that did it.

    occurred_at: when it was so in the world, which may be earlier than when it was recorded.
    """

    type: EventType
    occurred_at: datetime
    subject_id: str
    actor: str
    incident_id: str | None = None
    payload: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)
    schema_version: int = SCHEMA_VERSION


def event_of(status: AssignmentStatus) -> EventType:
    """The event that says that an assignment has reached this status."""
    return EventType(f"assignment.{status.value}")
