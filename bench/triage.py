"""Triage of 60-word narratives on one core: decision and reasons, and with the questions worth asking."""

import time
from datetime import UTC, datetime

from bench.texts import narratives
from bench.world import POLICY
from dispatch.domain.call import CallFacts
from dispatch.policies import read_shipped
from dispatch.triage.evaluate import evaluate
from dispatch.triage.policy import load_policy
from dispatch.triage.questions import with_questions

TEXTS = 3000
AT = datetime(2026, 11, 23, 14, tzinfo=UTC)


def triage() -> dict[str, float]:
    """triage_per_s and triage_full_per_s, by processor time: what other work on the machine takes does not count."""
    policy = load_policy(read_shipped(POLICY))
    calls = [CallFacts("bench", type_text="WELFARE CHECK", narrative=text) for text in narratives(TEXTS)]
    for call in calls[:200]:
        evaluate(call, policy, AT)
    started = time.process_time()
    decisions = [evaluate(call, policy, AT) for call in calls]
    decided = time.process_time() - started
    some = TEXTS // 5
    started = time.process_time()
    for call, decision in zip(calls[:some], decisions, strict=False):
        with_questions(decision, call, policy, AT)
    asked = (time.process_time() - started) / some
    return {"triage_per_s": TEXTS / decided, "triage_full_per_s": 1 / (decided / TEXTS + asked)}
