"""Every refusal the service can give, by what it means and never by a status number.

Each class carries a stable `code`, a sentence (`message`), what to do (`fix`) and facts for machines. The faces
translate: web/problems.py to HTTP, cli to exit codes, workers to retry or dead letter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One bad field: a JSON pointer (or file:line), a stable code and a sentence."""

    pointer: str
    code: str
    detail: str


class DispatchError(Exception):
    """Something was refused or could not be done; nothing was half done."""

    code: ClassVar[str] = "error"
    title: ClassVar[str] = "The request could not be done"

    def __init__(self, message: str, *, fix: str = "", errors: Sequence[FieldProblem] = (), **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
        self.errors = tuple(errors)
        self.facts = facts


class NotFound(DispatchError):
    code = "not_found"
    title = "No such thing"


class Conflict(DispatchError):
    """The state of the world forbids it; looking again and choosing anew may help."""

    code = "conflict"
    title = "Conflict with the present state"


class UnitAlreadyAssigned(Conflict):
    code = "unit_already_assigned"
    title = "Unit is already assigned"


class UnitNotAvailable(Conflict):
    code = "unit_not_available"
    title = "Unit is not in service"


class IllegalTransition(Conflict):
    code = "illegal_transition"
    title = "That step is not possible from here"


class StaleContent(Conflict):
    code = "stale_content"
    title = "Older than what is stored"


class ConflictingContent(Conflict):
    code = "conflicting_content"
    title = "Differs from what is stored"


class StaleVersion(Conflict):
    code = "stale_version"
    title = "Someone changed it first"


class AlreadyExists(Conflict):
    code = "already_exists"
    title = "Already exists"


class Refused(DispatchError):
    """The caller is known and may not do this."""

    code = "forbidden"
    title = "Not permitted"


class SecondPersonRequired(Refused):
    """Whoever wrote it may not be the one who puts it in force."""

    code = "second_person_required"
    title = "A second person is needed"


class Unauthenticated(DispatchError):
    code = "unauthenticated"
    title = "Sign in first"


class Invalid(DispatchError):
    """The input itself is wrong; sending it again unchanged will not help."""

    code = "invalid"
    title = "Input is not valid"


class PolicyInvalid(Invalid):
    code = "policy_invalid"
    title = "Policy does not pass its checks"


class IdempotencyMismatch(Invalid):
    code = "idempotency_key_reused"
    title = "Idempotency key was used for another request"


class TooLarge(DispatchError):
    code = "too_large"
    title = "Too large"


class TooMany(DispatchError):
    """More at once than one may have."""

    code = "too_many"
    title = "Too many at once"


class Unavailable(DispatchError):
    """Something we depend on does not answer; trying again later may help."""

    code = "unavailable"
    title = "Not available now"
