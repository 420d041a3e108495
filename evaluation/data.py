"""Labelled records of ../shared/data, reduced to distinct labels with their volume."""

import csv
import gzip
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evaluation import mappings
from evaluation.deciding import Judge
from evaluation.measure import NoData

ROOT = Path(__file__).parents[2] / "shared" / "data"
VERA_CITIES = ("Charleston", "New Orleans", "Seattle")
# Where a type is listed once per source column, the calls are counted there.
_VERA_COLUMNS = {"Charleston": "Problem", "New Orleans": "TypeText", "Seattle": "Final Call Type"}


@dataclass(frozen=True, slots=True)
class Label:
    """A label of a city, how often it occurs, and what people hold it to be. strict: empty when nobody judged it."""

    city: str
    text: str
    volume: int
    topic: str
    strict: frozenset[str]
    is_danger: bool
    code: str = ""

    @property
    def accepted(self) -> frozenset[str]:
        return self.strict | mappings.plainly_also(self.text)


def rows(path: str, *, delimiter: str = ",", quoting: int = csv.QUOTE_MINIMAL) -> Iterator[dict[str, str]]:
    """Rows of one file of the data folder. Raises NoData when it is absent."""
    file = ROOT / path
    if not file.is_file():
        raise NoData(f"shared/data/{path} is absent")
    raw = file.read_bytes()
    text = (gzip.decompress(raw) if path.endswith(".gz") else raw).decode("utf-8-sig", errors="replace")
    yield from csv.DictReader(io.StringIO(text), delimiter=delimiter, quoting=quoting)  # type: ignore[call-overload]


def vera(city: str) -> list[Label]:
    found = []
    for row in rows("crosswalks/vera_call_types_3cities.csv"):
        if row["City"] == city and row["Column_name"].strip() == _VERA_COLUMNS[city]:
            topic = row["Category"].strip().casefold()
            found.append(
                Label(
                    city,
                    row["Field 1"],
                    int(float(row["Count"] or 0)),
                    row["Category"].strip(),
                    mappings.VERA.get(topic, frozenset()),
                    topic in mappings.VERA_DANGER,
                )
            )
    return found


def burlington() -> list[Label]:
    return [
        Label(
            "Burlington",
            row["call_type"],
            int(row["n_incidents"]),
            row["call_type_group"],
            mappings.BURLINGTON_TYPES.get(
                row["call_type"], mappings.BURLINGTON.get(row["call_type_group"], frozenset())
            ),
            row["call_type"] in mappings.BURLINGTON_DANGER,
        )
        for row in rows("crosswalks/burlington_2022_calltypes.csv")
    ]


def san_diego_calls() -> Iterator[tuple[str, str, str]]:
    """(code, description, priority) of each call; the description is empty where the code list lacks it."""
    known = {
        row["call_type"].strip(): row["description"].strip() for row in rows("crosswalks/san_diego_call_types.csv")
    }
    for row in rows("calls/san_diego_police_2023-01.csv.gz"):
        code = row["call_type"].strip()
        yield code, known.get(code, ""), row["priority"].strip()


def san_francisco_calls() -> Iterator[tuple[str, str, str]]:
    """(code, description, priority) of each call that somebody made or that stayed with police."""
    for row in rows("calls/sf_police_cad_2025-09.csv.gz"):
        yield row["call_type_original"], row["call_type_original_desc"], row["priority_original"]


def san_diego(judge: Judge) -> list[Label]:
    """Descriptions read as text, held against our hand-made crosswalk of the codes; danger is priority 0."""
    return _coded("San Diego", "san-diego", san_diego_calls(), "0", judge)


def san_francisco(judge: Judge) -> list[Label]:
    """The same; danger is priority A, which includes calls that are urgent for other reasons."""
    return _coded("San Francisco", "sf-police", san_francisco_calls(), "A", judge)


def _coded(city: str, source: str, calls: Iterator[tuple[str, str, str]], top: str, judge: Judge) -> list[Label]:
    volume: Counter[tuple[str, str, bool]] = Counter()
    for code, text, priority in calls:
        volume[code, text, priority == top] += 1
    found = []
    for (code, text, is_danger), count in volume.items():
        known = judge.policy.crosswalk.look_up(source, code, None)
        strict = frozenset({known[0].category.value}) if known and text else frozenset()
        found.append(Label(city, text, count, known[0].code if known else "", strict, is_danger, code))
    return found


def police_cities(judge: Judge) -> dict[str, list[Label]]:
    """The six cities with labels of people, each in the same form."""
    found = {city: vera(city) for city in VERA_CITIES}
    return {**found, "San Diego": san_diego(judge), "San Francisco": san_francisco(judge), "Burlington": burlington()}


def unseen(city: str) -> Counter[str]:
    """Titles of a fire or EMS city, with volume."""
    path, column = {
        "seattle-fire": ("calls/seattle_fire_incidents_2017-06.csv.gz", "incident_type"),
        "montgomery-pa": ("calls/montgomery_pa_911_2015-12.csv.gz", "title"),
        "houston": ("calls/houston_active_incidents_2024-10.csv.gz", "type_last"),
        "south-metro": ("calls/south_metro_fire_co_2019.csv.gz", "Inc Type Desc"),
    }[city]
    return Counter(row[column].strip() for row in rows(path) if row[column].strip())
