"""Who may do what: roles, permissions, and how a token narrows them. The one place that knows."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from dispatch.domain.classification import SHIPPED_RESPONDER_TYPES
from dispatch.domain.errors import Refused
from dispatch.domain.hazard import HEALTH, Sensitivity


class Role(StrEnum):
    """What somebody is here to do."""

    CALL_TAKER = "call_taker"
    DISPATCHER = "dispatcher"
    RESPONDER = "responder"
    SUPERVISOR = "supervisor"
    ANALYST = "analyst"
    ADMINISTRATOR = "administrator"
    INTEGRATION = "integration"
    AUDITOR = "auditor"


class Permission(StrEnum):
    """One thing that can be done. Scopes of tokens use the same words."""

    CALL_WRITE = "call.write"
    CALL_READ_CALLER = "call.read_caller"
    TRIAGE_EVALUATE = "triage.evaluate"
    INCIDENT_READ = "incident.read"
    INCIDENT_READ_OWN = "incident.read_own"
    INCIDENT_CHANGE = "incident.change"
    INCIDENT_OVERRIDE = "incident.override"
    ASSIGNMENT_READ = "assignment.read"
    ASSIGNMENT_WRITE = "assignment.write"
    ASSIGNMENT_STATUS = "assignment.status"
    ASSIGNMENT_READ_CARE = "assignment.read_care"
    ROSTER_READ = "roster.read"
    ROSTER_WRITE = "roster.write"
    UNIT_STATUS = "unit.status"
    UNIT_POSITION = "unit.position"
    POLICY_READ = "policy.read"
    POLICY_WRITE = "policy.write"
    POLICY_PUBLISH = "policy.publish"
    FEED_READ = "feed.read"
    REPORT_READ = "report.read"
    TOKEN_WRITE = "token.write"  # noqa: S105 - the name of a permission
    USER_WRITE = "user.write"
    STATUS_READ = "status.read"
    ALARM_READ = "alarm.read"
    ALARM_ACKNOWLEDGE = "alarm.acknowledge"
    IMPORT_WRITE = "import.write"
    PREMISE_READ = "premise.read"
    PREMISE_READ_OWN = "premise.read_own"
    PREMISE_READ_MEDICAL = "premise.read_medical"
    PREMISE_READ_BEHAVIORAL_HEALTH = "premise.read_behavioral_health"
    PREMISE_WRITE = "premise.write"
    PREMISE_REVIEW = "premise.review"
    NOTICE_READ = "notice.read"


_P = Permission
_READ = frozenset({_P.INCIDENT_READ, _P.INCIDENT_READ_OWN})
_LOOK = _READ | {_P.ASSIGNMENT_READ, _P.ROSTER_READ, _P.POLICY_READ, _P.STATUS_READ}
_HAZARDS = frozenset(
    {_P.PREMISE_READ_OWN, _P.PREMISE_READ_MEDICAL, _P.PREMISE_READ_BEHAVIORAL_HEALTH, _P.PREMISE_WRITE}
)
_CALL_TAKER = (_READ | _HAZARDS) | {
    _P.PREMISE_READ,
    _P.CALL_WRITE,
    _P.CALL_READ_CALLER,
    _P.TRIAGE_EVALUATE,
    _P.INCIDENT_CHANGE,
    _P.ROSTER_READ,
    _P.STATUS_READ,
    _P.FEED_READ,
}
_DISPATCHER = (
    _CALL_TAKER
    | _LOOK
    | {_P.INCIDENT_OVERRIDE, _P.ASSIGNMENT_WRITE, _P.ASSIGNMENT_STATUS, _P.ASSIGNMENT_READ_CARE}
    | {_P.UNIT_STATUS, _P.UNIT_POSITION}
    | {_P.ALARM_READ, _P.ALARM_ACKNOWLEDGE, _P.NOTICE_READ}
)

# Nobody who publishes a policy writes it with the same token, and whoever makes tokens does not read calls.
ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.CALL_TAKER: _CALL_TAKER,
    Role.DISPATCHER: _DISPATCHER,
    Role.RESPONDER: frozenset(
        {_P.INCIDENT_READ_OWN, _P.ASSIGNMENT_READ, _P.ASSIGNMENT_STATUS, _P.ASSIGNMENT_READ_CARE}
        | {_P.UNIT_STATUS, _P.UNIT_POSITION, _P.NOTICE_READ}
    )
    | _HAZARDS,
    Role.SUPERVISOR: _DISPATCHER | {_P.REPORT_READ, _P.POLICY_PUBLISH, _P.PREMISE_REVIEW},
    Role.ANALYST: _READ
    | {_P.TRIAGE_EVALUATE, _P.POLICY_READ, _P.POLICY_WRITE, _P.ASSIGNMENT_READ, _P.REPORT_READ, _P.STATUS_READ},
    Role.ADMINISTRATOR: frozenset(
        {_P.ROSTER_READ, _P.ROSTER_WRITE, _P.TOKEN_WRITE, _P.USER_WRITE, _P.POLICY_READ, _P.POLICY_PUBLISH}
    )
    | _READ
    | {_P.IMPORT_WRITE, _P.STATUS_READ, _P.UNIT_STATUS, _P.FEED_READ},
    Role.INTEGRATION: frozenset(
        {_P.CALL_WRITE, _P.TRIAGE_EVALUATE, _P.STATUS_READ, _P.UNIT_STATUS, _P.UNIT_POSITION, _P.ASSIGNMENT_STATUS}
    ),
    Role.AUDITOR: _LOOK | {_P.FEED_READ, _P.REPORT_READ, _P.ALARM_READ},
}

# Whoever has the second permission has the first, though scopes name only the second.
_PART_OF = {_P.INCIDENT_READ_OWN: _P.INCIDENT_READ, _P.PREMISE_READ_OWN: _P.PREMISE_READ}

# Who may read health records of a place, besides the dispatch of the whole city: those who care for people there. Of
# law enforcement none, also where it works beside a clinician (docs/decisions/0022).
_CARE = frozenset({"community_responder", "crisis_line", "homeless_outreach"})
_HEALTH_READERS: dict[Sensitivity, frozenset[str]] = {
    Sensitivity.MEDICAL: _CARE | {"ems", "fire"},
    Sensitivity.BEHAVIORAL_HEALTH: _CARE | {"ems"},
}
_TO_READ = {
    Sensitivity.MEDICAL: Permission.PREMISE_READ_MEDICAL,
    Sensitivity.BEHAVIORAL_HEALTH: Permission.PREMISE_READ_BEHAVIORAL_HEALTH,
}

# The one-way valve: whoever speaks for one of these disciplines never learns that the other exists.
_HIDDEN_FROM: dict[str, frozenset[str]] = {"police": frozenset({"cvi"}), "co_responder": frozenset({"cvi"})}

# Whoever speaks for these is police.
POLICE_TYPES = frozenset(_HIDDEN_FROM)

# Whoever speaks for none of these may be police too: a sheriff's deputies are a responder type of a city's own, and
# reports are taken by police in one city and by clerks in another.
_NO_POLICE = frozenset(SHIPPED_RESPONDER_TYPES) - POLICE_TYPES - {"report_taker"}

# Responder types that are told of an incident beside those who handle it: they neither begin it nor keep it open.
ONE_WAY_TYPES = frozenset[str]().union(*_HIDDEN_FROM.values())

# What is left to whoever speaks for these alone. Of an incident they are told by notice, and no more than that; they
# are warned of what may hurt them where they go.
_ONE_WAY_MAY = frozenset(
    {_P.NOTICE_READ, _P.ASSIGNMENT_READ, _P.ASSIGNMENT_STATUS, _P.UNIT_STATUS, _P.UNIT_POSITION, _P.ROSTER_READ}
    | {_P.ROSTER_WRITE, _P.TOKEN_WRITE, _P.USER_WRITE, _P.POLICY_READ, _P.ASSIGNMENT_READ_CARE}
    | {_P.PREMISE_READ_OWN}
)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking.

    scopes, agencies: None means all that the role has. source, unit: the only one it may speak for.
    disciplines: responder types of its agencies, where the principal is kept to agencies and they are known.
    """

    jurisdiction: str
    subject: str
    role: Role
    scopes: frozenset[str] | None = None
    agencies: frozenset[str] | None = None
    source: str | None = None
    unit: str | None = None
    disciplines: frozenset[str] = frozenset()

    def may(self, permission: Permission) -> bool:
        """True when the role has the permission, or one that it is part of, and no scope takes it away."""
        return self._has(permission) or (permission in _PART_OF and self._has(_PART_OF[permission]))

    def _has(self, permission: Permission) -> bool:
        if self.is_one_way and permission not in _ONE_WAY_MAY:
            return False
        return permission in ROLE_PERMISSIONS[self.role] and (self.scopes is None or permission.value in self.scopes)

    def require(self, permission: Permission) -> None:
        """Raises Refused, naming what is missing."""
        if not self.may(permission):
            narrowed = permission in ROLE_PERMISSIONS[self.role]
            who = f"This token, though of the role {self.role.value}," if narrowed else f"The role {self.role.value}"
            raise Refused(
                f"{who} may not do this ({permission.value}).",
                fix="Use a token of a role and scope that may, or ask an administrator.",
                permission=permission.value,
                role=self.role.value,
            )

    def require_source(self, source: str) -> None:
        """Raises Refused when the token speaks for another source. An integration without a source speaks for none."""
        if source != self.source and (self.source is not None or self.role is Role.INTEGRATION):
            raise Refused(
                f"This token may post calls of the source {self.source} only."
                if self.source is not None
                else "This token of an integration is bound to no source.",
                fix="Send that source, or ask an administrator for a token of your own.",
            )

    def require_unit(self, unit_id: str | None) -> None:
        """Raises Refused when the token speaks for another unit. A responder without a unit speaks for none.

        unit_id: None for a party that is no unit of ours; no unit speaks for it.
        """
        if (unit_id is None or unit_id != self.unit) and (self.unit is not None or self.role is Role.RESPONDER):
            raise Refused(
                "This token speaks for another unit.", fix="Use the token of that unit, or ask the dispatcher."
            )

    def require_agency(self, agency_id: str) -> None:
        """Raises Refused when the token is kept to other agencies; an integration acts for those it names only."""
        if not self.may_act_for(agency_id):
            raise Refused(f"This token may not act for the agency {agency_id}.", fix="Use a token of that agency.")

    def may_act_for(self, agency_id: str) -> bool:
        """True when the token is kept to no agency, or to this one; an integration acts for those it names only."""
        allowed = frozenset[str]() if self.agencies is None and self.role is Role.INTEGRATION else self.agencies
        return allowed is None or agency_id in allowed

    def speaks_for(self, unit_id: str | None, agency_id: str) -> bool:
        """True when the token is of this unit, or of somebody who acts for every unit of its agency."""
        if self.unit is not None or self.role is Role.RESPONDER:
            return self.unit is not None and self.unit == unit_id
        return self.may_act_for(agency_id)

    def require_agencies(self, agencies: Collection[str] | None) -> None:
        """Raises Refused when what is kept to these agencies (None: to none) reaches further than this principal."""
        if self.agencies is not None and (agencies is None or not self.agencies.issuperset(agencies)):
            raise Refused(
                f"This token may give no more than its own agencies: {', '.join(sorted(self.agencies))}.",
                fix="Name `agencies` from these, or ask an administrator of the whole city.",
            )

    def require_scopes(self, scopes: Collection[str] | None) -> None:
        """Raises Refused when what is kept to these scopes (None: to its role's) may do more than this principal."""
        if self.scopes is not None and (scopes is None or not self.scopes.issuperset(scopes)):
            raise Refused(
                f"This token may give no more than its own scopes: {', '.join(sorted(self.scopes))}.",
                fix="Name `scopes` from these, or ask an administrator whose token is not narrowed.",
            )

    def require_sight_of_all(self) -> None:
        """Raises Refused when some responder types are hidden from it: a name that is taken out of its sight could not
        be refused without telling of it.
        """
        if self.hidden_responder_types():
            raise Refused(
                "Programs are added by whoever answers for the whole city.",
                fix="Ask an administrator whose token is kept to no agency.",
            )

    def sees_agency(self, agency_id: str) -> bool:
        """True when rows of this agency may be shown: of its roster, its people and its history."""
        return self.agencies is None or agency_id in self.agencies

    def sees_incident(self, units_on_it: Collection[str]) -> bool:
        """True when an incident may be shown: any to those who read incidents, else the one that its unit is on."""
        return self.may(Permission.INCIDENT_READ) or (self.unit is not None and self.unit in units_on_it)

    def sees_conduct(self, agency_id: str, unit_id: str | None = None) -> bool:
        """True when it may know why a unit did what it did at an incident and what came of it: its own units'.

        unit_id: None where only the agency is known; then a principal that speaks for one unit is not told.
        """
        return self.sees_agency(agency_id) and (self.unit is None or unit_id == self.unit)

    def hides_health_of(self, responder_type: str) -> bool:
        """True when health that units of this type met does not exist for it: it speaks for police beside others."""
        return self.is_police_beside_others and responder_type not in POLICE_TYPES

    @property
    def is_police_beside_others(self) -> bool:
        """True when it is kept to several agencies of which one is police."""
        return self.agencies is not None and len(self.agencies) > 1 and not self.disciplines.isdisjoint(POLICE_TYPES)

    def sees_care(self, responder_type: str) -> bool:
        """True when it may know the details of what came of the work of such a unit, as far as it sees its conduct."""
        return self.may(Permission.ASSIGNMENT_READ_CARE) and not self.hides_health_of(responder_type)

    @property
    def is_one_way(self) -> bool:
        """True when it speaks for nobody but responders who are told one way."""
        return bool(self.disciplines) and self.disciplines <= ONE_WAY_TYPES

    @property
    def sees_caller(self) -> bool:
        """True when this principal may know who called."""
        return self.may(Permission.CALL_READ_CALLER)

    @property
    def sees_place(self) -> bool:
        """True when it may know the door: who talks to callers, and a responder, who sees nothing but its own jobs."""
        return self.sees_caller or (self.role is Role.RESPONDER and self.unit is not None and not self.is_one_way)

    def require_one_way(self) -> None:
        """Raises Refused when it speaks for anybody else: nobody but them is told by notice."""
        if not self.is_one_way:
            raise Refused(
                "Notices are for agencies whose responders are told one way.",
                fix="Read the incidents with GET /v1/incidents, or use a token that is kept to such an agency.",
            )

    @property
    def speaks_one_way(self) -> bool:
        """True for whoever is told of incidents and never told of: what it knows of a place must reach nobody."""
        return bool(self.disciplines & ONE_WAY_TYPES)

    @property
    def sees_history(self) -> bool:
        """True when it may know how often who was called to a place, without which incidents these were."""
        return self.may(Permission.INCIDENT_READ) or (self.may(Permission.PREMISE_READ_OWN) and not self.speaks_one_way)

    def unseen_health(self) -> frozenset[Sensitivity]:
        """The health records of places that its disciplines may not know of, whatever its role.

        Whoever is kept to agencies or a unit reads them only when all its disciplines may: not known is not.
        """
        if self.agencies is None and self.unit is None:
            return frozenset()
        return frozenset(
            kind for kind in HEALTH if not self.disciplines or not self.disciplines <= _HEALTH_READERS[kind]
        )

    def reads(self, sensitivity: Sensitivity) -> bool:
        """True when it may read the words of hazards of this sensitivity."""
        needed = _TO_READ.get(sensitivity)
        return needed is None or (self.may(needed) and sensitivity not in self.unseen_health())

    def require_to_mark(self, agency_id: str | None) -> None:
        """Raises Refused when it may not review or withdraw a hazard that this agency (None: the city) recorded."""
        self.require_two_ways()
        if self.agencies is not None and agency_id not in self.agencies:
            raise Refused(
                "This hazard was recorded by another agency.",
                fix="Ask that agency, or the dispatch of the whole city, and say what you know.",
            )

    def require_two_ways(self) -> None:
        """Raises Refused for whoever is never told of: a record of its own would tell others what it knows."""
        if self.speaks_one_way:
            raise Refused(
                "Community violence intervention records no hazards: everybody who is sent there would read them.",
                fix="Is somebody in danger? Tell the dispatcher, who decides what others must know and records that.",
            )

    def hidden_responder_types(self) -> frozenset[str]:
        """Responder types that this principal never sees, in any list, count, feed or error.

        Whoever is kept to agencies or a unit and may be police, as far as anybody knows, is not told of them either;
        but who is one of them and of no police sees its own.
        """
        hidden = frozenset[str]().union(*(_HIDDEN_FROM.get(one, frozenset()) for one in self.disciplines))
        is_kept = self.agencies is not None or self.unit is not None
        if hidden or not is_kept or not self.disciplines.isdisjoint(ONE_WAY_TYPES):
            return hidden
        return frozenset() if self.disciplines and self.disciplines <= _NO_POLICE else ONE_WAY_TYPES

    def sees_responder_type(self, responder_type: str) -> bool:
        """False for units that are kept from this principal."""
        return responder_type not in self.hidden_responder_types()


@dataclass(frozen=True, slots=True)
class Holder:
    """One who acts: a token, or a name of the command line, and whose it is as far as that was said."""

    subject: str
    person: str | None = None

    @property
    def name(self) -> str | None:
        """The person, however it was spelt."""
        return None if self.person is None else " ".join(self.person.casefold().split())


def why_one_person(one: Sequence[Holder], other: Sequence[Holder]) -> str | None:
    """Why two tokens may be in the hands of one person, as a sentence; None when they are of two.

    one, other: each token, then the token that made it, and so on. Whoever made a token has seen its secret. Two tokens
    that one token made count as of two people only when it was said whose each is.
    """
    if one[0].subject == other[0].subject:
        return "It is the same token."
    for mine, theirs in ((one, other), (other, one)):
        if mine[0].subject in {maker.subject for maker in theirs}:
            return (
                f"The token {theirs[0].subject} was made with the token {mine[0].subject}, so one person may hold both."
            )
        if mine[0].name is not None and mine[0].name in {maker.name for maker in theirs}:
            return f"Both are tokens of {mine[0].person}, or were made by them."
    makers = {maker.subject for maker in one[1:]} & {maker.subject for maker in other[1:]}
    if makers and None in (one[0].name, other[0].name):
        return "Both tokens were made with one token, and it was not said whose each is."
    return None
