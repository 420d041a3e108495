"""The packs of crisis lines, interrupters, report desks, outreach and level frameworks keep what was published."""

import csv
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ruamel.yaml import YAML
from tests.unit.policies.other_packs import DANGERS, MEANINGS, PACKS
from tests.unit.policies.shipped import pack

from dispatch.domain.call import CallFacts
from dispatch.domain.classification import SlotRole, Verdict
from dispatch.domain.plan import PlanStep
from dispatch.policies import read_shipped
from dispatch.triage.cases import CaseReport, run_cases
from dispatch.triage.decision import TriageDecision
from dispatch.triage.evaluate import evaluate
from dispatch.triage.model import ACTIVE, RETIRED, SHADOW, Disqualifier, Program, Row
from dispatch.triage.policy import Policy

PUBLISHED = Path(__file__).parents[4] / "shared" / "data" / "programs" / "calltype_to_responder.csv"
COMES = frozenset({"police", "fire", "ems"})


class Told(NamedTuple):
    """What a pack says of one published row. differs: the reason why it decides otherwise, or ""."""

    case: str
    differs: str


@cache
def report(policy_id: str) -> CaseReport:
    return run_cases(pack(policy_id))


@cache
def decisions(policy_id: str) -> Mapping[str, TriageDecision]:
    """Sentence of each case -> the decision."""
    policy = pack(policy_id)
    return {case.sentence: _decided(policy, case.call, case.at) for case in policy.cases}


@cache
def dangers(policy_id: str) -> tuple[tuple[str, TriageDecision], ...]:
    calls = ((type_text, said, CallFacts("test", None, type_text or None, said)) for type_text, said in DANGERS)
    return tuple((f"{kind}: {said}", _decided(pack(policy_id), call, "2026-01-07T12:00")) for kind, said, call in calls)


def _decided(policy: Policy, call: CallFacts, at: str) -> TriageDecision:
    return evaluate(call, policy, datetime.fromisoformat(at).replace(tzinfo=policy.zone))


def is_own(place: object) -> bool:
    """True for what the pack itself wrote; what it inherits is named with its parent's folder."""
    return str(place).split("/")[0] in ("tables", "programs")


def own_programs(policy_id: str) -> list[Program]:
    return [p for p in pack(policy_id).programs if is_own(p.place) and p.life.status != RETIRED]


def own_rows(policy_id: str) -> list[Row]:
    return [row for row in pack(policy_id).rows if is_own(row.place)]


def floor_of(policy: Policy) -> list[tuple[str, list[Row]]]:
    return [(table.name, list(table.rows)) for table in policy.tables if table.is_floor]


def each_pack(*, with_published: bool = False) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("policy_id", [name for name, rows in PACKS.items() if rows or not with_published])


@each_pack()
def test_every_case_of_the_pack_holds(policy_id: str) -> None:
    assert [f"{result.at}: {result.failures}" for result in report(policy_id).results if not result.passed] == []
    assert len(report(policy_id).results) >= 4


@each_pack()
def test_every_row_of_its_own_has_a_hit_and_a_near_miss(policy_id: str) -> None:
    active = {row.id for row in own_rows(policy_id) if row.life.status == ACTIVE}
    drafts = {row.id for row in own_rows(policy_id) if row.life.status == SHADOW}

    assert active - report(policy_id).rows_hit == set()
    assert (active | drafts) - report(policy_id).rows_missed == set()


@each_pack()
def test_every_program_is_eligible_in_a_case_and_says_what_is_open(policy_id: str) -> None:
    verdicts = [verdict for decision in decisions(policy_id).values() for verdict in decision.programs]
    reached = {verdict.program for verdict in verdicts if verdict.verdict is Verdict.ELIGIBLE}

    assert [program.id for program in own_programs(policy_id) if program.id not in reached] == []
    assert [
        p.id for p in own_programs(policy_id) if not (p.open_points and p.source and "fallback" in dict(p.notes))
    ] == []


@each_pack()
def test_every_published_disqualifier_holds_in_a_case_that_is_turned_away(policy_id: str) -> None:
    silent = [
        (program.id, clause.id)
        for program in own_programs(policy_id)
        for clause in program.disqualifies
        if clause.source != "OWN"
        and not any(_turned_away(program, clause, decision) for decision in decisions(policy_id).values())
    ]

    assert silent == []


@each_pack()
def test_every_row_and_program_names_a_source_that_the_pack_lists(policy_id: str) -> None:
    listed = set(YAML(typ="safe", pure=True).load(read_shipped(policy_id)["policy.yaml"])["sources"])
    cited = {row.id: row.source for row in own_rows(policy_id)} | {p.id: p.source for p in own_programs(policy_id)}
    cited |= {f"{p.id}/{c.id}": c.source for p in own_programs(policy_id) for c in p.disqualifies}

    assert {name: text for name, text in cited.items() if not set(re.findall(r"[A-Z][A-Z0-9-]+", text)) & listed} == {}


@each_pack()
def test_the_safety_floor_of_the_national_default_stands_whole(policy_id: str) -> None:
    ours = dict(floor_of(pack(policy_id)))

    for name, rows in floor_of(pack_default()):
        kept = [(row.id, row.when, row.then, row.life) for row in ours[name][: len(rows)]]
        assert kept == [(row.id, row.when, row.then, row.life) for row in rows], name


@each_pack()
def test_danger_in_disguise_still_brings_police_fire_or_ems(policy_id: str) -> None:
    missed = [said for said, decision in dangers(policy_id) if not COMES & _types(decision.plan.steps[0])]

    assert missed == []


@each_pack()
def test_interrupters_are_only_ever_told_beside_somebody_who_comes(policy_id: str) -> None:
    wrong = [
        said
        for said, decision in (*decisions(policy_id).items(), *dangers(policy_id))
        for step in decision.plan.steps
        for slot in step.slots
        if slot.responder_type == "cvi" and (slot.role is not SlotRole.SUPPORT or not COMES & _types(step))
    ]

    assert wrong == []


def test_the_packs_of_interrupters_do_tell_them() -> None:
    told = {"sacramento-advance-peace", "cure-violence", "los-angeles-gryd"}

    for policy_id in told:
        firsts = [decision.plan.steps[0] for decision in decisions(policy_id).values()]
        assert any("cvi" in _types(step) for step in firsts), policy_id


def test_a_program_without_a_published_protocol_is_judged_and_never_told() -> None:
    for policy_id in ("chicago-cred", "roca"):
        assert {program.life.status for program in own_programs(policy_id)} == {SHADOW}
        assert not any("cvi" in _types(s) for d in decisions(policy_id).values() for s in d.plan.steps)


def test_a_draft_of_a_level_leaves_a_warning_and_changes_nothing() -> None:
    call = CallFacts("test", None, None, "woman hears voices and wishes she was dead, no weapons")
    framed = _decided(pack("virginia-marcus-alert"), call, "2026-01-07T12:00")
    plain = _decided(pack_default(), call, "2026-01-07T12:00")

    assert "shadow_row:MA-12" in framed.warnings
    assert (framed.reasons, framed.plan, framed.priority) == (plain.reasons, plain.plan, plain.priority)


@each_pack(with_published=True)
def test_each_published_row_is_a_case_that_agrees_or_says_why_not(policy_id: str) -> None:
    told = _told(policy_id)
    rows = list(_published(policy_id))
    wrong = [f"{key} ({assigned})" for key, assigned in rows if not _is_answered(policy_id, told.get(key), assigned)]

    assert wrong == []
    assert set(told) == {key for key, _ in rows}


def _turned_away(program: Program, clause: Disqualifier, decision: TriageDecision) -> bool:
    state = {name: reading.value for name, reading in decision.facts.items()}
    verdict = next(verdict for verdict in decision.programs if verdict.program == program.id)
    return clause.test(state, set(decision.topics)) is True and verdict.verdict is Verdict.INELIGIBLE


def pack_default() -> Policy:
    return pack("us-default")


def _types(step: PlanStep) -> set[str]:
    return {slot.responder_type for slot in step.slots}


def _told(policy_id: str) -> dict[str, Told]:
    text = read_shipped(policy_id)["cases/published.yaml"]
    cases = YAML(typ="safe", pure=True).load(text)["cases"]
    return {case["source"].removeprefix("Published row: "): Told(case["case"], _reason(case)) for case in cases}


def _reason(case: Mapping[str, Any]) -> str:
    note = str(case.get("note", ""))
    return note.removeprefix("Differs: ") if note.startswith("Differs: ") else ""


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


def _is_answered(policy_id: str, told: Told | None, assigned: str) -> bool:
    if told is None:
        return False
    if told.differs:
        return True
    steps = [_types(step) for step in decisions(policy_id)[told.case].plan.steps]
    meaning = next(types for words, types in MEANINGS if words in assigned)
    if meaning.startswith("!"):
        return not any(meaning[1:] in types for types in steps) and bool(COMES & steps[0])
    wanted = set(meaning.split())
    if wanted & COMES:
        return bool(wanted & steps[0]) and "report_taker" not in steps[0] and "crisis_line" not in steps[0]
    return any(wanted & types for types in steps)
