"""The policies of a given size that the benchmarks measure can be made of what ships today."""

from bench.made import made_policy
from tests.unit.policies.shipped import pack


def test_a_policy_of_the_size_that_is_measured_can_be_made() -> None:
    made = made_policy(pack("us-default"), 100, 500)

    assert len(made.rows) == 100
    assert 500 <= sum(not one.is_form for one in made.phrases.phrases.values()) < 700
