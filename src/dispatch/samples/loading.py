"""The roster files of a sample city become one checked Roster."""

from collections.abc import Iterable, Sequence
from datetime import date, time
from importlib.resources.abc import Traversable

from dispatch.domain.classification import SHIPPED_RESPONDER_TYPES
from dispatch.domain.geo import LatLon
from dispatch.samples.reading import (
    Problems,
    Row,
    read_csv_rows,
    read_features,
    read_yaml,
    read_yaml_rows,
    sample_folder,
)
from dispatch.samples.roster import (
    AGENCY_KINDS,
    WEEKDAYS,
    Certification,
    District,
    Jurisdiction,
    Place,
    Roster,
    SampleAgency,
    SampleProgram,
    SampleResponder,
    SampleShift,
    SampleUnit,
    Street,
)

DEFAULT_CITY = "alder_bay"
_PLACE_COLUMNS = ("id", "name", "kind", "place", "district", "address", "lat", "lon")
_PLACE_VALUES = ("private_residence", "public_outdoor", "public_indoor", "transit", "vehicle", "commercial")
_NOWHERE = LatLon(0.0, 0.0)


def load_roster(name: str = DEFAULT_CITY) -> Roster:
    """The whole roster of a shipped sample city. Raises Invalid with every problem, each with its file and field."""
    folder, problems = sample_folder(name), Problems()
    jurisdiction = _jurisdiction(
        Row("jurisdiction.yaml", "$", read_yaml(folder, "jurisdiction.yaml", problems), problems)
    )
    places = tuple(_place(row) for row in read_csv_rows(folder, "places.csv", _PLACE_COLUMNS, problems))
    agencies, programs = _agencies_and_programs(read_yaml_rows(folder, "agencies.yaml", "agencies", problems))
    responders = tuple(
        _responder(row, agencies) for row in read_yaml_rows(folder, "responders.yaml", "responders", problems)
    )
    units = tuple(
        _unit(row, agencies, programs, places) for row in read_yaml_rows(folder, "units.yaml", "units", problems)
    )
    roster = Roster(
        jurisdiction=jurisdiction,
        districts=tuple(_district(row) for row in read_features(folder, "districts.geojson", problems)),
        streets=_streets(folder, problems),
        places=places,
        agencies=agencies,
        programs=programs,
        units=units,
        responders=responders,
        shifts=tuple(
            _shift(row, units, responders) for row in read_yaml_rows(folder, "shifts.yaml", "shifts", problems)
        ),
    )
    _check_no_name_is_used_twice(roster, problems)
    problems.raise_if_any()
    return roster


def _point(row: Row) -> LatLon:
    lat, lon = row.number("lat"), row.number("lon")
    try:
        return LatLon(lat, lon)
    except ValueError as error:
        row.wrong("lat", str(error))
        return _NOWHERE


def _jurisdiction(row: Row) -> Jurisdiction:
    row.allow("id", "name", "time_zone", "population", "sample_day", "call_source", "center", "bounds", "grid")
    bounds, grid = row.row("bounds"), row.row("grid")
    return Jurisdiction(
        id=row.text("id"),
        name=row.text("name"),
        time_zone=row.text("time_zone"),
        population=row.whole("population", 1),
        sample_day=row.parsed("sample_day", date.fromisoformat, date.min),
        call_source=row.text("call_source"),
        center=_point(row.row("center")),
        south_west=LatLon(bounds.number("south"), bounds.number("west")),
        north_east=LatLon(bounds.number("north"), bounds.number("east")),
        number_origin=_point(grid.row("number_origin")),
        block_lat=grid.number("block_lat"),
        block_lon=grid.number("block_lon"),
    )


def _district(feature: Row) -> District:
    named = feature.row("properties")
    return District(
        id=named.text("id"),
        name=named.text("name"),
        population=named.whole("population", 0),
        character=named.text("character"),
        ring=feature.row("geometry").ring("coordinates"),
    )


def _streets(folder: Traversable, problems: Problems) -> tuple[Street, ...]:
    return tuple(
        Street(row.text("name"), row.one_of("runs", ("west_east", "south_north")) == "west_east", row.number("at"))
        for row in read_csv_rows(folder, "streets.csv", ("name", "runs", "at"), problems)
    )


def _place(row: Row) -> Place:
    return Place(
        id=row.text("id"),
        name=row.text("name"),
        kind=row.text("kind"),
        place=row.one_of("place", _PLACE_VALUES),
        district=row.text("district"),
        address=row.text("address"),
        position=_point(row),
    )


def _agencies_and_programs(rows: Iterable[Row]) -> tuple[tuple[SampleAgency, ...], tuple[SampleProgram, ...]]:
    agencies: list[SampleAgency] = []
    programs: list[SampleProgram] = []
    for row in rows:
        row.allow("id", "name", "kind", "responder_types", "contact", "programs")
        agency = SampleAgency(
            id=row.text("id"),
            name=row.text("name"),
            kind=row.one_of("kind", AGENCY_KINDS),
            responder_types=row.texts("responder_types"),
            contact=row.text("contact"),
        )
        agencies.append(agency)
        programs.extend(_program(each, agency) for each in row.rows("programs"))
    return tuple(agencies), tuple(programs)


def _program(row: Row, agency: SampleAgency) -> SampleProgram:
    row.allow("id", "name", "responder_type", "description")
    return SampleProgram(
        id=row.text("id"),
        name=row.text("name"),
        agency=agency.id,
        responder_type=row.one_of("responder_type", agency.responder_types),
        description=row.text("description"),
    )


def _unit(
    row: Row, agencies: Sequence[SampleAgency], programs: Sequence[SampleProgram], places: Sequence[Place]
) -> SampleUnit:
    row.allow(
        *("call_sign", "responder_type", "agency", "program", "home"),
        *("capabilities", "min_crew", "capacity", "mobile", "vehicle"),
    )
    home_positions = {place.id: place.position for place in places}
    agency = row.one_of("agency", [known.id for known in agencies])
    program = row.text_or_none("program")
    if program is not None and program not in [known.id for known in programs if known.agency == agency]:
        row.wrong("program", f"'{program}' is not a program of agency '{agency}'")
    home = row.one_of("home", home_positions)
    return SampleUnit(
        call_sign=row.text("call_sign"),
        responder_type=row.one_of("responder_type", SHIPPED_RESPONDER_TYPES),
        agency=agency,
        program=program,
        home=home,
        home_position=home_positions.get(home, _NOWHERE),
        capabilities=frozenset(row.texts("capabilities")),
        min_crew=row.whole("min_crew", 0),
        capacity=row.whole("capacity", 1),
        is_mobile=row.flag("mobile"),
        vehicle=row.text_or_none("vehicle"),
    )


def _responder(row: Row, agencies: Sequence[SampleAgency]) -> SampleResponder:
    row.allow("number", "name", "agency", "skills", "languages", "certifications")
    return SampleResponder(
        employee_number=row.text("number"),
        name=row.text("name"),
        agency=row.one_of("agency", [known.id for known in agencies]),
        skills=frozenset(row.texts("skills")),
        languages=row.texts("languages"),
        certifications=tuple(
            Certification(held.text("name"), held.parsed("expires", date.fromisoformat, date.min))
            for held in row.rows("certifications")
        ),
    )


def _shift(row: Row, units: Sequence[SampleUnit], responders: Sequence[SampleResponder]) -> SampleShift:
    row.allow("unit", "days", "from", "until", "crew")
    days, crew = row.texts("days"), row.texts("crew")
    unit = row.one_of("unit", [known.call_sign for known in units])
    people = {responder.employee_number for responder in responders}
    for day in days:
        if day not in WEEKDAYS:
            row.wrong("days", f"'{day}' is not one of: {', '.join(WEEKDAYS)}")
    for member in crew:
        if member not in people:
            row.wrong("crew", f"nobody has the employee number '{member}'")
    return SampleShift(
        unit=unit,
        crew=crew,
        days=days,
        starts=row.parsed("from", time.fromisoformat, time.min),
        until=row.parsed("until", time.fromisoformat, time.min),
    )


def _check_no_name_is_used_twice(roster: Roster, problems: Problems) -> None:
    named = (
        ("districts.geojson", "id", [district.id for district in roster.districts]),
        ("places.csv", "id", [place.id for place in roster.places]),
        ("agencies.yaml", "id", [agency.id for agency in roster.agencies]),
        ("agencies.yaml", "programs.id", [program.id for program in roster.programs]),
        ("units.yaml", "call_sign", [unit.call_sign for unit in roster.units]),
        ("responders.yaml", "number", [responder.employee_number for responder in roster.responders]),
    )
    for file, field, names in named:
        for name in sorted({name for name in names if names.count(name) > 1}):
            problems.add(file, field, f"'{name}' is used twice")
