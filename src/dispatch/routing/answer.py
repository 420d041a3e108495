"""What the router answers: picks, next best, gaps and everybody else, each with reasons, and its wire shape."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from dispatch.domain.classification import ORDERED_RESPONDER_TYPES, SlotRole
from dispatch.domain.time import iso
from dispatch.routing.candidates import Candidate
from dispatch.routing.reasons import sentence


class Pick(NamedTuple):
    """A unit that could fill a slot.

    rank: its place in the slot, from 1; a slot for two has its picks at 1 and 2, and the next best from 3.
    is_pick: recommended, not only next best. slot: the place of the slot in its step, from 0.
    eta_s: turnout and travel, None when it cannot be told. (A named tuple, because it is made for every call.)
    """

    unit: Candidate
    step: int
    slot: int
    rank: int
    is_pick: bool
    role: SlotRole
    eta_s: int | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Somebody whom the plan wants and nobody can be now, and why.

    wait_until: how long the plan would rather wait for them than go to its next step; None when waiting is no use.
    """

    step: int
    slot: int
    role: SlotRole
    responder_type: str
    program: str | None
    missing: int
    reasons: tuple[str, ...]
    wait_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Advice; a person or a rule of the operation assigns. Each unit of the roster is in units or in not_offered, once.

    units: the picks of every slot, then the next best. active_step: the step that these fill, None for an empty plan.
    fallback_at: when the step after the active one is due if nobody has taken it; None when there is none to wait for.
    shortfalls: of the active step, and of earlier steps that could not be filled. travel: which provider told the
    times; travel_notes: why not the one that was wished for.
    """

    units: tuple[Pick, ...]
    shortfalls: tuple[Shortfall, ...]
    not_offered: tuple[tuple[Candidate, tuple[str, ...]], ...]
    active_step: int | None
    fallback_at: datetime | None
    at: datetime
    travel: str = "straight_line"
    travel_notes: tuple[str, ...] = ()

    @property
    def picks(self) -> tuple[Pick, ...]:
        """Only those who should go."""
        return tuple(one for one in self.units if one.is_pick)


def as_data(recommendation: Recommendation) -> dict[str, Any]:
    """The `recommendation` object of the HTTP contract. `why` says each list of reason codes in sentences."""
    fallback_at = recommendation.fallback_at
    return {
        "units": [_pick_data(pick) for pick in recommendation.units],
        "shortfalls": [_gap_data(gap) for gap in recommendation.shortfalls],
        "not_offered": [
            {
                "unit": unit.call_sign,
                "unit_id": unit.unit_id,
                "agency": unit.agency,
                "reasons": list(reasons),
                "why": _sentences(reasons),
            }
            for unit, reasons in recommendation.not_offered
        ],
        "active_step": recommendation.active_step,
        "fallback_at": None if fallback_at is None else iso(fallback_at),
        "as_of": iso(recommendation.at),
        "travel": {
            "provider": recommendation.travel,
            "reasons": list(recommendation.travel_notes),
            "why": _sentences(recommendation.travel_notes),
        },
        "redirects": [],  # filled where the units on their way to something else are known
    }


def _pick_data(pick: Pick) -> dict[str, Any]:
    unit = pick.unit
    return {
        "unit": unit.call_sign,
        "unit_id": unit.unit_id,
        "step": pick.step,
        "slot": pick.slot,
        "rank": pick.rank,
        "pick": pick.is_pick,
        "role": pick.role.value,
        "mode": "ordered" if unit.responder_type in ORDERED_RESPONDER_TYPES else "offered",
        "responder_type": unit.responder_type,
        "program": unit.program,
        "eta_s": pick.eta_s,
        "reasons": list(pick.reasons),
        "why": _sentences(pick.reasons),
    }


def _gap_data(gap: Shortfall) -> dict[str, Any]:
    return {
        "step": gap.step,
        "slot": gap.slot,
        "role": gap.role.value,
        "responder_type": gap.responder_type,
        "program": gap.program,
        "missing": gap.missing,
        "reasons": list(gap.reasons),
        "why": _sentences(gap.reasons),
        "wait_until": None if gap.wait_until is None else iso(gap.wait_until),
    }


@lru_cache(maxsize=10_000)  # the same few reasons are said of thousands of units
def _sentences(reasons: tuple[str, ...]) -> str:
    return " ".join(sentence(one) for one in reasons)
