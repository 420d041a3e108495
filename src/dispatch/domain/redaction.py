"""What is left of a call for somebody who may not know who called: field by field, in one place."""

import re
from collections.abc import Mapping
from typing import Any

from dispatch.domain.access import Principal

# What a caller's entry keeps: nothing that names or reaches the person.
_CALLER_KEEPS = ("language", "relation", "wants")
# About 110 m: enough to see the block, not the door.
_BLOCK_DECIMALS = 3
_HOUSE_NUMBER = re.compile(r"^\s*(\d+)(?:-\d+)?[A-Za-z]?(?:\s+1/2)?\s+(?=\S)")
_DOOR = re.compile(
    r"(?:\s*,\s*|\s+)(?:#\s*\S+|(?:apt|apartment|unit|suite|ste|rm|room|fl|floor|bldg|building)\b\.?\s*#?\s*\w*).*$",
    re.IGNORECASE,
)


def redacted_call(call: Mapping[str, Any], principal: Principal) -> dict[str, Any]:
    """The call body (shape of `POST /v1/calls`) as this principal may see it.

    Without `call.read_caller`: no name and no telephone, the address to the block, the position to about 110 m. Text
    stays as it is: a narrative may repeat what was hidden.
    """
    shown = dict(call)
    if principal.sees_caller:
        return shown
    if isinstance(shown.get("caller"), Mapping):
        shown["caller"] = redacted_caller(shown["caller"], principal)
    if isinstance(shown.get("location"), Mapping):
        shown["location"] = redacted_location(shown["location"], principal)
    return shown


def redacted_caller(caller: Mapping[str, Any], principal: Principal) -> dict[str, Any]:
    """The caller's entry as this principal may see it."""
    if principal.sees_caller:
        return dict(caller)
    return {name: caller[name] for name in _CALLER_KEEPS if name in caller}


def redacted_location(location: Mapping[str, Any], principal: Principal) -> dict[str, Any]:
    """The location as this principal may see it."""
    shown = dict(location)
    if principal.sees_caller:
        return shown
    if isinstance(shown.get("address"), str):
        shown["address"] = block_of(shown["address"])
    for axis in ("lat", "lon"):
        if isinstance(shown.get(axis), int | float):
            shown[axis] = round(shown[axis], _BLOCK_DECIMALS)
    return shown


def block_of(address: str) -> str:
    """The address without house number and door: "4217 Oak St Apt 3" becomes "4200 block Oak St"."""
    street = _DOOR.sub("", address)
    number = _HOUSE_NUMBER.match(street)
    if number is None:
        return street.strip()
    return f"{int(number.group(1)) // 100 * 100} block {street[number.end() :].strip()}"
