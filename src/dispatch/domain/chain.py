"""The fallback chain: how a step of a plan stands, and whether the next one is due."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch.domain.assignment import OfferRule
from dispatch.domain.unserved import UnservedReason, reason_of_step


@dataclass(frozen=True, slots=True)
class Lead:
    """A unit that could lead a step. is_pick: recommended, not only next best. crew: one word for who staffs it."""

    unit_id: str
    call_sign: str
    role: str
    is_offered: bool
    eta_s: int | None
    is_pick: bool
    crew: str


@dataclass(frozen=True, slots=True)
class StepOutlook:
    """A step of a plan as it stands now, and the one after it.

    programs: (program, responder type) of those who would lead it. free: units that could go now, asked ones aside.
    shortfalls: the router's reasons for what it lacks. following, wait_limit_s, offer, leads: of the next step;
    following None: this is the last one. has_more: whether a step comes after that.
    """

    step: int
    programs: tuple[tuple[str, str], ...] = ()
    free: tuple[str, ...] = ()
    shortfalls: tuple[str, ...] = ()
    following: int | None = None
    wait_limit_s: int | None = None
    offer: OfferRule | None = None
    leads: tuple[Lead, ...] = ()
    has_more: bool = False

    @property
    def why_nobody(self) -> UnservedReason:
        """Why nobody of this step took it: those who could have gone now were not sent in time."""
        return UnservedReason.WAIT_TOO_LONG if self.free else reason_of_step(self.shortfalls)

    @property
    def is_hopeless(self) -> bool:
        """True when waiting for this step is no use: all who could ever take it said no, or none is on duty."""
        return not self.free and self.why_nobody in (UnservedReason.DECLINED, UnservedReason.NONE_ON_DUTY)

    def next_limit_passes_at(self, now: datetime) -> datetime | None:
        """When the step after the next one is due, if the next one begins now; None when nothing comes after it."""
        if self.wait_limit_s is None or not self.has_more:
            return None
        return now + timedelta(seconds=self.wait_limit_s)


def to_offer(outlook: StepOutlook, at_most: int = 3) -> tuple[Lead, ...]:
    """Whom the plan itself offers the next step: the picks, and for `first_of` a few of the next best beside them.

    Nobody is ordered without a person, so ordered units are left to one. A crew is asked with one of its vehicles.
    """
    if outlook.offer is None:
        return ()
    first_of_crew: dict[str, Lead] = {}
    for lead in outlook.leads:
        if lead.is_offered:
            first_of_crew.setdefault(lead.crew, lead)
    offered = list(first_of_crew.values())
    if outlook.offer is OfferRule.FIRST_OF:
        return tuple(offered[:at_most])
    return tuple(lead for lead in offered if lead.is_pick)
