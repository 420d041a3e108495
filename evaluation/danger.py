"""Danger that would reach nobody who can deal with it."""

from collections import Counter

from dispatch.triage.decision import TriageDecision
from evaluation.data import Label, police_cities
from evaluation.deciding import Judge
from evaluation.mappings import NO_CONTACT
from evaluation.measure import Measure, Table
from evaluation.must_not_miss import COMES

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
    of_text: Counter[tuple[str, str]] = Counter()
    for labels in cities.values():
        for label in labels:
            of_text[label.city, label.text] += label.volume
    listed = tuple(
        (
            one.city,
            one.text,
            one.topic,
            f"{one.volume:,}",
            f"{of_text[one.city, one.text]:,}",
            judge.decide(one.text).plan.steps[0].slots[0].responder_type,
        )
        for one in sorted(missed, key=lambda one: -one.volume)[:_MOST_SHOWN]
    )
    total = _missed(judge, "danger_missed", "all six cities", everything)
    contact = [one for one in everything if not NO_CONTACT.search(one.text)]
    narrower = _missed(
        judge, "danger_missed_without_indecency", "all six cities, indecency without contact aside", contact
    )
    tables = (
        Table("By city and topic, where any was missed", ("city", "topic", "missed", "of"), rows),
        Table(
            "Every label",
            ("city", "label", "topic", "called dangerous", "of all calls with the label", "would get"),
            listed,
        ),
    )
    as_sent = _as_sent(judge, [one for one in cities["San Francisco"] if one.is_danger and one.text])
    return [_with(total, tables), narrower, _mean(found), *found, as_sent]


def _mean(found: list[Measure]) -> Measure:
    shares = [one.share for one in found if one.share is not None]
    return Measure(
        "danger_missed_mean_of_cities",
        "Danger sent to a civilian or the telephone alone, plain mean of the cities",
        f"percentage points of {len(shares)} cities together",
        "Each city counts the same, whatever its volume; by volume two cities of which nothing was missed are nearly "
        "all of the calls. The share of San Francisco, whose label is a priority, is most of this figure.",
        100 * sum(shares),
        100.0 * len(shares),
    )


def _as_sent(judge: Judge, labels: list[Label]) -> Measure:
    alone = sum(
        one.volume
        for one in labels
        if not comes(judge.decide(one.text, code=one.code, source="sf-police", priority="A"))
    )
    return Measure(
        "danger_missed_san_francisco_as_sent",
        "The same, San Francisco, with the priority that its CAD sends along",
        "calls",
        "The label is that priority, so this says nothing of how well the words are read; it shows that a call which "
        "its sender holds to be most urgent goes to nobody alone who cannot meet a danger (row SU-01, senders.yaml).",
        alone,
        sum(one.volume for one in labels),
        at_most=0.0,
    )


def _missed(judge: Judge, name: str, title: str, labels: list[Label]) -> Measure:
    return Measure(
        name,
        f"Danger sent to a civilian or the telephone alone, {title}",
        "calls",
        "Danger is Vera's topics of violence, domestic violence, sex offences, officers in need, medicine and fire; "
        "indecency is among the sex offences (community responders go to need such as urinating, row QL-13; police to "
        "the rest until somebody says that nobody is threatened, row QL-22); "
        "San Diego's priority 0, San Francisco's priority A (whatever the reason), Burlington's assaults, "
        "overdoses and injuries. Type text alone: in service answers and narratives add to it. Read label by label, "
        "none of those that are missed tells of danger: Charleston's urinate in public, which is need; San Francisco's "
        "carry priority A for reasons that the label does not tell (well-being checks about half of the time), and "
        "mentally disturbed persons without violence or weapon are what the city itself gives to its crisis team.",
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
