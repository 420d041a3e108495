"""A file of real calls, ready to be played: its own units where it names them, else a made-up roster of its size."""

import heapq
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dispatch.cli.demo.city import FINISH
from dispatch.cli.demo.duty import duty_spans
from dispatch.cli.demo.jobs import Job
from dispatch.cli.demo.production import Production
from dispatch.cli.policy_source import PolicyTexts, find_policy
from dispatch.domain.errors import Invalid, NotFound
from dispatch.domain.geo import LatLon
from dispatch.domain.unit import UnitStatus
from dispatch.ingest.history import HistoryCall, load_mapping, read_calls
from dispatch.ingest.mapping import Mapping as FileMapping
from dispatch.ingest.tally import Tally
from dispatch.operations.setup import AgencyRecord, ProgramRecord, ResponderRecord, SetUp, ShiftRecord, UnitRecord
from dispatch.policies import read_parents
from dispatch.samples import CallLife
from dispatch.triage.policy import Policy

DESKS = frozenset({"report_taker", "crisis_line"})
# Where a file does not say how long the work took: medians of the sample city's jobs.
LIFE = CallLife(60, 1200, False, 0, 0.0, "handled")
HELD_S = LIFE.turnout_s + LIFE.scene_s + 600
PER_PROGRAM = 3
MARGIN = 1.4  # units on duty for each that is busy at the busiest hour
FEWEST, MOST = 10, 160
SHARES = (("police", 1.0), ("ems", 0.15), ("fire", 0.15))


def from_file(path: str, mapping_name: str, *, policy: str | None = None, limit: int | None = None) -> Production:
    """The calls of the file in the order in which they came in."""
    if path != "-" and not Path(path).is_file():
        raise NotFound(f"There is no file {path}.", fix="Check the path.")
    mapping, tally = load_mapping(mapping_name), Tally()
    items = list(read_calls(path, mapping, tally=tally))
    calls = sorted(
        (item for item in items if isinstance(item, HistoryCall) and "received_at" in item.body),
        key=lambda call: received_at(call),
    )[:limit]
    if not calls:
        raise Invalid(f"{path} holds no call that can be played.", fix="Check that --mapping fits the file.")
    texts = _policy(policy, mapping)
    replays = any(call.unit_times for call in calls)
    jobs = [_job(call) for call in calls]
    begins = jobs[0].at
    ends = max(_last_moment(job) for job in jobs) + FINISH
    units, notes = _real_units(calls) if replays else _made_up_units(jobs, texts.load())
    wanted = _set_up(mapping, units, texts.load(), begins, ends)
    notes = (*notes, *_reading_notes(tally, len(items)))
    source = str(calls[0].body["source"])
    return Production(wanted, texts, jobs, duty_spans(wanted.shifts), begins, ends, source, replays, notes)


def received_at(call: HistoryCall) -> datetime:
    """When the call came in, UTC."""
    return datetime.fromisoformat(call.body["received_at"]).astimezone(UTC)


def _job(call: HistoryCall) -> Job:
    # The call as it came in: the file's time of the last change lies ahead of that moment.
    body = {name: value for name, value in call.body.items() if name != "updated_at"}
    return Job(
        received_at(call),
        body,
        LIFE,
        occurred=call.occurred,
        unit_times=call.unit_times,
        not_a_call=call.rule,
        outcome=call.recorded.get("disposition"),
    )


def _last_moment(job: Job) -> datetime:
    times = [at for unit in job.unit_times for _, at in unit.steps() if at is not None]
    return max([job.at, *(job.occurred or {}).values(), *times])


def _policy(policy: str | None, mapping: FileMapping) -> PolicyTexts:
    """The national default in the file's own time zone, or the one asked for."""
    if policy is not None:
        return find_policy(policy)
    slug = re.sub(r"[^a-z0-9-]+", "-", mapping.source_name.lower()).strip("-") or "file"
    text = (
        f"policy: {slug}\nversion: 1\ntitle: National default for {mapping.source_name}\nowner: dispatch demo\n"
        f"time_zone: {mapping.zone or 'UTC'}\nextends: us-default\nfallback: {{plan: police, priority: 2}}\n"
    )
    texts = {"policy.yaml": text}
    return PolicyTexts(mapping.source_name, texts, {name: dict(files) for name, files in read_parents(texts).items()})


def _reading_notes(tally: Tally, items: int) -> list[str]:
    notes = []
    if tally.rejected:
        notes.append(f"{tally.rejected.total():,} of {tally.rows_read:,} rows could not be read and were not posted.")
    if tally.skipped:
        notes.append(f"{tally.skipped.total():,} rows were left out by rules of the mapping.")
    return notes


def _real_units(calls: Sequence[HistoryCall]) -> tuple[list[UnitRecord], tuple[str, ...]]:
    """The units of the file; each waits where its first call was, because the file does not say where."""
    found: dict[str, UnitRecord] = {}
    for call in calls:
        for times in call.unit_times:
            if times.unit not in found:
                found[times.unit] = _unit(times.unit, times.responder_type, None, _place(call.body))
    note = "Units are those of the file, sent when and where they went; homes are guessed from their first call."
    return list(found.values()), (note,)


def _made_up_units(jobs: Sequence[Job], policy: Policy) -> tuple[list[UnitRecord], tuple[str, ...]]:
    """As many units as the busiest moment needs and some more, and a few of every program of the policy."""
    places = [place for job in jobs if (place := _place(job.body)) is not None]
    busiest = _busiest([job for job in jobs if job.not_a_call is None])
    units: list[UnitRecord] = []
    for kind, share in SHARES:
        for number in range(_bounded(busiest * MARGIN * share)):
            units.append(_unit(f"{kind[0].upper()}{number + 1}", kind, None, _nth(places, len(units))))
    for program in policy.programs:
        letters = "".join(word[0] for word in program.id.split("-")).upper()
        for number in range(PER_PROGRAM):
            name = f"{letters}-{number + 1}"
            units.append(_unit(name, program.responder_type, program.id, _nth(places, len(units))))
    counts = ", ".join(f"{sum(u.responder_type == kind for u in units)} {kind}" for kind, _ in SHARES)
    note = (
        f"The file names no units: the roster is made up ({counts}, {PER_PROGRAM} for each of "
        f"{len(policy.programs)} programs, on duty all day), sized for {busiest} jobs at the busiest moment."
    )
    return units, (note,)


def _bounded(number: float) -> int:
    return max(FEWEST, min(MOST, math.ceil(number)))


def _busiest(jobs: Sequence[Job]) -> int:
    """How many jobs run at once at the busiest moment."""
    most = 0
    ends: list[datetime] = []
    for job in jobs:
        closed = (job.occurred or {}).get("closed_at")
        held = (closed - job.at).total_seconds() if closed is not None and closed >= job.at else HELD_S
        heapq.heappush(ends, job.at + timedelta(seconds=min(held, 4 * HELD_S)))
        while ends[0] < job.at:
            heapq.heappop(ends)
        most = max(most, len(ends))
    return most


def _nth(places: Sequence[LatLon], number: int) -> LatLon | None:
    """Spread over the city: the places of calls, taken at even distances."""
    return places[(number * 37) % len(places)] if places else None


def _place(body: object) -> LatLon | None:
    location = body.get("location") if hasattr(body, "get") else None
    if not location or location.get("lat") is None:
        return None
    return LatLon(location["lat"], location["lon"])


def _unit(call_sign: str, kind: str, program: str | None, home: LatLon | None) -> UnitRecord:
    desk = kind in DESKS
    capabilities = frozenset({"als", "bls", "transport"}) if kind == "ems" else frozenset[str]()
    return UnitRecord(
        call_sign,
        kind.replace("_", "-"),
        program,
        kind,
        capabilities,
        mobile=not desk,
        min_crew=0,
        capacity=6 if desk else 1,
        home=home,
        status=UnitStatus.AVAILABLE,
    )


def _set_up(
    mapping: FileMapping, units: Sequence[UnitRecord], policy: Policy, begins: datetime, ends: datetime
) -> SetUp:
    kinds = sorted({unit.responder_type for unit in units} | {one.responder_type for one in policy.programs})
    agency = {kind: kind.replace("_", "-") for kind in kinds}
    people = [
        ResponderRecord(f"{unit.call_sign}-1", f"Crew of {unit.call_sign}", agency[unit.responder_type])
        for unit in units
    ]
    return SetUp(
        mapping.source_name,
        re.split(r"[,(]", mapping.title)[0].strip(),
        mapping.zone or "UTC",
        agencies=[
            AgencyRecord(agency[kind], f"{kind.replace('_', ' ').capitalize()} agency", "city") for kind in kinds
        ],
        programs=[
            ProgramRecord(one.id, agency[one.responder_type], one.responder_type, one.title) for one in policy.programs
        ],
        units=[replace(unit) for unit in units],
        responders=people,
        shifts=[
            ShiftRecord(unit.call_sign, (f"{unit.call_sign}-1",), begins, ends + timedelta(days=1)) for unit in units
        ],
    )
