"""One call given on the command line, as a file or in pieces, checked as POST /v1/calls checks it."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from dispatch.domain.errors import FieldProblem, Invalid, NotFound
from dispatch.operations.call_body import CallBody


def call_body(
    file: str | None,
    *,
    type_text: str | None = None,
    code: str | None = None,
    source: str | None = None,
    narrative: str | None = None,
    answers: Sequence[str] | None = None,
    channel: str | None = None,
    at: str | None = None,
) -> CallBody:
    """The call of the file with the pieces laid over it. Raises Invalid naming each field that is wrong."""
    body: dict[str, Any] = {"source": "command-line", "source_ref": "1"} | (_read(file) if file else {})
    pieces = {"source": source, "narrative": narrative, "channel": channel, "received_at": at}
    body |= {name: value for name, value in pieces.items() if value is not None}
    kind = {name: value for name, value in (("code", code), ("text", type_text)) if value is not None}
    if kind:
        body["call_type"] = kind
    if answers:
        body["answers"] = {**(body.get("answers") or {}), **dict(_pair(answer) for answer in answers)}
    try:
        return CallBody.model_validate(body)
    except ValidationError as wrong:
        problems = [
            FieldProblem("/" + "/".join(str(step) for step in error["loc"]), error["type"], error["msg"])
            for error in wrong.errors(include_url=False, include_input=False)
        ]
        raise Invalid(
            "the call is not one that can be triaged", fix="Give --type, --code or --narrative.", errors=problems
        ) from wrong


def _read(file: str) -> dict[str, Any]:
    if file != "-" and not Path(file).is_file():
        raise NotFound(f"there is no file '{file}'", fix="Check the path; use - to read from standard input.")
    raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    try:
        body = orjson.loads(raw)
    except ValueError as broken:
        raise Invalid(
            f"'{file}' is not JSON: {broken}", fix="Give one call body as POST /v1/calls takes it."
        ) from broken
    if not isinstance(body, dict):
        raise Invalid(f"'{file}' holds no JSON object", fix="Give one call body as POST /v1/calls takes it.")
    return body


def _pair(answer: str) -> tuple[str, str]:
    fact, equals, value = answer.partition("=")
    if not equals:
        raise Invalid(f"'{answer}' is no answer", fix="Write FACT=VALUE, for example weapon=none.")
    return fact.strip(), value.strip()
