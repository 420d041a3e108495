"""A call body as the city's CAD would post it: type code, narrative, answers, location and caller."""

from collections.abc import Mapping
from random import Random
from typing import Any

from dispatch.samples.city import Spot
from dispatch.samples.draws import pick, whole_between
from dispatch.samples.scenarios import Calibration, Scenario
from dispatch.samples.wording import MAX_WORDS, MIN_WORDS, Telling, Words, fill, write_down, write_down_spanish

_CALLER_FIELDS = {"caller_relation": "relation", "caller_wants": "wants"}
_SECOND_CALLER = ("Additional caller. ", "2nd {rp}: ", "Another caller on this: ", "Addl RP reports ", "")
_ENDINGS = ("{contact}", "{prior}", "{prior} {contact}")
_FIRST_NAMES = ("Alma", "Boris", "Chidi", "Dana", "Elena", "Femi", "Greta", "Hari", "Ines", "Jonas", "Kiri", "Luz")
_LAST_NAMES = ("Abara", "Bloom", "Castro", "Dvorak", "Eklund", "Flores", "Grady", "Hosseini", "Imai", "Juarez", "Kay")
_KNOWS_ITS_PLACE = ("alarm", "online", "walk_in")
_TAKER_STAMP = 0.12  # share of notes that carry the hour and the call taker's desk


class BodyWriter:
    """Writes bodies of one city's calls."""

    def __init__(
        self, words: Words, codes: Mapping[str, str], unmapped: Mapping[str, str], calibration: Calibration
    ) -> None:
        self._words, self._codes, self._unmapped, self._calibration = words, codes, unmapped, calibration

    def body(
        self, rng: Random, scenario: Scenario, spot: Spot, telling: Telling, *, is_second_caller: bool = False
    ) -> dict[str, Any]:
        """A body without source and reference, which are given once the day is in order."""
        channel = "911" if is_second_caller else pick(rng, scenario.channels)
        body: dict[str, Any] = {
            "channel": channel,
            "call_type": self._call_type(rng, scenario),
            "priority": pick(rng, scenario.priorities),
            "narrative": self._narrative(rng, scenario, telling, channel, is_second_caller=is_second_caller),
        }
        answers = self._answers(rng, scenario)
        if answers:
            body["answers"] = answers
        body["location"] = _location(rng, scenario, spot, channel)
        caller = _caller(rng, scenario, channel, is_second_caller=is_second_caller)
        if caller:
            body["caller"] = caller
        return body

    def _call_type(self, rng: Random, scenario: Scenario) -> dict[str, str]:
        codes, options = (
            (self._unmapped, tuple(self._unmapped))
            if rng.random() < self._calibration.unmapped_code
            else (self._codes, scenario.codes)
        )
        code = pick(rng, options)
        return {"code": code, "text": codes[code]}

    def _narrative(
        self, rng: Random, scenario: Scenario, telling: Telling, channel: str, *, is_second_caller: bool
    ) -> str:
        taker = pick(rng, self._words.takers)
        opening = pick(rng, _SECOND_CALLER) if is_second_caller else ""
        text = fill(opening + pick(rng, scenario.patterns), self._words, telling, rng)
        if scenario.language == "es":
            return write_down_spanish(text, taker, rng)
        has_someone_to_ask = channel != "alarm" and scenario.where != "cell"
        for _ in range(6):
            ending = fill(pick(rng, _ENDINGS if has_someone_to_ask else ("{prior}",)), self._words, telling, rng)
            if ending and len(text.split()) + len(ending.split()) <= MAX_WORDS:
                text = f"{text} {ending}"
            if len(text.split()) >= MIN_WORDS:
                break
        text = write_down(text, self._words, taker, rng)
        if rng.random() < _TAKER_STAMP:
            hour, minute = divmod(telling.at_s // 60, 60)
            text = f"[{hour:02d}{minute:02d} {taker.name}] {text}"
        return text

    def _answers(self, rng: Random, scenario: Scenario) -> dict[str, str]:
        if rng.random() >= self._calibration.answers:
            return {}
        asked = {fact: values for fact, values in scenario.answers.items() if fact not in _CALLER_FIELDS}
        return {fact: pick(rng, values) for fact, values in asked.items() if rng.random() < 0.8 and fact != "place"}


def _location(rng: Random, scenario: Scenario, spot: Spot, channel: str) -> dict[str, Any]:
    if scenario.where == "cell":
        uncertainty_m = whole_between(rng, 15, 120) * 10
        return {"lat": spot.position.lat, "lon": spot.position.lon, "uncertainty_m": uncertainty_m}
    uncertainty_m = 10 if channel in _KNOWS_ITS_PLACE else pick(rng, (10, 20, 25, 30, 40, 50, 75, 100, 150))
    address = spot.address
    if spot.place == "private_residence" and rng.random() < 0.4:
        address += f" Apt {whole_between(rng, 1, 24)}"
    return {
        "lat": spot.position.lat,
        "lon": spot.position.lon,
        "uncertainty_m": uncertainty_m,
        "address": address,
        "place": spot.place,
    }


def _caller(rng: Random, scenario: Scenario, channel: str, *, is_second_caller: bool) -> dict[str, str]:
    caller: dict[str, str] = {}
    if channel == "alarm":
        return {"name": f"{pick(rng, ('Harbor', 'Tidewatch', 'Northlight'))} Alarm", "relation": "alarm"}
    if rng.random() < 0.6 or channel == "online":
        caller["name"] = f"{pick(rng, _FIRST_NAMES)} {pick(rng, _LAST_NAMES)}"
    if rng.random() < 0.85:
        caller["phone"] = f"+1-541-555-01{whole_between(rng, 0, 99):02d}"  # 555-01xx is nobody's number
    if scenario.language:
        caller["language"] = scenario.language
    for fact, key in _CALLER_FIELDS.items():
        if fact in scenario.answers and not is_second_caller and rng.random() < 0.6:
            caller[key] = pick(rng, scenario.answers[fact])
    if is_second_caller:
        caller["relation"] = "bystander"
    return caller
