"""The body of `POST /v1/calls`: the one definition that the API, imports and batch triage share."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import orjson
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from dispatch.domain.call import CallFacts, Channel
from dispatch.domain.geo import LatLon
from dispatch.domain.time import as_utc
from dispatch.triage.facts import VOCABULARY

MAX_NARRATIVE_CHARS = 200_000
FUTURE_TOLERANCE = timedelta(minutes=5)


def without_nul(text: str) -> str:
    """Refuses U+0000 (PostgreSQL text cannot hold it) and lone surrogates (no encoding can)."""
    if "\x00" in text:
        raise PydanticCustomError("nul_character", "holds the character U+0000; remove it")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise PydanticCustomError("bad_unicode", "holds half of a surrogate pair; send valid UTF-8")
    return text


def _known_value(fact: str) -> AfterValidator:
    def check(value: str) -> str:
        known = VOCABULARY[fact].values
        if value != "unknown" and value not in known:
            raise PydanticCustomError(
                "unknown_value",
                "'{value}' is not one of: {known}",
                {"value": value, "known": ", ".join((*known, "unknown"))},
            )
        return value

    return AfterValidator(check)


def known_answers(answers: dict[str, str]) -> dict[str, str]:
    """The answers, each a value of its fact. Raises a validation error that names the first that is not."""
    for fact, value in answers.items():
        spec = VOCABULARY.get(fact)
        if spec is None:
            raise PydanticCustomError(
                "unknown_fact",
                "'{fact}' is not a fact of the vocabulary; known: {known}",
                {"fact": fact, "known": ", ".join(VOCABULARY)},
            )
        if value != "unknown" and value not in spec.values:
            raise PydanticCustomError(
                "unknown_value",
                "'{fact}' cannot be '{value}'; it is one of: {known}",
                {"fact": fact, "value": value, "known": ", ".join((*spec.values, "unknown"))},
            )
    return answers


def _trimmed(minimum: int, maximum: int) -> StringConstraints:
    return StringConstraints(strip_whitespace=True, min_length=minimum, max_length=maximum)


def _written_out(value: Any) -> Any:
    if not isinstance(value, str | datetime) or (isinstance(value, str) and not value[4:5] == "-"):
        raise PydanticCustomError("datetime_type", "is not an RFC 3339 time, for example 2026-11-23T14:01:58Z")
    return value


# Outside of these lie the null dates of other systems, and the ends of the range, which PostgreSQL keeps as infinite.
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


def _in_utc(moment: datetime) -> datetime:
    try:
        found = as_utc(moment)
    except OverflowError:
        found = None
    if found is None or not _EARLIEST <= found < _LATEST:
        raise PydanticCustomError("time_out_of_range", "lies outside the years 1970 to 8999; leave it out if not known")
    return found


# A number is no time here: senders disagree whether it counts seconds or milliseconds.
Moment = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(_in_utc)]
# The limits come first: behind a function they would see the text before it is trimmed.
Text = Annotated[str, AfterValidator(without_nul)]
Short = Annotated[str, _trimmed(0, 200), AfterValidator(without_nul)]
Key = Annotated[str, _trimmed(1, 200), AfterValidator(without_nul)]


class Part(BaseModel):
    """Unknown keys are refused by name, and numbers are never read out of words."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CallType(Part):
    """The sender's own call type: a code, words, or both."""

    code: Short | None = Field(None, examples=["WELCHK"])
    text: Short | None = Field(None, examples=["WELFARE CHECK"])

    @model_validator(mode="after")
    def _has_one(self) -> "CallType":
        if not self.code and not self.text:
            raise PydanticCustomError("empty_call_type", "needs a code or a text")
        return self


class Location(Part):
    """Where it is, as far as known: a position, an address, or nothing but the kind of place."""

    lat: Annotated[float, Field(strict=True, ge=-90, le=90, allow_inf_nan=False, examples=[44.06])] | None = None
    lon: Annotated[float, Field(strict=True, ge=-180, le=180, allow_inf_nan=False, examples=[-124.93])] | None = None
    uncertainty_m: Annotated[float, Field(strict=True, ge=0, le=1_000_000, allow_inf_nan=False)] | None = Field(
        None, examples=[30], description="How far from there it may be, in meters"
    )
    address: Annotated[str, _trimmed(0, 500), AfterValidator(without_nul)] | None = Field(
        None, examples=["100 Grove St"]
    )
    place: Annotated[str, _known_value("place")] | None = Field(None, examples=["private_residence"])

    @model_validator(mode="after")
    def _has_both_coordinates(self) -> "Location":
        if (self.lat is None) != (self.lon is None):
            raise PydanticCustomError("half_a_position", "lat and lon go together; send both or neither")
        return self

    def position(self) -> LatLon | None:
        """The position, or None when there is none or it is 0,0 (a sender's way to say nothing)."""
        if self.lat is None or self.lon is None or (self.lat == 0 and self.lon == 0):
            return None
        return LatLon(self.lat, self.lon)


class Caller(Part):
    """Who is asking, and what they want. Name and phone are shown only to roles that may see them."""

    name: Short | None = Field(None, examples=["R. Alder"])
    phone: Annotated[str, _trimmed(0, 40), AfterValidator(without_nul)] | None = Field(None, examples=["555-0142"])
    language: Annotated[Text, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] | None = Field(
        None, examples=["es"], description="BCP 47 language tag"
    )
    relation: Annotated[str, _known_value("caller_relation")] | None = Field(None, examples=["third_party"])
    wants: Annotated[str, _known_value("caller_wants")] | None = Field(None, examples=["no_police"])


class CallBody(Part):
    """One contact as a sender reports it. Only source, source_ref and one of call_type and narrative are required."""

    source: Key = Field(examples=["cad-east"], description="Name of the sending system; picks its call-type crosswalk")
    source_ref: Key = Field(examples=["2026-000123"], description="The sender's own reference; makes a repeat harmless")
    received_at: Moment | None = Field(
        None, examples=["2026-11-23T14:01:58Z"], description="When the contact reached the sender"
    )
    updated_at: Moment | None = Field(
        None,
        examples=["2026-11-23T14:03:00Z"],
        description="When the sender last changed this call; orders updates (default: received_at)",
    )
    channel: Channel | None = Field(None, examples=["911"])
    call_type: CallType | None = None
    priority: Short | None = Field(None, examples=["3"], description="The sender's own priority, kept as text")
    narrative: Annotated[Text, Field(max_length=MAX_NARRATIVE_CHARS)] | None = Field(
        None, examples=["neighbor not seen for three days, lights on, no weapons mentioned"]
    )
    answers: Annotated[dict[str, str], AfterValidator(known_answers)] | None = Field(
        None, examples=[{"weapon": "none", "injury": "unknown"}], description="Facts as answered on the phone"
    )
    location: Location | None = None
    caller: Caller | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "CallBody":
        if self.call_type is None and not (self.narrative and self.narrative.strip()):
            raise PydanticCustomError("nothing_to_triage", "needs call_type or a narrative that is not empty")
        return self

    def facts(self) -> CallFacts:
        """What triage may read: nothing of who the caller is but language, relation and wish."""
        caller, location = self.caller, self.location
        return CallFacts(
            source=self.source,
            type_code=self.call_type.code or None if self.call_type else None,
            type_text=self.call_type.text or None if self.call_type else None,
            narrative=self.narrative,
            sender_priority=self.priority,
            channel=self.channel,
            answers=self.answers or {},
            place=location.place if location else None,
            relation=caller.relation if caller else None,
            wants=caller.wants if caller else None,
            language=caller.language if caller else None,
            position=location.position() if location else None,
        )

    def flags(self) -> list[str]:
        """What a reader must know about gaps in this call: stable codes."""
        found = []
        if self.location is None or (self.location.position() is None and not self.location.address):
            found.append("location_missing")
        elif self.location.position() is None:
            found.append("position_missing")
        elif not self.location.address:
            found.append("address_missing")
        return found

    def revised_at(self, now: datetime) -> datetime:
        """The moment that orders versions of this call: updated_at, else received_at, else now."""
        return as_utc(self.updated_at or self.received_at or now)

    def content(self) -> tuple[dict[str, Any], bytes]:
        """What was said, as plain data, and its SHA-256: the same content has the same digest however it was spelt."""
        said: dict[str, Any] = self.model_dump(mode="json", exclude_none=True)
        lasting = {name: value for name, value in said.items() if name != "updated_at"}
        return said, hashlib.sha256(orjson.dumps(lasting, option=orjson.OPT_SORT_KEYS)).digest()
