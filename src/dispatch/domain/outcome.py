"""What came of an assignment: the catalogue of outcomes that ships, who may use each, and what each must say."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from dispatch.domain.transfer import MAY_TAKE_CALLS, handed_off_to

_SWORN = ("police", "co_responder")
_MEDICAL = ("ems", "fire")
_CARE = ("community_responder", "co_responder", "homeless_outreach", "transit_ambassador", "crisis_line", "cvi")
_FIELD = (*_SWORN, *_MEDICAL, "community_responder", "cvi", "homeless_outreach", "transit_ambassador")
_DESKS = ("report_taker", "crisis_line")
_PASSING_ON = MAY_TAKE_CALLS
_REPORTS = (*_SWORN, *_DESKS, "fire", "community_responder", "transit_ambassador")

ANYBODY = "anybody"  # in place of a responder type, where whoever comes next will do


class Detail(StrEnum):
    """What an outcome can say more, by the name of its field."""

    REPORT_NUMBER = "report_number"
    REFERRED_TO = "referred_to"
    DESTINATION = "destination"
    DOSES = "doses"
    DUE_AT = "due_at"
    WHAT = "what"


_D = Detail

# Details that may tell of somebody's health. A report's number does not; what is promised says nothing clinical.
HEALTH_DETAILS = frozenset({_D.REFERRED_TO, _D.DESTINATION, _D.DOSES})


@dataclass(frozen=True, slots=True)
class Outcome:
    """One code and its sentence. responder_types: who may use it; empty for everybody.

    needs: details that belong to it. met: True when somebody was reached, False when nobody was, None when the code
    does not tell. handles: False where the unit did nothing about the incident. calls_for: the responder type that
    must still come, or ANYBODY. passes_on: whoever uses it did not end the matter. is_health: that it happened is
    somebody's health.
    apco: the code of APCO 1.111.2 that it travels as, where one fits. nemsis: element=code of NEMSIS 3.5.1. neris:
    value set=value of NERIS. formerly: older words for the same, still understood.
    """

    code: str
    label: str
    responder_types: tuple[str, ...] = ()
    needs: tuple[Detail, ...] = ()
    met: bool | None = None
    handles: bool = True
    calls_for: str | None = None
    passes_on: bool = False
    is_health: bool = False
    apco: str | None = None
    nemsis: str | None = None
    neris: str | None = None
    formerly: tuple[str, ...] = ()

    def is_for(self, responder_type: str) -> bool:
        """True when a unit of this type may clear with it."""
        return not self.responder_types or responder_type in self.responder_types


@dataclass(frozen=True, slots=True)
class Cleared:
    """A unit that left an incident, and the responder types that it left something to.

    took_over: it had taken it over from another.
    """

    responder_type: str
    outcome: str | None
    cleared_at: datetime
    took_over: bool = False
    left_to: tuple[str, ...] = ()


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

_CARE_OF = "type_medical_patient_care"
_TRANSPORT = "type_medical_transport"

# One row per code, the usual ones first. A policy adds its own and changes these in outcomes.yaml.
# Sources: APCO 1.111.2-2018 as in the NENA EIDO disposition registry; NEMSIS 3.5.1 eDisposition.27, .28 and .30; NERIS
# value sets type_noaction, type_medical_patient_care, type_medical_transport, type_action_tactic.
OUTCOMES: tuple[Outcome, ...] = (
    Outcome("handled", "Handled on the spot", apco="18"),
    Outcome("contact_made", "Contact made", met=True, nemsis="eDisposition.27=4227001"),
    Outcome("de_escalated", "De-escalated", (*_CARE, "police", "ems"), met=True),
    Outcome("advised", "Advice given", met=True),
    Outcome(
        "referred_to",
        "Referred to a service or another agency",
        needs=(_D.REFERRED_TO,),
        met=True,
        is_health=True,
        apco="15",
        neris="type_action_tactic=EMERGENCY_MEDICAL_CARE||PATIENT_REFERRAL",
        formerly=("referred",),
    ),
    Outcome("referred_to_police", "Left to the police, who must still come", calls_for="police"),
    Outcome("referred_to_ems", "Left to emergency medical services, who must still come", calls_for="ems"),
    Outcome("referred_to_fire", "Left to the fire service, which must still come", calls_for="fire"),
    Outcome(
        "transported_voluntarily",
        "Taken somewhere they chose to go",
        (*_CARE, "police", "ems"),
        needs=(_D.DESTINATION,),
        met=True,
        is_health=True,
        apco="16",
        neris=f"{_TRANSPORT}=NONPATIENT_TRANSPORT",
    ),
    Outcome("needs_met", "Practical needs met: food, water, clothing, a call", _CARE, met=True),
    Outcome("follow_up_due", "A follow-up is due", needs=(_D.DUE_AT,), met=True),
    Outcome("mediated", "Parties agreed to a settlement", ("community_responder", "cvi"), met=True),
    Outcome(
        "naloxone",
        "Naloxone given",
        _FIELD,
        needs=(_D.DOSES,),
        met=True,
        is_health=True,
        nemsis="eDisposition.28=4228001",
        neris=f"{_CARE_OF}=PATIENT_EVALUATED_CARE_PROVIDED",
        formerly=("naloxone_given",),
    ),
    Outcome(
        "medical_transport",
        "Taken to hospital",
        _MEDICAL,
        needs=(_D.DESTINATION,),
        met=True,
        is_health=True,
        apco="45",
        nemsis="eDisposition.30=4230001",
        neris=f"{_TRANSPORT}=TRANSPORT_BY_EMS_UNIT",
    ),
    Outcome(
        "treated_no_transport",
        "Treated, not transported",
        _MEDICAL,
        met=True,
        is_health=True,
        apco="43",
        nemsis="eDisposition.30=4230013",
        neris=f"{_TRANSPORT}=NO_TRANSPORT",
    ),
    Outcome("lift_assist", "Helped up, no injury", _MEDICAL, met=True, is_health=True, apco="29"),
    Outcome("fire_out", "Fire out", ("fire",), apco="23"),
    Outcome("hazard_removed", "Hazard made safe", ("fire", "police"), apco="26"),
    Outcome("report_taken", "Report taken", _REPORTS, needs=(_D.REPORT_NUMBER,), met=True, apco="01"),
    Outcome("handled_by_phone", "Settled by telephone or online", _PASSING_ON, met=True, apco="05"),
    Outcome("returned_to_911", "Given back to 911, who must send somebody", _PASSING_ON, calls_for=ANYBODY),
    Outcome("mobile_team_sent", "A mobile team was sent", _PASSING_ON, passes_on=True),
    Outcome("caller_hung_up", "The caller hung up and was not reached again", _PASSING_ON, met=False),
    *(
        Outcome(handed_off_to(kind), f"Handed off to {words}, who took it over", calls_for=kind)
        for kind, words in _TAKES_OVER.items()
    ),
    Outcome("warm_handover", "Handed over to another responder in person", met=True),
    Outcome("citation", "Citation issued", _SWORN, met=True, apco="04"),
    Outcome("arrest", "Arrest", _SWORN, met=True, apco="03"),
    Outcome("emergency_hold", "Taken for an involuntary evaluation", _SWORN, met=True, is_health=True),
    Outcome(
        "refused",
        "Help was refused",
        met=True,
        nemsis="eDisposition.28=4228007",
        neris=f"{_CARE_OF}=PATIENT_REFUSED_EVALUATION_CARE",
    ),
    Outcome("no_contact", "Nobody answered or could be reached", met=False, nemsis="eDisposition.27=4227007"),
    Outcome("not_found", "Nobody was found", met=False, apco="14", nemsis="eDisposition.27=4227009"),
    Outcome("gone_on_arrival", "They had gone on arrival", _FIELD, met=False, apco="14"),
    Outcome("unfounded", "It did not happen", neris="type_noaction=NO_INCIDENT_FOUND"),
    Outcome("false_alarm", "False alarm", apco="17"),
    Outcome(
        "cancelled_en_route",
        "Cancelled before arrival",
        _FIELD,
        handles=False,
        apco="32",
        nemsis="eDisposition.27=4227005",
        neris="type_noaction=CANCELLED",
    ),
    Outcome("other", "None of these; the note says what"),
)

# Outcomes of whoever did not end the matter: nobody counts them as handled.
PASSED_ON = tuple(outcome.code for outcome in OUTCOMES if outcome.calls_for is not None or outcome.passes_on)
# Words for those who must still come, when a free text of `referred_to` names them.
_MUST_COME = ("police", "ems", "fire")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The outcomes of one policy: those that ship, as it changed them, and its own."""

    rows: tuple[Outcome, ...] = OUTCOMES
    by_word: Mapping[str, Outcome] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        words = {word: one for one in self.rows for word in one.formerly}
        object.__setattr__(self, "by_word", words | {one.code: one for one in self.rows})

    def find(self, code: str) -> Outcome | None:
        """The outcome of this code, or of a former word for it."""
        return self.by_word.get(code)

    def of(self, responder_type: str) -> tuple[Outcome, ...]:
        """The outcomes that a unit of this type may clear with, the usual ones first."""
        return tuple(one for one in self.rows if one.is_for(responder_type))

    def words_for(self, code: str) -> tuple[str, ...]:
        """The words under which rows of this outcome may be stored; the code itself where nobody knows it."""
        found = self.find(code)
        return (code,) if found is None else (found.code, *found.formerly)

    def over(self, own: Sequence[Outcome]) -> "Catalogue":
        """This catalogue with rows of the same code replaced, and new ones before the last, which is `other`."""
        changed = {one.code: one for one in own}
        known = [changed.pop(one.code, one) for one in self.rows]
        return Catalogue((*known[:-1], *changed.values(), known[-1]))


SHIPPED_OUTCOMES = Catalogue()


def outcomes_for(responder_type: str) -> tuple[Outcome, ...]:
    """The shipped outcomes that a unit of this type may clear with, the usual ones first."""
    return SHIPPED_OUTCOMES.of(responder_type)


def find_outcome(code: str) -> Outcome | None:
    """The shipped outcome of this code or former word, or None for a city's own."""
    return SHIPPED_OUTCOMES.find(code)


def anyone_met(codes: Iterable[str]) -> bool | None:
    """True when one of the outcomes says that somebody was reached, False when one says no and none yes, else None."""
    answers = {outcome.met for code in codes if (outcome := find_outcome(code)) is not None}
    if True in answers:
        return True
    return False if False in answers else None


def named_to_come(referred_to: str | None) -> str | None:
    """The responder type that a free text names as the one who must still come: `police` is not a mere referral."""
    word = (referred_to or "").strip().casefold()
    return word if word in _MUST_COME else None


def still_awaited(left: Collection[Cleared]) -> str | None:
    """The outcome by which one of these units left the incident to somebody who has not been there since, if any."""
    for one in left:
        shipped = find_outcome(one.outcome) if one.outcome is not None else None
        plain = () if shipped is None or shipped.calls_for is None else (shipped.calls_for,)
        for wanted in (*plain, *one.left_to):
            came = (
                other is not one
                and wanted in (other.responder_type, ANYBODY)
                and (other.took_over or other.cleared_at >= one.cleared_at)
                for other in left
            )
            if not any(came):
                return one.outcome if plain else f"referred_to_{wanted}"
    return None
