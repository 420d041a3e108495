"""San Diego's telephone report unit, Burlington's flags, and the shares beside published bands."""

from collections import Counter

from dispatch.domain.classification import SlotRole
from evaluation.data import police_cities, rows, san_diego_calls
from evaluation.deciding import Judge
from evaluation.measure import Measure, Table

TELEPHONE_UNIT = "9"
BANDS = {
    "community": (0.21, 0.38, "calls that community responders could take"),
    "administrative": (0.13, 0.33, "calls that need no armed officer and no visit"),
    "emergency": (0.18, 0.34, "life-threatening emergencies (for us: priority 0 or 1)"),
}
_COMMUNITY = frozenset(
    {"community_responder", "homeless_outreach", "transit_ambassador", "crisis_line", "co_responder"}
)


def telephone_reports(judge: Judge) -> list[Measure]:
    """Recall and precision of `reporting` for the calls that San Diego gave to its telephone report unit."""
    hit, found, wanted, unread = 0, 0, 0, 0
    others: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    total = 0
    for _, text, priority in san_diego_calls():
        total += 1
        if not text:
            unread += 1
            continue
        is_report = judge.decide(text).category.value == "reporting"
        is_unit = priority == TELEPHONE_UNIT
        wanted += is_unit
        found += is_report
        hit += is_unit and is_report
        others[text] += is_report and not is_unit
        missed[text] += is_unit and not is_report
    table = Table("Reports by our reading that San Diego did not give to the unit", ("type", "calls"), _top(others))
    lost = Table("Calls of the unit that we do not read as a report", ("type", "calls"), _top(missed))
    return [
        Measure(
            "san_diego_priority_9_recall",
            "San Diego telephone reports found as reporting",
            "calls of priority 9",
            "Of the calls given to the telephone report unit, those that the type text makes a report.",
            hit,
            wanted,
            unread / total,
            at_least=0.85,
            tables=(lost,),
        ),
        Measure(
            "san_diego_priority_9_precision",
            "Calls read as reporting that San Diego gave to its unit",
            "calls read as reporting",
            "Most calls that are reports by their text (collisions, burglaries found later) go to officers in San "
            "Diego, so this counts the city's choice and staffing as much as the reading. See the list.",
            hit,
            found,
            unread / total,
            at_least=0.85,
            tables=(table,),
        ),
    ]


def _top(counts: Counter[str], most: int = 20) -> tuple[tuple[str, ...], ...]:
    return tuple((text, f"{count:,}") for text, count in counts.most_common(most) if count)


def burlington_flags(judge: Judge) -> list[Measure]:
    """How many incidents with the flag `mental_health` had a type that is read as behavioral health."""
    flagged = read = both = total = 0
    for row in rows("calls/burlington_vt_police_2022h1.csv.gz"):
        if not row["call_type"]:
            continue
        total += 1
        is_flagged = row["mental_health"] in ("1", "1.0")
        is_read = judge.decide(row["call_type"]).category.value == "behavioral_health"
        flagged += is_flagged
        read += is_read
        both += is_flagged and is_read
    meaning = (
        "The flag describes what came out, not what was called in: fewer than half of the incidents of the type Mental "
        "Health Issue carry it. Reported without a target."
    )
    return [
        Measure(
            "burlington_mental_health_recall",
            "Burlington incidents flagged mental health that we read so",
            "incidents with the flag",
            meaning,
            both,
            flagged,
        ),
        Measure(
            "burlington_mental_health_precision",
            "Burlington incidents read as behavioral health that carry the flag",
            "incidents read so",
            meaning,
            both,
            read,
        ),
    ]


def shares(judge: Judge) -> list[Measure]:
    """What share of police calls would go where, beside the published bands of eight cities."""
    found, by_city = [], []
    totals: Counter[str] = Counter()
    for city, labels in police_cities(judge).items():
        counts: Counter[str] = Counter()
        for label in labels:
            decision = judge.decide(label.text)
            leads = {slot.responder_type for slot in decision.plan.steps[0].slots if slot.role is SlotRole.PRIMARY}
            counts["calls"] += label.volume
            counts["community"] += label.volume * bool(leads & _COMMUNITY)
            counts["administrative"] += label.volume * (decision.category.value == "reporting")
            counts["emergency"] += label.volume * (decision.priority <= 1)
        totals.update(counts)
        by_city.append((city, *(f"{counts[name] / counts['calls']:.1%}" for name in BANDS)))
    table = Table("By city", ("city", *BANDS), tuple(by_city))
    for name, (low, high, meaning) in BANDS.items():
        found.append(
            Measure(
                f"share_{name}",
                f"Share of {meaning}; published {low:.0%} to {high:.0%}",
                "calls",
                "The bands are of eight other cities (Center for American Progress 2020) and of their own definitions; "
                "our data include officer-initiated work, which lowers every share. Not a target.",
                totals[name],
                totals["calls"],
                tables=(table,) if name == "community" else (),
            )
        )
    return found
