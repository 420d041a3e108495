"""What a sender means by its own priorities: each CAD has other words for "now"."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from dispatch.triage.facts import UNKNOWN
from dispatch.triage.model import Place


@dataclass(frozen=True, slots=True)
class Sender:
    """most_urgent: the priorities by which it says "now", as its manual writes them. because: who says so."""

    most_urgent: tuple[str, ...]
    because: str
    place: Place


Senders: TypeAlias = Mapping[str, Sender]  # by source

MOST_URGENT, LESS_URGENT = "most_urgent", "less_urgent"


def urgency(senders: Senders, source: str, priority: str) -> str | None:
    """MOST_URGENT or LESS_URGENT, of a priority in lower case; None when nobody has said what this sender's priorities
    mean, or it gave none.
    """
    sender = senders.get(source)
    if sender is None or priority == UNKNOWN:
        return None
    return MOST_URGENT if priority in {one.casefold() for one in sender.most_urgent} else LESS_URGENT
