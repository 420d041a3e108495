"""Alarms: what somebody must look at and say so."""

from collections.abc import Mapping
from enum import StrEnum


class AlarmKind(StrEnum):
    """What is wrong. Kinds are kept for ever."""

    UNASSIGNED = "unassigned"
    OFFER_UNANSWERED = "offer_unanswered"
    OFFER_INCOMPLETE = "offer_incomplete"
    TURNOUT_OVERDUE = "turnout_overdue"
    TRAVEL_OVERDUE = "travel_overdue"
    WELFARE_MISSED = "welfare_missed"
    WELFARE_ESCALATED = "welfare_escalated"
    HOLD_DUE = "hold_due"
    FEED_SILENT = "feed_silent"
    STEP_MOVED_ON = "step_moved_on"
    STEP_DECLINED = "step_declined"
    RISK_RAISED = "risk_raised"
    TIMER_FAILED = "timer_failed"
    UNIT_EMERGENCY = "unit_emergency"
    BACKUP_REQUESTED = "backup_requested"
    SHIFT_OVERRUN = "shift_overrun"
    HAND_OFF_REFUSED = "hand_off_refused"
    TRANSFER_RETURNED = "transfer_returned"
    APPOINTMENT_MISSED = "appointment_missed"
    ARRIVED_UNRELEASED = "arrived_unreleased"
    POSITION_SILENT = "position_silent"
    POSITIONS_SILENT = "positions_silent"
    STACK_NEXT = "stack_next"
    STACK_GRAVER = "stack_graver"
    STACK_LEFT = "stack_left"
    STAGED_UNRELEASED = "staged_unreleased"
    TRANSFER_SILENT = "transfer_silent"


class Severity(StrEnum):
    """How much it hurries, most first."""

    URGENT = "urgent"
    ATTENTION = "attention"


_A = AlarmKind
_URGENT = frozenset(
    {
        *(_A.WELFARE_MISSED, _A.WELFARE_ESCALATED, _A.RISK_RAISED, _A.TIMER_FAILED, _A.FEED_SILENT),
        *(_A.UNIT_EMERGENCY, _A.BACKUP_REQUESTED, _A.TRANSFER_RETURNED, _A.ARRIVED_UNRELEASED, _A.POSITIONS_SILENT),
        _A.STACK_GRAVER,
    }
)

# Whose business it is first; everybody who may read alarms sees all of them.
FOR_SUPERVISOR = frozenset(
    {_A.WELFARE_ESCALATED, _A.TIMER_FAILED, _A.FEED_SILENT, _A.SHIFT_OVERRUN, _A.POSITIONS_SILENT}
)

ALARMS: Mapping[AlarmKind, str] = {
    _A.UNASSIGNED: "Nobody was sent inside the limit of its priority",
    _A.OFFER_UNANSWERED: "A unit did not answer an offer in time; the offer has ended",
    _A.OFFER_INCOMPLETE: "One of the units that were all wanted said no or did not answer",
    _A.TURNOUT_OVERDUE: "A unit was sent and does not move",
    _A.TRAVEL_OVERDUE: "A unit should have arrived by now",
    _A.WELFARE_MISSED: "A unit on scene did not answer a welfare check",
    _A.WELFARE_ESCALATED: "Two welfare checks were missed; police and EMS are in the plan",
    _A.HOLD_DUE: "A hold has ended; the incident is on the queue again",
    _A.FEED_SILENT: "A sender has sent nothing for too long",
    _A.STEP_MOVED_ON: "A step of the plan found nobody in time; the next one is due",
    _A.STEP_DECLINED: "Everybody who was asked said no; others of the same step are left",
    _A.RISK_RAISED: "What was learnt since makes it more dangerous",
    _A.UNIT_EMERGENCY: "A unit has declared an emergency; police and EMS are in the plan of its incident",
    _A.BACKUP_REQUESTED: "A unit asks for others to come to it",
    _A.SHIFT_OVERRUN: "A shift has ended while its unit is at work; it goes off duty when it clears",
    _A.HAND_OFF_REFUSED: "Whoever was to take it over said no or nothing; the one who has it keeps it",
    _A.TRANSFER_RETURNED: "A call that was passed on came back; it is on the queue again",
    _A.APPOINTMENT_MISSED: "The hour of an appointment has come and nobody is on the way or on the line",
    _A.ARRIVED_UNRELEASED: "A staged unit went in before anybody said that the scene is safe",
    _A.POSITION_SILENT: "A unit on duty sends no position any more; the recommendation knows only where it was",
    _A.POSITIONS_SILENT: "Many units send no position any more: probably the location feed, and not the units",
    _A.STACK_NEXT: "A unit is free, and an incident was kept for it; send it, or give the incident to another",
    _A.STACK_GRAVER: "An incident that is kept for a busy unit is more urgent than when it was put there",
    _A.STACK_LEFT: "A unit went out of service while incidents were kept for it; they are on the queue for anybody",
    _A.STAGED_UNRELEASED: "A unit waits short of the scene and nobody has said that it is safe",
    _A.TRANSFER_SILENT: "Whoever took a call over has not said what came of it",
    _A.TIMER_FAILED: "A timer could not do its work; look at what it was about",
}


def severity_of(kind: AlarmKind, priority: int | None) -> Severity:
    """How much an alarm hurries; whatever concerns a life threat (priority 0 or 1) is urgent."""
    urgent = kind in _URGENT or (priority is not None and priority <= 1)
    return Severity.URGENT if urgent else Severity.ATTENTION
