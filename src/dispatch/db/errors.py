"""What a broken constraint or a silent database means, in the words of the field."""

import asyncpg

from dispatch.domain.errors import (
    AlreadyExists,
    Conflict,
    DispatchError,
    FieldProblem,
    Invalid,
    Unavailable,
    UnitAlreadyAssigned,
)

# What connecting raises when nobody listens, or the server lets nobody in. TimeoutError is an OSError.
NOT_REACHED = (
    OSError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.ClientConfigurationError,
)

_BY_CONSTRAINT: dict[str, tuple[type[DispatchError], str, str]] = {
    "uq_assignment_active_unit": (
        UnitAlreadyAssigned,
        "The unit was given to another incident a moment ago.",
        "Look at the recommendation again and choose a unit that is free.",
    ),
    "uq_assignment_unit_on_incident": (
        UnitAlreadyAssigned,
        "The unit is already assigned to this incident.",
        "Read the incident's assignments; one that is reserved is sent with the status ordered or offered.",
    ),
    "uq_assignment_active_crew": (
        UnitAlreadyAssigned,
        "The unit's crew went with its other unit a moment ago.",
        "Look at the recommendation again and choose a unit whose crew is free.",
    ),
    "ex_shift_one_at_a_time": (
        Conflict,
        "The unit has another shift in these hours.",
        "Read its shifts with GET /v1/shifts and choose hours that are free.",
    ),
    "ex_shift_member_one_unit": (
        Conflict,
        "Somebody of this crew is on another unit in these hours.",
        "Read their shifts with GET /v1/shifts and take them off that unit first.",
    ),
    "uq_call_source_ref": (
        Conflict,
        "The same source_ref is being stored by another request right now.",
        "Send the same request again; it will answer with the stored call.",
    ),
    "uq_unit_call_sign": (AlreadyExists, "A unit with this call sign exists.", "Choose another call sign."),
    "uq_responder_employee_number": (
        AlreadyExists,
        "A responder with this employee number exists.",
        "Choose another employee number or change the existing responder.",
    ),
    "pk_agency": (AlreadyExists, "An agency with this id exists.", "Choose another id, or PATCH the existing one."),
    "pk_program": (AlreadyExists, "A program with this id exists.", "Choose another id, or PATCH the existing one."),
    "pk_policy_version": (
        Conflict,
        "The same version of this policy is being stored by another request right now.",
        "Send the same request again; it will meet the stored draft.",
    ),
    "pk_idempotency_key": (
        Conflict,
        "A request with this Idempotency-Key is still running.",
        "Wait a moment and send the same request again.",
    ),
    "fk_program_agency": (Invalid, "There is no agency with this id.", "Create the agency first."),
    "fk_unit_agency": (Invalid, "There is no agency with this id.", "Create the agency first."),
    "fk_unit_program": (Invalid, "There is no program with this id.", "Create the program first."),
    "fk_responder_agency": (Invalid, "There is no agency with this id.", "Create the agency first."),
}

# The field of the request that a broken reference names.
_FIELDS = {
    "fk_program_agency": "/agency_id",
    "fk_unit_agency": "/agency_id",
    "fk_unit_program": "/program_id",
    "fk_responder_agency": "/agency_id",
}


def constraint_of(error: BaseException) -> str | None:
    """The name of the constraint that a database error broke, or None."""
    seen: BaseException | None = error
    while seen is not None:
        name = getattr(seen, "constraint_name", None)
        if name:
            return str(name)
        seen = getattr(seen, "orig", None) or seen.__cause__
    return None


def broken(name: str) -> DispatchError:
    """The refusal for a constraint of this name, as the database would have it. Raises KeyError for an unknown one."""
    kind, message, fix = _BY_CONSTRAINT[name]
    field = _FIELDS.get(name)
    errors = [FieldProblem(field, "unknown_reference", message)] if field else []
    return kind(message, fix=fix, errors=errors, constraint=name)


def translate(error: BaseException) -> DispatchError:
    """The refusal that a reader can act on. A constraint nobody named is a Conflict that carries its name."""
    name = constraint_of(error)
    if name in _BY_CONSTRAINT:
        return broken(name)
    if name is not None:
        return Conflict(
            f"The database refused this: {name}.", fix="Check the values against the documentation.", constraint=name
        )
    return Unavailable(
        "The database did not answer or could not finish.",
        fix="Nothing was stored. Send the same request again in a few seconds.",
        cause=type(getattr(error, "orig", None) or error).__name__,
    )
