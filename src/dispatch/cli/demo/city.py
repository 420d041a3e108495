"""The sample city, ready to be played: its roster on duty, its policy, and one or several days of its calls."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dispatch.cli.demo.duty import duty_spans
from dispatch.cli.demo.jobs import Job, sample_jobs
from dispatch.cli.demo.production import Production
from dispatch.cli.policy_source import PolicyTexts, find_policy
from dispatch.domain.unit import UnitStatus
from dispatch.operations.setup import AgencyRecord, ProgramRecord, ResponderRecord, SetUp, ShiftRecord, UnitRecord
from dispatch.policies import read_parents
from dispatch.samples import Roster, SampleUnit, load_calls, load_roster, shift_windows
from dispatch.samples.reading import sample_folder

CITY = "alder_bay"
FINISH = timedelta(hours=10)  # after the last call, until when shifts still change and jobs end
LIVE_DAYS = 8
LIVE_FROM = time(8)
BEFORE_FIRST_CALL = timedelta(seconds=5)  # city time: who starts a live demo does not wait for minutes without a call


def one_day(policy: str | None = None, limit: int | None = None) -> Production:
    """The sample day, from midnight to midnight: always the same."""
    roster = load_roster(CITY)
    day, zone = roster.jurisdiction.sample_day, ZoneInfo(roster.jurisdiction.time_zone)
    begins = datetime.combine(day, time(), tzinfo=zone)
    jobs = sample_jobs(load_calls(CITY), day, zone)[:limit]
    return _production(roster, day, 1, begins, jobs, policy)


def live(now: datetime, policy: str | None = None) -> Production:
    """Several days from the next morning on: the clock is never behind the real one, so real calls can be posted."""
    roster = load_roster(CITY)
    zone = ZoneInfo(roster.jurisdiction.time_zone)
    today = now.astimezone(zone)
    begins = datetime.combine(today.date(), LIVE_FROM, tzinfo=zone)
    if begins < today:
        begins += timedelta(days=1)
    roster = roster.moved_to(begins.date())
    calls = load_calls(CITY)
    jobs: list[Job] = []
    for offset in range(LIVE_DAYS):
        day = begins.date() + timedelta(days=offset)
        jobs += sample_jobs(calls, day, zone, tag=f"-{offset + 1}")
    jobs = [job for job in jobs if job.at >= begins]
    begins = max(begins, jobs[0].at - BEFORE_FIRST_CALL)
    return _production(roster, begins.date(), LIVE_DAYS, begins, jobs, policy)


def _production(
    roster: Roster, first: date, days: int, begins: datetime, jobs: list[Job], policy: str | None
) -> Production:
    windows = shift_windows(roster, first - timedelta(days=1), first + timedelta(days=days))
    shifts = [ShiftRecord(one.unit, one.crew, one.starts_at, one.ends_at) for one in windows]
    on_duty = {shift.unit for shift in shifts if shift.starts_at <= begins < shift.ends_at}
    j = roster.jurisdiction
    wanted = SetUp(
        j.id,
        j.name,
        j.time_zone,
        agencies=[AgencyRecord(one.id, one.name, one.kind, one.contact) for one in roster.agencies],
        programs=[
            ProgramRecord(one.id, one.agency, one.responder_type, one.name, one.description) for one in roster.programs
        ],
        units=[_unit(one, one.call_sign in on_duty) for one in roster.units],
        responders=[
            ResponderRecord(
                one.employee_number,
                one.name,
                one.agency,
                one.skills,
                one.languages,
                {held.name: held.expires_on for held in one.certifications},
            )
            for one in roster.responders
        ],
        shifts=shifts,
    )
    ends = max((job.at for job in jobs), default=begins) + FINISH
    return Production(wanted, city_policy(policy), jobs, duty_spans(shifts), begins, ends, j.call_source)


def _unit(unit: SampleUnit, on_duty: bool) -> UnitRecord:
    return UnitRecord(
        unit.call_sign,
        unit.agency,
        unit.program,
        unit.responder_type,
        unit.capabilities,
        unit.vehicle,
        unit.is_mobile,
        unit.min_crew,
        unit.capacity,
        unit.home_position,
        UnitStatus.AVAILABLE if on_duty else UnitStatus.OFF_DUTY,
    )


def city_policy(policy: str | None) -> PolicyTexts:
    """The sample city's own policy, or another by id or folder."""
    if policy is not None:
        return find_policy(policy)
    folder = sample_folder(CITY)
    texts = {name: (folder / name).read_text(encoding="utf-8") for name in ("policy.yaml", "call_types.csv")}
    return PolicyTexts("alder-bay", texts, {name: dict(files) for name, files in read_parents(texts).items()})
