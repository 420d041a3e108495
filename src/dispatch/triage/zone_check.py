"""Does the policy read its hours on the clock of the place that it decides for?"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dispatch.triage.findings import ERROR, Finding
from dispatch.triage.model import RETIRED
from dispatch.triage.policy import Policy

NAMED = 5  # rows and programs that the finding names one by one
_YEAR = range(366)


def check_zone(policy: Policy, place_zone: ZoneInfo, now: datetime) -> list[Finding]:
    """An error when the hours or dates of something are read in another zone than the place's, within a year of now.

    Zones with other names and the same clock are one. A policy without hours and dates asks no clock, and a program
    that names its own zone means it.
    """
    resting = sorted(_rest_on_the_policys_clock(policy))
    if not resting or _same_clock(policy.zone, place_zone, now):
        return []
    more = f" and {len(resting) - NAMED} more" if len(resting) > NAMED else ""
    inherited = "" if policy.is_own_zone else ", which is inherited"
    detail = (
        f"The policy is read in {policy.time_zone}{inherited}, and the jurisdiction lives in {place_zone.key}, so the "
        f"hours or dates of {', '.join(resting[:NAMED])}{more} would be judged on the wrong clock. "
        f"Write `time_zone: {place_zone.key}` in policy.yaml; a program that keeps another clock says so itself."
    )
    return [Finding(ERROR, "other_zone", "policy.yaml:1", detail, policy.time_zone)]


def _rest_on_the_policys_clock(policy: Policy) -> Iterator[str]:
    yield from (row.id for row in policy.rows if row.life.is_dated and row.life.status != RETIRED)
    for program in policy.programs:
        if program.zone is None and program.life.status != RETIRED and (program.hours or program.life.is_dated):
            yield program.id


def _same_clock(one: ZoneInfo, other: ZoneInfo, now: datetime) -> bool:
    """They say the same time each day of the coming year, so summer time ends the same day too."""
    days = (now + timedelta(days=day) for day in _YEAR)
    return all(day.astimezone(one).utcoffset() == day.astimezone(other).utcoffset() for day in days)
