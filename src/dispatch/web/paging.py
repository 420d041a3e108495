"""Cursor pages: opaque, stable under inserts, never an offset."""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime

import orjson

from dispatch.domain.errors import FieldProblem, Invalid

MAX_PAGE = 1000
DEFAULT_PAGE = 100


def encode_cursor(values: Sequence[object]) -> str:
    """An opaque cursor that continues after the row with these key values."""
    return base64.urlsafe_b64encode(orjson.dumps(list(values))).decode().rstrip("=")


def decode_cursor(cursor: str, kinds: Sequence[type]) -> list[object]:
    """The key values of a cursor. Raises Invalid for anything that encode_cursor did not make."""
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(values, list) or len(values) != len(kinds):
            raise ValueError("wrong shape")
        return [_as(kind, value) for kind, value in zip(kinds, values, strict=True)]
    except (ValueError, TypeError, binascii.Error) as error:
        raise Invalid(
            "The cursor is not one that this service gave.",
            fix="Take `next` from the last page unchanged, or leave the cursor out to start anew.",
            errors=[FieldProblem("cursor", "bad_cursor", "not a cursor of this service")],
        ) from error


def _as(kind: type, value: object) -> object:
    if kind is datetime:
        moment = datetime.fromisoformat(str(value))
        if moment.tzinfo is None:
            raise ValueError("naive time")
        return moment
    if not isinstance(value, kind) or (isinstance(value, str) and "\x00" in value):
        raise ValueError("wrong kind")
    return value
