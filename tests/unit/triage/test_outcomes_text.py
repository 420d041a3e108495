"""outcomes.yaml: a city's own outcomes stand beside those that ship, and every mistake is named."""

import pytest
from tests.support.city_policy import city_policy

from dispatch.domain.errors import PolicyInvalid
from dispatch.domain.outcome import SHIPPED_OUTCOMES, Detail
from dispatch.triage.policy import Policy, load_policy


def _policy(outcomes: str) -> Policy:
    return load_policy({**city_policy(), "outcomes.yaml": outcomes})


def test_a_policy_without_the_file_has_the_shipped_outcomes() -> None:
    assert load_policy(city_policy()).outcomes == SHIPPED_OUTCOMES


def test_a_city_adds_an_outcome_and_changes_who_may_use_another() -> None:
    catalogue = _policy(
        "outcomes:\n"
        "  - {code: shelter_bed, label: A bed, responder_type: homeless_outreach, needs: [destination], met: true}\n"
        "  - {code: report_taken, responder_type: [police]}\n"
    ).outcomes

    bed, report = catalogue.find("shelter_bed"), catalogue.find("report_taken")
    assert bed is not None
    assert (bed.responder_types, bed.needs, bed.met) == (("homeless_outreach",), (Detail.DESTINATION,), True)
    assert report is not None
    assert (report.responder_types, report.needs, report.apco) == (("police",), (Detail.REPORT_NUMBER,), "01")
    assert catalogue.rows[-1].code == "other"
    assert len(catalogue.rows) == len(SHIPPED_OUTCOMES.rows) + 1


@pytest.mark.parametrize(("row", "code"), [
    ("{code: bed}", "missing"),
    ("{label: no code}", "missing"),
    ("{code: A Bed, label: x}", "bad_code"),
    ("{code: referred, label: a former word}", "bad_code"),
    ("{code: bed, label: x, responder_type: [polize]}", "unknown_responder_type"),
    ("{code: bed, label: x, needs: [dosis]}", "unknown_needs"),
    ("{code: bed, label: x, meet: true}", "unknown_key"),
    ("{code: referred_to_police, calls_for: ems}", "weakens_floor"),
    ("{code: naloxone, health: false}", "weakens_floor"),
])  # fmt: skip
def test_a_mistake_is_named(row: str, code: str) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        _policy(f"outcomes:\n  - {row}\n")

    assert code in {problem.code for problem in refused.value.errors}


def test_an_outcome_stands_once() -> None:
    with pytest.raises(PolicyInvalid) as refused:
        _policy("outcomes:\n  - {code: bed, label: x}\n  - {code: bed, label: y}\n")

    assert [problem.code for problem in refused.value.errors] == ["duplicate_id"]
