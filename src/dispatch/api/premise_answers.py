"""Hazards as they are shown: by what the reader may know, and never as if nothing found meant nothing there."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from dispatch.db.models import Incident, PremiseHazard
from dispatch.domain.access import Permission, Principal
from dispatch.domain.premise import WHY, Place, Search, Told, search_of
from dispatch.domain.redaction import not_shown, redacted_hazard
from dispatch.queries.premise import COLUMNS, has_unplaced, hazards_near, place_of, position_by_address
from dispatch.web.routes import Act

MOST_SHOWN = 100


class HazardOut(BaseModel):
    """One hazard. `withheld`: the reader may not know what it says, only that it may hurt whoever goes there."""

    id: str = Field(examples=["hzd_01KAQ4Z0000000000000000000"])
    kind: str | None = Field(examples=["dog"])
    sensitivity: str | None = Field(examples=["ordinary"])
    endangers_responders: bool
    warning: str = Field(description="What whoever goes there must know", examples=["Dangerous animal on the premises"])
    words: str | None = Field(examples=["Two large dogs loose behind the gate"])
    withheld: bool
    state: str = Field(description="`in_force`, `expired` or `withdrawn`", examples=["in_force"])
    match: str | None = Field(
        None, description="How it belongs to the place: `same_door`, `same_address`, `other_door` or `near`"
    )
    distance_m: float | None = Field(None, description="Null where a position is missing or not shown")
    lat: float | None
    lon: float | None
    radius_m: float
    address: str | None
    door: str | None
    source_kind: str | None = Field(description="Who says so: `incident`, `agency`, `person` or `document`")
    source: str | None
    incident_id: str | None
    agency: str | None = Field(description="Whose record it is; null for the city's")
    author: str | None
    created_at: datetime
    age_days: int | None = Field(description="Since it was recorded or last reviewed")
    expires_at: datetime
    reviewed_at: datetime | None
    reviewed_by: str | None
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    withdrawn_reason: str | None


class HazardsOut(BaseModel):
    """What is on record of a place. An empty list never says that a place is safe: `told` says what it means."""

    told: str = Field(
        description="`found`, `none_on_record` (of the record, not of the place) or `cannot_tell`",
        examples=["none_on_record"],
    )
    radius_m: float | None = Field(description="How far around the position was looked; null without a position")
    limits: list[str] = Field(description="What keeps it from telling", examples=[["position_missing"]])
    not_shown: list[str] = Field(description="What is never shown to this token, whether there is any or not")
    items: list[HazardOut]


def hazard_data(row: PremiseHazard | Mapping[str, Any], principal: Principal, now: datetime) -> dict[str, Any] | None:
    """A hazard as this principal may see it; None when it may not know of it."""
    data = dict(row) if isinstance(row, Mapping) else {name: getattr(row, name) for name in COLUMNS}
    data["agency"] = data.pop("agency_id")
    del data["address_key"]
    data["state"] = "withdrawn" if data["withdrawn_at"] else "in_force" if data["expires_at"] > now else "expired"
    data["age_days"] = (now - (data["reviewed_at"] or data["created_at"])).days
    return redacted_hazard({"match": None, "distance_m": None, **data}, principal)


async def placed(act: Act, place: Place) -> Place:
    """The place as exactly as whoever asks may know it, with a position from the record where it has none."""
    found = await position_by_address(act.session, act.principal.jurisdiction, place)
    return found if act.principal.sees_place else found.to_the_block()


async def hazards_data(act: Act, search: Search, *, since: datetime | None = None) -> dict[str, Any]:
    """The hazards of a place in force now, or since a moment, as whoever asks may see them."""
    found = await hazards_near(act.session, act.principal.jurisdiction, search, since=since or act.now, now=act.now)
    items = [
        shown
        for one in found
        if (
            shown := hazard_data(
                {**one.data, "match": one.match.value, "distance_m": one.distance_m}, act.principal, act.now
            )
        )
        is not None
    ]
    in_force = sum(one["state"] == "in_force" for one in items)
    limits = ["more_than_shown"] if len(items) > MOST_SHOWN else []
    if search.place.address is None and await has_unplaced(act.session, act.principal, act.now):
        limits.append("hazards_without_a_position")
    return {
        "told": search.told(in_force, *limits).value,
        "radius_m": search.radius_m,
        "limits": [*search.limits, *limits],
        "not_shown": not_shown(act.principal),
        "items": items[:MOST_SHOWN],
    }


async def incident_hazards(act: Act, incident: Incident) -> dict[str, Any] | None:
    """The hazards at an incident; None for those who may know none, which says nothing of the place."""
    if not act.principal.may(Permission.PREMISE_READ_OWN):
        return None
    return await hazards_data(act, search_of(await placed(act, place_of(incident))))


def sentences(search: Search, told: Told, limits: Iterable[str], withheld: list[str]) -> list[str]:
    """What a reader must know of how far was looked, of what kept it from telling, and of what it is never shown."""
    found = [WHY[code] for code in (*search.widened, *limits)]
    if withheld:
        shown = ", ".join(one.replace("_", " ") for one in withheld)
        found.append(f"Never shown to this token: {shown}. What may hurt whoever goes there is shown all the same.")
    if told is Told.NONE_ON_RECORD:
        found.append("Nothing is on record here. That is not the same as nothing being here.")
    if told is Told.CANNOT_TELL:
        found.append("Whether there is anything could not be told.")
    return found
