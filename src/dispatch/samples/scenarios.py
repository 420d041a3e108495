"""The kinds of call a city gets, and the figures its day is calibrated to, read from its files."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable

from dispatch.domain.call import Channel
from dispatch.domain.classification import SHIPPED_RESPONDER_TYPES, Category
from dispatch.samples.reading import Problems, Row, read_csv_rows, read_yaml
from dispatch.samples.wording import Taker, Words, unknown_slots

WHERES = ("home", "carehome", "street", "outdoor", "commercial", "transit", "rough", "any", "cell")
_KEYS = (
    *("id", "weight", "codes", "priority", "hours", "where", "life"),
    *("responders", "channel", "answers", "say", "districts", "language"),
)


@dataclass(frozen=True, slots=True)
class LifeProfile:
    """Times as (median, 90th percentile) in seconds; transport and decline as shares; outcomes by weight."""

    turnout_s: tuple[float, float]
    scene_s: tuple[float, float]
    transport: float
    decline: float
    outcomes: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a day must look like (profiles.yaml)."""

    calls: int
    mix: Mapping[str, float]
    duplicates: float
    no_position: float
    unmapped_code: float
    answers: float
    hourly: tuple[float, ...]
    shapes: Mapping[str, tuple[float, ...]]
    lives: Mapping[str, LifeProfile]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of call. category: what a fair triage answers, and the share of the mix that it counts in."""

    id: str
    category: str
    weight: float
    codes: tuple[str, ...]
    priorities: tuple[str, ...]
    hours: str
    where: str
    life: str
    responders: tuple[str, ...]
    channels: tuple[str, ...]
    answers: Mapping[str, tuple[str, ...]]
    patterns: tuple[str, ...]
    districts: Mapping[str, float]
    language: str | None


def read_calibration(folder: Traversable, problems: Problems) -> Calibration:
    """The figures of profiles.yaml."""
    row = Row("profiles.yaml", "$", read_yaml(folder, "profiles.yaml", problems), problems)
    shares = ("duplicates", "no_position", "unmapped_code", "answers")
    row.allow("calls", "mix", *shares, "hourly", "shapes", "lives")
    duplicates, no_position, unmapped_code, answers = (row.number(name) for name in shares)
    return Calibration(
        calls=row.whole("calls", 1),
        mix=row.row("mix").numbers_by_name(),
        duplicates=duplicates,
        no_position=no_position,
        unmapped_code=unmapped_code,
        answers=answers,
        hourly=row.numbers("hourly", 24),
        shapes={name: row.row("shapes").numbers(name, 24) for name in row.row("shapes").names()},
        lives={name: _life(row.row("lives").row(name)) for name in row.row("lives").names()},
    )


def _life(row: Row) -> LifeProfile:
    row.allow("turnout", "scene", "transport", "decline", "outcomes")
    turnout, scene = row.numbers("turnout", 2), row.numbers("scene", 2)
    return LifeProfile(
        turnout_s=(turnout[0], turnout[1]),
        scene_s=(scene[0], scene[1]),
        transport=row.number("transport"),
        decline=row.number("decline"),
        outcomes=row.row("outcomes").numbers_by_name(),
    )


def read_words(folder: Traversable, problems: Problems) -> Words:
    """The word lists and call takers of words.yaml."""
    row = Row("words.yaml", "$", read_yaml(folder, "words.yaml", problems), problems)
    row.allow("words", "takers", "shorthand", "misspellings")
    lists = row.row("words")
    return Words(
        lists={name: lists.texts(name) for name in lists.names()},
        takers=tuple(_taker(taker) for taker in row.rows("takers")),
        shorthand=row.row("shorthand").texts_by_name(),
        misspellings=row.row("misspellings").texts_by_name(),
    )


def _taker(row: Row) -> Taker:
    row.allow("name", "shout", "short", "typo", "stops")
    return Taker(row.text("name"), row.flag("shout"), row.number("short"), row.number("typo"), row.flag("stops"))


def read_code_texts(folder: Traversable, problems: Problems) -> dict[str, str]:
    """The city's own call-type codes that the crosswalk knows, with their words."""
    columns = ("source", "code", "text", "incident_type", "facts", "topics")
    return {row.text("code"): row.text("text") for row in read_csv_rows(folder, "call_types.csv", columns, problems)}


def read_unmapped_codes(folder: Traversable, problems: Problems) -> dict[str, str]:
    """Codes that the city uses and the crosswalk lacks."""
    return {
        row.text("code"): row.text("text")
        for row in read_csv_rows(folder, "unmapped_codes.csv", ("code", "text"), problems)
    }


def read_scenarios(
    folder: Traversable, calibration: Calibration, words: Words, codes: Mapping[str, str], problems: Problems
) -> tuple[Scenario, ...]:
    """Every scenario of the folder `scenarios`, by category in the order of the mix."""
    found: list[Scenario] = []
    for name in calibration.mix:
        file = f"scenarios/{name}.yaml"
        top = Row(file, "$", read_yaml(folder, file, problems), problems)
        top.allow("category", "responders", "scenarios")
        category, responders = top.one_of("category", list(Category)), top.texts("responders")
        for row in top.rows("scenarios"):
            found.append(_scenario(row, category, responders, calibration))
            _check(row, found[-1], words, codes)
    return tuple(found)


def _scenario(row: Row, category: str, responders: tuple[str, ...], calibration: Calibration) -> Scenario:
    row.allow(*_KEYS)
    answers = row.row("answers") if row.has("answers") else None
    return Scenario(
        id=row.text("id"),
        category=category,
        weight=row.number("weight"),
        codes=row.texts("codes"),
        priorities=row.texts("priority"),
        hours=row.one_of("hours", calibration.shapes),
        where=row.one_of("where", WHERES),
        life=row.one_of("life", calibration.lives),
        responders=row.texts("responders") if row.has("responders") else responders,
        channels=row.texts("channel") if row.has("channel") else ("911", "911", "911", "non_emergency"),
        answers={fact: answers.texts(fact) for fact in answers.names()} if answers else {},
        patterns=row.texts("say"),
        districts=row.row("districts").numbers_by_name() if row.has("districts") else {},
        language=row.text_or_none("language"),
    )


def _check(row: Row, scenario: Scenario, words: Words, codes: Mapping[str, str]) -> None:
    for field, used, known in (
        ("codes", scenario.codes, codes),
        ("channel", scenario.channels, list(Channel)),
        ("responders", scenario.responders, SHIPPED_RESPONDER_TYPES),
    ):
        for value in used:
            if value not in known:
                row.wrong(field, f"'{value}' is not known")
    for pattern in scenario.patterns:
        for slot in sorted(unknown_slots(pattern, words)):
            row.wrong("say", f"no word list is called '{slot}'")
