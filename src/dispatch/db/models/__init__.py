"""One file per aggregate. Models describe the schema; they decide nothing."""

from dispatch.db.models.access import AccessToken, IdempotencyKey
from dispatch.db.models.alarm import Alarm
from dispatch.db.models.assignment import AlsoOutcome, Assignment, AssignmentResponder
from dispatch.db.models.call import Call, CallUpdate
from dispatch.db.models.event_log import EventRow
from dispatch.db.models.follow_up import FollowUp
from dispatch.db.models.incident import Incident
from dispatch.db.models.jurisdiction import Agency, Jurisdiction, Program
from dispatch.db.models.linking import CallProfile, IncidentLink, LinkCursor
from dispatch.db.models.listing import ListedCall, SenderList
from dispatch.db.models.policy import PolicyVersion, ShadowDecision
from dispatch.db.models.premise_hazard import PremiseHazard
from dispatch.db.models.responder import Certification, Responder
from dispatch.db.models.shift import Shift, ShiftMember
from dispatch.db.models.timer import Timer
from dispatch.db.models.triage_decision import TriageDecisionRow
from dispatch.db.models.unit import Unit
from dispatch.db.models.unit_track import UnitTrack
from dispatch.db.models.unserved import Unserved
from dispatch.db.models.zone import ZoneRow

__all__ = [
    "AccessToken",
    "Agency",
    "Alarm",
    "AlsoOutcome",
    "Assignment",
    "AssignmentResponder",
    "Call",
    "CallProfile",
    "CallUpdate",
    "Certification",
    "EventRow",
    "FollowUp",
    "IdempotencyKey",
    "Incident",
    "IncidentLink",
    "Jurisdiction",
    "LinkCursor",
    "ListedCall",
    "PolicyVersion",
    "PremiseHazard",
    "Program",
    "Responder",
    "SenderList",
    "ShadowDecision",
    "Shift",
    "ShiftMember",
    "Timer",
    "TriageDecisionRow",
    "Unit",
    "UnitTrack",
    "Unserved",
    "ZoneRow",
]
