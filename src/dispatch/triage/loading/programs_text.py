"""Program files become programs: what they take, what disqualifies, where and when."""

import re
from datetime import date

from dispatch.domain.call import Channel
from dispatch.triage.conditions import ALWAYS, CHANNEL, TOPIC, AnyOf, atoms_of, compile_condition
from dispatch.triage.facts import VOCABULARY
from dispatch.triage.loading.condition_text import parse_condition
from dispatch.triage.loading.fields import Fields, parse_day, words_in
from dispatch.triage.loading.problems import Problems
from dispatch.triage.loading.settings import parse_zone
from dispatch.triage.loading.source import Listing, Mapping, Node, Scalar
from dispatch.triage.loading.tables_text import parse_life
from dispatch.triage.loading.words import Words
from dispatch.triage.model import (
    CANNOT_TELL,
    CO_RESPOND,
    EXCLUDE,
    IGNORE,
    RETIRED,
    STAGE,
    Area,
    Disqualifier,
    Hours,
    Life,
    Place,
    Program,
)

_NOTES = ("capacity", "staffing", "fallback", "contact", "note")
_KEYS = (
    *("program", "title", "operator", "agency", "responder_type", "kind", "status", "from", "until", "takes"),
    *("disqualifies", "place", "age", "channels", "caller_wants", "area", "hours", "closed_on", "time_zone", "source"),
    *("open_points", *_NOTES),
)
# What limits a program -> the key that it asks.
_LIMITS = {"place": "place", "age": "age_band", "channels": CHANNEL, "caller_wants": "caller_wants"}
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MINUTES = 24 * 60
_RANGE = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")


def parse_program(node: Mapping, words: Words, retired: frozenset[str], problems: Problems) -> Program | None:
    fields = Fields.of(node, problems, what="program", keys=_KEYS)
    if fields is None:
        return None
    program_id = fields.text("program", required=True)
    takes = tuple(parse_condition(part, words, problems) for part in _listed(fields.get("takes")))
    if not takes:
        problems.add(fields.place, "missing", "'takes' is missing. Say which calls the program takes.")
    life = parse_life(fields)
    disqualifies = tuple(d for part in fields.parts("disqualifies") if (d := _disqualifier(part, words, problems)))
    asked = [atom for when in (*takes, *(d.when for d in disqualifies)) for atom in atoms_of(when)]
    limited = [key for limit, key in _LIMITS.items() if fields.has(limit)]
    return Program(
        id=program_id,
        title=fields.text("title"),
        operator=fields.text("operator"),
        agency=fields.text("agency"),
        responder_type=fields.choice("responder_type", words.responder_types, required=True),
        kind=fields.text("kind"),
        life=Life(RETIRED) if program_id in retired else life,
        takes=takes,
        takes_test=compile_condition(AnyOf(takes)),
        take_tests=tuple(compile_condition(condition) for condition in takes),
        takes_asks=frozenset(atom.key for when in takes for atom in atoms_of(when)),
        asks=tuple(dict.fromkeys((*(atom.key for atom in asked if atom.key != TOPIC), *limited))),
        asks_topics=frozenset(topic for atom in asked if atom.key == TOPIC for topic in atom.values),
        disqualifies=disqualifies,
        places=_values(fields, "place", VOCABULARY["place"].values),
        ages=_values(fields, "age", VOCABULARY["age_band"].values),
        channels=_values(fields, "channels", tuple(channel.value for channel in Channel)),
        caller_wants=_values(fields, "caller_wants", VOCABULARY["caller_wants"].values),
        area=_area(fields, problems),
        hours=_hours(fields, problems),
        zone=parse_zone(fields, problems),
        notes=tuple((key, fields.text(key)) for key in _NOTES if fields.has(key)),
        source=fields.text("source"),
        open_points=tuple(word for word, _ in fields.words("open_points")),
        place=fields.place,
    )


def _listed(node: Node | None) -> tuple[Node, ...]:
    return () if node is None else node.parts if isinstance(node, Listing) else (node,)


def _values(fields: Fields, key: str, allowed: tuple[str, ...]) -> frozenset[str]:
    chosen = []
    for word, place in fields.words(key):
        if word in allowed:
            chosen.append(word)
        else:
            fields.problems.unknown_word(place, f"value of {key}", word, allowed)
    return frozenset(chosen)


def _disqualifier(node: Node, words: Words, problems: Problems) -> Disqualifier | None:
    keys = ("id", "when", "level", "if_unknown", "because", "source")
    fields = Fields.of(node, problems, what="disqualifier", keys=keys)
    if fields is None:
        return None
    when = fields.get("when")
    if when is None:
        problems.add(fields.place, "missing", "'when' is missing. Say what disqualifies.")
    condition = ALWAYS if when is None else parse_condition(when, words, problems)
    return Disqualifier(
        id=fields.text("id", required=True),
        when=condition,
        test=compile_condition(condition),
        level=fields.choice("level", (EXCLUDE, CO_RESPOND, STAGE), default=EXCLUDE),
        if_unknown=fields.choice("if_unknown", (IGNORE, CANNOT_TELL, EXCLUDE), default=IGNORE),
        because=fields.text("because"),
        source=fields.text("source"),
    )


def _area(fields: Fields, problems: Problems) -> Area | None:
    node = fields.get("area")
    area = None if node is None else Fields.of(node, problems, what="area", keys=("name", "polygons"))
    if area is None:
        return None
    rings = tuple(ring for part in area.parts("polygons") if (ring := _ring(part, problems)))
    if not rings:
        # Better no area than one that silently takes in nothing or everything.
        problems.add(area.place, "area", "An area needs polygons of [lon, lat] points. Leave it out for everywhere.")
    return Area(area.text("name"), rings)


def _ring(node: Node, problems: Problems) -> tuple[tuple[float, float], ...]:
    points = []
    for part in _listed(node):
        pair = [number.text for number in _listed(part) if isinstance(number, Scalar)]
        try:
            lon, lat = (float(text) for text in pair)
        except ValueError:
            lon = lat = 999.0
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            problems.add(part.place, "area", "A point is [longitude, latitude] in degrees, such as [-93.27, 44.97].")
            return ()
        points.append((lon, lat))
    if len(points) < 3:
        problems.add(node.place, "area", "A polygon needs at least three points.")
        return ()
    return tuple(points)


def _hours(fields: Fields, problems: Problems) -> Hours | None:
    closed = frozenset(
        day for word, place in fields.words("closed_on") if (day := parse_day(word, place, problems)) is not None
    )
    node = fields.get("hours")
    if node is None or (isinstance(node, Scalar) and node.text == "always"):
        return (
            _hours_of([(day * _DAY_MINUTES, (day + 1) * _DAY_MINUTES) for day in range(7)], closed) if closed else None
        )
    if not isinstance(node, Mapping):
        problems.add(node.place, "hours", "'hours' is a mapping such as {mon-fri: [\"06:00-22:00\"]}, or always.")
        return None
    ranges: list[tuple[int, int]] = []
    for key, value in node.items.items():
        for weekday in _days(key, node.key_places[key], problems):
            for word, place in words_in(value, problems):
                ranges += _range(weekday, word, place, problems)
    return _hours_of(ranges, closed)


def _hours_of(ranges: list[tuple[int, int]], closed: frozenset[date]) -> Hours:
    week = 7 * _DAY_MINUTES
    minutes = bytearray(week)
    for start, end in ranges:
        for minute in range(start, end):
            minutes[minute % week] = 1
    return Hours(tuple(sorted(ranges)), bytes(minutes), closed)


def _days(key: str, place: Place, problems: Problems) -> range:
    if key == "daily":
        return range(7)
    first, _, last = key.partition("-")
    if first in _DAYS and (last or first) in _DAYS and _DAYS.index(first) <= _DAYS.index(last or first):
        return range(_DAYS.index(first), _DAYS.index(last or first) + 1)
    problems.unknown_word(place, "day", key, (*_DAYS, "daily", "mon-fri", "sat-sun"))
    return range(0)


def _range(day: int, word: str, place: Place, problems: Problems) -> list[tuple[int, int]]:
    match = _RANGE.fullmatch(word)
    if match is None:
        problems.add(place, "hours", f'{word!r} is not a range of hours. Write it as "06:00-22:00".')
        return []
    start, end = int(match[1]) * 60 + int(match[2]), int(match[3] or 24) * 60 + int(match[4] or 0)
    length = end - start if end > start else end - start + _DAY_MINUTES
    return [(day * _DAY_MINUTES + start, day * _DAY_MINUTES + start + length)]
