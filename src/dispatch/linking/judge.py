"""Which open incidents a new call may be about: proposed to a person, or linked at once when little doubt is left."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from dispatch.linking.profile import Profile
from dispatch.linking.score import DEFAULT, Likeness, Weights, likeness

MOST_PROPOSED = 5


class Verdict(StrEnum):
    """link: by itself. propose: a person looks."""

    LINK = "link"
    PROPOSE = "propose"


@dataclass(frozen=True, slots=True)
class Known:
    """A call that is on record. leader_id: the incident that stands for its group. is_open: that one is not ended."""

    profile: Profile
    leader_id: str
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class Match:
    """The likest call of one group. reasons: sentences, the weightiest first."""

    leader_id: str
    call_id: str
    verdict: Verdict
    likeness: Likeness
    reasons: tuple[str, ...]


def judge(new: Profile, known: Iterable[Known], weights: Weights = DEFAULT) -> tuple[Match, ...]:
    """The groups that the call may belong to, likest first, at most a handful. At most the first is to be linked.

    Not linked by itself: what is about one person without anything that ties the person; what has ended; and what is
    almost as like another group.
    """
    best: dict[str, tuple[Likeness, Known]] = {}
    for one in known:
        found = likeness(new, one.profile, weights)
        if found.score < weights.propose:
            continue
        so_far = best.get(one.leader_id)
        if so_far is None or (found.score, one.profile.call_id) > (so_far[0].score, so_far[1].profile.call_id):
            best[one.leader_id] = (found, one)
    ranked = sorted(best.values(), key=lambda pair: (-pair[0].score, pair[1].leader_id))[:MOST_PROPOSED]
    return tuple(
        Match(
            one.leader_id,
            one.profile.call_id,
            Verdict.LINK if number == 0 and _is_sure(ranked, weights) else Verdict.PROPOSE,
            found,
            tuple(
                part.because
                for part in sorted(found.parts, key=lambda part: -abs(part.log_odds))
                if part.name != "prior"
            ),
        )
        for number, (found, one) in enumerate(ranked)
    )


def _is_sure(ranked: Sequence[tuple[Likeness, Known]], weights: Weights) -> bool:
    first, known = ranked[0]
    if not known.is_open or first.score < weights.link:
        return False
    if not first.kind.seen_by_many and not first.same_person:
        return False
    return len(ranked) == 1 or first.score - ranked[1][0].score >= weights.clear_lead
