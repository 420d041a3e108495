"""What the queue says of an incident that is being passed on: whom it waits for, since when, and who comes when."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from dispatch.api.answers import IncidentOut, KeptForOut
from dispatch.queries.passing import Passing


class AskedOut(BaseModel):
    """Somebody who was asked to take the incident and has not answered; until then it is whose it was."""

    assignment_id: str
    kind: str = Field(description="`transfer` or `hand_off`", examples=["transfer"])
    to: str = Field(examples=["LINE"])
    party: str = Field(description="`unit`, `agency` or `outside`", examples=["unit"])
    responder_type: str
    since: datetime
    waited_s: int = Field(ge=0)
    answer_by: datetime | None
    from_unit: str | None = Field(description="The unit that has it meanwhile, of a hand-off")


class AppointedOut(BaseModel):
    """Somebody who comes or calls at an hour."""

    assignment_id: str
    unit: str
    responder_type: str
    scheduled_for: datetime
    scheduled_until: datetime | None
    status: str

    model_config = {"from_attributes": True}


class QueuedIncident(IncidentOut):
    """An incident as it stands, with who was asked to take it over, who comes or calls at an hour, and the busy units
    that it is kept for.
    """

    awaiting_transfer: list[AskedOut] = Field(description="Longest waiting first; empty: nobody is asked")
    appointments: list[AppointedOut]
    stacked_for: list[KeptForOut] = Field(default_factory=list)


def passing_data(one: Passing | None, now: datetime) -> dict[str, Any]:
    """What is passed on of an incident as it stands at this moment."""
    passed = one or Passing()
    return {
        "awaiting_transfer": [
            AskedOut(waited_s=max(0, round((now - asked.since).total_seconds())), **asdict(asked)).model_dump(
                mode="json"
            )
            for asked in passed.asked
        ],
        "appointments": [
            AppointedOut.model_validate(appointed).model_dump(mode="json") for appointed in passed.appointed
        ],
    }
