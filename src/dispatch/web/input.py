"""What came in, checked before anything works with it: size, encoding, JSON without ambiguity, storable characters."""

import json
from collections.abc import Iterator
from typing import Any, NoReturn

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from dispatch.domain.errors import TooLarge
from dispatch.domain.nearest import nearest

_WITH_BODY = frozenset({"POST", "PATCH", "PUT", "DELETE"})


class CheckedRequest(Request):
    """A request whose body was read whole before its transaction began, so that a slow sender holds no connection."""

    def __init__(self, request: Request, raw: bytes) -> None:
        super().__init__(request.scope, request.receive)
        self._raw = raw
        self._value: Any = None

    async def body(self) -> bytes:
        return self._raw

    async def json(self) -> Any:
        return self._value

    def check(self, parameters: frozenset[str]) -> None:
        """The body is JSON that means one thing, every text in it and in the address can be stored, and the route
        knows every parameter of the query.

        Raises RequestValidationError naming the place, or HTTPException 415 for another media type.
        """
        has_query = bool(self.scope["query_string"])
        unknown = [name for name in dict.fromkeys(self.query_params) if name not in parameters] if has_query else []
        if unknown:
            raise RequestValidationError(
                [
                    {"type": "unknown_parameter", "loc": ("query", name), "msg": _remedy(name, parameters)}
                    for name in unknown
                ]
            )
        for place, text in _of("path", self.path_params):
            _require_storable(place, text)
        for place, text in _of("query", self.query_params) if has_query else ():
            _require_storable(place, text)
        if self._raw:
            _require_json(self.headers.get("content-type", ""))
            self._value = parse_json(self._raw)


async def read_whole(request: Request, limit: int) -> CheckedRequest:
    """The request with its body. Raises TooLarge for more than `limit` bytes, before the rest is read."""
    if request.method not in _WITH_BODY:
        return CheckedRequest(request, b"")
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > limit:
            raise _too_large(limit)
        pieces.append(piece)
    return CheckedRequest(request, b"".join(pieces))


def parse_json(raw: bytes) -> Any:
    """The value of a JSON text in UTF-8. Raises RequestValidationError where two readers could read it differently:
    another encoding, a key twice, NaN, more nesting or longer numbers than parsers agree on.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse("json_invalid", (), f"byte {error.start} is not UTF-8")
    try:
        value = json.loads(text, object_pairs_hook=_without_doubles, parse_constant=_no_number)
    except RecursionError:
        _refuse("json_invalid", (), "nested too deeply")
    except json.JSONDecodeError as error:
        _refuse("json_invalid", (), f"{error.msg} at character {error.pos}")
    except ValueError as error:
        _refuse("json_invalid", (), str(error))
    # Only an escape can smuggle in what UTF-8 cannot say, so most bodies need no second look.
    if "\\u" in text or "\x00" in text:
        for place, found in _texts(value, ()):
            _require_storable(place, found)
    return value


def _remedy(name: str, parameters: frozenset[str]) -> str:
    return f"is no parameter here. {nearest(name, parameters)}"


def _require_json(content_type: str) -> None:
    kind = content_type.partition(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise HTTPException(415, "the body must be application/json")


def _require_storable(place: tuple[int | str, ...], text: str) -> None:
    if "\x00" in text:
        _refuse("nul_character", place, "holds the character U+0000; remove it")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        _refuse("bad_unicode", place, "holds half of a surrogate pair; send valid UTF-8")


def _texts(value: Any, place: tuple[int | str, ...]) -> Iterator[tuple[tuple[int | str, ...], str]]:
    if isinstance(value, str):
        yield ("body", *place), value
    elif isinstance(value, list):
        for n, one in enumerate(value):
            yield from _texts(one, (*place, n))
    elif isinstance(value, dict):
        for key, one in value.items():
            yield ("body", *place, key), key
            yield from _texts(one, (*place, key))


def _of(kind: str, parameters: Any) -> Iterator[tuple[tuple[str, str], str]]:
    multi = parameters.multi_items() if hasattr(parameters, "multi_items") else parameters.items()
    for name, text in multi:
        yield (kind, name), name
        yield (kind, name), str(text)


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(name for name in names if names.count(name) > 1)!r} stands twice")
    return found


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a JSON number")


def _refuse(code: str, place: tuple[int | str, ...], message: str) -> NoReturn:
    raise RequestValidationError([{"type": code, "loc": place or ("body",), "msg": message}])


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body is larger than {limit} bytes.", fix="Send less at once.", limit_bytes=limit)
