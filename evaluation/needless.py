"""Police or EMS who were not needed: what the policy allows somebody else to take, given the words alone.

Three classes of calls whose label is harmless. *Allowed*: a program is eligible. *Waiting for an answer*: no program is
eligible, and at least one cannot tell, because of a fact that nobody has told. *Police work by policy*: every program's
scope or clauses leave the call out. Only in the first are police or EMS needless; the second is asked again with the
answers that its programs wait for; the third is listed with its volume.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from dispatch.domain.classification import SlotRole, Verdict
from dispatch.triage.decision import TriageDecision
from dispatch.triage.facts import VOCABULARY
from dispatch.triage.model import CANNOT_TELL
from evaluation.danger import comes
from evaluation.data import Label, police_cities
from evaluation.deciding import Judge
from evaluation.measure import Measure, Table

_ALTERNATIVE_LABELS = frozenset({"behavioral_health", "quality_of_life", "reporting"})
_NOTICE = "cvi"  # goes beside police and EMS and never instead
_ASK = f"{CANNOT_TELL}:"
# The harmless answer where it is not the safest value: a theft that is over, and not one that never was.
_HARMLESS = {"crime": "past", "occurred": "earlier", "information_quality": "enough"}

ALLOWED, WAITING, POLICE_WORK = "a program is eligible", "a program waits for an answer", "police work by policy"


@dataclass(frozen=True, slots=True)
class Judged:
    """A harmless label, its class, and whether police or EMS go first. asks: what the programs wait for."""

    label: Label
    kind: str
    row: str
    prefers_program: bool
    sends: bool
    asks: tuple[str, ...]
    sends_once_answered: bool


def needless(judge: Judge) -> list[Measure]:
    """Police or EMS first, where a program could go by the words alone, and where it waits for an answer."""
    harmless = [
        _judged(judge, label)
        for labels in police_cities(judge).values()
        for label in labels
        if label.text and not label.is_danger and label.strict & _ALTERNATIVE_LABELS
    ]
    allowed = [one for one in harmless if one.kind == ALLOWED]
    waiting = [one for one in harmless if one.kind == WAITING]
    missing = 1 - _volume(allowed) / max(1, _volume(harmless))
    held = [one for one in waiting if one.sends]
    return [
        Measure(
            "needless_police_or_ems",
            "Police or EMS first although a program is eligible by the words alone",
            "calls",
            "Over calls whose label is about health, quality of life or a report and not dangerous. A program is "
            "eligible when the words open its scope and no clause of it fails or waits for an answer, so this counts "
            "where rows and programs of the policy contradict each other. An officer beside a clinician counts as "
            "police, and so does EMS beside community responders.",
            _volume(one for one in allowed if one.sends),
            _volume(allowed),
            missing,
            at_most=0.25,
            tables=(_by_city(harmless), *_by_class(judge, harmless)),
        ),
        Measure(
            "needless_police_or_ems_labels",
            "The same by labels",
            "distinct labels",
            "",
            len({one.label.text for one in allowed if one.sends}),
            len({one.label.text for one in allowed}),
            at_most=0.25,
        ),
        Measure(
            "needless_once_answered",
            "Police or EMS first still, once the caller has given the harmless answers that programs wait for",
            "calls",
            "Guards the figure above: a policy could call every program uncertain and never be found needless. The "
            "calls that get police or EMS while a program waits are decided again, with violence: none, injury: no, "
            "crime: past and so on for exactly the facts that programs name. Who still gets police then was never "
            "allowed anything else, whatever the verdict says.",
            _volume(one for one in held if one.sends_once_answered),
            _volume(held),
            at_most=0.25,
        ),
        Measure(
            "needless_if_unknown_were_safe",
            "Police or EMS first where a program is eligible or waits for an answer (the widest reading)",
            "calls",
            "Silence about danger counted as if it were safe, against the design. Until November 2026 the target "
            "stood on a reading between these (74.0 %, 1,592,090 of 2,151,901 calls): programs then called themselves "
            "eligible for disturbances of which nobody had said that they are only words (row QL-18), and for "
            "complaints that say nothing (row QL-19). Both rows rightly send police, so the verdicts were wrong and "
            "now wait for an answer.",
            _volume(one for one in (*allowed, *waiting) if one.sends),
            _volume((*allowed, *waiting)),
        ),
        Measure(
            "needless_where_the_row_allows_it",
            "Police or EMS first where the deciding row prefers a program",
            "calls",
            "The row's plan begins with a program, and none may go yet: a theft of which nobody has said that it is "
            "over. All of them wait for an answer and stand in that class. It had the target of 25 % until November "
            "2026, which asked the text for what only the caller can say.",
            _volume(one for one in harmless if one.prefers_program and one.sends),
            _volume(one for one in harmless if one.prefers_program),
        ),
    ]


def _judged(judge: Judge, label: Label) -> Judged:
    decision = judge.decide(label.text)
    row = judge.rows.get(decision.reasons[0].rule)
    others = [v for v in decision.programs if v.responder_type != _NOTICE]
    asks: tuple[str, ...] = ()
    kind = POLICE_WORK
    if any(v.verdict is Verdict.ELIGIBLE for v in others):
        kind = ALLOWED
    elif uncertain := [v for v in others if v.verdict is Verdict.CANNOT_TELL]:
        kind = WAITING
        named = (reason.removeprefix(_ASK) for v in uncertain for reason in v.reasons if reason.startswith(_ASK))
        asks = tuple(sorted(set(named)))
    sends = comes(decision)
    return Judged(
        label,
        kind,
        "none" if row is None else f"{row.id} {row.title}",
        row is not None and row.then is not None and prefers_program(judge, row.then.plan),
        sends,
        asks,
        sends and kind == WAITING and comes(_answered(judge, label, asks)),
    )


def _answered(judge: Judge, label: Label, asks: tuple[str, ...]) -> TriageDecision:
    answers = {fact: _HARMLESS.get(fact, VOCABULARY[fact].safe_value) for fact in asks if fact in VOCABULARY}
    return judge.decide(label.text, answers=answers)


def prefers_program(judge: Judge, plan_id: str) -> bool:
    """The plan's first step is led by a program and not by police, fire or EMS."""
    first = judge.policy.plans[plan_id].steps[0].slots
    return any(slot.eligible and slot.role is SlotRole.PRIMARY for slot in first)


def _volume(chosen: Iterable[Judged]) -> int:
    return sum(one.label.volume for one in chosen)


def _by_city(harmless: list[Judged]) -> Table:
    rows = []
    for city in dict.fromkeys(one.label.city for one in harmless):
        here = [one for one in harmless if one.label.city == city]
        allowed = [one for one in here if one.kind == ALLOWED]
        counts = (_volume(one for one in allowed if one.sends), *(_volume(chosen) for chosen in (allowed, here)))
        rows.append((city, *(f"{count:,}" for count in counts)))
    return Table("By city", ("city", "police or EMS first", "program eligible", "harmless calls"), tuple(rows))


def _by_class(judge: Judge, harmless: list[Judged]) -> Iterable[Table]:
    """Every class with its whole volume: nothing is left out of the account."""
    classes = []
    for kind in (ALLOWED, WAITING, POLICE_WORK):
        here = [one for one in harmless if one.kind == kind]
        classes.append((kind, f"{_volume(here):,}", f"{_volume(one for one in here if one.sends):,}"))
    classes.append(("all harmless calls", f"{_volume(harmless):,}", f"{_volume(o for o in harmless if o.sends):,}"))
    yield Table("Every class with its volume", ("class", "calls", "police or EMS first"), tuple(classes))
    yield Table(
        "Needless: rows that send police or EMS although a program is eligible",
        ("row", "calls"),
        _counted((one.row, one.label.volume) for one in harmless if one.kind == ALLOWED and one.sends),
    )
    still: Counter[str] = Counter()
    for one in harmless:
        still[f"{one.row}\n{', '.join(one.asks)}"] += one.label.volume * one.sends_once_answered
    held = Counter[str]()
    for one in harmless:
        if one.kind == WAITING and one.sends:
            held[f"{one.row}\n{', '.join(one.asks)}"] += one.label.volume
    yield Table(
        "Police or EMS first while a program waits for an answer: by row and by what nobody has told",
        ("row", "not told", "calls", "police or EMS still, once answered"),
        tuple((*key.split("\n"), f"{count:,}", f"{still[key]:,}") for key, count in held.most_common()),
    )
    yield Table(
        "Police work by policy: rows whose calls no program takes",
        ("row", "calls"),
        _counted((one.row, one.label.volume) for one in harmless if one.kind == POLICE_WORK),
    )


def _counted(pairs: Iterable[tuple[str, int]]) -> tuple[tuple[str, str], ...]:
    counts: Counter[str] = Counter()
    for key, volume in pairs:
        counts[key] += volume
    return tuple((key, f"{count:,}") for key, count in counts.most_common())
