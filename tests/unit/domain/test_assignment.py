from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.domain.assignment import (
    ACTIVE,
    NEEDS_OUTCOME,
    NEEDS_REASON,
    STATE_TABLE,
    TERMINAL,
    AssignmentMode,
    AssignmentStatus,
    first_status,
    implies_acceptance,
    legal_moves,
    require_move,
    stamp_column,
    unit_status_after,
)
from dispatch.domain.errors import IllegalTransition, Invalid
from dispatch.domain.state_docs import state_diagram, state_table_page
from dispatch.domain.unit import BUSY, UnitStatus

S = AssignmentStatus
ORDERED, OFFERED = AssignmentMode.ORDERED, AssignmentMode.OFFERED
statuses = st.sampled_from(list(S))
modes = st.sampled_from(list(AssignmentMode))


def walk(mode: AssignmentMode, *steps: S) -> None:
    here = first_status(mode)
    for step in steps:
        require_move(here, step, mode, reason="said so", outcome="handled")
        here = step


@pytest.mark.parametrize(
    ("mode", "steps"),
    [
        (ORDERED, (S.ACCEPTED, S.EN_ROUTE, S.ON_SCENE, S.CLEARED)),
        (ORDERED, (S.ON_SCENE, S.CLEARED)),
        (ORDERED, (S.EN_ROUTE, S.STAGED, S.EN_ROUTE, S.ON_SCENE, S.TRANSPORTING, S.AT_DESTINATION, S.CLEARED)),
        (OFFERED, (S.ACCEPTED, S.EN_ROUTE, S.ON_SCENE, S.CLEARED)),
        (OFFERED, (S.EN_ROUTE, S.CANCELLED)),
        (OFFERED, (S.DECLINED,)),
        (OFFERED, (S.ACCEPTED, S.CLEARED)),
    ],
)
def test_the_usual_and_the_late_ways_through_are_legal(mode: AssignmentMode, steps: tuple[S, ...]) -> None:
    walk(mode, *steps)

    assert steps[-1] in TERMINAL


@pytest.mark.parametrize(
    ("current", "to", "mode"),
    [
        (S.ORDERED, S.DECLINED, ORDERED),
        (S.ORDERED, S.TIMED_OUT, ORDERED),
        (S.OFFERED, S.CANCELLED, OFFERED),
        (S.ON_SCENE, S.EN_ROUTE, ORDERED),
        (S.ON_SCENE, S.CANCELLED, ORDERED),
        (S.ORDERED, S.TRANSPORTING, ORDERED),
        (S.CLEARED, S.EN_ROUTE, ORDERED),
        (S.RESERVED, S.OFFERED, ORDERED),
        (S.RESERVED, S.ORDERED, OFFERED),
        (S.EN_ROUTE, S.EN_ROUTE, ORDERED),
    ],
)
def test_an_illegal_step_is_refused_with_the_legal_ones(current: S, to: S, mode: AssignmentMode) -> None:
    with pytest.raises(IllegalTransition) as refusal:
        require_move(current, to, mode, reason="x", outcome="x")

    assert refusal.value.facts == {
        "current": current.value,
        "requested": to.value,
        "legal": [move.value for move in legal_moves(current, mode)],
    }


@given(statuses, statuses, modes)
def test_exactly_the_legal_moves_pass(current: S, to: S, mode: AssignmentMode) -> None:
    try:
        require_move(current, to, mode, reason="said so", outcome="handled")
        passed = True
    except IllegalTransition:
        passed = False

    assert passed == (to in legal_moves(current, mode))


@pytest.mark.parametrize("blank", [None, "", "  "])
@pytest.mark.parametrize(
    ("current", "to", "mode"),
    [(S.OFFERED, S.DECLINED, OFFERED), (S.OFFERED, S.RESCINDED, OFFERED), (S.EN_ROUTE, S.CANCELLED, ORDERED)],
)
def test_declining_rescinding_and_cancelling_need_a_reason(
    current: S, to: S, mode: AssignmentMode, blank: str | None
) -> None:
    with pytest.raises(Invalid) as refusal:
        require_move(current, to, mode, reason=blank)

    assert [problem.pointer for problem in refusal.value.errors] == ["/reason"]


def test_clearing_needs_an_outcome() -> None:
    with pytest.raises(Invalid) as refusal:
        require_move(S.ON_SCENE, S.CLEARED, ORDERED, reason="x")

    assert [problem.pointer for problem in refusal.value.errors] == ["/outcome"]


def test_every_status_but_an_ending_leads_on_and_every_ending_is_the_end() -> None:
    possible = {ORDERED: set(S) - {S.OFFERED}, OFFERED: set(S) - {S.ORDERED}}

    for mode in AssignmentMode:
        for status in possible[mode]:
            assert bool(legal_moves(status, mode)) == (status not in TERMINAL)


def test_every_status_can_be_reached_and_every_way_ends() -> None:
    for mode in AssignmentMode:
        reached = set(_reachable(S.RESERVED, mode))
        assert reached & TERMINAL
        for status in reached - TERMINAL:
            assert set(_reachable(status, mode)) & TERMINAL
    everywhere = set(_reachable(S.RESERVED, ORDERED)) | set(_reachable(S.RESERVED, OFFERED))
    assert everywhere == set(S)


def test_a_status_holds_the_unit_or_has_ended_or_is_a_reservation() -> None:
    assert ACTIVE | TERMINAL | {S.RESERVED} == set(S)
    assert not ACTIVE & TERMINAL
    assert TERMINAL >= NEEDS_REASON | NEEDS_OUTCOME


def test_the_unit_is_busy_exactly_while_the_assignment_holds_it() -> None:
    for status in S:
        after = unit_status_after(status)
        assert after in (BUSY if status in ACTIVE else {UnitStatus.AVAILABLE})


def test_a_staged_unit_has_not_arrived() -> None:
    assert unit_status_after(S.STAGED) is UnitStatus.EN_ROUTE


def test_moving_in_answer_to_an_offer_accepts_it() -> None:
    implied = {to for to in S if implies_acceptance(S.OFFERED, to)}

    assert implied == {S.EN_ROUTE, S.STAGED, S.ON_SCENE}
    assert not any(implies_acceptance(S.ORDERED, to) for to in S)


def test_each_status_stamps_a_time_of_its_own() -> None:
    assert len({stamp_column(status) for status in S}) == len(S)
    assert stamp_column(S.ON_SCENE) == "on_scene_at"


def test_the_table_holds_no_row_twice() -> None:
    rows = [(move.status, move.to, mode) for move in STATE_TABLE for mode in move.modes]

    assert len(rows) == len(set(rows))


def test_the_page_in_the_docs_is_the_one_that_the_table_makes() -> None:
    page = Path(__file__).parents[3] / "docs" / "state-table.md"

    assert page.read_text(encoding="utf-8") == state_table_page(), (
        "Run: PYTHONPATH=src python -c 'from dispatch.domain.state_docs import state_table_page; "
        'print(state_table_page(), end="")\' > docs/state-table.md'
    )


def test_the_diagram_draws_every_step() -> None:
    assert state_diagram().count(" --> ") == len(STATE_TABLE) + 3 + len(TERMINAL)


def _reachable(status: S, mode: AssignmentMode) -> Iterator[S]:
    seen = {status}
    waiting = [status]
    while waiting:
        here = waiting.pop()
        yield here
        for to in legal_moves(here, mode):
            if to not in seen:
                seen.add(to)
                waiting.append(to)
