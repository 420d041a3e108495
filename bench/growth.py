"""What more rows cost: the same calls judged by generated tables of 100 and of 1,000 rows."""

import json
import random
from collections.abc import Mapping

from bench.texts import narratives
from bench.triage import AT, cost_s
from bench.world import POLICY
from dispatch.domain.call import CallFacts
from dispatch.domain.classification import Category
from dispatch.policies import load_shipped, read_shipped
from dispatch.triage.evaluate import decide, evaluate
from dispatch.triage.facts import VOCABULARY
from dispatch.triage.policy import Policy, load_policy
from dispatch.triage.reading import read_call

FEW, MANY = 100, 1000
TABLES = 10
CALLS = 1500


def growth() -> dict[str, float]:
    """triage_growth_100_to_1000: rows alone, the text read before. The other figure: the whole decision.

    Each call is new to the policy: what it remembers of answers given before is forgotten before every round.
    """
    shipped = load_shipped(POLICY)
    rows_s, whole_s = {}, {}
    for count in (FEW, MANY):
        policy = load_policy(_generated(shipped, count))
        rows_s[count] = min(_rows_s(policy) for _ in range(3))
        whole_s[count] = min(_whole_s(policy) for _ in range(3))
    return {
        "triage_growth_100_to_1000": rows_s[MANY] / rows_s[FEW],
        "triage_growth_whole_decision": whole_s[MANY] / whole_s[FEW],
        "triage_rows_1000_us": rows_s[MANY] * 1e6,
    }


def _rows_s(policy: Policy) -> float:
    readings = [read_call(call, policy) for call in _calls(policy)]
    policy.memos.forget()
    return cost_s(lambda reading: decide(policy, reading, None, AT), readings, rounds=1)


def _whole_s(policy: Policy) -> float:
    policy.memos.forget()
    return cost_s(lambda call: evaluate(call, policy, AT), _calls(policy), rounds=1)


def _calls(policy: Policy) -> list[CallFacts]:
    draw = random.Random(100)
    types = sorted(policy.incident_types)
    return [CallFacts("bench", type_code=draw.choice(types), narrative=text) for text in narratives(CALLS, seed=62)]


def _generated(shipped: Policy, count: int) -> Mapping[str, str]:
    """The shipped policy's words, types, plans and programs with tables of our own making: so many rows in all."""
    draw = random.Random(1000)
    kept = {name: text for name, text in read_shipped(POLICY).items() if not name.startswith(("tables/", "cases/"))}
    rows = [_row(number, shipped, draw) for number in range(count - 1)]
    share = -(-len(rows) // TABLES)
    tables = {
        f"tables/{10 + number}-made-{number}.yaml": _table(number, rows[number * share : (number + 1) * share])
        for number in range(TABLES)
    }
    last = _table(
        TABLES,
        [
            "  - {id: END, title: Else, when: {}, then: {category: police, priority: 3, plan: police},"
            " because: Made, source: OWN}"
        ],
    )
    return {**kept, **tables, f"tables/99-made-{TABLES}.yaml": last}


def _table(number: int, rows: list[str]) -> str:
    return "\n".join([f"table: made-{number}", "title: Made", "owner: Bench", "rows:", *rows, ""])


def _row(number: int, shipped: Policy, draw: random.Random) -> str:
    """A row as people write them: one to three things that must hold together."""
    asked = {}
    for fact in draw.sample(shipped.asked_facts, draw.randint(0, 2)):
        asked[fact] = draw.sample(VOCABULARY[fact].values, draw.randint(1, 2))
    key, choices = draw.choice([("topic", sorted(shipped.topics)), ("incident_type", sorted(shipped.incident_types))])
    asked[key] = draw.sample(choices, draw.randint(1, 4))
    category = draw.choice([one.value for one in Category if one is not Category.UNKNOWN])
    return (
        f"  - {{id: R-{number:04}, title: Made, when: {json.dumps(asked)}, "
        f"then: {{category: {category}, priority: {draw.randint(0, 4)}, plan: police}}, because: Made, source: OWN}}"
    )
