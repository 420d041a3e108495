"""How long each part of a response took, from its time stamps, and where the stamps contradict each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Interval:
    """One named stretch. starts: the first of these stamps that is present. ends: the earliest of these."""

    starts: tuple[str, ...]
    ends: tuple[str, ...]
    definition: str


# The glossary is generated from these. Stamps of the call: ringing_at (reached the centre), answered_at, received_at
# (call record begun), queued_at (ready for dispatch); all others belong to the assignment.
INTERVALS: Mapping[str, Interval] = {
    "answer": Interval(
        ("ringing_at",),
        ("answered_at",),
        "From the call reaching the centre until somebody answers it (NENA-STA-020).",
    ),
    "process": Interval(
        ("answered_at", "received_at"),
        ("queued_at",),
        "From answering (or, where that is not known, from receipt) until the incident is ready for dispatch. "
        "The processing time of NFPA 1225 is process plus queue.",
    ),
    "queue": Interval(
        ("queued_at", "received_at"),
        ("ordered_at", "offered_at"),
        "From ready for dispatch (or receipt, where that is not known) until the incident is given to this unit.",
    ),
    "turnout": Interval(
        ("ordered_at", "accepted_at", "offered_at"),
        ("en_route_at",),
        "From the order, or from acceptance of an offer, until the unit moves (NFPA 1710).",
    ),
    "travel": Interval(
        ("en_route_at",),
        ("on_scene_at",),
        "From the unit moving until it arrives on scene (NFPA 1710). Staging is not arrival, so time staged counts.",
    ),
    "response": Interval(
        ("received_at", "answered_at"), ("on_scene_at",), "From receipt of the call until this unit is on scene."
    ),
    "scene": Interval(
        ("on_scene_at",),
        ("transporting_at", "cleared_at"),
        "From arrival on scene until the unit leaves with somebody or clears.",
    ),
    "total": Interval(
        ("received_at", "answered_at"),
        ("cleared_at", "cancelled_at"),
        "From receipt of the call until this unit is free again.",
    ),
}

# NERIS (call_arrival <= call_answered <= call_create) and the NEMSIS 3.5.1 eTimes order rules, which are warnings there
# too. Staging is compared with its neighbours only: a unit may stage, move and stage again.
_CHAIN = (
    ("ringing_at", "answered_at", "received_at", "queued_at"),
    ("received_at", "reserved_at"),
    ("received_at", "ordered_at", "accepted_at", "en_route_at"),
    ("received_at", "offered_at", "accepted_at"),
    ("offered_at", "declined_at"),
    ("offered_at", "timed_out_at"),
    ("offered_at", "rescinded_at"),
    ("received_at", "en_route_at", "on_scene_at", "transporting_at", "at_destination_at", "cleared_at"),
    ("ordered_at", "on_scene_at", "cleared_at"),
    ("ordered_at", "staged_at", "cleared_at"),
    ("accepted_at", "staged_at"),
    ("en_route_at", "cancelled_at"),
    ("ordered_at", "cancelled_at"),
)
_BEFORE: tuple[tuple[str, str], ...] = tuple(
    dict.fromkeys((earlier, later) for chain in _CHAIN for at, earlier in enumerate(chain) for later in chain[at + 1 :])
)
# A later stamp that cannot be without an earlier one.
_REQUIRES = (
    ("on_scene_at", "en_route_at"),
    ("transporting_at", "on_scene_at"),
    ("at_destination_at", "transporting_at"),
)


@dataclass(frozen=True, slots=True)
class Measured:
    """seconds: by interval name, None where a stamp is missing or the stamps contradict. warnings: stable codes."""

    seconds: Mapping[str, float | None]
    warnings: tuple[str, ...]


def intervals(stamps: Mapping[str, datetime]) -> dict[str, float | None]:
    """Seconds by interval name (definitions in INTERVALS).

    None where a stamp is missing, the order is impossible, or the interval begins with a stamp that lies before one
    that must precede it: an arrival before the order would make eleven hours on scene of twenty minutes.
    """
    too_early = _too_early(stamps)
    return {name: _usable(_seconds(stamps, interval, too_early)) for name, interval in INTERVALS.items()}


def measure(stamps: Mapping[str, datetime], *, now: datetime | None = None) -> Measured:
    """The intervals together with every warning about their stamps: `negative_interval:<name>` and the order rules."""
    raw = {name: _seconds(stamps, interval) for name, interval in INTERVALS.items()}
    negative = [f"negative_interval:{name}" for name, seconds in raw.items() if seconds is not None and seconds < 0]
    return Measured(
        intervals(stamps),
        (*time_order_warnings(stamps, now=now), *negative),
    )


def time_order_warnings(stamps: Mapping[str, datetime], *, now: datetime | None = None) -> list[str]:
    """Every contradiction between the stamps, as codes; they warn and never block.

    `out_of_order:<later><<earlier>` (the first stamp lies before the second), `missing:<stamp>` (a later step was
    stamped), and, when now is given, `in_future:<stamp>`. explain_warning() makes a sentence of each.
    """
    found = [
        f"out_of_order:{later}<{earlier}"
        for earlier, later in _BEFORE
        if earlier in stamps and later in stamps and stamps[later] < stamps[earlier]
    ]
    found += [f"missing:{needed}" for later, needed in _REQUIRES if later in stamps and needed not in stamps]
    if now is not None:
        found += [f"in_future:{name}" for name in sorted(stamps) if stamps[name] > now]
    return found


def explain_warning(code: str) -> str:
    """The sentence of a warning code."""
    kind, _, what = code.partition(":")
    if kind == "out_of_order":
        later, _, earlier = what.partition("<")
        return f"The time of {_words(later)} is before the time of {_words(earlier)}."
    if kind == "missing":
        return f"There is no time of {_words(what)}, although a later step has one."
    if kind == "in_future":
        return f"The time of {_words(what)} lies in the future."
    return f"The {what} interval is negative and is left out."


def _too_early(stamps: Mapping[str, datetime]) -> frozenset[str]:
    """Stamps that lie before one that must precede them."""
    return frozenset(
        later for earlier, later in _BEFORE if earlier in stamps and later in stamps and stamps[later] < stamps[earlier]
    )


def _seconds(
    stamps: Mapping[str, datetime], interval: Interval, too_early: frozenset[str] = frozenset()
) -> float | None:
    start = next((name for name in interval.starts if name in stamps), None)
    ends = [stamps[name] for name in interval.ends if name in stamps]
    if start is None or start in too_early or not ends:
        return None
    return (min(ends) - stamps[start]).total_seconds()


def _usable(seconds: float | None) -> float | None:
    return seconds if seconds is not None and seconds >= 0 else None


def _words(stamp: str) -> str:
    return stamp.removesuffix("_at").replace("_", " ")
