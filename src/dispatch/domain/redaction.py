"""What is left for somebody who may not know who called, from where, or how other agencies acted: in one place.

Every answer that tells of calls, incidents, assignments, decisions or the log passes here.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from dispatch.domain.access import Principal

# What a caller's entry keeps: nothing that names or reaches the person.
_CALLER_KEEPS = ("language", "relation", "wants")
# About 110 m: enough to see the block, not the door.
BLOCK_DECIMALS = 3
# Evidence of a link whose wording repeats a name, an age or a plate.
_NAMING = ("person", "plate", "age")
# What a unit did and why. Its times and steps are part of the incident; these are its agency's.
_CONDUCT = ("reason", "outcome", "note")
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

    Whoever is told one way learns no more of the incident from its assignment than from its notice.
    """
    shown = redacted_places(row, principal)
    if principal.is_one_way:
        shown |= dict.fromkeys(_NOT_BY_NOTICE)
    return shown if principal.sees_conduct(row["agency"], row["unit_id"]) else _without_conduct(shown)


def redacted_event(payload: Mapping[str, Any], principal: Principal) -> dict[str, Any]:
    """What a row of the log says, as this principal may see it."""
    shown = redacted_places(payload, principal)
    agency = payload.get("agency")
    return shown if agency is None or principal.sees_conduct(agency) else _without_conduct(shown)


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


def _coarse(name: str, value: Any) -> Any:
    if name == "address":
        return None
    if isinstance(value, Mapping):
        return {inner: _coarse(inner, one) for inner, one in value.items()}
    if isinstance(value, list | tuple):
        return [_coarse(name, one) for one in value]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return round(value, BLOCK_DECIMALS) if is_number and name in ("lat", "lon", "position") else value
