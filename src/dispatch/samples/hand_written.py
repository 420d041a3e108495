"""The hand-written calls of a sample city: the hard cases that no generator would think of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from importlib.resources.abc import Traversable
from typing import Any

from dispatch.domain.classification import SHIPPED_RESPONDER_TYPES, Category
from dispatch.samples.calls import Expected
from dispatch.samples.reading import Problems, Row, read_yaml
from dispatch.samples.roster import Place, Roster
from dispatch.samples.scenarios import Calibration

FILE = "calls/hand_written.yaml"
BODY_KEYS = ("channel", "call_type", "priority", "narrative", "answers", "location", "caller")


@dataclass(frozen=True, slots=True)
class HandWritten:
    """One hand-written call. case: a sentence that says what makes it hard."""

    case: str
    at_s: int
    body: Mapping[str, Any]
    expected: Expected
    life: str
    duplicate_of: str | None


def read_hand_written(
    folder: Traversable, roster: Roster, calibration: Calibration, problems: Problems
) -> tuple[HandWritten, ...]:
    """Every hand-written call. A location may name a common place by `at`, which gives position, address and place."""
    places = {place.id: place for place in roster.places}
    rows = Row(FILE, "$", read_yaml(folder, FILE, problems), problems).rows("calls")
    cases = tuple(_case(row, places, calibration) for row in rows)
    names = [case.case for case in cases]
    for row, case in zip(rows, cases, strict=True):
        if names.count(case.case) > 1:
            row.wrong("case", f"'{case.case}' is used twice")
        if case.duplicate_of is not None and case.duplicate_of not in names:
            row.wrong("duplicate_of", f"there is no case '{case.duplicate_of}'")
    return cases


def _case(row: Row, places: Mapping[str, Place], calibration: Calibration) -> HandWritten:
    row.allow("case", "time", "body", "category", "responders", "life", "duplicate_of")
    at = row.parsed("time", time.fromisoformat, time.min)
    responders = row.texts("responders")
    for responder in responders:
        if responder not in SHIPPED_RESPONDER_TYPES:
            row.wrong("responders", f"'{responder}' is not a responder type")
    return HandWritten(
        case=row.text("case"),
        at_s=at.hour * 3600 + at.minute * 60 + at.second,
        body=_body(row.row("body"), places),
        expected=Expected(row.one_of("category", list(Category)), responders),
        life=row.one_of("life", calibration.lives),
        duplicate_of=row.text_or_none("duplicate_of"),
    )


def _body(row: Row, places: Mapping[str, Place]) -> dict[str, Any]:
    row.allow(*BODY_KEYS)
    body = {key: value for key, value in row.values().items() if key != "location"}
    if row.has("location"):
        location = row.row("location")
        location.allow("at", "lat", "lon", "uncertainty_m", "address", "place")
        body["location"] = _location(location, places)
    return body


def _location(row: Row, places: Mapping[str, Place]) -> dict[str, Any]:
    given = {key: value for key, value in row.values().items() if key != "at"}
    if not row.has("at"):
        return given
    at = row.one_of("at", places)
    if at not in places:
        return given
    place = places[at]
    return {
        "lat": place.position.lat,
        "lon": place.position.lon,
        "uncertainty_m": 20,
        "address": f"{place.name}, {place.address}",
        "place": place.place,
        **given,
    }
