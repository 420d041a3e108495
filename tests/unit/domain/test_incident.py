import pytest

from dispatch.domain.errors import IllegalTransition, Invalid
from dispatch.domain.incident import (
    DISPOSITIONS,
    ENDED,
    IncidentStatus,
    legal_incident_moves,
    require_disposition,
    require_incident_move,
)

S = IncidentStatus


def test_an_ended_incident_comes_back_to_the_queue_only() -> None:
    assert {legal_incident_moves(status) for status in ENDED} == {(S.PENDING,)}


def test_a_disposition_that_nobody_knows_is_refused_with_the_nearest() -> None:
    with pytest.raises(Invalid) as refusal:
        require_disposition("resolvd")

    [problem] = refusal.value.errors
    assert (problem.pointer, problem.code) == ("/disposition", "unknown_disposition")
    assert "'resolved'" in problem.detail


def test_an_illegal_step_names_the_legal_ones() -> None:
    with pytest.raises(IllegalTransition) as refusal:
        require_incident_move(S.CLOSED, S.ACTIVE)

    assert refusal.value.facts == {"current": "closed", "requested": "active", "legal": ["pending"]}


def test_every_status_leads_somewhere_and_dispositions_say_something() -> None:
    assert all(legal_incident_moves(status) for status in S)
    assert all(DISPOSITIONS.values())
    for code in DISPOSITIONS:
        require_disposition(code)
    require_incident_move(S.ACTIVE, S.CLOSED)
