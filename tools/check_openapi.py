"""The OpenAPI document is valid 3.1, and every operation says what it does, gives an example and names its refusals."""

import sys
from typing import Any

from openapi_spec_validator import validate

from dispatch.app import create_app
from dispatch.config import Settings

PUBLIC = {"/healthz", "/readyz", "/metrics"}
METHODS = {"get", "post", "put", "patch", "delete"}


def problems_of(document: dict[str, Any]) -> list[str]:
    """One sentence per operation that falls short."""
    found = []
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method not in METHODS:
                continue
            name = f"{method.upper()} {path}"
            if not operation.get("summary") or not operation.get("description"):
                found.append(f"{name} has no summary or description")
            answers = operation["responses"]
            if not any(status.startswith("2") for status in answers):
                found.append(f"{name} declares no success")
            if path in PUBLIC:
                continue
            missing = [status for status in ("401", "403", "422") if status not in answers]
            if missing:
                found.append(f"{name} does not declare {', '.join(missing)}")
            if not operation.get("security"):
                found.append(f"{name} does not say that it needs a token")
    return found


def main() -> int:
    """0 when all is well."""
    document = create_app(Settings(), database_url="postgresql+asyncpg://unused").openapi()
    validate(document)
    found = problems_of(document)
    for problem in found:
        print(problem, file=sys.stderr)
    if not found:
        operations = sum(len(item) for item in document["paths"].values())
        print(f"openapi: {operations} operations, version {document['openapi']}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
