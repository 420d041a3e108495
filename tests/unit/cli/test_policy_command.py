"""`dispatch policy`: an analyst sees what is wrong, whether the cases hold, and why a call went where it went."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from dispatch.policies import load_shipped, shipped_ids

Invoke = Callable[..., Result]


@pytest.fixture
def copied(mini: str, tmp_path: Path) -> Path:
    return Path(shutil.copytree(mini, tmp_path / "mini"))


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_sound_policy_passes_with_its_contents_counted(invoke: Invoke, mini: str) -> None:
    result = invoke("policy", "check", mini, "--json")

    report = json.loads(result.stdout)
    assert (result.exit_code, report["passed"], report["contents"]["rows"]) == (0, True, 3)
    assert {"severity", "code", "place", "detail", "about"} == set(report["findings"][0])


def test_the_shipped_policies_are_listed_with_the_hash_that_a_decision_names(invoke: Invoke) -> None:
    listed = {one["id"]: one for one in json.loads(invoke("policy", "list", "--json").stdout)["policies"]}
    loaded = load_shipped("oakland-macro")

    assert set(listed) == set(shipped_ids())
    assert (listed["oakland-macro"]["version"], listed["oakland-macro"]["sha256"]) == (loaded.version, loaded.sha256)
    assert listed["oakland-macro"]["extends"] == "us-default"


def test_warnings_about_inherited_files_are_counted_and_shown_when_asked_for(invoke: Invoke) -> None:
    own = json.loads(invoke("policy", "check", "oakland-macro", "--json").stdout)
    whole = json.loads(invoke("policy", "check", "oakland-macro", "--all", "--json").stdout)

    assert not [one for one in own["findings"] if one["place"].startswith("us-default/")]
    assert own["not_shown"] > 0
    assert len(own["findings"]) + own["not_shown"] == len(whole["findings"])
    assert whole["not_shown"] == 0


def test_warnings_fail_when_strictness_is_asked_for(invoke: Invoke, mini: str) -> None:
    assert invoke("policy", "check", mini, "--strict").exit_code == 1


def test_a_policy_that_does_not_load_names_file_line_and_nearest_word(invoke: Invoke, copied: Path) -> None:
    change(copied / "tables" / "10-all.yaml", "topic: welfare", "topic: wellfare")

    result = invoke("policy", "check", str(copied))

    assert result.exit_code == 1
    assert "tables/10-all.yaml:13" in result.stderr
    assert "Did you mean 'welfare'?" in result.stderr


def test_a_policy_that_does_not_load_has_the_same_json_schema(invoke: Invoke, copied: Path) -> None:
    change(copied / "tables" / "10-all.yaml", "topic: welfare", "topic: wellfare")

    result = invoke("policy", "check", str(copied), "--json")

    report = json.loads(result.stdout)
    assert (result.exit_code, report["passed"], report["findings"][0]["severity"]) == (1, False, "error")


def test_cases_that_hold_are_said_to_hold(invoke: Invoke, mini: str) -> None:
    result = invoke("policy", "test", mini, "--all")

    assert result.exit_code == 0
    assert "A neighbour asks somebody to look" in result.stdout
    assert "1 of 1 cases hold" in result.stderr


def test_a_case_that_does_not_hold_fails_and_says_what_was_expected(invoke: Invoke, copied: Path) -> None:
    change(copied / "cases" / "all.yaml", "category: behavioral_health", "category: police")

    result = invoke("policy", "test", str(copied), "--json")

    report = json.loads(result.stdout)
    assert (result.exit_code, report["passed"]) == (1, False)
    assert "police" in report["cases"][0]["failures"][0]


def test_an_explanation_says_which_words_and_which_row_decided(invoke: Invoke, mini: str) -> None:
    result = invoke("policy", "explain", mini, "--type", "WELFARE CHECK", "--narrative", "man holding a knife")

    assert result.exit_code == 0
    assert '"holding a knife"' in result.stdout
    assert "T-01" in result.stdout


def test_an_explanation_names_what_is_worth_asking(invoke: Invoke, mini: str) -> None:
    result = invoke("policy", "explain", mini, "--type", "WELFARE CHECK", "--json")

    decision = json.loads(result.stdout)["decision"]
    assert "weapon" in [question["fact"] for question in decision["questions"]]


def test_an_answer_on_the_command_line_counts(invoke: Invoke, mini: str) -> None:
    result = invoke("policy", "explain", mini, "--type", "WELFARE CHECK", "--answer", "weapon=in_hand", "--json")

    assert json.loads(result.stdout)["decision"]["category"] == "violence"


def test_a_call_body_from_a_file_is_explained(invoke: Invoke, mini: str, tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    body.write_text(json.dumps({"source": "s", "source_ref": "1", "call_type": {"code": "415"}}))

    result = invoke("policy", "explain", mini, "--call", str(body), "--json")

    assert json.loads(result.stdout)["decision"]["incident_type"] == "NOISE"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--answer", "weapon"], "Write FACT=VALUE"),
        (["--type", "X", "--answer", "weapon=sword"], "is one of"),
        (["--type", "X", "--channel", "pigeon"], "/channel"),
        (["--type", "X", "--at", "soon"], "/received_at"),
        ([], "needs call_type or a narrative"),
    ],
)
def test_a_call_that_cannot_be_triaged_is_refused_by_field(
    invoke: Invoke, mini: str, args: list[str], said: str
) -> None:
    result = invoke("policy", "explain", mini, *args, env={"COLUMNS": "200"})

    assert result.exit_code == 1
    assert said in result.stderr


def test_a_folder_that_is_no_policy_is_not_found(invoke: Invoke, tmp_path: Path) -> None:
    assert invoke("policy", "check", str(tmp_path)).exit_code == 3


def test_a_pack_finds_the_policy_it_extends_beside_it(invoke: Invoke, copied: Path) -> None:
    pack = copied.parent / "pack"
    pack.mkdir()
    text = (copied / "policy.yaml").read_text()
    (pack / "policy.yaml").write_text(
        text.replace("policy: mini", "policy: pack").replace("extends: null", "extends: mini")
    )

    result = invoke("policy", "check", str(pack), "--json")

    report = json.loads(result.stdout)
    assert (report["policy"]["id"], report["contents"]["rows"]) == ("pack", 3)


def test_a_policy_without_cases_does_not_pass_its_test(invoke: Invoke, copied: Path) -> None:
    (copied / "cases" / "all.yaml").unlink()

    result = invoke("policy", "test", str(copied))

    assert result.exit_code == 1
    assert "no cases" in result.stderr
    assert json.loads(invoke("policy", "test", str(copied), "--json").stdout)["passed"] is False
