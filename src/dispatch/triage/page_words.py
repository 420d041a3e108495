"""How the page of a policy says hours, lengths of time, names and texts."""

from itertools import groupby

from dispatch.triage.model import Hours

_DAY = 24 * 60
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def hours_said(hours: Hours) -> str:
    """Days with the same hours together: `Monday to Friday 06:00-22:00; closed on 2026-12-25`."""
    by_day: dict[int, list[str]] = {}
    for start, end in hours.ranges:
        until = end - start // _DAY * _DAY
        clock = (
            f"{start % _DAY // 60:02}:{start % 60:02}-{until % _DAY // 60 if until != _DAY else 24:02}:{until % 60:02}"
        )
        by_day.setdefault(start // _DAY, []).append(clock)
    parts = []
    for said, days in groupby(sorted(by_day), key=lambda day: by_day[day]):
        run = [_DAYS[day] for day in days]
        named = run[0] if len(run) == 1 else f"{run[0]} to {run[-1]}"
        parts.append(f"{named if len(run) < len(_DAYS) else 'every day'} {' and '.join(said)}")
    closed = ", ".join(str(day) for day in sorted(hours.closed_on))
    return "; ".join([*parts, *([f"closed on {closed}"] if closed else [])])


def who_goes(responder_type: str) -> str:
    """Who goes, as a reader says it."""
    return {"ems": "EMS", "cvi": "violence interrupters (CVI)"}.get(responder_type) or in_words(responder_type)


def time_said(seconds: int) -> str:
    """`10 minutes`, `2 hours`."""
    for length, name in ((3600, "hour"), (60, "minute")):
        if seconds >= length and seconds % length == 0:
            return f"{seconds // length} {name}{'s' if seconds != length else ''}"
    return f"{seconds} seconds"


def in_words(text: str) -> str:
    """Names of facts, values and topics as a reader says them."""
    return on_one_line(text.replace("_", " "))


def on_one_line(text: str) -> str:
    """On one line, and no sign of Markdown in it."""
    return " ".join(text.replace("<", "&lt;").replace("|", "\\|").split())
