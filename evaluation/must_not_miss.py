"""Danger in disguise, written by us: none may be missed."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from evaluation.deciding import Judge
from evaluation.measure import Measure, Table

CASES = Path(__file__).parents[1] / "tests" / "cases" / "must_not_miss.yaml"
COMES = frozenset({"police", "fire", "ems", "co_responder"})
LATEST = 2  # the least urgent priority that danger may get


@dataclass(frozen=True, slots=True)
class Disguised:
    disguise: str
    type_text: str
    says: str


def read_cases(path: Path = CASES) -> tuple[Disguised, ...]:
    """Every case, in order."""
    found = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    return tuple(Disguised(case["disguise"], case["type"], case["says"]) for case in found["cases"])


def must_not_miss(judge: Judge) -> list[Measure]:
    """Missed: nobody of police, fire, EMS or an officer with a clinician in the first step, or priority 3 or 4."""
    counts: Counter[str] = Counter()
    missed: list[tuple[str, ...]] = []
    guessed = 0
    for case in read_cases():
        decision = judge.decide(case.type_text, case.says)
        counts[case.disguise] += 1
        first = {slot.responder_type for slot in decision.plan.steps[0].slots}
        guessed += decision.category == "unknown" and decision.priority >= LATEST
        if not first & COMES or decision.priority > LATEST:
            missed.append((case.disguise, case.type_text, case.says, " + ".join(sorted(first))))
    total = sum(counts.values())
    return [
        Measure(
            "must_not_miss",
            "Danger in disguise that was missed",
            "cases",
            "Our own cases of danger that does not look like it. They were looked at while the lexicon was written, so "
            "this is a regression test and not an estimate for unseen words. At the first reading 33 of the first 64 "
            "of `one detail` were missed, 4 of the 20 written after these were mended, and 15 of 17 of `not read`.",
            len(missed),
            total,
            at_most=0.0,
            tables=(
                Table(
                    "Cases by disguise", ("disguise", "cases"), tuple((k, str(v)) for k, v in sorted(counts.items()))
                ),
                Table("Missed", ("disguise", "type", "says", "first"), tuple(missed)),
            ),
        ),
        Measure(
            "must_not_miss_by_luck",
            "Danger that was not understood and got police only because nothing decided",
            "cases",
            "Not missed, because unknown is never safe; yet the danger was not seen, and EMS or fire may lack.",
            guessed,
            total,
        ),
    ]
