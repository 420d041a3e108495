"""Sentences written before the grammar of the lexicon: half of them tuned on, half looked at once."""

from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from evaluation.deciding import Judge
from evaluation.measure import Measure, Table
from evaluation.must_not_miss import COMES, LATEST

UNSEEN = Path(__file__).parents[1] / "tests" / "cases" / "unseen.yaml"
SECOND = UNSEEN.with_name("unseen_second.yaml")
THIRD = UNSEEN.with_name("unseen_third.yaml")
FOURTH = UNSEEN.with_name("unseen_fourth.yaml")
SETS = {"unseen": UNSEEN, "second": SECOND, "third": THIRD, "fourth": FOURTH}
ABOUT = {
    "unseen": "Written by the author of the grammar, so kinder than a stranger's sentences would be.",
    "second": "A second hundred, written after the grammar and before the policy had read one of them. Read for the "
    "first time, 22 of 60 dangers were missed (14 of 34 of the half that was then mended by classes of words, 8 of 26 "
    "of the half that was left alone) and 9 of 40 look-alikes brought needless help (7 of 26, 2 of 14). That first "
    "reading is the estimate for words nobody has thought of.",
    "third": "A third hundred, written before its author had opened the lexicon and before the policy had read one "
    "of them. Read for the first time, 19 of 60 dangers were missed (11 of 26 of the half that was then "
    "mended by classes of words, 8 of 34 of the half that was left alone) and 2 of 40 look-alikes brought "
    "needless help (0 of 19, 2 of 21). What was mended in the one half mended nothing in the other.",
    "fourth": "A fourth hundred, written before the policy had read one of them. Read for the first time, 21 of 60 "
    "dangers were missed (10 of 32 of the half that was then mended by classes of words, 11 of 28 of the "
    "half that was left alone) and 10 of 40 look-alikes brought needless help (5 of 20, 5 of 20). It is "
    "the estimate for words nobody has thought of: what the first three sets were known to miss was "
    "mended once this one was written. One sentence of the other half is read since: a word of it was added for "
    "other sentences. The figure of the first reading stands.",
}
NAMES = {
    "unseen": "sentences",
    "second": "the second hundred",
    "third": "the third hundred",
    "fourth": "the fourth hundred",
}
HALVES = {
    "development": "tuned on",
    "released": "held back until a newer set was written, then tuned on",
    "held_out": "never tuned on, looked at once",
}


@dataclass(frozen=True, slots=True)
class Sentence:
    half: str
    kind: str
    sort: str
    type_text: str
    says: str


def read_sentences(path: Path = UNSEEN) -> tuple[Sentence, ...]:
    """Every sentence, in the order of writing."""
    found = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    return tuple(Sentence(c["half"], c["kind"], c["sort"], c["type"], c["says"]) for c in found["cases"])


def is_wrong(judge: Judge, one: Sentence) -> bool:
    """Danger that nobody of police, fire, EMS or an officer with a clinician reaches soon; or harm where there is none:
    more of them than the type alone brings.
    """
    decision = judge.decide(one.type_text, one.says)
    first = {slot.responder_type for slot in decision.plan.steps[0].slots}
    if one.kind == "danger":
        return not first & COMES or decision.priority > LATEST
    of_type = {slot.responder_type for slot in judge.decide(one.type_text).plan.steps[0].slots}
    return bool((first - of_type) & COMES)


def unseen_sentences(judge: Judge) -> list[Measure]:
    """Danger missed and harm seen in look-alikes, for each half."""
    return [
        _measure(judge, name, half, kind)
        for name, file in SETS.items()
        for half in HALVES
        if half in {one.half for one in read_sentences(file)}
        for kind in ("danger", "benign")
    ]


def _measure(judge: Judge, name: str, half: str, kind: str) -> Measure:
    asked = [one for one in read_sentences(SETS[name]) if (one.half, one.kind) == (half, kind)]
    wrong = [one for one in asked if is_wrong(judge, one)]
    title = "Danger missed" if kind == "danger" else "Look-alikes that bring needless police, fire or EMS"
    return Measure(
        f"{'unseen' if name == 'unseen' else f'unseen_{name}'}_{kind}_{half}",
        f"{title}, {NAMES[name]} {HALVES[half]}",
        "sentences",
        ABOUT[name],
        len(wrong),
        len(asked),
        tables=(Table("Wrong", ("sort", "type", "says"), tuple((o.sort, o.type_text, o.says) for o in wrong)),),
    )
