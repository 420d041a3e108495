"""senders.yaml: what a sender means by its priorities, and what a call under its most urgent one brings."""

import pytest
from tests.unit.triage.small_policy import TEXTS, a_policy, decided, first_step, rules

from dispatch.domain.errors import PolicyInvalid
from dispatch.triage.policy import Policy, load_policy

NORTH = "senders:\n  - {source: north, most_urgent: [A, '1'], because: Its manual says so.}\n"
ALARM = """\
table: alarm
floor: true
rows:
  - {id: SU-01, title: Urgent to its sender, when: {sender_urgency: most_urgent, category: [behavioral_health]},
     also: {slots: [{responder_type: police}], needs_human: true}, because: They knew more.}
"""


def _policy(senders: str = NORTH) -> Policy:
    return a_policy(**{"senders.yaml": senders, "tables/05-alarm.yaml": ALARM})


@pytest.mark.parametrize(
    ("source", "priority", "is_urgent"),
    [
        ("north", "A", True),
        ("north", " a ", True),
        ("north", "1", True),
        ("north", "B", False),
        ("north", None, False),
        ("south", "A", False),
    ],
)
def test_a_call_that_its_sender_holds_most_urgent_goes_to_no_civilian_alone(
    source: str, priority: str | None, is_urgent: bool
) -> None:
    decision = decided(policy=_policy(), source=source, type_text="WELFARE CHECK", sender_priority=priority)

    assert ("police" in first_step(decision), decision.needs_human, "SU-01" in rules(decision)) == (is_urgent,) * 3
    assert first_step(decision) != ["police"]


def test_what_is_most_urgent_to_one_sender_and_not_to_another_is_asked_of_each() -> None:
    table = ALARM.replace("most_urgent", "less_urgent")
    policy = a_policy(**{"senders.yaml": NORTH, "tables/05-alarm.yaml": table})

    assert "SU-01" in rules(decided(policy=policy, source="north", type_text="WELFARE CHECK", sender_priority="C"))
    assert "SU-01" not in rules(decided(policy=policy, source="south", type_text="WELFARE CHECK", sender_priority="C"))


def test_a_city_says_anew_what_a_sender_means_and_keeps_the_others() -> None:
    root = {
        **TEXTS,
        "tables/05-alarm.yaml": ALARM,
        "senders.yaml": NORTH + NORTH.partition("\n")[2].replace("north", "south"),
    }
    own = NORTH.replace("[A, '1']", "[E]")
    pack = load_policy(
        {"policy.yaml": "policy: city\nversion: 1\nextends: small\n", "senders.yaml": own}, parents={"small": root}
    )

    def told(source: str, priority: str) -> bool:
        return "SU-01" in rules(
            decided(policy=pack, source=source, type_text="WELFARE CHECK", sender_priority=priority)
        )

    assert [told("north", "A"), told("north", "E"), told("south", "A")] == [False, True, True]


@pytest.mark.parametrize(
    ("senders", "code"),
    [
        ("senders:\n  - {source: north, because: x}\n", "missing"),
        ("senders:\n  - {most_urgent: [A], because: x}\n", "missing"),
        ("senders:\n  - {source: north, most_urgent: [A]}\n", "missing"),
        ("senders:\n  - {source: north, most_urgent: [A], becuse: x}\n", "unknown_key"),
        (NORTH + NORTH.partition("\n")[2], "duplicate_row"),
        ("sender:\n  - {}\n", "unknown_key"),
    ],
)
def test_a_mistake_is_named_with_its_line(senders: str, code: str) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        _policy(senders)

    assert code in {problem.code for problem in refused.value.errors}
    assert all(problem.pointer.startswith("senders.yaml:") for problem in refused.value.errors)


def test_a_row_cannot_ask_for_an_urgency_that_does_not_exist() -> None:
    with pytest.raises(PolicyInvalid) as refused:
        a_policy(**{"tables/05-alarm.yaml": ALARM.replace("most_urgent", "highest")})

    assert [problem.code for problem in refused.value.errors] == ["unknown_sender_urgency"]
