"""How likely two calls are about the same thing: a sum of log-odds whose every part is shown.

Method: docs/decisions/0015. Each part is the logarithm of how much likelier what was seen is
when the calls are about one thing than when they are about two.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

from dispatch.domain.geo import distance_m
from dispatch.linking.kinds import UNCLEAR, Kind, kind_of, mixed_up
from dispatch.linking.profile import Profile


@dataclass(frozen=True, slots=True)
class Weights:
    """The numbers of one edition. Chosen on seeds 1 and 11 to 15 of evaluation/surge.py, reported on others.

    uncertainty_m: radius taken when the sender gives none. least_m: nobody stands closer to what they see.
    elsewhere_per_m2: open calls about other things per square metre. link, propose: thresholds of the sum.
    """

    edition: str = "2026-11"
    uncertainty_m: float = 75.0
    least_m: float = 30.0
    elsewhere_per_m2: float = 1.5e-5
    window_s: float = 3 * 3600.0
    prior: float = -1.0
    same_address: float = 1.5
    same_type: float = 2.0
    same_kind: float = 1.0
    mixed_up: float = -0.5
    other_kind: float = -3.0
    unclear: float = -0.3
    same_phone: float = 1.5
    same_plate: float = 3.5
    same_door: float = 2.0
    other_door: float = -3.0
    other_door_seen: float = -0.5
    same_age: float = 2.5
    other_age: float = -4.0
    same_person: float = 0.6
    other_person: float = -2.0
    same_car: float = 1.0
    other_car: float = -1.0
    same_topic: float = 0.5
    words: float = 3.0
    no_words: float = -0.7
    propose: float = 0.0
    link: float = 6.5
    clear_lead: float = 1.0


DEFAULT = Weights()
_ENOUGH_WORDS = 5
# Beyond so many variances distance speaks against a pair as loudly as it ever does: only a plate joins it still.
REACH = 28.0
_FURTHEST = -12.0


class Part(NamedTuple):
    """One piece of evidence. log_odds: positive speaks for the same thing."""

    name: str
    log_odds: float
    because: str


@dataclass(frozen=True, slots=True)
class Likeness:
    """parts: in a fixed order, none left out that counts. same_person: something ties the very person together."""

    score: float
    parts: tuple[Part, ...]
    distance_m: float | None
    apart_s: float
    kind: Kind
    same_person: bool


def likeness(one: Profile, other: Profile, weights: Weights = DEFAULT) -> Likeness:
    """How alike two calls are. Symmetric: the order of the two makes no difference."""
    kinds = (kind_of(one.category, one.incident_type), kind_of(other.category, other.incident_type))
    # One person's kind is the careful one: a pair counts as seen by many only when both calls say so.
    kind = min(kinds, key=lambda kind: (kind.seen_by_many, kind.calls_for_s, kind.name))
    parts = [Part("prior", weights.prior, "most calls are about something of their own")]
    away, place = _place(one, other, weights)
    parts += place
    apart_s, when = _time(one, other, kind, weights)
    parts.append(when)
    parts.append(_type(one, other, kinds, weights))
    tied = _identity(one, other, kind, weights)
    parts += tied
    parts += _words(one, other, weights)
    certain = any(part.log_odds >= weights.same_phone for part in tied)
    return Likeness(sum(part.log_odds for part in parts), tuple(parts), away, apart_s, kind, certain)


def radius_m(profile: Profile, weights: Weights = DEFAULT) -> float:
    """How far from its position a call may be about, as a standard deviation in metres."""
    return max(weights.least_m, profile.uncertainty_m or weights.uncertainty_m)


def _place(one: Profile, other: Profile, weights: Weights) -> tuple[float | None, list[Part]]:
    parts = []
    same_address = one.address is not None and one.address == other.address
    if same_address:
        parts.append(Part("address", weights.same_address, "the same address"))
    if one.position is None or other.position is None:
        if not same_address:
            parts.append(Part("distance", -2.0, "one of them has no position"))
        return None, parts
    away = distance_m(one.position, other.position)
    variance = radius_m(one, weights) ** 2 + radius_m(other, weights) ** 2
    # Two normal errors around one place, against calls that are spread evenly over the city.
    near = -(away**2) / (2 * variance) - math.log(2 * math.pi * variance * weights.elsewhere_per_m2)
    words = f"{away:.0f} m apart, positions uncertain by {math.sqrt(variance):.0f} m"
    parts.append(Part("distance", max(near, _FURTHEST), words))
    return away, parts


def _time(one: Profile, other: Profile, kind: Kind, weights: Weights) -> tuple[float, Part]:
    apart_s = abs((one.at - other.at).total_seconds())
    near = math.log(weights.window_s / kind.calls_for_s) - apart_s / kind.calls_for_s
    return apart_s, Part("time", near, f"{apart_s / 60:.0f} min apart; calls about this go on for some time")


def _type(one: Profile, other: Profile, kinds: tuple[Kind, Kind], weights: Weights) -> Part:
    if UNCLEAR in kinds:
        return Part("type", weights.unclear, "what one of them is about is not clear")
    if one.incident_type == other.incident_type and one.incident_type != "unknown":
        return Part("type", weights.same_type, f"both are {one.incident_type}")
    if kinds[0] is kinds[1]:
        return Part("type", weights.same_kind, f"both are about {kinds[0].name}")
    names = " and ".join(sorted(kind.name for kind in kinds))
    if mixed_up(*kinds):
        return Part("type", weights.mixed_up, f"{names} may be one thing told in two ways")
    return Part("type", weights.other_kind, f"{names} do not go together")


def _identity(one: Profile, other: Profile, kind: Kind, weights: Weights) -> list[Part]:
    parts = []
    if one.phone is not None and one.phone == other.phone:
        parts.append(Part("phone", weights.same_phone, "the same telephone"))
    if one.door is not None and other.door is not None:
        if one.door == other.door:
            parts.append(Part("door", weights.same_door, "the same door"))
        else:
            other_door = weights.other_door_seen if kind.seen_by_many else weights.other_door
            parts.append(Part("door", other_door, "another door"))
    parts += _compared("plate", one, other, weights.same_plate, 0.0)
    parts += _compared("age", one, other, weights.same_age, 0.0 if kind.seen_by_many else weights.other_age)
    parts += _compared("person", one, other, weights.same_person, 0.0 if kind.seen_by_many else weights.other_person)
    return parts


def _compared(name: str, one: Profile, other: Profile, same: float, differs: float) -> list[Part]:
    mine, theirs = one.marked(name), other.marked(name)
    if not mine or not theirs:
        return []
    both = mine & theirs
    if both:
        return [Part(name, same, f"both say {', '.join(sorted(both))}")]
    if differs == 0:
        return []
    return [Part(name, differs, f"{', '.join(sorted(mine))} against {', '.join(sorted(theirs))}")]


def _words(one: Profile, other: Profile, weights: Weights) -> list[Part]:
    parts = []
    cars = [(p.marked("car"), p.marked("colour")) for p in (one, other)]
    if all(make for make, _ in cars):
        other_colour = bool(cars[0][1] and cars[1][1]) and not cars[0][1] & cars[1][1]
        same = cars[0][0] & cars[1][0] and not other_colour
        parts.append(
            Part(
                "vehicle",
                weights.same_car if same else weights.other_car,
                "the same vehicle" if same else "other vehicles",
            )
        )
    elif cars[0][1] & cars[1][1]:
        parts.append(Part("colour", weights.same_car / 2, "the same colour"))
    topics = one.marked("topic") & other.marked("topic")
    if topics:
        parts.append(Part("topic", weights.same_topic, f"both about {', '.join(sorted(topics))}"))
    if one.words and other.words:
        shared = one.words & other.words
        cosine = len(shared) / math.sqrt(len(one.words) * len(other.words))
        enough = min(len(one.words), len(other.words)) >= _ENOUGH_WORDS
        if shared:
            parts.append(Part("words", weights.words * cosine, f"{len(shared)} words in common"))
        elif enough:
            parts.append(Part("words", weights.no_words, "no word in common"))
    return parts
