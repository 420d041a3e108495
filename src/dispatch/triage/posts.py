"""How many of one kind must come, and with which skills: rows add up to the fewest units who satisfy each of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from dispatch.domain.classification import SlotRole
from dispatch.domain.plan import Slot
from dispatch.domain.unit import COMMAND
from dispatch.triage.model import SlotTemplate

ROLE_ORDER = (SlotRole.PRIMARY, SlotRole.STAGED, SlotRole.SUPPORT)
_ANY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Post:
    """So many units in one role."""

    count: int
    role: SlotRole


Posts = Mapping[frozenset[str], Post]  # by the skills that each unit must have; all of one responder type and program


def posts_of(slots: Iterable[Slot | SlotTemplate]) -> Posts:
    """The posts of slots that are wanted together: of those with the same skills the larger, in the stronger role."""
    found: dict[frozenset[str], Post] = {}
    for slot in slots:
        before = found.get(slot.capabilities, Post(0, slot.role))
        post = Post(max(before.count, slot.count), stronger(before.role, slot.role))
        found[slot.capabilities] = post
    return found


def joined(one: Posts, other: Posts) -> Posts:
    """The fewest posts that satisfy both, each in its stronger role.

    A unit with a skill is also one of those of whom none was asked, but whoever commands brings no crew, so it comes
    beside them and never instead.
    """
    found = {
        skills: _larger(one.get(skills), other.get(skills))
        for skills in dict.fromkeys((*one, *other))
        if skills != _ANY
    }
    plain = max(_crews(one), _crews(other)) - _crews(found)
    asked = [posts[_ANY] for posts in (one, other) if _ANY in posts]
    if not asked:
        return found
    role = min((post.role for post in asked), key=ROLE_ORDER.index)
    if plain < max(post.count for post in asked):
        # Some with a skill now stand for those without: they go where these were to go.
        found = {skills: post if COMMAND in skills else _as_near(post, role) for skills, post in found.items()}
    return {_ANY: Post(plain, role), **found} if plain > 0 else found


def slots_together(one: Iterable[Slot], other: Iterable[Slot]) -> tuple[Slot, ...]:
    """The fewest slots of a step that satisfy both, those of the first in their order and before others."""
    found: dict[tuple[str, str | None], Posts] = {}
    for slots in (one, other):
        for who, posts in _by_program(slots).items():
            found[who] = joined(found[who], posts) if who in found else posts
    return tuple(
        Slot(responder_type, program, post.count, post.role, skills)
        for (responder_type, program), posts in found.items()
        for skills, post in posts.items()
    )


def stronger(one: SlotRole, other: SlotRole) -> SlotRole:
    """The role of somebody who has both: going in counts more than waiting near, and that more than support."""
    return min(one, other, key=ROLE_ORDER.index)


def _larger(one: Post | None, other: Post | None) -> Post:
    if one is None or other is None:
        post = one or other
        assert post is not None  # noqa: S101
        return post
    return Post(max(one.count, other.count), stronger(one.role, other.role))


def _as_near(post: Post, role: SlotRole) -> Post:
    return replace(post, role=stronger(post.role, role))


def _crews(posts: Posts) -> int:
    return sum(post.count for skills, post in posts.items() if COMMAND not in skills)


def _by_program(slots: Iterable[Slot]) -> Mapping[tuple[str, str | None], Posts]:
    found: dict[tuple[str, str | None], list[Slot]] = {}
    for slot in slots:
        found.setdefault((slot.responder_type, slot.program), []).append(slot)
    return {who: posts_of(of_program) for who, of_program in found.items()}
