"""The parts of a policy as the loader leaves them: checked, immutable, each with the place it was written at."""

from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from dispatch.domain.assignment import OfferRule
from dispatch.domain.call import CallFacts
from dispatch.domain.classification import Category, SlotRole
from dispatch.triage.conditions import Condition, Test

SHADOW, ACTIVE, RETIRED = "shadow", "active", "retired"
EXCLUDE, CO_RESPOND, STAGE = "exclude", "co_respond", "stage"
IGNORE, CANNOT_TELL = "ignore", "cannot_tell"
COMES_TO_EVERY_CALL = frozenset({"police", "fire", "ems"})
CO_RESPONDER, CVI = "co_responder", "cvi"
LIFE_THREAT = 1  # the priorities up to this one: somebody may die
ORDINARY_MOMENT = "2026-01-07T12:00"  # of a case that names none: a Wednesday at noon, in winter time
URGENT = 2  # the priorities up to this one cannot wait


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was written, for messages: file:line."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Life:
    """From when until when something counts. until: exclusive."""

    status: str = ACTIVE
    from_on: date | None = None
    until_on: date | None = None

    def covers(self, day: date) -> bool:
        return (self.from_on is None or self.from_on <= day) and (self.until_on is None or day < self.until_on)

    @property
    def is_dated(self) -> bool:
        return self.from_on is not None or self.until_on is not None


@dataclass(frozen=True, slots=True)
class IncidentType:
    """A common incident type with the answer when nothing else is known."""

    code: str
    label: str
    category: Category
    priority: int
    facts: tuple[tuple[str, str], ...]
    topics: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class CallType:
    """One row of the crosswalk."""

    source: str
    code: str
    text: str
    incident_type: str
    facts: tuple[tuple[str, str], ...]
    topics: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class SlotTemplate:
    """Exactly one of responder_type, program and eligible is given."""

    responder_type: str | None = None
    program: str | None = None
    eligible: tuple[str, ...] = ()
    role: SlotRole = SlotRole.PRIMARY
    count: int = 1
    capabilities: frozenset[str] = frozenset()
    takes_each: bool = False


@dataclass(frozen=True, slots=True)
class StepTemplate:
    slots: tuple[SlotTemplate, ...]
    wait_limit_s: int | None
    offer: OfferRule | None = None


@dataclass(frozen=True, slots=True)
class PlanTemplate:
    """asks_programs: some slot is filled by programs. always_coming: the police, fire and EMS of the first step, which
    is what a floor row insists on; beside: the programs that join them in support, as far as one takes the call.
    """

    id: str
    title: str
    is_desk: bool
    steps: tuple[StepTemplate, ...]
    place: Place
    asks_programs: bool
    always_coming: tuple[SlotTemplate, ...]
    beside: tuple[SlotTemplate, ...]


@dataclass(frozen=True, slots=True)
class Then:
    """category, priority: None means the incident type's own. type_if_unknown: the incident type of a call that has
    named none; incident_type replaces whatever the call has named.
    """

    category: Category | None
    priority: int | None
    plan: str
    incident_type: str | None = None
    needs_human: bool = False
    type_if_unknown: str | None = None


@dataclass(frozen=True, slots=True)
class Also:
    """What a winning row adds whoever decided."""

    slots: tuple[SlotTemplate, ...] = ()
    priority_at_least: int | None = None
    needs_human: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    id: str
    title: str
    when: Condition
    test: Test = field(compare=False, repr=False)
    then: Then | None
    also: Also | None
    because: str
    source: str
    limits: str
    life: Life
    place: Place


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    number: int
    title: str
    owner: str
    is_floor: bool
    rows: tuple[Row, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Disqualifier:
    id: str
    when: Condition
    test: Test = field(compare=False, repr=False)
    level: str
    if_unknown: str
    because: str
    source: str


@dataclass(frozen=True, slots=True)
class Area:
    """polygons: rings of (lon, lat), each closed by itself; a point in any of them is inside."""

    name: str
    polygons: tuple[tuple[tuple[float, float], ...], ...]


@dataclass(frozen=True, slots=True)
class Hours:
    """ranges: (start, end) in minutes from Monday 00:00 of the program's zone; the end may pass the week's end.

    open_minutes: one byte per minute of the week, not zero when open, closing days aside.
    """

    ranges: tuple[tuple[int, int], ...]
    open_minutes: bytes
    closed_on: frozenset[date]


@dataclass(frozen=True, slots=True)
class Program:
    """asks, asks_topics: every key and topic that its verdict can depend on, hours and area aside; takes_asks: the keys
    that decide whether it is in scope. zone: of its hours and dates; None when it is the policy's.
    """

    id: str
    title: str
    operator: str
    agency: str
    responder_type: str
    kind: str
    life: Life
    takes: tuple[Condition, ...]
    takes_test: Test = field(compare=False, repr=False)
    take_tests: tuple[Test, ...] = field(compare=False, repr=False)
    takes_asks: frozenset[str]
    asks: tuple[str, ...]
    asks_topics: frozenset[str]
    disqualifies: tuple[Disqualifier, ...]
    places: frozenset[str]
    ages: frozenset[str]
    channels: frozenset[str]
    caller_wants: frozenset[str]
    area: Area | None
    hours: Hours | None
    zone: ZoneInfo | None
    notes: tuple[tuple[str, str], ...]
    source: str
    open_points: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A warning that somebody has looked at and left. is_own: not inherited."""

    code: str
    about: str
    because: str
    is_own: bool
    place: Place


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a case is about; None and empty leave a point free."""

    row: str | None = None
    category: str | None = None
    priority: int | None = None
    incident_type: str | None = None
    responder: str | None = None
    with_types: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    program: str | None = None
    needs_human: bool | None = None
    facts: tuple[tuple[str, str], ...] = ()
    topics: tuple[str, ...] = ()
    programs: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """A worked example. at: local time of the policy's zone, ISO form without offset. note: for its readers."""

    sentence: str
    call: CallFacts
    at: str
    expect: Expectation
    not_because: tuple[str, ...]
    must_hold: bool
    place: Place
    note: str = ""

    @property
    def is_danger(self) -> bool:
        """True when it expects police, fire, EMS or a clinician with an officer at once, whoever else comes."""
        priority, kinds = self.expect.priority, {self.expect.responder, *self.expect.with_types}
        return priority is not None and priority <= URGENT and bool(kinds & {*COMES_TO_EVERY_CALL, CO_RESPONDER})
