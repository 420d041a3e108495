"""What several rows ask for adds up to the fewest people who satisfy each of them."""

from hypothesis import given
from hypothesis import strategies as st

from dispatch.domain.classification import SlotRole
from dispatch.domain.plan import Slot
from dispatch.triage.posts import Posts, joined, posts_of

ANY: frozenset[str] = frozenset()
ALS, COMMAND = frozenset({"als"}), frozenset({"command"})


def posts(**counts: int) -> Posts:
    skills = {"any": ANY, "als": ALS, "command": COMMAND, "hazmat": frozenset({"hazmat"})}
    return posts_of([Slot("fire", None, count, SlotRole.PRIMARY, skills[name]) for name, count in counts.items()])


def counts(found: Posts) -> dict[frozenset[str], int]:
    return {skills: post.count for skills, post in found.items()}


def test_somebody_to_command_comes_beside_the_crews_and_never_instead_of_them() -> None:
    assert counts(joined(posts(any=4, command=1), posts(any=1))) == {ANY: 4, COMMAND: 1}
    assert counts(joined(posts(any=1), posts(any=4, command=1))) == {ANY: 4, COMMAND: 1}


def test_a_crew_with_a_skill_is_one_of_the_crews() -> None:
    assert counts(joined(posts(als=1), posts(any=1))) == {ALS: 1}
    assert counts(joined(posts(als=1), posts(any=2))) == {ALS: 1, ANY: 1}


def test_who_was_to_stay_at_a_distance_goes_in_when_another_row_wants_it_there() -> None:
    far = posts_of([Slot("ems", None, 1, SlotRole.STAGED)])
    near = posts_of([Slot("ems", None, 1, SlotRole.PRIMARY)])

    assert joined(far, near)[ANY].role is SlotRole.PRIMARY


NEEDS = st.dictionaries(st.sampled_from(["any", "als", "command", "hazmat"]), st.integers(1, 5)).map(
    lambda counts: posts(**counts)
)


def satisfies(offered: Posts, asked: Posts) -> bool:
    """A crew with a skill may stand for any crew; whoever commands is no crew."""
    crews = {skills: post.count for skills, post in offered.items() if skills != COMMAND}
    wanted = {skills: post.count for skills, post in asked.items() if skills != COMMAND}
    skilled = all(crews.get(skills, 0) >= count for skills, count in wanted.items() if skills)
    leads = offered[COMMAND].count if COMMAND in offered else 0
    led = asked[COMMAND].count if COMMAND in asked else 0
    return skilled and sum(crews.values()) >= sum(wanted.values()) and leads >= led


@given(NEEDS, NEEDS, NEEDS)
def test_together_they_satisfy_each_and_the_order_does_not_matter(one: Posts, other: Posts, third: Posts) -> None:
    both = joined(one, other)

    assert satisfies(both, one)
    assert satisfies(both, other)
    assert counts(both) == counts(joined(other, one))
    assert counts(joined(both, third)) == counts(joined(one, joined(other, third)))
