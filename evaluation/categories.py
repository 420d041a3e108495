"""The category of a call from its type text alone, against human labels."""

from collections import Counter
from collections.abc import Iterable

from evaluation.data import Label, police_cities, unseen
from evaluation.deciding import Judge
from evaluation.mappings import UNSEEN, unseen_categories
from evaluation.measure import Measure, NoData, Table

THIRDS = (("Charleston", "Burlington"), ("New Orleans", "San Diego"), ("Seattle", "San Francisco"))
_UPPER_BOUND = (
    "All six cities were looked at while the lexicon was written, so this is an upper bound for other cities."
)
_MOST_SHOWN = 25


def categories(judge: Judge) -> list[Measure]:
    """Per city and per third of the cities, by volume and by distinct label, strict and also accepting."""
    cities = police_cities(judge)
    found = [measure for city, labels in cities.items() for measure in _figures(judge, _slug(city), city, labels)]
    for number, names in enumerate(THIRDS, 1):
        labels = [label for name in names for label in cities[name]]
        found += _figures(judge, f"third_{number}", f"{' and '.join(names)} (a third of the cities)", labels)
    everything = [label for labels in cities.values() for label in labels]
    found += _figures(judge, "all", "all six cities", everything, shows_tables=True)
    return found


def _figures(
    judge: Judge, slug: str, title: str, labels: Iterable[Label], *, shows_tables: bool = False
) -> list[Measure]:
    judged = [label for label in labels if label.strict]
    all_volume = sum(label.volume for label in labels)
    volume = sum(label.volume for label in judged)
    missing = 1 - volume / all_volume if all_volume else 0.0
    found = []
    for kind, is_strict in (("topic alone", True), ("label's own words too", False)):
        right = [one for one in judged if category(judge, one) in (one.strict if is_strict else one.accepted)]
        suffix = "strict" if is_strict else "accepting"
        tables = tuple(_tables(judge, judged)) if shows_tables and not is_strict else ()
        figures = (("volume", "calls", sum(one.volume for one in right), volume, 0.9),)
        for unit, counted, numerator, denominator, target in (
            *figures,
            ("labels", "distinct labels", len({one.text for one in right}), len({one.text for one in judged}), 0.8),
        ):
            found.append(
                Measure(
                    f"category_{slug}_{unit}_{suffix}",
                    f"Category from type text, {title}, by {unit}, {kind}",
                    counted,
                    _UPPER_BOUND,
                    numerator,
                    denominator,
                    missing,
                    at_least=None if is_strict else target,
                    tables=tables if unit == "volume" else (),
                )
            )
    return found


def category(judge: Judge, label: Label) -> str:
    """What the policy makes of the label's words."""
    return judge.decide(label.text).category.value


def _tables(judge: Judge, labels: list[Label]) -> Iterable[Table]:
    yield _confusion(judge, labels)
    wrong = sorted((one for one in labels if category(judge, one) not in one.strict), key=lambda one: -one.volume)
    for title, chosen in (
        (
            "Disagreements where we hold the label's own words against its topic",
            [w for w in wrong if _is_ours(judge, w)],
        ),
        ("Disagreements that are open or our fault", [w for w in wrong if not _is_ours(judge, w)]),
    ):
        rows = tuple(
            (one.city, one.text, f"{one.volume:,}", one.topic, " or ".join(sorted(one.strict)), category(judge, one))
            for one in chosen[:_MOST_SHOWN]
        )
        shown = f"{title} ({len(rows)} largest of {len(chosen)})"
        yield Table(shown, ("city", "label", "calls", "label's topic", "expected", "ours"), rows)


def _is_ours(judge: Judge, label: Label) -> bool:
    return category(judge, label) in label.accepted


def _confusion(judge: Judge, labels: list[Label]) -> Table:
    counts: Counter[tuple[str, str]] = Counter()
    for label in labels:
        counts[" or ".join(sorted(label.strict)), category(judge, label)] += label.volume
    expected, given = sorted({e for e, _ in counts}), sorted({g for _, g in counts})
    rows = tuple((e, *(f"{counts[e, g]:,}" if counts[e, g] else "" for g in given)) for e in expected)
    return Table("Calls by expected category (rows) and ours (columns)", ("expected", *given), rows)


def unseen_cities(judge: Judge) -> list[Measure]:
    """Titles that the lexicon was not tuned on, read as text, against a mapping written before the first result."""
    found: list[Measure] = []
    for city in UNSEEN:
        try:
            titles = unseen(city)
        except NoData as absent:
            found.append(
                Measure(f"unseen_{_slug(city)}_volume", f"Unseen titles, {city}", "calls", "", skipped=str(absent))
            )
            continue
        wrong = [
            (title, f"{count:,}", " or ".join(sorted(unseen_categories(city, title))), got)
            for title, count in titles.most_common()
            if (got := judge.decide(title).category.value) not in unseen_categories(city, title)
        ]
        missed = {title for title, *_ in wrong}
        table = Table(
            f"Disagreements, {city} ({min(len(wrong), _MOST_SHOWN)} largest of {len(wrong)})",
            ("title", "calls", "expected", "ours"),
            tuple(wrong[:_MOST_SHOWN]),
        )
        right = sum(count for title, count in titles.items() if title not in missed)
        for unit, counted, numerator, denominator, target, tables in (
            ("volume", "calls", right, sum(titles.values()), 0.9, (table,)),
            ("labels", "distinct titles", len(titles) - len(wrong), len(titles), 0.8, ()),
        ):
            found.append(
                Measure(
                    f"unseen_{_slug(city)}_{unit}",
                    f"Category of the titles of fire services, {city}, by {unit}",
                    counted,
                    "Read as text without the crosswalk of the sender. Fire and EMS only. Until November 2026 the "
                    "lexicon was tuned on none of them (by labels: Seattle Fire 74.7 %, Montgomery 100 %, Houston "
                    "83.2 %, South Metro 62.9 %), and those are the figures for a fire service nobody has looked at. "
                    "Since then its words for alarm systems, sprinklers, burning and spills were widened after reading "
                    "what went wrong, so these figures are no longer of unseen titles.",
                    numerator,
                    denominator,
                    at_least=target,
                    tables=tables,
                )
            )
    return found


def _slug(city: str) -> str:
    return city.casefold().replace(" ", "_").replace("-", "_")
