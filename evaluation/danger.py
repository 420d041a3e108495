"""Danger that would reach nobody who can deal with it, and police or EMS who were not needed."""

from collections import Counter

from dispatch.domain.classification import SlotRole, Verdict
from dispatch.triage.decision import TriageDecision
from evaluation.data import Label, police_cities
from evaluation.deciding import Judge
from evaluation.mappings import NO_CONTACT
from evaluation.measure import Measure, Table
from evaluation.must_not_miss import COMES

_ALTERNATIVE_LABELS = frozenset({"behavioral_health", "quality_of_life", "reporting"})
_MOST_SHOWN = 40


def danger(judge: Judge) -> list[Measure]:
    """Calls that people label as dangerous and whose first step is a civilian or a telephone alone."""
    cities = police_cities(judge)
    found, everything = [], []
    for city, labels in cities.items():
        dangerous = [label for label in labels if label.is_danger and label.text]
        everything += dangerous
        found.append(_missed(judge, f"danger_missed_{city.casefold().replace(' ', '_')}", city, dangerous))
    by_topic: Counter[tuple[str, str]] = Counter()
    missed: list[Label] = []
    for label in everything:
        by_topic[label.city, label.topic] += label.volume
        if not comes(judge.decide(label.text)):
            missed.append(label)
    lost = Counter[tuple[str, str]]()
    for label in missed:
        lost[label.city, label.topic] += label.volume
    rows = tuple((city, topic, f"{lost[city, topic]:,}", f"{by_topic[city, topic]:,}") for city, topic in sorted(lost))
    listed = tuple(
        (one.city, one.text, one.topic, f"{one.volume:,}", judge.decide(one.text).plan.steps[0].slots[0].responder_type)
        for one in sorted(missed, key=lambda one: -one.volume)[:_MOST_SHOWN]
    )
    total = _missed(judge, "danger_missed", "all six cities", everything)
    contact = [one for one in everything if not NO_CONTACT.search(one.text)]
    narrower = _missed(
        judge, "danger_missed_without_indecency", "all six cities, indecency without contact aside", contact
    )
    tables = (
        Table("By city and topic, where any was missed", ("city", "topic", "missed", "of"), rows),
        Table("Every label", ("city", "label", "topic", "calls", "would get"), listed),
    )
    return [_with(total, tables), narrower, *found]


def _missed(judge: Judge, name: str, title: str, labels: list[Label]) -> Measure:
    return Measure(
        name,
        f"Danger sent to a civilian or the telephone alone, {title}",
        "calls",
        "Danger is Vera's topics of violence, domestic violence, sex offences, officers in need, medicine and fire; "
        "indecency without contact is among the sex offences (row QL-13 sends community responders, as Denver does); "
        "San Diego's priority 0, San Francisco's priority A (whatever the reason), Burlington's assaults, "
        "overdoses and injuries. Type text alone: in service answers and narratives add to it.",
        sum(label.volume for label in labels if not comes(judge.decide(label.text))),
        sum(label.volume for label in labels),
        at_most=0.01,
    )


def _with(measure: Measure, tables: tuple[Table, ...]) -> Measure:
    return Measure(
        measure.name,
        measure.title,
        measure.unit,
        measure.meaning,
        measure.numerator,
        measure.denominator,
        at_most=measure.at_most,
        tables=tables,
    )


def comes(decision: TriageDecision) -> bool:
    """Somebody sworn or medical is in the first step."""
    return any(slot.responder_type in COMES for slot in decision.plan.steps[0].slots)


def prefers_program(judge: Judge, plan_id: str) -> bool:
    """The plan's first step is led by a program and not by police, fire or EMS."""
    first = judge.policy.plans[plan_id].steps[0].slots
    return any(slot.eligible and slot.role is SlotRole.PRIMARY for slot in first)


def needless(judge: Judge) -> list[Measure]:
    """Calls without danger in their label that an eligible program could take, and that get police or EMS first."""
    open_to, sent = Counter[str](), Counter[str]()
    calls, by_row = Counter[str](), Counter[tuple[str, str]]()
    row_open = row_sent = 0
    for city, labels in police_cities(judge).items():
        for label in labels:
            if label.is_danger or not label.text or not label.strict & _ALTERNATIVE_LABELS:
                continue
            calls[city] += label.volume
            decision = judge.decide(label.text)
            row = judge.rows.get(decision.reasons[0].rule)
            if row is not None and row.then is not None and prefers_program(judge, row.then.plan):
                row_open += label.volume
                row_sent += label.volume * comes(decision)
            if not any(v.verdict is Verdict.ELIGIBLE and v.responder_type != "cvi" for v in decision.programs):
                continue
            open_to[city] += label.volume
            sent[city] += label.volume * comes(decision)
            if comes(decision) and row is not None:
                by_row[row.id, row.title] += label.volume
    rows = tuple((city, f"{sent[city]:,}", f"{open_to[city]:,}", f"{calls[city]:,}") for city in calls)
    worst = tuple((row, title, f"{count:,}") for (row, title), count in by_row.most_common(12))
    return [
        Measure(
            "needless_where_the_row_allows_it",
            "Police or EMS first where the deciding row prefers a program",
            "calls",
            "The policy's own preference is the yardstick: the deciding row's plan begins with a program. What is left "
            "are calls for which no program is eligible by type text alone, such as a theft of which nobody has said "
            "that it is over.",
            row_sent,
            row_open,
            at_most=0.25,
        ),
        Measure(
            "needless_police_or_ems",
            "Police or EMS first where an eligible program could go",
            "calls",
            "Over calls whose label is about health, quality of life or a report. An officer beside a clinician counts "
            "as police. A program that asks for facts no label holds (nobody hurt, suspect gone) is not eligible, so "
            "such calls are not counted: the caller's answers decide them.",
            sum(sent.values()),
            sum(open_to.values()),
            1 - sum(open_to.values()) / max(1, sum(calls.values())),
            at_most=0.25,
            tables=(
                Table("By city", ("city", "police or EMS first", "program eligible", "calls so labelled"), rows),
                Table("Rows that send police or EMS although a program is eligible", ("row", "title", "calls"), worst),
            ),
        ),
    ]
