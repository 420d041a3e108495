"""Every refusal as RFC 9457 problem details: what happened, what to do, which field, which request."""

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from dispatch.domain.errors import (
    Conflict,
    DispatchError,
    IdempotencyMismatch,
    Invalid,
    NotFound,
    Refused,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
)

MEDIA_TYPE = "application/problem+json"
TYPE_BASE = "https://dispatch.example/problems/"
CLIENT_GONE = 499  # for the log and the counts alone

# First match wins, so a narrower class stands before its parent.
STATUS_OF: tuple[tuple[type[DispatchError], int], ...] = (
    (Unauthenticated, 401),
    (Refused, 403),
    (NotFound, 404),
    (Conflict, 409),
    (TooLarge, 413),
    (TooMany, 429),
    (IdempotencyMismatch, 422),
    (Invalid, 422),
    (Unavailable, 503),
    (DispatchError, 500),
)

log = structlog.get_logger("dispatch.problems")


class FieldError(BaseModel):
    """One field that was refused."""

    pointer: str = Field(
        description="JSON pointer into the body, or the name of a parameter", examples=["/location/lat"]
    )
    code: str = Field(examples=["less_than_equal"])
    detail: str = Field(examples=["Input should be less than or equal to 90"])


class Problem(BaseModel):
    """Problem details (RFC 9457). Further members depend on `code`."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=[TYPE_BASE + "unit_already_assigned"])
    title: str
    status: int
    code: str = Field(examples=["unit_already_assigned"])
    detail: str = Field(description="What happened, in a sentence")
    fix: str = Field(description="What to do about it")
    errors: list[FieldError] = Field(default_factory=list)
    request_id: str


class ProblemResponse(JSONResponse):
    """ASCII JSON, so that a refused key holding half a surrogate pair can still be named."""

    media_type = MEDIA_TYPE

    def render(self, content: Any) -> bytes:
        return json.dumps(content, separators=(",", ":"), default=str).encode("ascii")


def status_of(error: DispatchError) -> int:
    """The HTTP status of a refusal."""
    return next(status for kind, status in STATUS_OF if isinstance(error, kind))


def problem_answer(
    request: Request,
    *,
    status: int,
    code: str,
    title: str,
    detail: str,
    fix: str,
    errors: Sequence[dict[str, str]] = (),
    headers: dict[str, str] | None = None,
    **facts: Any,
) -> JSONResponse:
    """The problem document as an answer."""
    body: dict[str, Any] = {
        **facts,
        "type": TYPE_BASE + code,
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        "fix": fix,
        "errors": list(errors),
        "request_id": getattr(request.state, "request_id", ""),
    }
    return ProblemResponse(body, status_code=status, headers=headers)


async def on_dispatch_error(request: Request, error: Exception) -> JSONResponse:
    """A refusal that we understand."""
    if not isinstance(error, DispatchError):
        raise error
    status = status_of(error)
    wait_s = str(error.facts.get("retry_after_s", 2))
    headers = {
        401: {"WWW-Authenticate": "Bearer"},
        429: {"Retry-After": wait_s},
        503: {"Retry-After": wait_s},
    }.get(status)
    return problem_answer(
        request,
        status=status,
        code=error.code,
        title=error.title,
        detail=error.message,
        fix=error.fix or "Correct the request and send it again.",
        errors=[{"pointer": e.pointer, "code": e.code, "detail": e.detail} for e in error.errors],
        headers=headers,
        **error.facts,
    )


async def on_validation_error(request: Request, error: Exception) -> JSONResponse:
    """Every field that was refused, by name; values are not echoed, since they may be private."""
    if not isinstance(error, RequestValidationError):
        raise error
    found = [
        {"pointer": _pointer(one["loc"]), "code": str(one["type"]), "detail": str(one["msg"])} for one in error.errors()
    ]
    syntax = next((one["detail"] for one in found if one["code"] == "json_invalid"), None)
    names = ", ".join(dict.fromkeys(one["pointer"] or "the body" for one in found))
    return problem_answer(
        request,
        status=400 if syntax else 422,
        code="malformed_json" if syntax else "invalid",
        title="The body is not JSON" if syntax else "Input is not valid",
        detail=f"The body could not be read as JSON: {syntax}." if syntax else f"Not valid: {names}.",
        fix="Send UTF-8 JSON with Content-Type application/json."
        if syntax
        else "Correct the fields named in `errors`.",
        errors=found,
    )


async def on_http_exception(request: Request, error: Exception) -> JSONResponse:
    """What the framework refuses by itself: unknown paths, methods, bodies that are too large or unreadable."""
    if not isinstance(error, HTTPException):
        raise error
    code, fix = {
        404: ("not_found", "Check the path against /docs or openapi.json."),
        405: ("method_not_allowed", "Use one of the methods named in the Allow header."),
        413: ("too_large", "Send a smaller body; the limit is in the documentation of the service."),
        415: ("unsupported_media_type", "Send JSON in UTF-8 with Content-Type: application/json."),
    }.get(error.status_code, ("bad_request", "Correct the request and send it again."))
    return problem_answer(
        request,
        status=error.status_code,
        code=code,
        title=HTTPStatus(error.status_code).phrase,
        detail=f"{HTTPStatus(error.status_code).phrase}: {error.detail}."
        if isinstance(error.detail, str) and error.detail != HTTPStatus(error.status_code).phrase
        else f"{HTTPStatus(error.status_code).phrase}.",
        fix=fix,
        headers=dict(error.headers) if error.headers else None,
    )


async def on_client_gone(request: Request, error: Exception) -> Response:
    """The sender hung up before its request was whole: nothing was stored, and nobody reads this answer."""
    return Response(status_code=CLIENT_GONE)


async def on_unforeseen(request: Request, error: Exception) -> JSONResponse:
    """A defect of ours. The log has the details under the request id; the answer has none of them."""
    log.error("unforeseen", error=type(error).__name__, exc_info=error)
    return problem_answer(
        request,
        status=500,
        code="internal",
        title="Internal error",
        detail="The service failed while it handled this request; nothing was stored.",
        fix="Send it again; if it fails again, report the request_id.",
    )


def install(app: FastAPI) -> None:
    """Every error of this app leaves as a problem document."""
    app.add_exception_handler(DispatchError, on_dispatch_error)
    app.add_exception_handler(RequestValidationError, on_validation_error)
    app.add_exception_handler(HTTPException, on_http_exception)
    app.add_exception_handler(ClientDisconnect, on_client_gone)
    app.add_exception_handler(Exception, on_unforeseen)


def _pointer(location: Sequence[int | str]) -> str:
    where, *rest = location
    if where == "body":
        return "".join(f"/{part}" for part in rest)
    return "/".join(str(part) for part in rest) or str(where)
