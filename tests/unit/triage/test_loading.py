"""A policy with mistakes is refused with all of them, each with its place and the nearest valid word."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.triage import small_policy as small
from tests.unit.triage.small_policy import SMALL, TEXTS, a_policy

from dispatch.domain.errors import PolicyInvalid
from dispatch.triage.policy import load_policy
from dispatch.triage.policy_texts import policy_sha256


def problems_of(**changed: str) -> list[tuple[str, str, str]]:
    with pytest.raises(PolicyInvalid) as refused:
        a_policy(**changed)
    return [(p.pointer, p.code, p.detail) for p in refused.value.errors]


def test_all_mistakes_are_told_at_once_each_with_its_line() -> None:
    care = small.CARE.replace("suicide: {at_least: ideation}", "suicde: {at_least: ideation}")
    found = problems_of(
        **{
            "tables/50-care.yaml": care.replace("topic: noise", "topic: nois"),
            "lexicon/main.yaml": small.LEXICON.replace("value: mentioned", "value: mentoined"),
        }
    )

    assert [(pointer, code) for pointer, code, _ in found] == [
        ("lexicon/main.yaml:4", "unknown_value_of_weapon"),
        ("tables/50-care.yaml:5", "unknown_condition"),
        ("tables/50-care.yaml:9", "unknown_topic"),
        ("tables/50-care.yaml:11", "unknown_topic"),
    ]
    assert "Did you mean 'mentioned'?" in found[0][2]
    assert "Did you mean 'suicide'?" in found[1][2]
    assert "Did you mean 'noise'?" in found[2][2]


@pytest.mark.parametrize(
    ("file", "old", "new", "code"),
    [
        ("policy.yaml", "title:", "titel:", "unknown_key"),
        ("policy.yaml", "version: 1", "version: one", "number"),
        ("policy.yaml", "America/Chicago", "America/Chicgo", "unknown_time_zone"),
        ("policy.yaml", "title:", "version: 2\ntitle:", "duplicate_key"),
        ("policy.yaml", "extends: null", "extends: nobody", "unknown_policy_to_extend"),
        ("policy.yaml", "plan: police", "plan: polise", "unknown_plan"),
        ("incident_types.csv", "behavioral_health,3", "behavioural_health,3", "unknown_category"),
        ("incident_types.csv", "violence=physical", "violence:physical", "shape"),
        ("call_types.csv", "WELFARE,,", "WELFAIR,,", "unknown_incident_type"),
        ("call_types.csv", "*,,Cold theft", "*,,Cold,theft", "columns"),
        ("lexicon/main.yaml", "phrases: [party~]", "phrases: [gun]", "duplicate_phrase"),
        ("lexicon/main.yaml", "{topic: party,", "{topc: party,", "unknown_key"),
        ("context/en.yaml", "kind: past", "kind: paste", "unknown_kind"),
        ("plans.yaml", "id: ems", "id: police", "duplicate_id"),
        ("plans.yaml", "responder_type: fire}", "responder_type: fier}", "unknown_responder_type"),
        ("plans.yaml", "eligible: [cvi], role: support", "eligible: [cvi]", "cvi_first"),
        ("tables/90-rest.yaml", "when: {}", "when: {topic: noise}", "no_catch_all"),
        ("tables/90-rest.yaml", "id: RE-99", "id: CA-01", "duplicate_id"),
        ("tables/90-rest.yaml", "table: rest", "table: reste", "table_name"),
        ("tables/50-care.yaml", "priority: 4", "priority: 5", "number"),
        ("tables/50-care.yaml", "because: Talk first.", "status: actve", "unknown_status"),
        ("programs/crisis.yaml", "mon-fri", "mon-fry", "unknown_day"),
        ("programs/crisis.yaml", "06:00-22:00", "6-22", "hours"),
        ("programs/outreach.yaml", "[-93.3, 44.9]", "[44.9, -193.3]", "area"),
        ("programs/desk.yaml", 'channels: ["911"', 'channels: ["912"', "unknown_value_of_channels"),
        ("cases/main.yaml", "row: CA-02", "row: CA-22", "unknown_row"),
    ],
)
def test_each_mistake_has_its_code(file: str, old: str, new: str, code: str) -> None:
    assert old in TEXTS[file]

    found = problems_of(**{file: TEXTS[file].replace(old, new, 1)})

    assert code in [c for _, c, _ in found]
    assert all(pointer.partition(":")[2].isdigit() for pointer, _, _ in found)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("America/Chicago", "America/Chicgo"),
        ("plan: police", "plan: polise"),
        ("extends: null", "extends: nobody"),
    ],
)
def test_a_mistake_in_the_heading_is_shown_on_its_line(old: str, new: str) -> None:
    text = small.POLICY.replace(old, new, 1)
    line = next(number for number, one in enumerate(text.splitlines(), 1) if new in one)

    assert [pointer for pointer, _, _ in problems_of(**{"policy.yaml": text})] == [f"policy.yaml:{line}"]


@pytest.mark.parametrize(
    ("pattern", "because"),
    [
        ("hit ..12 man", "'..12' is no gap: a gap is .. and one digit"),
        ("a ..9 b ..9 c", "it covers 21 words"),
        ("a b c d e f g h i", "it has 9 parts"),
        ("hit ..2", "it ends in a gap"),
        ("..2 hit", "it begins with a gap"),
        ("hit <man", "'<man' is neither a word nor a <class>"),
    ],
)
def test_a_pattern_that_cannot_be_read_says_why(pattern: str, because: str) -> None:
    lexicon = small.LEXICON + f"  - {{fact: violence, value: physical, patterns: ['{pattern}']}}\n"

    found = [detail for _, code, detail in problems_of(**{"lexicon/main.yaml": lexicon}) if code == "pattern"]

    assert len(found) == 1
    assert because in found[0]


@pytest.mark.parametrize(
    "steps",
    [
        "steps: []",
        "steps: [{slots: [{eligible: [community_responder]}]}]",
        "steps: [{slots: [{responder_type: report_taker}]}]",
        "steps: [{slots: [{responder_type: police, role: support}]}]",
        "steps: [{slots: [{responder_type: police}, {program: desk}]}]",
    ],
)
def test_a_plan_may_not_end_in_nobody(steps: str) -> None:
    plans = small.PLANS.replace("steps: [{slots: [{responder_type: police}]}]", steps)

    assert "plan_ends_in_nobody" in [code for _, code, _ in problems_of(**{"plans.yaml": plans})]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: [", "yaml"),
        ("", "yaml"),
        ("- a\n- b\n", "yaml"),
        ("policy: &x small\ntitle: *x\nversion: 1\ntime_zone: UTC\n", "alias"),
        ("a: " + "[" * 200 + "]" * 200, "too_deep"),
        ("[" * 200_000, "too_deep"),
        ("a: {b: " * 100_000, "yaml"),
        ("- " * 200_000, "too_deep"),
        ("a: b\u2028c: d\n", "line_break"),
        ("a: b\x85c: d\n", "line_break"),
        ("policy: small\n---\npolicy: other\n", "yaml"),
        ("policy: \ud800\n", "yaml"),
        ("\x00", "yaml"),
        ("policy: !!python/object/apply:os.system [ls]\n", "missing"),
    ],
)
def test_a_file_that_is_not_our_yaml_is_refused(text: str, code: str) -> None:
    assert code in [c for _, c, _ in problems_of(**{"policy.yaml": text})]


def test_a_file_without_a_place_in_a_policy_is_refused() -> None:
    assert [code for _, code, _ in problems_of(**{"tables/late.yaml": small.REST})] == ["unknown_file"]


def test_notes_for_readers_are_no_part_of_the_policy() -> None:
    assert a_policy(**{"README.md": "about"}).rows == SMALL.rows


def test_words_of_yaml_1_1_stay_words() -> None:
    fire = small.FIRE.replace('fire_or_smoke: "yes"', "fire_or_smoke: yes")

    assert a_policy(**{"tables/30-fire.yaml": fire}).rows == SMALL.rows


def test_the_hash_changes_with_any_text_and_not_with_line_ends() -> None:
    changed = {**TEXTS, "plans.yaml": small.PLANS + "\n"}
    windows = {name: text.replace("\n", "\r\n") for name, text in TEXTS.items()}

    assert SMALL.sha256 == policy_sha256(TEXTS) == policy_sha256(windows)
    assert policy_sha256(changed) != SMALL.sha256
    assert SMALL.ref.version == 1


def ids_or_problems(texts: dict[str, str]) -> list[str]:
    try:
        return [row.id for row in load_policy(texts).rows]
    except PolicyInvalid as refused:
        return [problem.detail for problem in refused.errors]


@settings(max_examples=60)
@given(st.sampled_from(sorted(TEXTS)), st.integers(0, 2000), st.integers(0, 60), st.text(max_size=30))
def test_a_damaged_policy_is_refused_or_loads_and_never_crashes(file: str, at: int, cut: int, put: str) -> None:
    text = TEXTS[file]
    at %= len(text)
    damaged = {**TEXTS, file: text[:at] + put + text[at + cut :]}

    assert len(ids_or_problems(damaged)) > 0


def test_a_problem_of_a_file_that_was_read_before_is_told_again() -> None:
    first, second = (problems_of(**{"plans.yaml": "plans: [a\n"}) for _ in range(2))

    assert first == second
    assert ("yaml" in {code for _, code, _ in first}) is True


def test_two_cases_with_the_same_sentence_are_both_named() -> None:
    twice = small.CASES + small.CASES.partition("\n")[2]

    ((pointer, code, detail),) = problems_of(**{"cases/main.yaml": twice})

    assert (pointer, code) == ("cases/main.yaml:7", "duplicate_case")
    assert "cases/main.yaml:2" in detail


@pytest.mark.parametrize("key", ["because", "category"])
def test_what_must_be_said_is_not_said_by_an_empty_text(key: str) -> None:
    care = re.sub(rf"{key}: [^,}}\n]+", f"{key}: ''", small.CARE, count=1)
    assert care != small.CARE

    found = problems_of(**{"tables/50-care.yaml": care})

    assert [(code, detail) for _, code, detail in found] == [("missing", f"'{key}' is empty. Write it.")]
