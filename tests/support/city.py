"""The small city that tests of the service play in: ten responder types, thirteen units, four agencies."""

from datetime import datetime, timedelta

from tests.support.city_policy import PROGRAMS

from dispatch.domain.geo import LatLon
from dispatch.domain.unit import UnitStatus
from dispatch.operations.setup import (
    AgencyRecord,
    ProgramRecord,
    ResponderRecord,
    SetUp,
    ShiftRecord,
    UnitRecord,
)

NOW = datetime.fromisoformat("2026-11-23T14:00:00+00:00")
CENTRE = LatLon(44.05, -124.90)

AGENCIES = ("city-police", "city-fire", "city-care", "harbor-alliance")
_PROGRAM_AGENCY = {"co-response": "city-police", "report-desk": "city-police", "peacekeepers": "harbor-alliance"}


def _program_agency(program: str) -> str:
    return _PROGRAM_AGENCY.get(program, "city-care")


def _unit(call_sign: str, responder_type: str, agency: str, program: str | None = None, nth: int = 0) -> UnitRecord:
    desk = responder_type in ("report_taker", "crisis_line")
    return UnitRecord(
        call_sign,
        agency,
        program,
        responder_type,
        capabilities=frozenset({"als"}) if responder_type == "ems" else frozenset(),
        mobile=not desk,
        min_crew=1,
        capacity=3 if responder_type == "report_taker" else 1,
        home=None if desk else LatLon(CENTRE.lat + 0.01 * nth, CENTRE.lon),
        status=UnitStatus.AVAILABLE,
    )


UNITS = (
    _unit("P1", "police", "city-police"),
    _unit("P2", "police", "city-police", nth=1),
    _unit("M1", "ems", "city-fire"),
    _unit("M2", "ems", "city-fire", nth=1),
    _unit("E1", "fire", "city-fire"),
    _unit("CR1", "community_responder", "city-care", "street-team"),
    _unit("CR2", "community_responder", "city-care", "street-team", nth=1),
    _unit("CO1", "co_responder", "city-police", "co-response"),
    _unit("V1", "cvi", "harbor-alliance", "peacekeepers"),
    _unit("DESK", "report_taker", "city-police", "report-desk"),
    _unit("H1", "homeless_outreach", "city-care", "outreach"),
    _unit("T1", "transit_ambassador", "city-care", "ambassadors"),
    _unit("LINE", "crisis_line", "city-care", "crisis-line"),
)


def a_city(jurisdiction: str, *, now: datetime = NOW, extra_units: int = 0) -> SetUp:
    """Every unit is available, staffed by one responder (R-<call sign>) from an hour ago to eleven hours from now.

    extra_units: further community responders X1 to Xn, for fights over them.
    """
    units = (
        *UNITS,
        *(_unit(f"X{n}", "community_responder", "city-care", "street-team") for n in range(1, extra_units + 1)),
    )
    return SetUp(
        jurisdiction,
        "Test city",
        "America/Los_Angeles",
        agencies=[AgencyRecord(name, name.title(), "city") for name in AGENCIES],
        programs=[ProgramRecord(name, _program_agency(name), kind, name) for name, (kind, _) in PROGRAMS.items()],
        units=units,
        responders=[ResponderRecord(f"R-{u.call_sign}", f"Person of {u.call_sign}", u.agency) for u in units],
        shifts=[
            ShiftRecord(u.call_sign, (f"R-{u.call_sign}",), now - timedelta(hours=1), now + timedelta(hours=11))
            for u in units
        ],
    )
