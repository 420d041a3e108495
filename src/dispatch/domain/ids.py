"""Identifiers: a readable prefix and a ULID, so that an id says what it names and sorts by age."""

import re
from enum import StrEnum


class Prefix(StrEnum):
    """What an identifier names."""

    CALL = "call"
    INCIDENT = "inc"
    DECISION = "dec"
    ASSIGNMENT = "asg"
    UNIT = "unt"
    RESPONDER = "rsp"
    SHIFT = "sft"
    TOKEN = "tok"  # noqa: S105 - the prefix of an id
    POLICY = "pol"
    REQUEST = "req"
    TIMER = "tmr"
    ALARM = "alm"
    OFFER = "ofr"
    FOLLOW_UP = "fup"
    HAZARD = "hzd"


_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


def is_id(text: str, prefix: Prefix) -> bool:
    """True when text is `<prefix>_<ULID>`."""
    head, _, tail = text.partition("_")
    return head == prefix.value and _ULID.fullmatch(tail) is not None
