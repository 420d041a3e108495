"""One call of a sample day: when, what is posted, what a fair answer is, and how the job then goes."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from dispatch.samples.reading import sample_folder

DAY_FILE = "calls/day.ndjson"


@dataclass(frozen=True, slots=True)
class Expected:
    """A fair answer, for measuring and never sent: the category, and the responder types any of which may lead."""

    category: str
    responder_types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CallLife:
    """How the job goes once a unit has it, so that a demo can drive the status steps. Seconds are already drawn.

    hospital_s: time at the destination, 0 unless is_transported. decline_probability: of one offer, 0 to 1.
    """

    turnout_s: int
    scene_s: int
    is_transported: bool
    hospital_s: int
    decline_probability: float
    outcome: str


@dataclass(frozen=True, slots=True)
class SampleCall:
    """at_s: seconds since local midnight. body: a body of POST /v1/calls but for `received_at`, which the poster adds.

    scenario: the scenario or hand-written case it comes from. duplicate_of: source_ref of the call that first told
    of the same incident.
    """

    at_s: int
    scenario: str
    body: Mapping[str, Any]
    expected: Expected
    life: CallLife
    duplicate_of: str | None = None


def dump_calls(calls: Iterable[SampleCall]) -> str:
    """The calls as NDJSON, one per line: the same calls give the same bytes."""
    return "".join(json.dumps(asdict(call), ensure_ascii=False) + "\n" for call in calls)


def load_calls(name: str = "alder_bay") -> list[SampleCall]:
    """The shipped day of calls, in order of time."""
    text = (sample_folder(name) / DAY_FILE).read_text(encoding="utf-8")
    return [_call(json.loads(line)) for line in text.splitlines()]


def _call(row: dict[str, Any]) -> SampleCall:
    expected = Expected(row["expected"]["category"], tuple(row["expected"]["responder_types"]))
    return SampleCall(row["at_s"], row["scenario"], row["body"], expected, CallLife(**row["life"]), row["duplicate_of"])
