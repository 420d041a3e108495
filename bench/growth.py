"""What more rows cost: the same calls judged by generated tables of 100 and of 1,000 rows."""

import random

from bench.made import made_files
from bench.texts import narratives
from bench.triage import AT, cost_s
from bench.world import POLICY
from dispatch.domain.call import CallFacts
from dispatch.policies import load_shipped
from dispatch.triage.evaluate import decide, evaluate
from dispatch.triage.policy import Policy, load_policy
from dispatch.triage.reading import read_call

FEW, MANY = 100, 1000
CALLS = 1500


def growth() -> dict[str, float]:
    """triage_growth_100_to_1000: rows alone, the text read before. The other figure: the whole decision.

    Each call is new to the policy: what it remembers of answers given before is forgotten before every round.
    """
    shipped = load_shipped(POLICY)
    rows_s, whole_s = {}, {}
    for count in (FEW, MANY):
        policy = load_policy(made_files(shipped, count))
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
