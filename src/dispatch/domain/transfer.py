"""What an assignment is: somebody sent, a call passed on, an appointment, a notice, responsibility handed over."""

from enum import StrEnum

from dispatch.domain.access import ONE_WAY_TYPES
from dispatch.domain.classification import SHIPPED_RESPONDER_TYPES


class AssignmentKind(StrEnum):
    """What it means that somebody was given an incident. It never changes.

    dispatch: a unit goes there. transfer: a desk, an agency or an outside party takes the call over when it accepts.
    appointment: a unit that comes or calls at an hour. notice: told one way, beside those who handle it. hand_off: a
    unit that is asked to take the responsibility over from the one that has it.
    """

    DISPATCH = "dispatch"
    TRANSFER = "transfer"
    APPOINTMENT = "appointment"
    NOTICE = "notice"
    HAND_OFF = "hand_off"


# Whoever was offered these has nothing of the incident until it says yes.
ASKED_FIRST = frozenset({AssignmentKind.TRANSFER, AssignmentKind.HAND_OFF, AssignmentKind.APPOINTMENT})

# In place of an agency and of a responder type, for a party that the roster does not know.
OUTSIDE = "outside"

# What an outside party, or an agency without a unit on the roster, may be. Who is told one way takes no calls over.
MAY_TAKE_CALLS = (OUTSIDE, *(kind for kind in SHIPPED_RESPONDER_TYPES if kind not in ONE_WAY_TYPES))


def kind_of(responder_type: str, *, is_mobile: bool) -> AssignmentKind:
    """What it is when a unit like this is given an incident: a desk goes nowhere, so the call goes to it."""
    if responder_type in ONE_WAY_TYPES:
        return AssignmentKind.NOTICE
    return AssignmentKind.DISPATCH if is_mobile else AssignmentKind.TRANSFER


HANDED_OFF = "handed_off_to_"


def handed_off_to(responder_type: str) -> str:
    """The outcome of whoever handed an incident over to this responder type."""
    return f"{HANDED_OFF}{responder_type}"
