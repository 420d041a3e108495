"""The packs of behavioral health and community teams keep what their cities published, contradictions included."""

import csv
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from tests.unit.policies.community_packs import (
    CO_RESPONSE,
    CONTRADICTIONS,
    DANGERS,
    MEANINGS,
    NO_TEAM,
    PACKS,
    POLICE_OR_KIN,
    PROGRAMS_MEANT,
)
from tests.unit.policies.shipped import pack

from dispatch.domain.call import CallFacts
from dispatch.domain.classification import SlotRole, Verdict
from dispatch.policies import read_shipped
from dispatch.triage.cases import CaseReport, run_cases
from dispatch.triage.decision import TriageDecision
from dispatch.triage.evaluate import evaluate
from dispatch.triage.findings import ERROR
from dispatch.triage.lint import check_policy
from dispatch.triage.model import ACTIVE, EXCLUDE, RETIRED, Disqualifier, Program

PUBLISHED = Path(__file__).parents[4] / "shared" / "data" / "programs" / "calltype_to_responder.csv"
COMES = frozenset({"police", "fire", "ems"})
WEDNESDAY_AT_ONE = "2026-01-07T13:00"  # every team that keeps hours is on duty
EACH_PACK = pytest.mark.parametrize("policy_id", PACKS)


@cache
def report(policy_id: str) -> CaseReport:
    return run_cases(pack(policy_id))


@cache
def decisions(policy_id: str) -> Mapping[str, TriageDecision]:
    """Sentence of each case -> the decision."""
    return {case.sentence: decided(policy_id, case.call, case.at) for case in pack(policy_id).cases}


@cache
def written(policy_id: str, file: str) -> Any:
    return YAML(typ="safe", pure=True).load(read_shipped(policy_id)[file])


def decided(policy_id: str, call: CallFacts, at: str = WEDNESDAY_AT_ONE) -> TriageDecision:
    policy = pack(policy_id)
    return evaluate(call, policy, datetime.fromisoformat(at).replace(tzinfo=policy.zone))


def first_step(decision: TriageDecision) -> set[str]:
    return {slot.responder_type for slot in decision.plan.steps[0].slots}


def is_own(place: object) -> bool:
    """True for what the pack itself wrote; what it inherits is named with its parent's folder."""
    return str(place).split("/")[0] in ("tables", "programs")


def own_programs(policy_id: str) -> list[Program]:
    return [p for p in pack(policy_id).programs if is_own(p.place) and p.life.status != RETIRED]


@EACH_PACK
def test_the_check_finds_no_error_and_every_case_holds(policy_id: str) -> None:
    assert [finding for finding in check_policy(pack(policy_id)) if finding.severity == ERROR] == []
    assert report(policy_id).passed
    assert len(report(policy_id).results) >= 7


@EACH_PACK
def test_every_row_of_its_own_has_a_hit_and_a_near_miss(policy_id: str) -> None:
    rows = {row.id for row in pack(policy_id).rows if is_own(row.place) and row.life.status == ACTIVE}

    assert rows - report(policy_id).rows_hit == set()
    assert rows - report(policy_id).rows_missed == set()


@EACH_PACK
def test_every_program_is_eligible_in_a_case_and_says_who_follows_and_what_is_open(policy_id: str) -> None:
    verdicts = [verdict for decision in decisions(policy_id).values() for verdict in decision.programs]
    reached = {verdict.program for verdict in verdicts if verdict.verdict is Verdict.ELIGIBLE}

    assert {program.id for program in own_programs(policy_id)} - reached == set()
    assert [p.id for p in own_programs(policy_id) if not (p.open_points and "fallback" in dict(p.notes))] == []


@EACH_PACK
def test_every_published_disqualifier_changes_who_goes_in_a_case(policy_id: str) -> None:
    silent = [
        (program.id, clause.id)
        for program in own_programs(policy_id)
        for clause in program.disqualifies
        if clause.source != "OWN"
        and not any(_bites(program, clause, decision) for decision in decisions(policy_id).values())
    ]

    assert silent == []


@EACH_PACK
def test_whoever_keeps_hours_is_turned_away_outside_them_in_a_case(policy_id: str) -> None:
    closed = {v.program for d in decisions(policy_id).values() for v in d.programs if "outside_hours" in v.reasons}
    with_hours = {p.id for p in own_programs(policy_id) if p.hours is not None and p.kind != "opioid_response_team"}

    assert with_hours - closed == set()


@EACH_PACK
def test_every_row_program_and_clause_names_a_source_that_the_pack_lists(policy_id: str) -> None:
    listed = set(written(policy_id, "policy.yaml")["sources"])
    cited = {row.id: row.source for row in pack(policy_id).rows if is_own(row.place)}
    cited |= {p.id: p.source for p in own_programs(policy_id)}
    cited |= {f"{p.id}/{clause.id}": clause.source for p in own_programs(policy_id) for clause in p.disqualifies}

    assert {name: text for name, text in cited.items() if not set(re.findall(r"[A-Z][A-Z0-9-]+", text)) & listed} == {}


@EACH_PACK
def test_danger_beside_the_words_of_a_team_brings_police_fire_or_ems(policy_id: str) -> None:
    calls = ((f"{kind}: {said}", CallFacts("test", None, kind, said)) for kind, said in DANGERS)

    assert [said for said, call in calls if not COMES & first_step(decided(policy_id, call))] == []


@EACH_PACK
def test_the_last_step_is_always_somebody_who_comes(policy_id: str) -> None:
    plans = {said: decision.plan for said, decision in decisions(policy_id).items()}
    comes = {said: {slot.responder_type for slot in plan.steps[-1].slots} & COMES for said, plan in plans.items()}

    assert [said for said, who in comes.items() if not who] == []


@pytest.mark.parametrize(
    ("given", "policy_id", "who"),
    [
        pytest.param(call, name, who, id=f"{what}-{name}")
        for what, call, cities in CONTRADICTIONS
        for name, who in cities.items()
    ],
)
def test_cities_decide_the_same_call_each_in_their_own_way(given: Mapping[str, str], policy_id: str, who: str) -> None:
    answers = {name: value for name, value in given.items() if name not in ("type_text", "narrative")}
    call = CallFacts("test", None, given.get("type_text"), given.get("narrative"), answers=answers)

    sent = first_step(decided(policy_id, call))

    assert (who.removeprefix("!") in sent) is not who.startswith("!")


def test_a_team_that_must_wait_until_it_is_safe_is_staged_behind_police() -> None:
    call = CallFacts("test", None, "MENTAL HEALTH", "holding a knife")

    slots = {slot.responder_type: slot.role for slot in decided("rohnert-park-safe", call).plan.steps[0].slots}

    assert (slots["community_responder"], slots["police"]) == (SlotRole.STAGED, SlotRole.PRIMARY)


def test_a_service_that_has_ended_takes_calls_of_its_own_time_only() -> None:
    call = CallFacts("test", None, "MENTAL HEALTH CRISIS")

    assert first_step(decided("eugene-cahoots", call, "2025-04-06T12:00")) == {"community_responder"}
    assert first_step(decided("eugene-cahoots", call, "2025-04-07T12:00")) == {"police"}


@pytest.mark.parametrize("policy_id", [name for name, rows in PACKS.items() if rows])
def test_each_published_row_is_a_case_that_agrees_or_says_why_not(policy_id: str) -> None:
    cases = {
        case["source"].removeprefix("Published row: "): case
        for case in written(policy_id, "cases/published.yaml")["cases"]
    }
    rows = dict(_published(policy_id))
    wrong = [
        f"{key} ({assigned})" for key, assigned in rows.items() if not _is_answered(policy_id, cases.get(key), assigned)
    ]

    assert wrong == []
    assert set(cases) == set(rows)


def _bites(program: Program, clause: Disqualifier, decision: TriageDecision) -> bool:
    """True when the clause holds and the verdict shows it: turned away, or sent with police."""
    state = {name: reading.value for name, reading in decision.facts.items()}
    if clause.test(state, set(decision.topics)) is not True:
        return False
    verdict = next((verdict for verdict in decision.programs if verdict.program == program.id), None)
    if clause.level == EXCLUDE:
        return verdict is not None and verdict.verdict is Verdict.INELIGIBLE
    return verdict is not None and f"{clause.level}:{clause.id}" in verdict.reasons


def _published(policy_id: str) -> Iterator[tuple[str, str]]:
    """City with the number of the row, and who is sent, for the rows of this pack."""
    if not PUBLISHED.is_file():
        pytest.skip("needs the published assignments in ../shared/data/programs, which are not part of the project")
    with PUBLISHED.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    for city, first, last in PACKS[policy_id]:
        of_city = [row for row in rows if row["city"] == city]
        for number in range(first, last + 1):
            yield f"{city} {number}", of_city[number - 1]["assigned"].casefold()


def _is_answered(policy_id: str, case: Mapping[str, Any] | None, assigned: str) -> bool:
    if case is None:
        return False
    if str(case.get("note", "")).startswith("Differs: "):
        return True
    decision = decisions(policy_id)[case["case"]]
    meaning = next((meaning for words, meaning in MEANINGS if words in assigned), "")
    own = {program.id for program in own_programs(policy_id)}
    sent = {slot.program for slot in decision.plan.steps[0].slots}
    if meaning == NO_TEAM:
        return not sent & own and bool(COMES & first_step(decision))
    if meaning == POLICE_OR_KIN:
        return bool(COMES & first_step(decision))
    if meaning == CO_RESPONSE:
        return bool({"co_responder", "police"} & first_step(decision)) and "police" not in sent
    meant = {program for words, program in PROGRAMS_MEANT.get(policy_id, ()) if words in assigned} or own
    return bool(meant & {slot.program for step in decision.plan.steps for slot in step.slots})
