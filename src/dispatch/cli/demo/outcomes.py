"""How a played job ends: the words of the samples and of real files become outcome and disposition codes."""

from collections.abc import Iterable, Mapping

from dispatch.domain.outcome import outcomes_for

# The words in which samples and city files tell how a job ended -> our outcome code.
_OUTCOMES: Mapping[str, str] = {
    "resolved_on_scene": "handled",
    "unable_to_locate": "not_found",
    "no_merit": "unfounded",
    "treated_on_scene": "treated_no_transport",
    "refused_service": "refused",
    "resolved_by_phone": "handled_by_phone",
    "exchanged_information": "advised",
    "no_answer": "no_contact",
    "transported": "medical_transport",
    "backup_requested": "other",
    "transferred_back": "other",
    "referred": "referred_to",
    # San Francisco police
    "HAN": "handled",
    "GOA": "gone_on_arrival",
    "UTL": "not_found",
    "CIT": "citation",
    "REP": "report_taken",
    "ADV": "advised",
    "ARR": "arrest",
    "NOM": "unfounded",
    "CAN": "cancelled_en_route",
    # San Francisco fire
    "Code 2 Transport": "medical_transport",
    "Code 3 Transport": "medical_transport",
    "Patient Declined Transport": "refused",
    "Against Medical Advice": "refused",
    "No Merit": "unfounded",
    "Unable to Locate": "not_found",
    "Gone on Arrival": "gone_on_arrival",
    "Cancelled": "cancelled_en_route",
    # San Diego police
    "K": "handled",
    "R": "report_taken",
    "A": "arrest",
    "U": "unfounded",
}

_DISPOSITIONS: Mapping[str, str] = {
    "report_taken": "report_taken",
    "handled_by_phone": "handled_by_phone",
    "referred_to": "referred",
    "referred_to_police": "referred",
    "referred_to_ems": "referred",
    "referred_to_fire": "referred",
    "medical_transport": "transported",
    "transported_voluntarily": "transported",
    "arrest": "arrest",
    "no_contact": "no_contact",
    "not_found": "no_contact",
    "gone_on_arrival": "gone_on_arrival",
    "refused": "refused",
    "unfounded": "unfounded",
    "false_alarm": "false_alarm",
}


def outcome_code(word: str | None, responder_type: str) -> str:
    """The outcome that a unit of this type clears with; `handled` when the word says nothing it may say."""
    code = _OUTCOMES.get(word or "", word)
    return code if code in {one.code for one in outcomes_for(responder_type)} else "handled"


def disposition_code(outcomes: Iterable[str]) -> str:
    """What the incident ends with, from what its units cleared with: the most telling outcome, else resolved."""
    found = {_DISPOSITIONS[outcome] for outcome in outcomes if outcome in _DISPOSITIONS}
    return next((code for code in _DISPOSITIONS.values() if code in found), "resolved")
