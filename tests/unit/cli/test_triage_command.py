"""`dispatch triage`: one line per row, in order, whatever the rows are like."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

Invoke = Callable[..., Result]
Process = Callable[..., subprocess.CompletedProcess[bytes]]

CSV = "source_ref,call_type,narrative\nA,NOISE,\nB,WELFARE CHECK,not seen for days\nC,OTHER,man holding a knife\n"
BODIES = [
    {"source": "s", "source_ref": "1", "call_type": {"text": "WELFARE CHECK"}},
    {"source": "s", "source_ref": "2", "narrative": "holding a knife"},
    {"source": "s", "source_ref": "3", "call_type": {"code": "415"}},
]
NDJSON = "".join(json.dumps(body) + "\n" for body in BODIES)


def lines_of(text: str | bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def csv_file(tmp_path: Path) -> str:
    path = tmp_path / "calls.csv"
    path.write_text(CSV)
    return str(path)


def test_each_row_gets_its_decision_in_order(invoke: Invoke, csv_file: str, mini: str) -> None:
    result = invoke("triage", csv_file, "--mapping", "generic", "--policy", mini, "--json")

    decisions = lines_of(result.stdout)
    assert result.exit_code == 0
    assert [(d["row"], d["source_ref"], d["category"], d["reasons"][0]["rule"]) for d in decisions] == [
        (1, "A", "quality_of_life", "T-99"),
        (2, "B", "behavioral_health", "T-02"),
        (3, "C", "violence", "T-01"),
    ]


def test_call_bodies_in_ndjson_need_no_mapping(invoke: Invoke, tmp_path: Path, mini: str) -> None:
    path = tmp_path / "bodies.ndjson"
    path.write_text(NDJSON)

    result = invoke("triage", str(path), "--policy", mini, "--json")

    assert [d["category"] for d in lines_of(result.stdout)] == ["behavioral_health", "violence", "quality_of_life"]


def test_a_bad_line_keeps_its_place_and_says_what_is_wrong(invoke: Invoke, tmp_path: Path, mini: str) -> None:
    path = tmp_path / "bodies.ndjson"
    lines = NDJSON.splitlines()
    lines[1:1] = ["{broken", "[1]", '{"source":"s","source_ref":"9"}', '{"source":"s","source_ref":"9","nrrative":"x"}']
    path.write_text("\n".join(lines))

    result = invoke("triage", str(path), "--policy", mini, "--json")

    found = lines_of(result.stdout)
    assert result.exit_code == 5
    assert [line.get("source_ref") or line["error"]["code"] for line in found] == [
        "1",
        "not_json",
        "not_an_object",
        "nothing_to_triage",
        "extra_forbidden",
        "2",
        "3",
    ]
    assert [line["line"] for line in found if "error" in line] == [2, 3, 4, 5]
    assert "nrrative" in found[4]["error"]["field"]


def test_a_ragged_row_of_a_table_keeps_its_place(invoke: Invoke, tmp_path: Path, mini: str) -> None:
    path = tmp_path / "calls.csv"
    path.write_text(CSV.replace("B,WELFARE CHECK,", "B,WELFARE CHECK,x,y,"))

    result = invoke("triage", str(path), "-m", "generic", "-p", mini, "--json")

    assert [line.get("category", "error") for line in lines_of(result.stdout)] == [
        "quality_of_life",
        "error",
        "violence",
    ]


def test_nothing_but_bad_rows_is_a_failure_and_not_a_part(invoke: Invoke, tmp_path: Path, mini: str) -> None:
    path = tmp_path / "bodies.ndjson"
    path.write_text("{}\n{}\n")

    assert invoke("triage", str(path), "-p", mini, "--json").exit_code == 1


def test_two_processes_give_the_same_bytes_as_one(run_process: Process, tmp_path: Path, mini: str) -> None:
    path = tmp_path / "bodies.ndjson"
    path.write_text("".join(json.dumps({**BODIES[n % 3], "source_ref": str(n)}) + "\n" for n in range(1_500)))

    one = run_process("triage", str(path), "-p", mini, "--json")
    two = run_process("triage", str(path), "-p", mini, "--json", "--workers", "2")

    assert one.returncode == two.returncode == 0
    assert len(lines_of(one.stdout)) == 1_500
    assert one.stdout == two.stdout


def test_standard_input_is_read_and_only_data_goes_to_stdout(run_process: Process, mini: str) -> None:
    result = run_process("triage", "-", "--policy", mini, "--json", stdin=NDJSON.encode())

    assert result.returncode == 0
    assert len(lines_of(result.stdout)) == 3
    assert b"3 decisions" in result.stderr


def test_a_packed_table_from_a_pipe_is_read_too(run_process: Process, mini: str) -> None:
    result = run_process("triage", "-", "-m", "generic", "-p", mini, "--json", stdin=gzip.compress(CSV.encode()))

    assert [d["source_ref"] for d in lines_of(result.stdout)] == ["A", "B", "C"]


def test_without_json_a_person_reads_one_line_per_row(invoke: Invoke, csv_file: str, mini: str) -> None:
    result = invoke("triage", csv_file, "-m", "generic", "-p", mini)

    lines = result.stdout.splitlines()
    assert len(lines) == 3
    assert "P0" in lines[2]
    assert "violence" in lines[2]


def test_decisions_written_to_a_file_leave_the_counts_on_stdout(
    invoke: Invoke, csv_file: str, mini: str, tmp_path: Path
) -> None:
    out = tmp_path / "decisions.ndjson.gz"

    result = invoke("triage", csv_file, "-m", "generic", "-p", mini, "--out", str(out), "--json")

    counts = json.loads(result.stdout)
    assert (counts["rows"], counts["decided"], counts["categories"]["violence"]) == (3, 3, 1)
    assert len(lines_of(gzip.decompress(out.read_bytes()))) == 3
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []


def test_a_table_without_a_mapping_is_refused_with_what_to_add(invoke: Invoke, csv_file: str, mini: str) -> None:
    result = invoke("triage", csv_file, "-p", mini)

    assert result.exit_code == 1
    assert "Add --mapping NAME" in result.stderr


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["nowhere.csv", "-m", "generic"], 3, "nowhere.csv"),
        (["FILE", "-m", "generik"], 3, "did you mean 'generic'?"),
        (["FILE", "-m", "generic", "-p", "no-such-policy"], 3, "no-such-policy"),
        (["FILE", "--colour"], 2, "No such option"),
    ],
)
def test_what_is_not_found_or_misused_has_its_own_exit_code(
    invoke: Invoke, csv_file: str, mini: str, args: list[str], code: int, said: str
) -> None:
    given = [csv_file if arg == "FILE" else arg for arg in args]
    policy = [] if "-p" in given else ["-p", mini]

    result = invoke("triage", *given, *policy, env={"COLUMNS": "200"})

    assert result.exit_code == code
    assert said in result.stderr


def test_an_error_is_json_when_json_is_asked_for(invoke: Invoke, mini: str) -> None:
    result = invoke("triage", "nowhere.csv", "-m", "generic", "-p", mini, "--json")

    error = json.loads(result.stderr)["error"]
    assert (result.stdout, error["code"]) == ("", "not_found")
    assert error["fix"]


def test_a_reader_that_stops_early_is_no_error(tmp_path: Path, mini: str, process_environment: dict[str, str]) -> None:
    path = tmp_path / "bodies.ndjson"
    path.write_text(NDJSON * 2_000)
    command = [
        sys.executable,
        "-c",
        "from dispatch.cli.main import run; run()",
        "triage",
        str(path),
        "-p",
        mini,
        "--json",
    ]

    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=process_environment) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()

    assert (process.returncode, b"Traceback" in said) == (0, False)


def test_only_counting_writes_no_decision(invoke: Invoke, csv_file: str, mini: str) -> None:
    result = invoke("triage", csv_file, "-m", "generic", "-p", mini, "--summary", "--json")

    assert json.loads(result.stdout)["first_responder_types"] == {"police": 2, "ems": 1}


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_interrupted_batch_leaves_no_half_written_file_and_no_trace(
    tmp_path: Path, mini: str, process_environment: dict[str, str], workers: str
) -> None:
    out = tmp_path / "decisions.ndjson"
    command = [sys.executable, "-c", "from dispatch.cli.main import run; run()"]
    command += ["triage", "-", "-p", mini, "--out", str(out), "--workers", workers]

    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=process_environment, start_new_session=True
    ) as process:
        assert process.stdin is not None
        process.stdin.write((NDJSON * 400).encode())
        process.stdin.flush()
        while not list(tmp_path.glob("*.part")):
            time.sleep(0.02)
        time.sleep(1.5)
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=30)

    assert process.returncode == 130
    assert said.decode().strip() == "Stopped before the end."
    assert list(tmp_path.iterdir()) == []
