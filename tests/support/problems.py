"""What every refusal looks like."""

from typing import Any

import httpx

from dispatch.web.problems import MEDIA_TYPE


def require_problem(answer: httpx.Response, *statuses: int) -> dict[str, Any]:
    """The problem document, after checking that it is one."""
    assert answer.status_code in statuses, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPE
    problem: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "code", "detail", "fix", "errors", "request_id"} <= set(problem)
    assert problem["status"] == answer.status_code
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert problem["detail"].endswith(".")
    assert problem["fix"]
    return problem
