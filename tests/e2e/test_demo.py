"""The whole main job as a stranger runs it: `dispatch demo --exit`, a real process, a real database, real HTTP."""

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.e2e.conftest import DATA, Run, command, environment, summary_of

from dispatch.domain.access import Role
from dispatch.domain.classification import SHIPPED_RESPONDER_TYPES, Category

FIRST = "60"


@pytest.fixture(scope="session")
def day(run: Run) -> dict[str, Any]:
    """The summary of the whole sample day."""
    return summary_of(run("demo", "--exit", "--json"))


def test_no_call_of_the_sample_day_is_lost(day: dict[str, Any]) -> None:
    assert day["calls"]["given"] >= 500
    assert day["calls"]["stored"] == day["calls"]["given"] == day["programs"]["calls"]
    assert day["checks"] | {"lost_calls": 0, "server_errors": 0, "unexpected": 0} == day["checks"]
    assert day["ok"]


def test_every_incident_of_the_sample_day_is_handled_and_closed(day: dict[str, Any]) -> None:
    assert day["calls"]["closed"] == day["calls"]["stored"]
    assert day["calls"]["still_open"] == 0
    assert day["programs"]["handled"] == day["calls"]["stored"]


def test_all_eight_categories_and_all_ten_responder_types_are_seen(day: dict[str, Any]) -> None:
    assert set(day["categories"]) == {category.value for category in Category}
    assert set(day["responder_types"]) == set(SHIPPED_RESPONDER_TYPES)


def test_no_unit_is_ever_on_two_incidents_though_it_is_tried(day: dict[str, Any]) -> None:
    assert day["checks"]["double_booking_tries"] >= 10
    assert day["checks"]["double_booking_refused"] == day["checks"]["double_booking_tries"]
    assert day["checks"]["double_booked"] == 0


def test_every_eligible_call_was_served_or_has_a_reason_why_not(day: dict[str, Any]) -> None:
    programs = day["programs"]
    served = programs["led_by_a_program"] + programs["supported_by_a_program"]
    assert 0 < served <= programs["eligible"]
    assert served + sum(programs["not_served"].values()) == programs["eligible"]
    assert sum(programs["not_eligible"].values()) == programs["calls"] - programs["eligible"]
    assert programs["handled_without_police"] > 100


def test_intervals_say_how_many_they_rest_on(day: dict[str, Any]) -> None:
    assert [row["priority"] for row in day["intervals"]] == [0, 1, 2, 3, 4]
    for row in day["intervals"]:
        for name in ("queue", "turnout", "travel", "response", "scene"):
            found = row[name]
            assert found["count"] + round(found["missing_share"] * row["assignments"]) == row["assignments"]
            assert found["p50_s"] is None or 0 <= found["p50_s"] <= found["p90_s"]


def test_a_life_threat_gets_its_first_unit_at_once_and_its_last_within_the_hour(day: dict[str, Any]) -> None:
    worst = day["intervals"][0]

    assert worst["first_unit"]["count"] > 50
    assert worst["first_unit"]["p50_s"] <= 30
    assert worst["queue"]["p90_s"] <= 3600


def test_the_sample_expects_nobody_dangerous_to_meet_civilians_alone(day: dict[str, Any]) -> None:
    assert day["agreement"]["calls"] == day["calls"]["stored"]
    assert day["agreement"]["category_share"] > 0.8
    assert day["agreement"]["dangerous_miss_refs"] == []


def test_a_second_run_starts_from_nothing_and_says_the_same(run: Run) -> None:
    first, second = (summary_of(run("demo", "--exit", "--json", "--limit", "12")) for _ in range(2))
    for changing in ("rate", "where"):
        first.pop(changing), second.pop(changing)
    assert first == second


@pytest.mark.parametrize(
    ("mapping", "file"),
    [("sf-police", "sf_police_cad_2025-09.csv.gz"), ("sf-fire", "sf_fire_cad_2018-01-13_18.csv.gz")],
)
def test_real_calls_go_the_same_way(run: Run, mapping: str, file: str) -> None:
    path = DATA / file
    if not path.is_file():
        pytest.skip(f"needs {path}, which is not part of the repository")
    played = summary_of(run("demo", "--exit", "--json", "--limit", FIRST, "--mapping", mapping, "--calls", str(path)))
    assert played["calls"]["stored"] == int(FIRST)
    assert played["checks"]["lost_calls"] == played["checks"]["double_booked"] == 0
    assert played["demo"] == mapping
    assert (played["real_units"] is not None) == (mapping == "sf-fire")


def test_a_file_without_its_mapping_is_refused_with_a_way_out(run: Run) -> None:
    ended = run("demo", "--exit", "--calls", "calls.csv")
    assert ended.returncode == 1
    assert "--mapping" in ended.stderr


def test_a_demo_that_stays_up_takes_calls_of_others_and_ends_cleanly(data_dir: Path) -> None:
    process = subprocess.Popen(
        command("demo", "--json", "--speed", "600"),
        env=environment(data_dir),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        assert set(said["tokens"]) == {role.value for role in Role}
        auth = {"Authorization": f"Bearer {said['tokens']['dispatcher']}"}
        call = {"source": "my-cad", "source_ref": "try-1", "call_type": {"text": "WELFARE CHECK"}}
        posted = httpx.post(f"{said['url']}/v1/calls", json=call, headers=auth, timeout=30)
        assert posted.status_code == 201, posted.text
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if httpx.get(f"{said['url']}/v1/assignments", headers=auth, timeout=30).json()["items"]:
                break
            time.sleep(0.2)
        else:
            pytest.fail("nobody was sent to anything within half a minute")
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
