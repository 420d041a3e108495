"""Cursor pages: opaque, stable under inserts, never an offset."""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import parse_qsl

import orjson

from dispatch.domain.errors import FieldProblem, Invalid
from dispatch.domain.time import as_utc

MAX_PAGE = 1000
DEFAULT_PAGE = 100
# What may differ from page to page of one list.
_OF_THE_PAGE = ("cursor", "limit")


def question_of(path: str, query: bytes) -> str:
    """A short name of what was asked: the path and its filters in any order, without cursor and length of the page."""
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    filters = sorted(pair for pair in pairs if pair[0] not in _OF_THE_PAGE)
    return hashlib.sha256(orjson.dumps([path, filters])).hexdigest()[:16]


def encode_cursor(values: Sequence[object], asked: str) -> str:
    """An opaque cursor that continues after the row with these key values. asked: by `question_of`."""
    return base64.urlsafe_b64encode(orjson.dumps([asked, *values])).decode().rstrip("=")


def decode_cursor(cursor: str, kinds: Sequence[type | range], asked: str) -> list[object]:
    """The key values of a cursor; a range stands for whole numbers in it.

    Raises Invalid for anything that was not made by encode_cursor, and for a cursor of another question: the page after
    a row of one list is not the page after that row in another, and rows would be missed without a word.
    """
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(values, list) or len(values) != len(kinds) + 1 or not isinstance(values[0], str):
            raise ValueError("wrong shape")
        found = [_as(kind, value) for kind, value in zip(kinds, values[1:], strict=True)]
    except (ValueError, TypeError, OverflowError, binascii.Error) as error:
        raise Invalid(
            "The cursor is not one that this service gave.",
            fix="Take `next` from the last page unchanged, or leave the cursor out to start anew.",
            errors=[FieldProblem("cursor", "bad_cursor", "not a cursor of this service")],
        ) from error
    if values[0] != asked:
        raise Invalid(
            "The cursor belongs to another list, or to this one with other filters.",
            fix="Repeat the filters of the page that gave it, or leave the cursor out to start anew.",
            errors=[FieldProblem("cursor", "other_question", "made for another path or other filters")],
        )
    return found


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
