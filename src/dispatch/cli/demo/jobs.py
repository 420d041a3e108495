"""What a demo plays: each call with the moment it comes in and how the work on it then goes."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.ingest.history_call import UnitTimes
from dispatch.samples import CallLife, Expected, SampleCall


@dataclass(frozen=True, slots=True)
class Job:
    """One call to post at `at` and how the job then goes.

    expected: for measuring, never sent. duplicate: another contact about an incident that a call told of before.
    occurred: when the real job reached each step (`dispatched_at`, `on_scene_at`, `closed_at`), where a file says so.
    unit_times: who really went, and when; they are sent in place of the recommended units.
    not_a_call: the rule by which nobody asked for help; then nobody is sent.
    """

    at: datetime
    body: Mapping[str, Any]
    life: CallLife
    expected: Expected | None = None
    duplicate: bool = False
    occurred: Mapping[str, datetime] | None = None
    unit_times: Sequence[UnitTimes] = ()
    not_a_call: str | None = None
    outcome: str | None = None

    @property
    def ref(self) -> str:
        """The sender's reference."""
        return str(self.body["source_ref"])

    def chance(self, of_what: str) -> float:
        """A number from 0 to 1 that is always the same for this call and question: a demo repeats exactly."""
        digest = hashlib.blake2b(f"{self.ref}|{of_what}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64


def sample_jobs(calls: Sequence[SampleCall], day: date, zone: ZoneInfo, *, tag: str = "") -> list[Job]:
    """The calls of the sample city as they come in on that local day. tag: keeps references of several days apart."""
    midnight = datetime.combine(day, time(), tzinfo=zone)
    return [_sample_job(call, midnight + timedelta(seconds=call.at_s), tag) for call in calls]


def _sample_job(call: SampleCall, at: datetime, tag: str) -> Job:
    body = {
        **call.body,
        "source_ref": f"{call.body['source_ref']}{tag}",
        "received_at": at.isoformat(),
    }
    return Job(at, body, call.life, call.expected, call.duplicate_of is not None)
