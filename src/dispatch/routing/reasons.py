"""Every reason the router gives: a stable code, sometimes with a detail after a colon, and its sentence."""

from enum import StrEnum


class Reason(StrEnum):
    """Codes are kept for ever; machines read them, people read sentence()."""

    # why a unit is not offered
    NOT_NEEDED = "not_needed"
    OTHER_STEP = "other_step"
    WRONG_TYPE = "wrong_type"
    WRONG_PROGRAM = "wrong_program"
    LACKS_CAPABILITY = "lacks_capability"
    CERTIFICATION_EXPIRED = "certification_expired"
    COMMANDS = "commands"
    OFF_DUTY = "off_duty"
    OUT_OF_SERVICE = "out_of_service"
    EMERGENCY = "emergency"
    BUSY = "busy"
    AT_CAPACITY = "at_capacity"
    CREW_WITH = "crew_with"
    BELOW_MINIMUM_STAFFING = "below_minimum_staffing"
    RESTING = "resting"
    OUTSIDE_AREA = "outside_area"
    SHIFT_ENDS_SOON = "shift_ends_soon"
    APPOINTMENT_SOON = "appointment_soon"
    DECLINED_BEFORE = "declined_before"
    ON_THIS_INCIDENT = "on_this_incident"
    HAS_BEEN_HERE = "has_been_here"
    FILLS_ANOTHER_SLOT = "fills_another_slot"
    RANKED_LOWER = "ranked_lower"
    KEPT = "kept_for_life_threats"
    CREW_KEPT = "crew_kept_for_life_threats"
    # why a unit is offered, or offered late
    FIRST_TO_ARRIVE = "first_to_arrive"
    INSIDE_SLACK = "inside_slack"
    NEXT_BEST = "next_best"
    SPEAKS = "speaks"
    NO_TRAVEL = "no_travel"
    FROM_HOME = "from_home"
    LOCATION_OLD = "location_old"
    LOCATION_STALE = "location_stale"
    LOCATION_UNKNOWN = "location_unknown"
    SCENE_UNKNOWN = "scene_unknown"
    KEEPS_COVERAGE = "keeps_coverage"
    CAME_BEFORE = "came_before"
    PRIORITY = "priority"
    WAITED = "waited"
    OVER_AGE = "over_age"
    # why the travel times are not those that were wished for
    ENGINE_SILENT = "engine_silent"
    OFF_ROADS = "off_roads"
    # why a slot stays empty
    NONE_ON_ROSTER = "none_on_roster"
    NONE_ON_DUTY = "none_on_duty"
    NONE_FREE = "none_free"
    NONE_IN_SERVICE = "none_in_service"
    NONE_WITH = "none_with"
    NONE_IN_DATE = "none_in_date"
    NONE_STAFFED = "none_staffed"
    NONE_RESTED = "none_rested"
    NONE_IN_AREA = "none_in_area"
    NONE_LONG_ENOUGH = "none_long_enough"
    NONE_UNPROMISED = "none_unpromised"
    ALL_DECLINED = "all_declined"
    TOO_FEW = "too_few"
    ALL_KEPT = "all_kept"


_SENTENCES: dict[str, str] = {
    Reason.NOT_NEEDED: "The plan asks for no unit of this type.",
    Reason.OTHER_STEP: "Wanted only in step {} of the plan.",
    Reason.WRONG_TYPE: "Another responder type.",
    Reason.WRONG_PROGRAM: "The plan names another program.",
    Reason.LACKS_CAPABILITY: "Has no {}.",
    Reason.CERTIFICATION_EXPIRED: "The certificate for {} has expired.",
    Reason.COMMANDS: "Leads others and brings no crew; the plan asks for none to lead here.",
    Reason.OFF_DUTY: "Off duty.",
    Reason.OUT_OF_SERVICE: "Out of service.",
    Reason.EMERGENCY: "Has declared an emergency.",
    Reason.BUSY: "On incident {}.",
    Reason.AT_CAPACITY: "Carries all the work it can ({}).",
    Reason.CREW_WITH: "Its crew goes with {}.",
    Reason.BELOW_MINIMUM_STAFFING: "Too few people on it ({}).",
    Reason.RESTING: "On a break or resting until {}.",
    Reason.OUTSIDE_AREA: "The place lies outside its area.",
    Reason.SHIFT_ENDS_SOON: "The shift ends at {}, before the job is likely to.",
    Reason.APPOINTMENT_SOON: "Has an appointment at {}, before the job is likely to be over.",
    Reason.DECLINED_BEFORE: "Declined this incident, or did not answer.",
    Reason.ON_THIS_INCIDENT: "Already on this incident.",
    Reason.HAS_BEEN_HERE: "Has done its part here and left; what it was needed for is done.",
    Reason.FILLS_ANOTHER_SLOT: "Picked for another part of the plan.",
    Reason.RANKED_LOWER: "Could go; others come first.",
    Reason.KEPT: "Held: {} of its type are kept for life threats.",
    Reason.CREW_KEPT: "Held: with another vehicle its crew counts among {} that are kept for life threats.",
    Reason.FIRST_TO_ARRIVE: "Can be there first.",
    Reason.INSIDE_SLACK: "Arrives within {} s of the first and is preferred for what follows.",
    Reason.NEXT_BEST: "Next best.",
    Reason.SPEAKS: "Speaks the caller's language ({}).",
    Reason.NO_TRAVEL: "Answers from a desk.",
    Reason.FROM_HOME: "Time counted from where it waits; its position is not known.",
    Reason.LOCATION_OLD: "Its location is {} min old.",
    Reason.LOCATION_STALE: "Last seen {} min ago, so the time is a guess.",
    Reason.LOCATION_UNKNOWN: "Nobody knows where it is.",
    Reason.SCENE_UNKNOWN: "The place of the incident is not known, so there is no time of arrival.",
    Reason.KEEPS_COVERAGE: "The rest of the city loses least when it leaves.",
    Reason.CAME_BEFORE: "Has been to this place before ({}).",
    Reason.PRIORITY: "Priority {}.",
    Reason.WAITED: "Has waited {} min.",
    Reason.OVER_AGE: "Has waited {} min, longer than a call of its priority may.",
    Reason.ENGINE_SILENT: "The travel engine gave no answer ({}); these are straight-line times.",
    Reason.OFF_ROADS: "Lies off the road network that is loaded; these are straight-line times.",
    Reason.NONE_ON_ROSTER: "There is no such unit.",
    Reason.NONE_ON_DUTY: "None is on duty.",
    Reason.NONE_FREE: "All that are on duty are busy.",
    Reason.NONE_IN_SERVICE: "Some are out of service.",
    Reason.NONE_WITH: "None that could go has {}.",
    Reason.NONE_IN_DATE: "The certificate for {} has expired.",
    Reason.NONE_STAFFED: "Some have too few people on them.",
    Reason.NONE_RESTED: "Some are resting.",
    Reason.NONE_IN_AREA: "Some do not serve this place.",
    Reason.NONE_LONG_ENOUGH: "Some end their shift too soon.",
    Reason.NONE_UNPROMISED: "Some have an appointment too soon.",
    Reason.ALL_DECLINED: "Some declined this incident.",
    Reason.TOO_FEW: "There are fewer than the plan asks for.",
    Reason.ALL_KEPT: "Held: those that are free ({}) are kept for life threats.",
}

_WITHOUT_DETAIL: dict[str, str] = {Reason.BUSY: "On another incident."}


def reason(code: Reason, detail: object = None) -> str:
    """`code` or `code:detail`."""
    return code.value if detail is None else f"{code.value}:{detail}"


def sentence(text: str) -> str:
    """The sentence of a reason as given by reason()."""
    code, _, detail = text.partition(":")
    if not detail and code in _WITHOUT_DETAIL:
        return _WITHOUT_DETAIL[code]
    return _SENTENCES[code].format(detail.replace("_", " "))
