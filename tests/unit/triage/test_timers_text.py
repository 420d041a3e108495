"""timers.yaml: a city's limits stand before the shipped ones, and every mistake is named."""

import pytest
from tests.support.city_policy import city_policy

from dispatch.domain.assignment import AssignmentStatus
from dispatch.domain.errors import PolicyInvalid
from dispatch.domain.timers import SHIPPED, TimerKind
from dispatch.triage.policy import Policy, load_policy


def _policy(timers: str) -> Policy:
    return load_policy({**city_policy(), "timers.yaml": timers})


def _codes(timers: str) -> set[str]:
    with pytest.raises(PolicyInvalid) as refused:
        _policy(timers)
    return {problem.code for problem in refused.value.errors}


def test_a_policy_without_the_file_has_the_shipped_limits() -> None:
    assert load_policy(city_policy()).limits == SHIPPED


def test_a_row_of_the_city_stands_before_the_shipped_ones() -> None:
    limits = _policy("timers:\n  - {timer: offer, responder_type: cvi, priority: 0, limit_s: 240}\n").limits

    assert limits.limit_s(TimerKind.OFFER, 0, "cvi") == 240
    assert limits.limit_s(TimerKind.OFFER, 0, "homeless_outreach") == 30
    assert limits.limit_s(TimerKind.OFFER, 3, "cvi") == 90


def test_a_welfare_check_may_have_another_limit_on_the_way() -> None:
    text = "timers:\n  - {timer: welfare_check, status: transporting, responder_type: cvi, limit_s: 1200}\n"
    limits = _policy(text).limits

    assert limits.limit_s(TimerKind.WELFARE_CHECK, 3, "cvi", 2, AssignmentStatus.TRANSPORTING) == 1200
    assert limits.limit_s(TimerKind.WELFARE_CHECK, 3, "cvi", 2, AssignmentStatus.ON_SCENE) == 600
    assert _codes(text.replace("transporting", "en_route")) == {"unknown_status"}
    assert _codes(text.replace("welfare_check", "offer")) == {"one_status"}


def test_a_single_responder_on_scene_is_looked_after_sooner() -> None:
    for kind in ("police", "community_responder", "homeless_outreach", "cvi"):
        alone = SHIPPED.limit_s(TimerKind.WELFARE_CHECK, 3, kind, crew=1)
        together = SHIPPED.limit_s(TimerKind.WELFARE_CHECK, 3, kind, crew=2)
        assert alone is not None
        assert together is not None
        assert alone < together


def test_no_incident_is_without_a_limit_whatever_its_priority() -> None:
    limits = [SHIPPED.limit_s(TimerKind.UNASSIGNED, priority) for priority in range(5)]

    assert limits == sorted(limit for limit in limits if limit is not None)


def test_a_feed_that_is_watched_is_known() -> None:
    [feed] = _policy("feeds:\n  - {source: cad-east, silent_s: 900}\n").limits.feeds

    assert (feed.source, feed.silent_s) == ("cad-east", 900)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("{timer: unassigned, limit_s: never}", "never_watched"),
        ("{timer: unassigned, responder_type: police, limit_s: 5}", "no_responder_yet"),
        ("{timer: position_silent, priority: 0, limit_s: 60}", "no_incident"),
        ("{timer: position_silent, alone: true, limit_s: 60}", "no_incident"),
        ("{timer: offer}", "missing"),
        ("{timer: hold_due, limit_s: 5}", "unknown_timer"),
        ("{timer: offer, responder_type: wizard, limit_s: 5}", "unknown_responder_type"),
        ("{timer: offer, priority: 7, limit_s: 5}", "unknown_priority"),
        ("{timer: offer, limit_s: 0}", "number"),
    ],
)
def test_a_limit_that_could_not_be_meant_is_refused(row: str, code: str) -> None:
    assert code in _codes(f"timers:\n  - {row}\n")
