"""What is left for somebody who may not know who called, from where, or how other agencies acted: in one place.

Every answer that tells of calls, incidents, assignments, decisions or the log passes here.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from dispatch.domain.access import Principal
from dispatch.domain.care import without_health
from dispatch.domain.hazard import HEALTH, Sensitivity, SourceKind
from dispatch.domain.outcome import find_outcome

# What a caller's entry keeps: nothing that names or reaches the person.
_CALLER_KEEPS = ("language", "relation", "wants")
# About 110 m: enough to see the block, not the door.
BLOCK_DECIMALS = 3
# Evidence of a link whose wording repeats a name, an age or a plate.
_NAMING = ("person", "plate", "age")
# What a unit did and why. Its times and steps are part of the incident; these are its agency's.
_CONDUCT = ("reason", "cause", "outcome", "outcomes", "note", "report_number", "health")
# What is left of a hazard for somebody who may not read it, when it may hurt them: that it is there, and its warning.
_WARNING_KEEPS = (
    "id", "warning", "endangers_responders", "match", "distance_m", "door", "lat", "lon", "radius_m", "address",
    "state", "created_at", "expires_at",
)  # fmt: skip
# What of an incident those who are told one way are not told (`GET /v1/cvi/notices` says all that they are).
_NOT_BY_NOTICE = ("incident_type", "priority")


def redacted_call(call: Mapping[str, Any], principal: Principal) -> dict[str, Any]:
    """The call body (shape of `POST /v1/calls`) as this principal may see it.

    Without `call.read_caller`: no name, no telephone, no address, the position to about 110 m. Text stays as it is: a
    narrative may repeat what was hidden.
    """
    shown = redacted_places(call, principal)
    if isinstance(shown.get("caller"), Mapping):
        shown["caller"] = redacted_caller(shown["caller"], principal)
    return shown


def redacted_caller(caller: Mapping[str, Any], principal: Principal) -> dict[str, Any]:
    """The caller's entry as this principal may see it."""
    if principal.sees_caller:
        return dict(caller)
    return {name: caller[name] for name in _CALLER_KEEPS if name in caller}


def redacted_places(data: Mapping[str, Any], principal: Principal) -> dict[str, Any]:
    """The data with every place in it, however deep, as this principal may see it.

    An address is left out whole: no rule finds the door in every way of writing one. `lat`, `lon` and `position` are
    cut to the block.
    """
    return dict(data) if principal.sees_place else {name: _coarse(name, value) for name, value in data.items()}


def redacted_assignment(row: Mapping[str, Any], principal: Principal) -> dict[str, Any]:
    """An assignment as this principal may see it: without reason, outcome and note of other agencies' units.

    Details about anybody's health are for those who may read them; to police they are not told of at all. Whoever is
    told one way learns no more of the incident from its assignment than from its notice.
    """
    shown = redacted_places(row, principal)
    if principal.is_one_way:
        shown |= dict.fromkeys(_NOT_BY_NOTICE)
    if not principal.sees_conduct(row["agency"], row["unit_id"]):
        return _without_conduct(shown)
    if principal.hides_health_of(row["responder_type"]):
        shown = _without_health_codes(shown)
    if shown.get("outcomes") and not principal.sees_care(row["responder_type"]):
        shown["outcomes"] = without_health(shown["outcomes"])
    return shown


def redacted_event(payload: Mapping[str, Any], principal: Principal) -> dict[str, Any]:
    """What a row of the log says, as this principal may see it."""
    shown = redacted_places(payload, principal)
    if payload.get("sensitivity") in principal.unseen_health():
        shown |= {"sensitivity": None, "kind": None}
    agency = payload.get("agency")
    if agency is not None and not principal.sees_conduct(agency):
        return _without_conduct(shown)
    responder_type = payload.get("responder_type")
    return _without_health_codes(shown) if responder_type and principal.hides_health_of(responder_type) else shown


def redacted_hazard(hazard: Mapping[str, Any], principal: Principal) -> dict[str, Any] | None:
    """A hazard as this principal may see it; None when it may not know that there is one.

    A health record keeps nothing but the warning of its kind for those who may not read it, and that only when it may
    hurt whoever goes there.
    """
    shown = redacted_places(hazard, principal)
    if not principal.sees_place:
        shown["distance_m"], shown["door"] = None, None
    if hazard["source_kind"] == SourceKind.PERSON and not principal.sees_caller:
        shown["source"] = None
    if principal.reads(Sensitivity(hazard["sensitivity"])):
        return {**shown, "withheld": False}
    if not hazard["endangers_responders"]:
        return None
    return {name: shown[name] if name in _WARNING_KEEPS else None for name in shown} | {"withheld": True}


def not_shown(principal: Principal) -> list[str]:
    """What of a place this principal is never shown, whether there is any of it or not."""
    found = [one.value for one in sorted(HEALTH) if not principal.reads(one)]
    found += [] if principal.sees_history else ["prior_incidents"]
    return found + ([] if principal.sees_caller else ["caller"])


def redacted_link(parts: Iterable[Mapping[str, Any]], principal: Principal) -> list[dict[str, Any]]:
    """The evidence that two calls are one thing, as this principal may see it: that names agree, not which names."""
    return [
        dict(part) if principal.sees_caller or part["name"] not in _NAMING else {**part, "because": part["name"]}
        for part in parts
    ]


def redacted_advice(advice: dict[str, Any], principal: Principal) -> dict[str, Any]:
    """A recommendation as this principal may see it: why units were not offered is told of its own agencies' units."""
    if principal.agencies is None:
        return advice
    return {**advice, "not_offered": [one for one in advice["not_offered"] if principal.sees_agency(one["agency"])]}


def _without_conduct(data: dict[str, Any]) -> dict[str, Any]:
    return {name: None if name in _CONDUCT else value for name, value in data.items()}


def _without_health_codes(data: dict[str, Any]) -> dict[str, Any]:
    """The data without outcomes that are health, and without a word that one was left out."""
    told = data.get("outcomes") or []
    entries = [entry for entry in told if isinstance(entry, Mapping)]
    health = {entry["code"] for entry in entries if entry.get("health")}
    codes = [code for code in (data.get("outcome"), *(one for one in told if isinstance(one, str))) if code]
    health |= {code for code in codes if _is_health(code)}
    if data.get("health"):  # a row of the log that does not say which of its words is meant
        health.update(codes)
    if not health:
        return data
    shown = {name: value for name, value in data.items() if name != "health"}
    if shown.get("outcome") in health:
        shown["outcome"] = None
    if told:
        shown["outcomes"] = [one for one in told if (one if isinstance(one, str) else one["code"]) not in health]
    return shown


def _is_health(code: str) -> bool:
    found = find_outcome(code)
    return found is not None and found.is_health


def _coarse(name: str, value: Any) -> Any:
    if name == "address":
        return None
    if isinstance(value, Mapping):
        return {inner: _coarse(inner, one) for inner, one in value.items()}
    if isinstance(value, list | tuple):
        return [_coarse(name, one) for one in value]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return round(value, BLOCK_DECIMALS) if is_number and name in ("lat", "lon", "position") else value
