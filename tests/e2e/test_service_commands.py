"""The commands around the service, as processes: serve, token, tail, import, db, doctor, openapi."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.e2e.conftest import Run, command, environment
from tests.support.city_policy import city_policy

CITY = """\
jurisdiction: {id: testville, name: Testville, time_zone: America/Chicago}
agencies:
  - {id: care, name: Care, kind: city}
  - {id: police, name: Police, kind: city}
programs:
  - {id: street-team, agency_id: care, responder_type: community_responder, name: Street team}
units:
  - {call_sign: CR1, agency_id: care, program_id: street-team, responder_type: community_responder, status: available}
  - {call_sign: P1, agency_id: police, responder_type: police, status: available, home_lat: 44.1, home_lon: -93.2}
responders:
  - {employee_number: "1", name: Ada Person, agency_id: care, certifications: [{name: emt, expires_on: 2030-01-01}]}
shifts:
  - {unit: CR1, crew: ["1"], starts_at: "2020-01-01T00:00:00Z", ends_at: "2040-01-01T00:00:00Z"}
"""
CALLS = """\
id,when,code,text,story
1,2026-03-01 10:00,WELCHK,WELFARE CHECK,not seen for two days
2,2026-03-01 10:05,,NOISE COMPLAINT,loud music
3,not a time,,NOISE COMPLAINT,loud music
"""
MAPPING = """\
mapping: small
title: A small file
source: cad-east
zone: America/Chicago
time_formats: ["%Y-%m-%d %H:%M"]
key: {columns: [id], repeated: reject}
type: {code: code, text: text}
narrative: {columns: [story]}
received_at: when
channel: {default: "911"}
"""
FEED = """\
mapping: polled
title: Polled lists
source: polled
zone: America/Chicago
time_formats: [iso, "%Y-%m-%d %H:%M"]
snapshots: {at: at}
records_at: rows
key: {columns: [id]}
type: {text: text}
received_at: when
"""

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")


@contextmanager
def serving(data_dir: Path, processes: int = 1) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """A `dispatch serve` that is ready, and what it said."""
    process = subprocess.Popen(
        command("serve", "--port", "0", "--json", "--processes", str(processes)),
        env=environment(data_dir) | {"DISPATCH_LOG_LEVEL": "error"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


@pytest.fixture(scope="session")
def testville(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a city that was set up with `dispatch import units`.

    Once per session, like the data directory that it fills: modules take turns on a worker, and a second set-up would
    add nothing.
    """
    folder = tmp_path_factory.mktemp("testville")
    for name, text in {**{f"policy/{n}": t for n, t in city_policy().items()}, "city.yaml": CITY}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "calls.csv").write_text(CALLS)
    (folder / "small.yaml").write_text(MAPPING)
    empty = run("serve", "--json", "--port", "99999")
    assert empty.returncode == 2
    ended = run("import", "units", "city.yaml", cwd=folder)
    assert ended.returncode == 0, ended.stderr
    assert "2 agencies, 1 programs, 2 units, 1 responders, 1 shifts added" in ended.stderr
    assert "No policy decides there yet" in ended.stderr
    ended = run("import", "units", "city.yaml", "--policy", "policy", cwd=folder)
    assert ended.returncode == 0, ended.stderr
    assert "decides from now on" in ended.stderr
    assert "No policy decides" not in ended.stderr
    return folder


def test_importing_a_roster_again_adds_nothing(run: Run, testville: Path) -> None:
    ended = run("import", "units", "city.yaml", "--dry-run", "--json", cwd=testville)
    assert {**json.loads(ended.stdout)["added"], "shifts": 0} == dict.fromkeys(
        ("agencies", "programs", "units", "responders", "shifts"), 0
    )


def test_a_bad_roster_is_refused_whole_with_each_place(run: Run, testville: Path) -> None:
    (testville / "bad.yaml").write_text(
        CITY.replace("agency_id: care, program", "agency_id: nobody, program") + "x: 1\n"
    )
    ended = run("import", "units", "bad.yaml", cwd=testville)
    assert ended.returncode == 1
    assert "bad.yaml: x" in ended.stderr
    (testville / "bad.yaml").write_text(CITY.replace("agency_id: care, program", "agency_id: nobody, program"))
    ended = run("import", "units", "bad.yaml", cwd=testville)
    assert "units[1].agency_id" in ended.stderr
    assert "'nobody' is not among the agencies" in ended.stderr


def test_past_calls_are_stored_once_and_bad_rows_kept_with_their_reason(run: Run, testville: Path) -> None:
    arguments = ("import", "calls", "calls.csv", "--mapping", "small.yaml", "--json")
    rehearsal = run(*arguments, "--dry-run", cwd=testville)
    first, again = run(*arguments, cwd=testville), run(*arguments, cwd=testville)
    assert rehearsal.returncode == first.returncode == again.returncode == 5, first.stderr
    counts = [json.loads(one.stdout) for one in (rehearsal, first, again)]
    assert [(one["new"], one["unchanged"], one["refused"]) for one in counts] == [(2, 0, 1), (2, 0, 1), (0, 2, 1)]
    kept = json.loads((testville / "calls.csv.rejects.ndjson").read_text())
    assert kept["row"] == 3
    assert kept["reason"]


def test_a_polled_feed_is_followed_once_and_every_row_has_its_count(run: Run, testville: Path) -> None:
    (testville / "polled.yaml").write_text(FEED)
    row = {"id": "f1", "text": "NOISE COMPLAINT", "when": "2026-03-01 10:00"}
    lists = [
        {"at": "2026-03-01T16:05:00Z", "rows": [row, {**row, "id": "f2"}]},
        {"at": "2026-03-01T16:20:00Z", "rows": [{**row, "id": "f2"}]},
    ]
    (testville / "lists.jsonl").write_text("\n".join([*map(json.dumps, lists), "busy"]))
    arguments = ("import", "feed", "lists.jsonl", "--mapping", "polled.yaml")
    first, again = run(*arguments, "--json", cwd=testville), run(*arguments, cwd=testville)
    assert first.returncode == again.returncode == 5, first.stderr
    counts = json.loads(first.stdout)
    assert (counts["stored"]["new"], counts["vanished"], counts["service"]["vanished"]) == (2, 1, 1)
    assert (counts["rows"]["new"], counts["rows"]["repeated"], counts["accounted"]) == (2, 1, True)
    assert counts["refused"] == {"not_json": 1}
    assert "2 lists with 3 rows" in again.stderr
    assert "2 calls the service had already" in again.stderr
    wrong = run("import", "calls", "lists.jsonl", "--mapping", "polled.yaml", cwd=testville)
    assert wrong.returncode == 1
    assert "dispatch import feed" in wrong.stderr


def test_a_served_city_answers_tokens_are_taken_back_and_sigterm_ends_it_cleanly(
    run: Run, testville: Path, data_dir: Path
) -> None:
    made = run("token", "create", "--role", "dispatcher", "--name", "Desk 4")
    secret = made.stdout.strip()
    assert secret.startswith("dsp_")
    assert secret not in made.stderr
    with serving(data_dir) as (process, said), serving(data_dir) as (second, also_said):
        assert said["missing"] == []
        assert said["url"] != also_said["url"]
        auth = {"Authorization": f"Bearer {secret}"}
        call = {"source": "cad-east", "source_ref": "e2e-1", "call_type": {"text": "NOISE COMPLAINT"}}
        posted = httpx.post(f"{said['url']}/v1/calls", json=call, headers=auth)
        assert posted.status_code == 201, posted.text
        shared = httpx.get(f"{also_said['url']}/v1/incidents/{posted.json()['incident']['id']}", headers=auth)
        assert shared.status_code == 200
        env = {"DISPATCH_URL": said["url"], "DISPATCH_TOKEN": secret}
        followed = run("tail", "--since", "0", "--once", "--json", env=env)
        types = [json.loads(line)["type"] for line in followed.stdout.splitlines()]
        assert "call.received" in types
        assert "call.received" in run("tail", "--since", "0", "--once", env=env).stdout
        assert run("tail", "--once", env=env | {"DISPATCH_TOKEN": "dsp_wrong"}).returncode == 4
        token_id = json.loads(run("token", "list", "--json").stdout)["tokens"][-1]["id"]
        assert run("token", "revoke", token_id).returncode == 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=120) == 0
        assert httpx.get(f"{also_said['url']}/healthz").status_code == 200
        second.send_signal(signal.SIGINT)
        assert second.wait(timeout=120) == 0


def test_tail_without_a_service_says_how_to_start_one(run: Run) -> None:
    ended = run("tail", "--once", "--url", "http://127.0.0.1:9", env={"DISPATCH_TOKEN": "dsp_any"})
    assert ended.returncode == 1
    assert "dispatch serve" in ended.stderr


def test_a_token_that_is_bound_to_nothing_is_refused(run: Run, testville: Path) -> None:
    ended = run("token", "create", "--role", "integration", "--name", "CAD East")
    assert ended.returncode == 1
    assert "source" in ended.stderr
    assert ended.stdout == ""


def test_a_narrow_terminal_lists_tokens_with_nothing_cut_off(run: Run, testville: Path) -> None:
    run("token", "create", "--role", "integration", "--name", "Computer-aided dispatch East", "--source", "cad-east")

    ended = run("token", "list", env={"COLUMNS": "80"})

    assert "  integration    " in ended.stdout
    assert "\n  Computer-aided dispatch East, only for cad-east\n" in ended.stdout


def test_the_schema_of_a_fresh_database_is_the_expected_one(run: Run, testville: Path) -> None:
    assert json.loads(run("db", "upgrade", "--json").stdout)["after"]
    checked = json.loads(run("db", "check", "--json").stdout)
    assert checked["passed"], checked


def test_the_doctor_finds_a_good_installation_good_and_names_what_is_wrong(run: Run, testville: Path) -> None:
    well = run("doctor", "--json")
    assert well.returncode == 0, well.stdout
    checks = {one["check"]: one["state"] for one in json.loads(well.stdout)["findings"]}
    assert set(checks) >= {"settings", "data dir", "disk", "port", "database", "schema", "policy", "wall", "clock"}
    assert checks["wall"] == "good"
    ill = run("doctor", env={"DISPATCH_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"})
    assert ill.returncode == 1
    assert "DISPATCH_DATABASE_URL" in ill.stdout


def test_the_contract_is_printed_without_a_database(run: Run) -> None:
    document = json.loads(run("openapi", env={"DISPATCH_DATABASE_URL": "postgresql://x@127.0.0.1:1/x"}).stdout)
    assert document["openapi"].startswith("3.1")
    assert "/v1/calls" in document["paths"]


@linux_only
def test_several_processes_serve_one_address_and_are_replaced_when_one_dies_or_all_are_told_to(
    data_dir: Path, testville: Path
) -> None:
    with serving(data_dir, processes=2) as (process, said):
        assert said["processes"] == 2
        with httpx.Client(base_url=said["url"], timeout=10) as client:
            killed = _answering(process.pid)[0]
            os.kill(killed, signal.SIGKILL)
            alive = _until(lambda: killed not in (now := _answering(process.pid)) and len(now) == 2 and now)
            asked = sum(_is_answered(client) for _ in range(20))
            counted = client.get("/metrics").text
            process.send_signal(signal.SIGHUP)
            answered = [_is_answered(client)]
            fresh = _until(
                lambda: (
                    answered.append(_is_answered(client))
                    or (len(now := _answering(process.pid)) == 2 and not {*now} & {*alive} and now)
                )
            )
    assert asked == 20
    assert 'dispatch_http_requests_total{method="GET",route="/healthz",status="200"} 20.0' in counted
    assert all(answered)
    assert process.returncode == 0
    assert not any(_runs(pid) for pid in (*alive, *fresh))


@linux_only
def test_processes_end_with_the_one_that_started_them_even_when_it_is_killed(data_dir: Path, testville: Path) -> None:
    with serving(data_dir, processes=2) as (process, _):
        children = _answering(process.pid)
        assert len(children) == 2
        process.kill()
        process.wait(10)
        assert _until(lambda: not any(_runs(pid) for pid in children))


def _is_answered(client: httpx.Client) -> bool:
    """On a connection of its own, so that any of the processes may take it."""
    return client.get("/healthz", headers={"Connection": "close"}).is_success


def _answering(parent: int) -> list[int]:
    """The children of this process that serve."""
    listed = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(child) for child in listed if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def _runs(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def _until(found: Callable[[], Any], limit_s: float = 120.0) -> Any:
    """What was found at last; a test fails when it never is."""
    deadline = time.monotonic() + limit_s
    while not (value := found()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return value
