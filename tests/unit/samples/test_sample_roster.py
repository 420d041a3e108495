"""The roster that ships: who can be sent, from where, and when."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from dispatch.domain.classification import SHIPPED_RESPONDER_TYPES
from dispatch.domain.errors import Invalid, NotFound
from dispatch.domain.geo import LatLon
from dispatch.samples import Roster, load_roster, loading, shift_windows
from dispatch.samples.city import City

PROGRAMS = {
    "behavioral-health-team",
    "mediation-team",
    "co-response",
    "street-outreach-cvi",
    "telephone-report-desk",
    "online-report-desk",
    "crash-investigation",
    "homeless-outreach",
    "transit-ambassadors",
    "crisis-line-988",
}


@pytest.fixture(scope="module")
def roster() -> Roster:
    return load_roster()


def test_the_city_has_about_sixty_units_of_all_ten_responder_types(roster: Roster) -> None:
    assert 55 <= len(roster.units) <= 70
    assert {unit.responder_type for unit in roster.units} == set(SHIPPED_RESPONDER_TYPES)


def test_twelve_agencies_city_run_and_contracted_run_the_ten_programs(roster: Roster) -> None:
    assert len(roster.agencies) == 12
    assert {agency.kind for agency in roster.agencies} == {"city", "county", "contracted", "transit"}
    assert {program.id for program in roster.programs} == PROGRAMS
    assert {unit.program for unit in roster.units} == PROGRAMS | {None}


def test_a_unit_fields_a_responder_type_that_its_agency_and_program_have(roster: Roster) -> None:
    types = {agency.id: agency.responder_types for agency in roster.agencies}
    program_types = {program.id: program.responder_type for program in roster.programs}

    for unit in roster.units:
        assert unit.responder_type in types[unit.agency], unit.call_sign
        assert unit.program is None or program_types[unit.program] == unit.responder_type, unit.call_sign


def test_every_unit_and_common_place_stands_inside_the_district_that_it_names(roster: Roster) -> None:
    city = City(roster)

    assert {place.id: city.district_at(place.position) for place in roster.places} == {
        place.id: place.district for place in roster.places
    }
    assert all(city.district_at(unit.home_position) for unit in roster.units)


def test_the_districts_hold_the_whole_population_and_leave_no_gap(roster: Roster) -> None:
    city = City(roster)

    assert 8 <= len(roster.districts) <= 10
    assert sum(district.population for district in roster.districts) == roster.jurisdiction.population
    inland = [(44.003 + k * 0.0026, -124.944 + j * 0.0044) for k in range(40) for j in range(20)]
    assert all(city.district_at(LatLon(lat, lon)) for lat, lon in inland)


def test_a_crew_belongs_to_the_agency_of_its_unit_and_meets_the_minimum(roster: Roster) -> None:
    agency_of = {responder.employee_number: responder.agency for responder in roster.responders}
    units = {unit.call_sign: unit for unit in roster.units}

    for shift in roster.shifts:
        unit = units[shift.unit]
        assert {agency_of[member] for member in shift.crew} <= {unit.agency}, shift.unit
        assert len(shift.crew) >= unit.min_crew, shift.unit
        assert len(set(shift.crew)) == len(shift.crew), shift.unit
    assert {shift.unit for shift in roster.shifts} == set(units)


def test_police_fire_and_ems_are_on_duty_at_every_hour_and_community_teams_are_not(roster: Roster) -> None:
    day = roster.jurisdiction.sample_day
    windows = shift_windows(roster, day - timedelta(days=1), day)
    midnight = min(window.starts_at for window in windows if window.unit == "OR1") + timedelta(days=1)
    types = {unit.call_sign: unit.responder_type for unit in roster.units}

    on_duty = []
    for hour in range(24):
        moment = midnight + timedelta(hours=hour)
        on_duty.append([types[w.unit] for w in windows if w.starts_at <= moment < w.ends_at])

    assert all(types_now.count("police") >= 8 for types_now in on_duty)
    assert all(types_now.count("fire") == 9 and types_now.count("ems") >= 5 for types_now in on_duty)
    assert "homeless_outreach" not in on_duty[4]
    assert "transit_ambassador" not in on_duty[3]
    assert {kind for types_now in on_duty for kind in types_now} == set(SHIPPED_RESPONDER_TYPES)


def test_nobody_is_on_two_units_at_once_in_any_week(roster: Roster) -> None:
    day = roster.jurisdiction.sample_day
    spans: dict[str, list[tuple[datetime, datetime]]] = {}
    for window in shift_windows(roster, day, day + timedelta(days=7)):
        for member in window.crew:
            spans.setdefault(member, []).append((window.starts_at, window.ends_at))

    for member, worked in spans.items():
        for (_, ends), (starts, _) in pairwise(worked):
            assert ends <= starts, member


def test_a_few_certificates_have_run_out_on_the_sample_day_and_stay_few_on_any_other(roster: Roster) -> None:
    def run_out(some: Roster) -> int:
        day = some.jurisdiction.sample_day
        return sum(held.expires_on < day for person in some.responders for held in person.certifications)

    moved = roster.moved_to(date(2031, 2, 1))

    assert 2 <= run_out(roster) <= 10
    assert run_out(moved) == run_out(roster)


def test_an_unknown_city_is_refused_with_the_names_that_exist() -> None:
    with pytest.raises(NotFound) as refused:
        load_roster("atlantis")
    assert "alder_bay" in refused.value.fix


def test_a_broken_file_is_refused_with_file_field_and_every_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = Path(loading.__file__).parent / "alder_bay"
    for file in shipped.iterdir():
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    units = (tmp_path / "units.yaml").read_text(encoding="utf-8")
    broken = units.replace("home: police-civic", "home: atlantis", 1).replace("capacity: 1", "capcity: 1", 1)
    (tmp_path / "units.yaml").write_text(broken, encoding="utf-8")
    monkeypatch.setattr(loading, "sample_folder", lambda name: tmp_path)

    with pytest.raises(Invalid) as refused:
        load_roster()

    pointers = {problem.pointer for problem in refused.value.errors}
    assert {"units.yaml:$.units[0].home", "units.yaml:$.units[0].capcity", "units.yaml:$.units[0].capacity"} <= pointers
