"""What kind of trouble an incident is, how urgent, and what a program answers to it."""

from enum import StrEnum


class Category(StrEnum):
    """The eight answers of triage to "what is this?"."""

    BEHAVIORAL_HEALTH = "behavioral_health"
    QUALITY_OF_LIFE = "quality_of_life"
    REPORTING = "reporting"
    VIOLENCE = "violence"
    MEDICAL = "medical"
    FIRE = "fire"
    POLICE = "police"
    UNKNOWN = "unknown"


class Verdict(StrEnum):
    """A program's answer for one incident. `cannot_tell` is never merged with `ineligible`."""

    ELIGIBLE = "eligible"
    INELIGIBLE = "ineligible"
    CANNOT_TELL = "cannot_tell"


class SlotRole(StrEnum):
    """What a unit does in a plan step: leads, helps, or waits nearby until it is safe."""

    PRIMARY = "primary"
    SUPPORT = "support"
    STAGED = "staged"


HIGHEST_PRIORITY = 0  # life threat
LOWEST_PRIORITY = 4  # can wait

# These ship; the list is open (a city adds its own as data), so a responder type is a plain string everywhere.
SHIPPED_RESPONDER_TYPES = (
    "police",
    "fire",
    "ems",
    "community_responder",
    "co_responder",
    "cvi",
    "report_taker",
    "homeless_outreach",
    "transit_ambassador",
    "crisis_line",
)

# Sworn and medical units are ordered and may not decline; every other type is offered the job.
ORDERED_RESPONDER_TYPES = frozenset({"police", "fire", "ems"})
# Who makes a scene safe; everybody else may wait short of it for them.
ARMED_RESPONDER_TYPES = frozenset({"police", "co_responder"})
