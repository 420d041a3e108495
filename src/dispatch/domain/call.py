"""A call: one contact received, by phone, CAD message, alarm, form or officer request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from dispatch.domain.geo import LatLon

_NOTHING: Mapping[str, str] = MappingProxyType({})


class Channel(StrEnum):
    """How the contact reached us."""

    NINE_ONE_ONE = "911"
    NON_EMERGENCY = "non_emergency"
    THREE_ONE_ONE = "311"
    NINE_EIGHT_EIGHT = "988"
    TEXT = "text"
    ONLINE = "online"
    ALARM = "alarm"
    OFFICER = "officer"
    WALK_IN = "walk_in"
    CAD = "cad"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class CallFacts:
    """All that triage may read of a call. What is absent is unknown, never "none".

    source: the sender's name, which picks its crosswalk. type_code, type_text: the sender's own call type.
    answers: fact name -> value as answered on the phone (values of the fact vocabulary, "unknown" allowed).
    place: one of the `place` values when the sender knows it. language: BCP 47 tag of the caller.
    relation, wants: values of the facts `caller_relation` and `caller_wants`.
    position: None when not given or not believed.
    """

    source: str
    type_code: str | None = None
    type_text: str | None = None
    narrative: str | None = None
    sender_priority: str | None = None
    channel: Channel | None = None
    answers: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    place: str | None = None
    relation: str | None = None
    wants: str | None = None
    language: str | None = None
    position: LatLon | None = None
