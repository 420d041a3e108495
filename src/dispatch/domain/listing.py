"""What a sender lists as active, moment by moment: what is new on the list, gone from it, back on it, or changed.

That a call is no longer listed does not prove that nobody needs help: its sender may have closed, withheld or lost it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

# When so large a part of a list is gone at once, the list is doubted: a feed that broke looks exactly so. On the one
# real feed that was looked at, half were gone after a gap of 43 minutes, and never more.
DOUBTED_SHARE = 0.75
DOUBTED_FROM = 10


@dataclass(frozen=True, slots=True)
class Listed:
    """One call on a sender's list, by the sender's own reference. units: who the sender says is on it."""

    ref: str
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LastListed:
    """How a call stood on the list before. absent_since: the first list that it was not on; None while it is listed."""

    ref: str
    units: tuple[str, ...] = ()
    absent_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """What a list says that the one before did not, as references in the order of the list.

    still: listed then and now. changed: of those, whose units are others. missing: listed then and not now. vanished:
    those that count as gone.
    doubted: so much is missing that nothing is taken as vanished until the next list says it again.
    """

    new: tuple[str, ...]
    still: tuple[str, ...]
    changed: tuple[str, ...]
    reappeared: tuple[str, ...]
    missing: tuple[str, ...]
    vanished: tuple[str, ...]
    doubted: bool = False


@dataclass(frozen=True, slots=True)
class CloseRule:
    """When an incident that its sender no longer lists is closed without a person. Nothing closes without such a rule.

    after_lists: so many whole lists in a row lack it. Life threats, what a human must look at, what anybody was sent
    to and what is linked to another incident stay open whatever the rule says.
    """

    after_lists: int


def compare(
    before: Sequence[LastListed], now: Sequence[Listed], *, is_whole: bool = True, was_doubted: bool = False
) -> Difference:
    """The difference between what is known of a sender's list and what it lists now.

    is_whole: every row of the list could be read; from a list with gaps nothing vanishes. was_doubted: the list before
    lacked as much, and then it is believed.
    """
    known: Mapping[str, LastListed] = {one.ref: one for one in before}
    listed = {one.ref: one for one in now}
    still = [ref for ref in listed if ref in known and known[ref].absent_since is None]
    missing = [one.ref for one in before if one.absent_since is None and one.ref not in listed]
    doubted = is_whole and not was_doubted and is_doubtful(len(still) + len(missing), len(missing), len(listed))
    return Difference(
        new=tuple(ref for ref in listed if ref not in known),
        still=tuple(still),
        changed=tuple(ref for ref in still if set(known[ref].units) != set(listed[ref].units)),
        reappeared=tuple(ref for ref in listed if ref in known and known[ref].absent_since is not None),
        missing=tuple(missing),
        vanished=() if doubted or not is_whole else tuple(missing),
        doubted=doubted,
    )


def is_doubtful(listed_before: int, missing: int, listed_now: int) -> bool:
    """True when so much of the list before is missing that one looks twice: all of it, or most of a long one."""
    if missing == 0:
        return False
    return listed_now == 0 or (listed_before >= DOUBTED_FROM and missing > DOUBTED_SHARE * listed_before)
