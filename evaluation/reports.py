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
    """Recall and precision for the calls that San Diego gave to its telephone report unit, beside the best possible."""
    calls: Counter[str] = Counter()
    unit: Counter[str] = Counter()
    for _, text, priority in san_diego_calls():
        calls[text] += 1
        unit[text] += priority == TELEPHONE_UNIT
    unread = calls.pop("", 0)
    missing = unread / (unread + sum(calls.values()))
    reports = [text for text in calls if judge.decide(text).category.value == "reporting"]
    desk = [text for text in calls if _leads_to_desk(judge, text)]
    taken, given = best_possible(calls, unit, 0.85)
    lost = Counter({text: unit[text] for text in unit if text not in reports})
    others = Counter({text: calls[text] - unit[text] for text in reports})
    of_desk = Counter({text: calls[text] - unit[text] for text in desk})
    city = (
        "San Diego's types do not decide which calls its unit takes: the type with the largest share of priority 9 has "
        "72 %, and calls of one type go to the unit or to officers by what the caller says, by staffing and by the "
        "hour. The ceiling is what somebody would reach who knew every type's share: no reading of the type can be "
        "better. So the target of 85 % precision at 85 % recall cannot be met from this file, which has no narrative. "
        "Its other columns do not lead there either: shares by beat, hour or weekday, learned on the even days, find "
        "no 85 % of the calls of the odd days without taking nearly all calls; the disposition is known only "
        "afterwards, and even with it the ceiling is 71.9 %."
    )
    return [
        Measure(
            "san_diego_priority_9_recall",
            "San Diego telephone reports found as reporting",
            "calls of priority 9",
            "Of the calls given to the telephone report unit, those that the type text makes a report.",
            sum(unit[text] for text in reports),
            sum(unit.values()),
            missing,
            at_least=0.85,
            tables=(Table("Calls of the unit that we do not read as a report", ("type", "calls"), _top(lost)),),
        ),
        Measure(
            "san_diego_priority_9_precision",
            "Calls read as reporting that San Diego gave to its unit",
            "calls read as reporting",
            "The target cannot be reached from the type (see the ceiling). A report is also a burglary found later, a "
            "stolen car or a collision, which San Diego gives to officers and other cities to desks or civilians.",
            sum(unit[text] for text in reports),
            sum(calls[text] for text in reports),
            missing,
            at_least=0.85,
            tables=(
                Table(
                    "Reports by our reading that San Diego did not give to the unit", ("type", "calls"), _top(others)
                ),
            ),
        ),
        Measure(
            "san_diego_desk_recall",
            "San Diego telephone reports that a report desk gets from us",
            "calls of priority 9",
            "The same question put to the plan and not to the category: the first step is a report desk's.",
            sum(unit[text] for text in desk),
            sum(unit.values()),
            missing,
        ),
        Measure(
            "san_diego_desk_precision",
            "Calls that a report desk gets from us and San Diego gave to its unit",
            "calls for a report desk",
            "Stolen cars, lost plates and found property go to a desk in other cities (Baltimore County, Minneapolis, "
            "New Orleans) and to officers in San Diego.",
            sum(unit[text] for text in desk),
            sum(calls[text] for text in desk),
            missing,
            tables=(Table("Desk by our plan, officer in San Diego", ("type", "calls"), _top(of_desk)),),
        ),
        Measure(
            "san_diego_desk_precision_of_its_kinds",
            "The same over the types of which the unit takes any call at all",
            "calls for a report desk",
            "What a city gives to a desk is its choice: of 404 stolen cars, 100 plates and 65 pieces of found property "
            "San Diego gave none to its unit. Where the choice is the same, this stands beside the ceiling.",
            sum(unit[text] for text in desk),
            sum(calls[text] for text in desk if unit[text]),
            missing,
        ),
        Measure(
            "san_diego_ceiling",
            "The best precision that any reading of the type could have at a recall of 85%",
            "calls",
            city,
            given,
            taken,
            missing,
            tables=(_ceiling(calls, unit, frozenset(reports), frozenset(desk)),),
        ),
    ]


def _leads_to_desk(judge: Judge, text: str) -> bool:
    first = judge.decide(text).plan.steps[0].slots
    return any(slot.responder_type == "report_taker" and slot.role is SlotRole.PRIMARY for slot in first)


def _by_share(calls: Counter[str], unit: Counter[str]) -> list[str]:
    return sorted((text for text in calls if unit[text]), key=lambda text: -unit[text] / calls[text])


def best_possible(calls: Counter[str], unit: Counter[str], recall: float) -> tuple[float, float]:
    """Calls taken and, of them, the unit's, when types are taken by their share until the recall is reached.

    Of the last type only the part that is still needed: a reading of the text may toss a coin.
    """
    wanted = recall * sum(unit.values())
    taken = given = 0.0
    for text in _by_share(calls, unit):
        part = min(1.0, (wanted - given) / unit[text])
        taken, given = taken + part * calls[text], given + part * unit[text]
        if given >= wanted:
            break
    return taken, given


def _ceiling(calls: Counter[str], unit: Counter[str], reports: frozenset[str], desk: frozenset[str]) -> Table:
    taken = given = 0
    rows = []
    for text in _by_share(calls, unit):
        taken, given = taken + calls[text], given + unit[text]
        ours = "desk" if text in desk else "report" if text in reports else "other"
        shares = f"{given / sum(unit.values()):.1%}", f"{given / taken:.1%}"
        rows.append((text, f"{unit[text]:,}", f"{calls[text]:,}", f"{unit[text] / calls[text]:.0%}", *shares, ours))
    head = ("type", "priority 9", "of", "share", "recall so far", "precision so far", "ours")
    return Table("Types in the order of their share: the curve nobody can exceed", head, tuple(rows))


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
