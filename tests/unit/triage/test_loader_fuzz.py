"""Whatever is written in the files of a policy: it answers every call, or every problem is told with its place."""

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from tests.unit.triage.small_policy import TEXTS, WEDNESDAY_NOON, a_call

from dispatch.domain.errors import FieldProblem, PolicyInvalid
from dispatch.triage.evaluate import evaluate
from dispatch.triage.explain import explain
from dispatch.triage.explain_text import short_text, whole_text
from dispatch.triage.facts import VOCABULARY
from dispatch.triage.lint import check_policy
from dispatch.triage.policy import Policy, load_policy

DATA: dict[str, Any] = {
    name: YAML(typ="safe", pure=True).load(text) for name, text in TEXTS.items() if name.endswith(".yaml")
}
DATA["accepted.yaml"] = {"accepted": [{"warning": "gap", "about": "SICK", "because": "It is only a small policy."}]}
DATA["timers.yaml"] = {"timers": [{"timer": "unassigned", "priority": [1], "limit_s": 60}]}
DATA["hazards.yaml"] = {"hazards": [{"kind": "dog", "most_days": 30, "warning": "A dog"}]}
# What an analyst may put in a wrong place: words of the grammar, codes, dates, numbers, nothing at all.
WORDS = sorted(
    {
        *(
            "any",
            "all",
            "not",
            "at_least",
            "topic",
            "noise",
            "CA-01",
            "police",
            "RE-99",
            "type",
            "always",
            "mon-sun",
            "sat-mon",
        ),
        *(
            "24:30-25:00",
            "22:00-22:00",
            "2026-02-30",
            "2026-13-01T10:00",
            "2026-01-07T10:00+01:00",
            "<person>",
            "..3 x",
            "a|",
            "~",
        ),
        *(
            "nan",
            "inf",
            "1e999",
            "-1",
            "99999999999999999999",
            "0x1f",
            "\u0000",
            "\ud7ff",
            "é",
            "",
            " ",
            "*",
            "&a",
            "true",
            "null",
        ),
        *("Europe/Atlantis", "../../etc/localtime", "UTC", "city", "small", "!", "crisis-team", "x" * 300),
        *(value for spec in VOCABULARY.values() for value in (spec.name, *spec.values)),
    }
)
SCALARS = st.one_of(st.sampled_from(WORDS), st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12))
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


@st.composite
def damaged(draw: st.DrawFn) -> dict[str, str]:
    """A policy with a few nodes anywhere replaced, removed, doubled or given a key too many."""
    texts = dict(TEXTS)
    for _ in range(draw(st.integers(1, 2))):
        file = draw(st.sampled_from(sorted(DATA)))
        root = json.loads(json.dumps(DATA[file], default=str))
        for _ in range(draw(st.integers(1, 3))):
            _damage(draw, root)
        texts[file] = json.dumps(root, ensure_ascii=draw(st.booleans()))
    return texts


def _damage(draw: st.DrawFn, root: Any) -> None:
    node = root
    for _ in range(draw(st.integers(0, 6))):
        below = list(node.values()) if isinstance(node, dict) else node
        deeper = [one for one in below if isinstance(one, dict | list) and one]
        if not deeper:
            break
        node = draw(st.sampled_from(deeper))
    if not node:
        return
    key = draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
    what = draw(st.sampled_from(["replace", "replace", "replace", "remove", "double", "add"]))
    if what == "replace":
        node[key] = draw(VALUES)
    elif what == "remove":
        del node[key]
    elif isinstance(node, list):
        node.append(node[key] if what == "double" else draw(VALUES))
    else:
        node[draw(st.sampled_from(WORDS))] = node[key] if what == "double" else draw(VALUES)


@settings(max_examples=250)
@given(damaged())
def test_any_policy_is_told_its_problems_or_answers_every_call_and_check(texts: dict[str, str]) -> None:
    holds_or_is_told(texts)


@settings(max_examples=100)
@given(
    st.sampled_from(
        ["policy.yaml", "plans.yaml", "tables/50-care.yaml", "lexicon/a.yaml", "context/a.yaml", "programs/a.yaml"]
    )
    | st.sampled_from(["cases/a.yaml", "accepted.yaml", "timers.yaml", "hazards.yaml"]),
    VALUES,
)
def test_any_yaml_in_any_file_is_read_or_refused(file: str, value: Any) -> None:
    holds_or_is_told({**TEXTS, file: json.dumps(value)})


@settings(max_examples=100)
@given(
    st.sampled_from(["incident_types.csv", "call_types.csv"]),
    st.lists(st.lists(st.sampled_from(WORDS) | st.text(max_size=8), max_size=8).map(",".join), max_size=4),
)
def test_any_rows_in_a_crosswalk_are_read_or_refused(file: str, rows: list[str]) -> None:
    holds_or_is_told({**TEXTS, file: TEXTS[file] + "\n".join(rows)})


def loaded_or_refused(texts: dict[str, str]) -> tuple[Policy | None, Sequence[FieldProblem]]:
    try:
        return load_policy(texts), ()
    except PolicyInvalid as refused:
        return None, refused.errors


def holds_or_is_told(texts: dict[str, str]) -> None:
    policy, problems = loaded_or_refused(texts)
    assert all(one.pointer.rpartition(":")[2].isdigit() and one.code and one.detail for one in problems)
    if policy is None:
        assert problems
        return
    for said in ("", "stabbing at a party", "loud music, no weapons"):
        decision = evaluate(a_call(said), policy, WEDNESDAY_NOON)
        assert decision.plan.steps[-1].slots
        assert not [warning for warning in decision.warnings if warning.startswith("engine_error")]
    trace = explain(a_call("loud music"), policy, WEDNESDAY_NOON)
    assert whole_text(trace)
    assert short_text(trace)
    check_policy(policy)
