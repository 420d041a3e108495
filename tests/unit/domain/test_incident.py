import pytest

from dispatch.domain.errors import IllegalTransition, Invalid
from dispatch.domain.incident import DISPOSITIONS, ENDED, IncidentStatus, legal_incident_moves, require_incident_move

S = IncidentStatus


def test_an_ended_incident_comes_back_to_the_queue_only() -> None:
    assert {legal_incident_moves(status) for status in ENDED} == {(S.PENDING,)}


@pytest.mark.parametrize("to", sorted(ENDED))
def test_an_incident_ends_only_with_a_disposition(to: S) -> None:
    with pytest.raises(Invalid) as refusal:
        require_incident_move(S.ACTIVE, to)

    assert [problem.pointer for problem in refusal.value.errors] == ["/disposition"]


def test_an_incident_does_not_close_while_a_unit_is_on_it() -> None:
    with pytest.raises(IllegalTransition) as refusal:
        require_incident_move(S.ACTIVE, S.CLOSED, disposition="resolved", active_units=("CR2",))

    assert refusal.value.facts["units"] == ["CR2"]
    assert "closed" not in refusal.value.facts["legal"]


def test_an_illegal_step_names_the_legal_ones() -> None:
    with pytest.raises(IllegalTransition) as refusal:
        require_incident_move(S.CLOSED, S.ACTIVE)

    assert refusal.value.facts == {"current": "closed", "requested": "active", "legal": ["pending"]}


def test_every_status_leads_somewhere_and_dispositions_say_something() -> None:
    assert all(legal_incident_moves(status) for status in S)
    assert all(DISPOSITIONS.values())
    require_incident_move(S.ACTIVE, S.CLOSED, disposition="resolved")
