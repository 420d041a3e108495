"""What came of an assignment: the outcome codes that ship, and which responder types use them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from dispatch.domain.transfer import OUTSIDE, handed_off_to

_SWORN = ("police", "co_responder")
_MEDICAL = ("ems", "fire")
_CARE = ("community_responder", "co_responder", "homeless_outreach", "transit_ambassador", "crisis_line", "cvi")
_FIELD = (*_SWORN, *_MEDICAL, "community_responder", "cvi", "homeless_outreach", "transit_ambassador")
_DESKS = ("report_taker", "crisis_line")
_PASSING_ON = (*_DESKS, OUTSIDE)

ANYBODY = "anybody"  # in place of a responder type, where whoever comes next will do


@dataclass(frozen=True, slots=True)
class Outcome:
    """One code and its sentence. responder_types: who may use it; empty for everybody.

    met: True when somebody was reached, False when nobody was, None when the code does not tell.
    apco: the code of APCO 1.111.2 that it travels as, where one fits.
    calls_for: the responder type that must still come, or ANYBODY. passes_on: whoever uses it did not end the matter.
    """

    code: str
    label: str
    responder_types: tuple[str, ...] = ()
    met: bool | None = None
    apco: str | None = None
    calls_for: str | None = None
    passes_on: bool = False


@dataclass(frozen=True, slots=True)
class Cleared:
    """A unit that left an incident, with what came of it. took_over: it had taken it over from another."""

    responder_type: str
    outcome: str | None
    cleared_at: datetime
    took_over: bool = False


# Who may take an incident over from another discipline. Who is told one way takes nothing over.
_TAKES_OVER = {
    "police": "police",
    "fire": "fire",
    "ems": "EMS",
    "community_responder": "community responders",
    "co_responder": "co-responders",
    "homeless_outreach": "outreach",
    "transit_ambassador": "transit ambassadors",
    "crisis_line": "a crisis clinician",
    "report_taker": "a report taker",
}

# One row per code, the usual ones first. A city adds its own as data; an unknown code is kept, never refused.
OUTCOMES: tuple[Outcome, ...] = (
    Outcome("handled", "Handled on the spot"),
    Outcome("contact_made", "Contact made; nothing more was wanted", _CARE, met=True),
    Outcome("de_escalated", "De-escalated", (*_CARE, "police"), met=True),
    Outcome("advised", "Advice given", met=True),
    Outcome("referred", "Referred to a service or another agency", met=True, apco="15"),
    Outcome("referred_to_police", "Left to the police, who must still come", calls_for="police"),
    Outcome("referred_to_ems", "Left to emergency medical services, who must still come", calls_for="ems"),
    Outcome("referred_to_fire", "Left to the fire service, which must still come", calls_for="fire"),
    Outcome("transported_voluntarily", "Taken somewhere they chose to go", (*_CARE, "police", "ems"), met=True),
    Outcome("needs_met", "Practical needs met: food, water, clothing, a call", _CARE, met=True),
    Outcome("follow_up_due", "Contact made; a follow-up is due", _CARE, met=True),
    Outcome("mediated", "Parties agreed to a settlement", ("community_responder", "cvi"), met=True),
    Outcome("naloxone_given", "Naloxone given", _FIELD, met=True),
    Outcome("medical_transport", "Taken to hospital", ("ems", "fire"), met=True),
    Outcome("treated_no_transport", "Treated, not transported", _MEDICAL, met=True),
    Outcome("lift_assist", "Helped up, no injury", _MEDICAL, met=True),
    Outcome("fire_out", "Fire out", ("fire",)),
    Outcome("hazard_removed", "Hazard made safe", ("fire", "police")),
    Outcome("report_taken", "Report taken", (*_SWORN, *_DESKS, "fire", "transit_ambassador"), met=True, apco="01"),
    Outcome("handled_by_phone", "Settled by telephone or online", _PASSING_ON, met=True, apco="05"),
    Outcome("returned_to_911", "Given back to 911, who must send somebody", _PASSING_ON, calls_for=ANYBODY),
    Outcome("mobile_team_sent", "A mobile team was sent", _PASSING_ON, passes_on=True),
    Outcome("caller_hung_up", "The caller hung up and was not reached again", _PASSING_ON, met=False),
    *(
        Outcome(handed_off_to(kind), f"Handed off to {words}, who took it over", calls_for=kind)
        for kind, words in _TAKES_OVER.items()
    ),
    Outcome("warm_handover", "Handed over to another responder in person", met=True),
    Outcome("citation", "Citation issued", _SWORN, met=True),
    Outcome("arrest", "Arrest", _SWORN, met=True),
    Outcome("emergency_hold", "Taken for an involuntary evaluation", _SWORN, met=True),
    Outcome("refused", "Help was refused", met=True),
    Outcome("no_contact", "Nobody answered or could be reached", met=False),
    Outcome("not_found", "Nobody was found", met=False),
    Outcome("gone_on_arrival", "They had gone on arrival", _FIELD, met=False, apco="14"),
    Outcome("unfounded", "It did not happen"),
    Outcome("false_alarm", "False alarm", apco="17"),
    Outcome("cancelled_en_route", "Cancelled before arrival", _FIELD, apco="32"),
    Outcome("other", "None of these; the note says what"),
)

# Outcomes of whoever did not end the matter: nobody counts them as handled.
PASSED_ON = tuple(outcome.code for outcome in OUTCOMES if outcome.calls_for is not None or outcome.passes_on)

_BY_CODE = {outcome.code: outcome for outcome in OUTCOMES}


def outcomes_for(responder_type: str) -> tuple[Outcome, ...]:
    """The outcomes that a unit of this type may clear with, the usual ones first."""
    return tuple(one for one in OUTCOMES if not one.responder_types or responder_type in one.responder_types)


def find_outcome(code: str) -> Outcome | None:
    """The shipped outcome of this code, or None for a city's own."""
    return _BY_CODE.get(code)


def anyone_met(codes: Iterable[str]) -> bool | None:
    """True when one of the outcomes says that somebody was reached, False when one says no and none yes, else None."""
    answers = {outcome.met for code in codes if (outcome := _BY_CODE.get(code)) is not None}
    if True in answers:
        return True
    return False if False in answers else None


def still_awaited(left: Collection[Cleared]) -> str | None:
    """The outcome by which one of these units left the incident to somebody who has not been there since, if any."""
    for one in left:
        calls_for = None if one.outcome not in _BY_CODE else _BY_CODE[one.outcome].calls_for
        came = (
            other is not one
            and calls_for in (other.responder_type, ANYBODY)
            and (other.took_over or other.cleared_at >= one.cleared_at)
            for other in left
        )
        if calls_for is not None and not any(came):
            return one.outcome
    return None
