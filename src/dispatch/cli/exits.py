"""What each refusal means for a script: one table from error class to exit code."""

from enum import IntEnum

from dispatch.domain import errors


class Exit(IntEnum):
    """Exit codes of every command."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    REFUSED = 4
    PARTIAL = 5
    INTERRUPTED = 130


EXIT_CODES: dict[type[errors.DispatchError], Exit] = {
    errors.DispatchError: Exit.FAILED,
    errors.NotFound: Exit.NOT_FOUND,
    errors.Conflict: Exit.REFUSED,
    errors.Refused: Exit.REFUSED,
    errors.Unauthenticated: Exit.REFUSED,
    errors.Invalid: Exit.FAILED,
    errors.TooLarge: Exit.FAILED,
    errors.Unavailable: Exit.FAILED,
}


def exit_code(error: errors.DispatchError) -> Exit:
    """The code of the nearest class in the table: a UnitAlreadyAssigned leaves as every Conflict does."""
    return next(EXIT_CODES[kind] for kind in type(error).__mro__ if kind in EXIT_CODES)
