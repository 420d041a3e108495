"""Each program's verdict on one call, with a stable reason code for every clause that fails or cannot be told."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from dispatch.domain.classification import Verdict
from dispatch.domain.geo import LatLon
from dispatch.triage.conditions import CHANNEL, TOPIC, Atom, Condition, State, atoms_of
from dispatch.triage.decision import ProgramVerdict
from dispatch.triage.facts import UNKNOWN
from dispatch.triage.model import CANNOT_TELL, CO_RESPOND, EXCLUDE, SHADOW, STAGE, Area, Hours, Program

_DAY_MINUTES = 24 * 60
_WEEK_MINUTES = 7 * _DAY_MINUTES
_POSITION = "position"
OUT_OF_SCOPE = ("not_in_scope",)


@dataclass(frozen=True, slots=True)
class Moment:
    """The wall clock of the policy's zone, which hours and dates are written in. minute_of_week: from Monday 00:00."""

    local: datetime
    day: date
    minute_of_week: int


def moment_of(at: datetime, zone: ZoneInfo) -> Moment:
    """The local moment; a naive time is taken as UTC."""
    local = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(zone)
    return Moment(local, local.date(), local.weekday() * _DAY_MINUTES + local.hour * 60 + local.minute)


def judge(
    program: Program, state: State, topics: Set[str], *, is_open_now: bool, is_in_area: bool | None
) -> tuple[ProgramVerdict, str]:
    """The verdict and how the program may go: "", co_respond or stage. is_in_area: None when nobody can tell."""
    takes = program.takes_test(state, topics)
    untold: list[str] = [] if takes else _partly_in_scope(program, state, topics)
    if not takes and not untold:
        return _verdict(program, Verdict.INELIGIBLE, OUT_OF_SCOPE), ""
    failed: list[str] = []
    remarks, level = _disqualified(program, state, topics, failed, untold)
    _limits(program, state, failed, untold)
    if not is_open_now:
        failed.append("outside_hours")
    if is_in_area is None:
        untold.append(f"{CANNOT_TELL}:{_POSITION}")
    elif not is_in_area:
        failed.append("outside_area")
    shadow = ["shadow"] if program.life.status == SHADOW else []
    if failed:
        return _verdict(program, Verdict.INELIGIBLE, (*failed, *untold, *shadow)), ""
    if untold:
        return _verdict(program, Verdict.CANNOT_TELL, (*untold, *shadow)), ""
    return _verdict(program, Verdict.ELIGIBLE, ("in_scope", *remarks, *shadow)), level


def _partly_in_scope(program: Program, state: State, topics: Set[str]) -> list[str]:
    """What must be asked, for lines of `takes` of which something holds and the rest is not known.

    A line of which nothing is known to hold is out of scope: silence about weapons is no shooting.
    """
    untold: list[str] = []
    for condition, test in zip(program.takes, program.take_tests, strict=True):
        if test(state, topics) is None and any(_holds(atom, state, topics) for atom in atoms_of(condition)):
            untold += _untold(condition, state)
    return untold


def _holds(atom: Atom, state: State, topics: Set[str]) -> bool:
    if atom.key == TOPIC:
        return not atom.values.isdisjoint(topics)
    return state.get(atom.key, UNKNOWN) in atom.values


def _verdict(program: Program, verdict: Verdict, reasons: tuple[str, ...]) -> ProgramVerdict:
    return ProgramVerdict(program.id, program.responder_type, verdict, tuple(dict.fromkeys(reasons)))


def _disqualified(
    program: Program, state: State, topics: Set[str], failed: list[str], untold: list[str]
) -> tuple[list[str], str]:
    """Adds what fails or cannot be told; returns remarks of an eligible program and how it may go."""
    remarks: list[str] = []
    level = ""
    for disqualifier in program.disqualifies:
        hit = disqualifier.test(state, topics)
        if hit is None:
            if disqualifier.if_unknown == EXCLUDE:
                failed.append(f"disqualifier:{disqualifier.id}")
            elif disqualifier.if_unknown == CANNOT_TELL:
                untold += _untold(disqualifier.when, state)
            else:
                remarks += [f"unasked:{fact}" for fact in _untold_facts(disqualifier.when, state)]
        elif hit and disqualifier.level == EXCLUDE:
            failed.append(f"disqualifier:{disqualifier.id}")
        elif hit:
            remarks.append(f"{disqualifier.level}:{disqualifier.id}")
            level = STAGE if STAGE in (level, disqualifier.level) else CO_RESPOND
    return remarks, level


def _limits(program: Program, state: State, failed: list[str], untold: list[str]) -> None:
    for key, allowed, code in (
        ("place", program.places, "place"),
        ("age_band", program.ages, "age"),
        (CHANNEL, program.channels, CHANNEL),
    ):
        if allowed:
            value = state.get(key, UNKNOWN)
            if value == UNKNOWN:
                untold.append(f"{CANNOT_TELL}:{key}")
            elif value not in allowed:
                failed.append(f"{code}:{value}")
    wish = state.get("caller_wants", UNKNOWN)
    if program.caller_wants and wish != UNKNOWN and wish not in program.caller_wants:
        failed.append(f"caller_wants_{wish}")


def _untold(condition: Condition, state: State) -> list[str]:
    return [f"{CANNOT_TELL}:{fact}" for fact in _untold_facts(condition, state)]


def _untold_facts(condition: Condition, state: State) -> list[str]:
    keys = (atom.key for atom in atoms_of(condition) if atom.key != TOPIC)
    return [key for key in dict.fromkeys(keys) if state.get(key, UNKNOWN) == UNKNOWN]


def is_open(hours: Hours, moment: Moment) -> bool:
    """True inside a range of the local week; a range past midnight belongs to the day it began on."""
    minute = moment.minute_of_week
    if not hours.open_minutes[minute]:
        return False
    if not hours.closed_on:
        return True
    today = moment.day
    for start, end in hours.ranges:
        for now in (minute, minute + _WEEK_MINUTES):
            if (
                start <= now < end
                and today - timedelta(days=now // _DAY_MINUTES - start // _DAY_MINUTES) not in hours.closed_on
            ):
                return True
    return False


def is_inside(area: Area, position: LatLon) -> bool:
    """True when the position lies in any of the polygons (even-odd rule on longitude and latitude)."""
    return any(_in_ring(ring, position) for ring in area.polygons)


def _in_ring(ring: tuple[tuple[float, float], ...], position: LatLon) -> bool:
    inside = False
    before_lon, before_lat = ring[-1]
    for lon, lat in ring:
        if (lat > position.lat) != (before_lat > position.lat):
            crossing = lon + (position.lat - lat) * (before_lon - lon) / (before_lat - lat)
            inside ^= position.lon < crossing
        before_lon, before_lat = lon, lat
    return inside
