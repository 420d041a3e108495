"""What of a call tells whether another call is about the same thing."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dispatch.domain.geo import LatLon
from dispatch.linking.words import CAR_WORDS, COLOURS, LOWER_AGE, PEOPLE, STOP_WORDS

_WORD = re.compile(r"[a-z0-9]+")
_AGE = re.compile(r"\b(\d{1,3})\s*-?\s*(?:yo\b|y/o\b|yrs?\b|years?[ -]old\b|year[ -]old\b)")
_PLATE = re.compile(r"\b(?:plate|tag|licen[cs]e)s?\s*(?:number|no|is|#|:)*\s*([a-z0-9][a-z0-9 -]{3,8}[a-z0-9])\b")
_DOOR = re.compile(
    r"(?:#\s*|\b(?:apt|apartment|unit|suite|ste|room|rm|flat)\b\.?\s*#?\s*)([a-z]?-?\d+[a-z]?|[a-z]\b)", re.IGNORECASE
)
_DOOR_PART = re.compile(
    r"[\s,]*(?:#\s*\S+|\b(?:apt|apartment|unit|suite|ste|room|rm|flat)\b\.?\s*#?\s*\S+).*$", re.IGNORECASE
)
_SHORTENED = {
    "street": "st", "avenue": "ave", "boulevard": "blvd", "road": "rd", "drive": "dr", "lane": "ln", "court": "ct",
    "place": "pl", "highway": "hwy", "parkway": "pkwy", "north": "n", "south": "s", "east": "e", "west": "w",
}  # fmt: skip
_PHONE_DIGITS = 7


_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Profile:
    """One call, as far as likeness goes.

    position: None when not given. uncertainty_m: radius of the sender's own, None when it gave none.
    address: folded, without the door. door: apartment or room. phone: its last ten digits.
    words: content words of the narrative, stemmed. marks: by kind, `person` (female), `age` (34), `colour` (red),
    `car` (honda), `plate` (7abc123), `topic`.
    """

    call_id: str
    incident_id: str
    at: datetime
    category: str
    incident_type: str
    position: LatLon | None = None
    uncertainty_m: float | None = None
    address: str | None = None
    door: str | None = None
    phone: str | None = None
    words: frozenset[str] = frozenset()
    marks: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def marked(self, kind: str) -> frozenset[str]:
        """The marks of one kind, without its name."""
        return self.marks.get(kind, _NONE)


def profile_of(
    call_id: str, incident_id: str, at: datetime, body: Mapping[str, Any], triage: Mapping[str, Any]
) -> Profile:
    """The profile of a call. body: as `POST /v1/calls` takes it. triage: its decision, as answered."""
    location = body.get("location") or {}
    lat, lon = location.get("lat"), location.get("lon")
    address, door = place_words(location.get("address"))
    narrative = body.get("narrative")
    return Profile(
        call_id,
        incident_id,
        at,
        triage["category"],
        triage["incident_type"],
        LatLon(lat, lon) if lat is not None and lon is not None and (lat, lon) != (0, 0) else None,
        location.get("uncertainty_m"),
        address,
        door,
        phone_key((body.get("caller") or {}).get("phone")),
        content_words(narrative),
        grouped(marks_of(narrative, triage["topics"])),
    )


def grouped(marks: Iterable[str]) -> dict[str, frozenset[str]]:
    """The marks by their kind; they are stored as `kind:value`."""
    found: dict[str, set[str]] = {}
    for mark in marks:
        kind, _, value = mark.partition(":")
        found.setdefault(kind, set()).add(value)
    return {kind: frozenset(values) for kind, values in found.items()}


def content_words(text: str | None) -> frozenset[str]:
    """The words that carry meaning, lower-case and without common endings."""
    if not text:
        return frozenset()
    words = _WORD.findall(text.lower().replace("'", ""))
    return frozenset(_stem(word) for word in words if len(word) > 2 and word not in STOP_WORDS)


def marks_of(text: str | None, topics: Iterable[str] = ()) -> frozenset[str]:
    """What the text says of people and vehicles, and the topics that triage read."""
    found = {f"topic:{topic}" for topic in topics}
    if not text:
        return frozenset(found)
    folded = text.lower().replace("'", "")
    for word in _WORD.findall(folded):
        if word in PEOPLE:
            found.add(f"person:{PEOPLE[word]}")
        elif word in COLOURS:
            found.add(f"colour:{COLOURS[word]}")
        elif word in CAR_WORDS:
            found.add(f"car:{CAR_WORDS[word]}")
    found |= {f"age:{age}" for age in _AGE.findall(folded) if int(age) <= LOWER_AGE}
    for plate in _PLATE.findall(folded):
        letters = re.sub(r"[ -]", "", plate)
        if any(c.isdigit() for c in letters):
            found.add(f"plate:{letters}")
    return frozenset(found)


def place_words(address: str | None) -> tuple[str | None, str | None]:
    """The address folded so that equal ones are equal, and the door inside it. (None, None) when there is none."""
    if not address or not address.strip():
        return None, None
    door = _DOOR.search(address)
    street = _DOOR_PART.sub("", address).lower().partition(",")[0]
    words = [_SHORTENED.get(word, word) for word in _WORD.findall(street)]
    return " ".join(words) or None, door.group(1).lower() if door else None


def phone_key(phone: str | None) -> str | None:
    """The last ten digits; None for what is too short to be one subscriber."""
    digits = "".join(character for character in phone or "" if character.isdigit())
    return digits[-10:] if len(digits) >= _PHONE_DIGITS else None


def _stem(word: str) -> str:
    for ending in ("ing", "ies", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
