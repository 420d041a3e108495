"""What kinds of happening there are for likeness: how long people go on calling, and whether strangers see it too."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """calls_for_s: after this long the rate of further calls has fallen to a third.

    seen_by_many: strangers see or hear it and call; otherwise it is one person's, and the person must match.
    """

    name: str
    calls_for_s: float
    seen_by_many: bool


CRASH = Kind("crash", 20 * 60, True)
FIRE = Kind("fire", 30 * 60, True)
VIOLENCE = Kind("violence", 15 * 60, True)
NOISE = Kind("noise", 60 * 60, True)
PATIENT = Kind("patient", 15 * 60, False)
PERSON = Kind("person", 20 * 60, False)
REPORT = Kind("report", 30 * 60, False)
UNCLEAR = Kind("unclear", 15 * 60, False)

# APCO/ANSI 2.103.2 codes, which the default policy uses; a type that is not here goes by its category.
_TYPES: Mapping[Kind, str] = {
    CRASH: "MVA MVAHR MVAINJY MVAUNK XTRICATE THAZ DISVEH RECKDRV TRAIN TRAINDRL",
    VIOLENCE: "SHOOT WEAPON FIGHT CU1 ACTSHOOT SCRM NCRASLTWF FAS FASX",
    NOISE: "NOISE FIREWRKS CRWD CU2 ANIMAL PUBWKS",
    FIRE: "WIRES HAZ WATER",
}
_BY_TYPE: Mapping[str, Kind] = {code: kind for kind, codes in _TYPES.items() for code in codes.split()}
_BY_CATEGORY: Mapping[str, Kind] = {
    "fire": FIRE,
    "medical": PATIENT,
    "violence": VIOLENCE,
    "behavioral_health": PERSON,
    "quality_of_life": NOISE,
    "police": PERSON,
    "reporting": REPORT,
}

# Pairs that callers mix up: a crash is told as its injured, a fight as a man who behaves strangely.
_MIXED_UP = frozenset(
    frozenset(pair)
    for pair in (
        ("crash", "patient"),
        ("crash", "fire"),
        ("violence", "patient"),
        ("violence", "person"),
        ("violence", "noise"),
        ("patient", "person"),
        ("noise", "person"),
        ("crash", "person"),
        ("fire", "noise"),
    )
)


def kind_of(category: str, incident_type: str) -> Kind:
    """The kind of happening; `unclear` when the policy knows neither type nor category."""
    return _BY_TYPE.get(incident_type) or _BY_CATEGORY.get(category, UNCLEAR)


def mixed_up(one: Kind, other: Kind) -> bool:
    """True when callers about the same thing may give these two kinds."""
    return frozenset((one.name, other.name)) in _MIXED_UP
