"""What a check of a policy found: an error, a doubt, or a doubt that its owner has given a reason for."""

from dataclasses import dataclass

ERROR, WARNING, ACCEPTED = "error", "warning", "accepted"


@dataclass(frozen=True, slots=True)
class Finding:
    """place: file:line. about: the row, phrase, plan, program, type or case, as one would accept it."""

    severity: str
    code: str
    place: str
    detail: str
    about: str = ""
