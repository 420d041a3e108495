"""All programs of a policy judged for one call, and again for its counterfactuals, each verdict worked out once."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date

from dispatch.domain.classification import Verdict
from dispatch.domain.geo import LatLon
from dispatch.triage.conditions import State
from dispatch.triage.decision import ProgramVerdict
from dispatch.triage.model import RETIRED, SHADOW, Program
from dispatch.triage.policy import Policy
from dispatch.triage.programs import OUT_OF_SCOPE, Moment, is_inside, is_open, judge, moment_of
from dispatch.triage.row_index import numbers_of


@dataclass(frozen=True, slots=True)
class Taker:
    """A program that may be sent. level: "" alone, co_respond with police, stage behind police."""

    program: Program
    level: str


TakerKeys = tuple[tuple[str, str], ...]  # the same takers in a form that compares fast


@dataclass(frozen=True, slots=True)
class Present:
    """A program in force. is_inside: None when nobody can tell. number: its place in the policy."""

    number: int
    program: Program
    is_open: bool
    is_inside: bool | None


@dataclass(frozen=True, slots=True)
class Standing:
    """The programs in force at a moment, for a call from a place. places: number of a program -> place among them."""

    present: tuple[Present, ...]
    places: Mapping[int, int]
    key: tuple[tuple[int, bool, bool | None], ...]


def standing(policy: Policy, position: LatLon | None, moment: Moment) -> Standing:
    """Every program that is not retired, with what the clock and the map say of it."""
    elsewhere = tuple(_key_of(moment_of(moment.local, zone), policy) for zone in policy.other_zones)
    key = (*_key_of(moment, policy), position if policy.has_areas else None, elsewhere)
    known = policy.memos.standing.get(key)
    if known is None:
        known = policy.memos.standing.keep(key, _standing(policy, position, moment))
    assert isinstance(known, Standing)  # noqa: S101
    return known


def _key_of(moment: Moment, policy: Policy) -> tuple[date | None, int]:
    return moment.day if policy.has_days else None, moment.minute_of_week


def _standing(policy: Policy, position: LatLon | None, moment: Moment) -> Standing:
    clocks = {zone: moment_of(moment.local, zone) for zone in policy.other_zones}
    present = tuple(
        Present(
            number,
            program,
            program.hours is None or is_open(program.hours, clock),
            True if program.area is None else None if position is None else is_inside(program.area, position),
        )
        for number, program, clock in (
            (number, program, clocks.get(program.zone, moment) if program.zone else moment)
            for number, program in enumerate(policy.programs)
        )
        if program.life.status != RETIRED and program.life.covers(clock.day)
    )
    key = tuple((one.number, one.is_open, one.is_inside) for one in present)
    places = {one.number: place for place, one in enumerate(present)}
    # One object for all moments at which the same programs are open: of these there are few, minutes are many.
    shared: Standing = policy.memos.standing.setdefault(key, Standing(present, places, key))
    return shared


@dataclass(frozen=True, slots=True)
class Judged:
    """levels: for each program that stands, how it may be sent; None when it may not. in_scope: numbers of those that
    take such a call or might. others: memo of who may be sent if one fact were otherwise.
    """

    verdicts: tuple[ProgramVerdict, ...]
    levels: tuple[str | None, ...]
    in_scope: frozenset[int]
    takers: tuple[Taker, ...]
    keys: TakerKeys
    others: dict[tuple[str, str], "tuple[tuple[Taker, ...], TakerKeys]"] = field(
        default_factory=dict, compare=False, repr=False
    )


def judge_programs(policy: Policy, state: State, topics: Set[str], who: Standing) -> Judged:
    """The verdict of every program that stands, and those that may be sent, in the policy's order."""
    key = (tuple(map(state.get, policy.program_asks)), policy.program_topics & topics, who.key)
    known = policy.memos.panels.get(key)
    if known is None:
        known = policy.memos.panels.keep(key, _judge_programs(policy, state, topics, who))
    assert isinstance(known, Judged)  # noqa: S101
    return known


def _judge_programs(policy: Policy, state: State, topics: Set[str], who: Standing) -> Judged:
    bits = policy.program_index.candidates(state, topics)
    near = {policy.take_owners[number] for number in numbers_of(bits)}
    verdicts: list[ProgramVerdict] = []
    levels: list[str | None] = []
    for one in who.present:
        if one.number in near:
            verdict, level = _remembered(policy, one, state, topics)
        else:
            verdict, level = policy.out_of_scope[one.number], None
        verdicts.append(verdict)
        levels.append(level)
    takers, keys = _takers(who, levels)
    in_scope = frozenset(
        one.number for one, verdict in zip(who.present, verdicts, strict=True) if verdict.reasons != OUT_OF_SCOPE
    )
    return Judged(tuple(verdicts), tuple(levels), in_scope, takers, keys)


def takers_if(
    policy: Policy, before: Judged, state: State, topics: Set[str], who: Standing, fact: str, value: str
) -> tuple[tuple[Taker, ...], TakerKeys]:
    """Who may be sent when this fact has this value. before: judged for this state, topics and standing."""
    known = before.others.get((fact, value))
    if known is None:
        known = before.others[fact, value] = _takers_if(policy, before, {**state, fact: value}, topics, who, fact)
    return known


def _takers_if(
    policy: Policy, before: Judged, state: State, topics: Set[str], who: Standing, fact: str
) -> tuple[tuple[Taker, ...], TakerKeys]:
    levels: list[str | None] | None = None
    for number in policy.program_asks.get(fact, ()):
        place = who.places.get(number)
        # Out of scope for reasons that this fact has no part in: whatever else it asks, it stays out.
        if place is None or (number not in before.in_scope and fact not in who.present[place].program.takes_asks):
            continue
        _, level = _remembered(policy, who.present[place], state, topics)
        if level != before.levels[place]:
            levels = levels or list(before.levels)
            levels[place] = level
    return (before.takers, before.keys) if levels is None else _takers(who, levels)


def _takers(who: Standing, levels: Sequence[str | None]) -> tuple[tuple[Taker, ...], TakerKeys]:
    takers = tuple(
        Taker(one.program, level) for one, level in zip(who.present, levels, strict=True) if level is not None
    )
    return takers, tuple((taker.program.id, taker.level) for taker in takers)


def _remembered(policy: Policy, one: Present, state: State, topics: Set[str]) -> tuple[ProgramVerdict, str | None]:
    """The verdict, worked out once for everything that it depends on, and how the program may be sent if it may."""
    program = one.program
    key = (one.number, tuple(map(state.get, program.asks)), program.asks_topics & topics, one.is_open, one.is_inside)
    known: tuple[ProgramVerdict, str | None] | None = policy.memos.verdicts.get(key)
    if known is None:
        verdict, level = judge(program, state, topics, is_open_now=one.is_open, is_in_area=one.is_inside)
        may_go = verdict.verdict is Verdict.ELIGIBLE and program.life.status != SHADOW
        known = policy.memos.verdicts.keep(key, (verdict, level if may_go else None))
    return known
