"""A surge of calls of our own making: several about one thing, other emergencies close by, told in different words.

Seeded. What callers say comes from phrases of this file and shares nothing with the scorer but the language.
Seeds 1 and 11 to 15 were looked at while the weights were chosen; the others are what is reported.
"""

import math
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

MOMENT = datetime.fromisoformat("2026-11-23T18:00:00+00:00")
CENTRE = (44.06, -124.93)
CALLS_PER_INCIDENT = 2.2
_METRE = 1 / 111_195


@dataclass(frozen=True, slots=True)
class SurgeCall:
    """A call as sent, and the thing that it is truly about. emergency: the thing needs somebody at once."""

    at: datetime
    thing: int
    is_emergency: bool
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Thing:
    number: int
    scene: "_Scene"
    place: tuple[float, float]
    at: datetime
    address: str
    details: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Scene:
    """types: how senders label it. openings, more: what callers say. strangers: many see it, and call from around."""

    name: str
    weight: float
    types: tuple[str, ...]
    openings: tuple[str, ...]
    more: tuple[str, ...]
    strangers: bool
    emergency: bool
    lasts_s: float
    door: bool = False


_COLOURS = ["red", "blue", "white", "black", "silver", "green", "grey"]
_CARS = ["honda", "toyota", "ford", "nissan", "jeep", "pickup", "van", "hyundai", "bmw"]
_STREETS = [
    "Alder",
    "Birch",
    "Cedar",
    "Dogwood",
    "Elm",
    "Fir",
    "Hazel",
    "Juniper",
    "Larch",
    "Maple",
    "Oak",
    "Pine",
    "Quince",
    "Rowan",
    "Spruce",
    "Willow",
]

SCENES = (
    _Scene(
        "crash",
        4,
        ("TRAFFIC COLLISION", "INJURY ACCIDENT", "MVA", "VEHICLE ACCIDENT"),
        (
            "two cars crashed, a {colour} {car} and a {colour2} {car2}",
            "bad accident, {colour} {car} hit a {car2}",
            "there's been a wreck at {street}, the {car} is smashed up",
            "car crash, {colour} {car} spun around",
            "collision in the intersection, {car2} against a {car}",
            "somebody got rear ended, {colour2} {car2}",
        ),
        (
            "airbags went off",
            "people are out of the cars",
            "blocking the left lane",
            "driver holding his neck",
            "fluid leaking on the road",
            "traffic is backing up",
            "one of them looks hurt",
            "nobody is directing traffic",
        ),
        True,
        True,
        900,
    ),
    _Scene(
        "structure fire",
        2,
        ("STRUCTURE FIRE", "HOUSE FIRE", "FIRE", "SMOKE INVESTIGATION"),
        (
            "house on fire, flames out of the {where}",
            "big smoke coming from a building on {street}",
            "the neighbor's {where} is burning",
            "fire, I can see flames from my window",
            "black smoke over {street}, looks like a house",
        ),
        (
            "not sure if anyone is inside",
            "it is spreading to the fence",
            "I hear popping",
            "people running outside",
            "the roof is going",
            "smells like burning plastic",
        ),
        True,
        True,
        1500,
    ),
    _Scene(
        "shots",
        2,
        ("SHOTS FIRED", "SHOOTING", "GUNSHOTS HEARD", "WEAPON"),
        (
            "heard about {shots} gunshots",
            "shots fired near {street}",
            "sounded like {shots} shots then a car took off",
            "somebody is shooting outside",
            "I heard pops, maybe {shots}, then screaming",
        ),
        (
            "a {colour} {car} sped away",
            "I am staying inside",
            "no idea if anybody is hit",
            "came from the alley",
            "kids live around here",
            "two guys ran toward the park",
        ),
        True,
        True,
        600,
    ),
    _Scene(
        "medical",
        5,
        ("MEDICAL EMERGENCY", "BREATHING PROBLEM", "CHEST PAIN", "FALL", "SICK PERSON"),
        (
            "my {who} cannot breathe well, {age} years old",
            "{age} year old {sex} with chest pain",
            "{age} yo {sex} fell and cannot get up",
            "my {who} passed out, {age} years old",
            "{age} year old {sex}, very weak and sweating",
        ),
        (
            "has a heart condition",
            "takes blood thinners",
            "is awake now",
            "started ten minutes ago",
            "door is unlocked",
            "we are on the second floor",
            "is diabetic",
            "has had this before",
        ),
        False,
        True,
        600,
        True,
    ),
    _Scene(
        "crisis",
        2,
        ("MENTAL HEALTH", "DISTURBANCE", "WELFARE CHECK", "SUSPICIOUS PERSON"),
        (
            "a {sex} in a {colour} jacket is yelling at nobody",
            "{sex} talking to himself and pacing by the {spot}",
            "someone in a {colour} coat is crying on the ground by the {spot}",
            "{sex} walking in and out of the {spot}",
        ),
        (
            "no weapon that I can see",
            "seems confused",
            "has a shopping cart",
            "barefoot",
            "I asked and got no answer",
            "been there an hour",
        ),
        True,
        False,
        1200,
    ),
    _Scene(
        "noise",
        2,
        ("NOISE COMPLAINT", "LOUD MUSIC", "PARTY", "DISTURBANCE"),
        (
            "loud music from the {where} again",
            "party with people yelling at {street}",
            "bass has been going for hours",
            "neighbors are having a loud party",
            "music so loud the windows shake",
        ),
        (
            "kids cannot sleep",
            "it is past ten",
            "cars parked all over",
            "people drinking outside",
            "I asked them already",
        ),
        True,
        False,
        2400,
    ),
    _Scene(
        "fight",
        2,
        ("FIGHT", "ASSAULT", "DISTURBANCE"),
        (
            "group fighting by the {spot}",
            "two men punching each other outside the {spot}",
            "big fight, {shots} people",
            "somebody is getting beaten up near {street}",
        ),
        (
            "one has a {colour} shirt",
            "one is on the ground",
            "security is trying to stop it",
            "they are drunk",
            "girls too",
        ),
        True,
        True,
        600,
    ),
    _Scene(
        "burglary report",
        1,
        ("BURGLARY REPORT", "THEFT REPORT", "LARCENY"),
        ("somebody broke into my {where} last night", "my {colour} bike was stolen", "package gone from the porch"),
        ("need a report for insurance", "have it on camera", "window is broken", "happened while we slept"),
        False,
        False,
        600,
        True,
    ),
)


def surge(seed: int, *, incidents: int = 900, hours: float = 3.0, radius_m: float = 7000.0) -> list[SurgeCall]:
    """The calls in the order in which they came. Every tenth thing happens within 250 m and 10 min of another."""
    chance = random.Random(seed)  # noqa: S311 - a simulation, not a secret
    things: list[_Thing] = []
    for number in range(incidents):
        near = chance.choice(things) if things and chance.random() < 0.1 else None
        things.append(_thing(number, near, chance, hours, radius_m))
    calls = [call for thing in things for call in _calls(thing, chance)]
    calls.sort(key=lambda call: (call.at, call.body["source_ref"]))
    return calls


def _thing(number: int, near: _Thing | None, chance: random.Random, hours: float, radius_m: float) -> _Thing:
    scene = chance.choices(SCENES, [scene.weight for scene in SCENES])[0]
    at = MOMENT + timedelta(seconds=chance.uniform(0, hours * 3600))
    place = _moved(CENTRE, radius_m * math.sqrt(chance.random()), chance)
    address = f"{chance.randint(1, 98) * 50 + chance.randint(0, 49)} {chance.choice(_STREETS)} St"
    if near is not None:
        # Half of those nearby are of the very kind: two patients in one street, two crashes on one road.
        scene = near.scene if chance.random() < 0.5 else scene
        at = near.at + timedelta(seconds=chance.uniform(-600, 600))
        place = _moved(near.place, chance.uniform(20, 250), chance)
        address = near.address if scene.door and chance.random() < 0.3 else address
    details = {
        "colour": chance.choice(_COLOURS),
        "colour2": chance.choice(_COLOURS),
        "car": chance.choice(_CARS),
        "car2": chance.choice(_CARS),
        "street": chance.choice(_STREETS) + " St",
        "where": chance.choice(["garage", "back house", "second floor", "yard", "kitchen"]),
        "spot": chance.choice(["bus stop", "liquor store", "park", "library", "gas station", "station"]),
        "shots": str(chance.randint(2, 9)),
        "age": str(chance.randint(4, 92)),
        "sex": (sex := chance.choice(["male", "female"])),
        "who": chance.choice(["husband", "father", "son"] if sex == "male" else ["wife", "mother", "daughter"]),
        "door": str(chance.randint(1, 40)),
    }
    return _Thing(number, scene, place, at, address, details)


def _calls(thing: _Thing, chance: random.Random) -> list[SurgeCall]:
    scene = thing.scene
    # Visible things bring many callers, one person's things one or two: 2.2 on average over all scenes.
    mean = 2.75 if scene.strangers else 1.12
    count = 1
    while chance.random() < 1 - 1 / mean:
        count += 1
    callers = [f"+1541555{chance.randint(0, 9999):04}" for _ in range(count)]
    found = []
    at = thing.at
    for nth in range(count):
        if nth and chance.random() < 0.08:
            callers[nth] = callers[nth - 1]  # rings again
        found.append(_call(thing, at, nth, callers[nth], chance))
        at += timedelta(seconds=chance.expovariate(1 / (scene.lasts_s / 3)))
    return found


def _call(thing: _Thing, at: datetime, nth: int, phone: str, chance: random.Random) -> SurgeCall:
    scene, details = thing.scene, dict(thing.details)
    if chance.random() < 0.15:  # seen wrongly
        details["colour"] = chance.choice(_COLOURS)
    words = [chance.choice(scene.openings), *chance.sample(scene.more, chance.randint(0, 2))]
    said = ". ".join(words).format(**details)
    kind = chance.choices(["exact", "phone", "tower"], [0.35, 0.5, 0.15])[0]
    sigma = {"exact": 12.0, "phone": 45.0, "tower": 220.0}[kind]
    stands = abs(chance.gauss(0, 60)) if scene.strangers else 0.0
    place = _moved(_moved(thing.place, stands, chance), abs(chance.gauss(0, sigma)), chance)
    location: dict[str, Any] = {"lat": round(place[0], 6), "lon": round(place[1], 6)}
    if chance.random() < 0.8:
        location["uncertainty_m"] = {"exact": 20, "phone": 60, "tower": 300}[kind]
    if (scene.door or kind == "exact") and chance.random() < 0.5:
        location["address"] = thing.address + (f" Apt {details['door']}" if scene.door else "")
    body = {
        "source": "surge",
        "source_ref": f"{thing.number}-{nth}",
        "received_at": at.isoformat(),
        "narrative": said,
        "location": location,
        "caller": {"phone": phone},
    }
    if chance.random() < 0.75:
        body["call_type"] = {"text": chance.choice(scene.types)}
    return SurgeCall(at, thing.number, scene.emergency, body)


def _moved(place: tuple[float, float], by_m: float, chance: random.Random) -> tuple[float, float]:
    angle = chance.uniform(0, 2 * math.pi)
    lat = place[0] + by_m * math.cos(angle) * _METRE
    return lat, place[1] + by_m * math.sin(angle) * _METRE / math.cos(math.radians(place[0]))
