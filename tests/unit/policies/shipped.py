"""Each shipped policy, read once for all tests of a worker: compiling forty-five takes longer than the tests."""

from functools import cache

from dispatch.policies import load_shipped
from dispatch.triage.policy import Policy


@cache
def pack(policy_id: str) -> Policy:
    """The policy as it ships. It is shared: nobody changes it."""
    return load_shipped(policy_id)
