"""Cursor pages: opaque, stable under inserts, never an offset."""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime

import orjson

from dispatch.domain.errors import FieldProblem, Invalid
from dispatch.domain.time import as_utc

MAX_PAGE = 1000
DEFAULT_PAGE = 100


def encode_cursor(values: Sequence[object]) -> str:
    """An opaque cursor that continues after the row with these key values."""
    return base64.urlsafe_b64encode(orjson.dumps(list(values))).decode().rstrip("=")


def decode_cursor(cursor: str, kinds: Sequence[type | range]) -> list[object]:
    """The key values of a cursor; a range stands for whole numbers in it. Raises Invalid for anything that was not made
    by encode_cursor.
    """
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(values, list) or len(values) != len(kinds):
            raise ValueError("wrong shape")
        return [_as(kind, value) for kind, value in zip(kinds, values, strict=True)]
    except (ValueError, TypeError, OverflowError, binascii.Error) as error:
        raise Invalid(
            "The cursor is not one that this service gave.",
            fix="Take `next` from the last page unchanged, or leave the cursor out to start anew.",
            errors=[FieldProblem("cursor", "bad_cursor", "not a cursor of this service")],
        ) from error


def _as(kind: type | range, value: object) -> object:
    if isinstance(kind, range):
        if type(value) is not int or value not in kind:
            raise ValueError("not a number of this range")
        return value
    if kind is datetime:
        return as_utc(datetime.fromisoformat(str(value)))
    if not isinstance(value, kind) or (isinstance(value, str) and "\x00" in value):
        raise ValueError("wrong kind")
    return value
