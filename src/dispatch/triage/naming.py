"""What a policy calls itself, read from policy.yaml alone: a draft may have any other problem and is still stored."""

import re
from collections.abc import Mapping

from dispatch.domain.errors import FieldProblem, PolicyInvalid
from dispatch.triage.loading.problems import Problems
from dispatch.triage.loading.source import Scalar, read_yaml

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
_VERSION = re.compile(r"[1-9][0-9]{0,6}")
_HIGHEST_VERSION = 1_000_000


def name_of(texts: Mapping[str, str]) -> tuple[str, int]:
    """Id and version of the policy. Raises PolicyInvalid when policy.yaml does not tell both."""
    problems = Problems()
    node = read_yaml("policy.yaml", texts.get("policy.yaml", ""), problems)
    items = {} if node is None else node.items
    policy_id, version = (value.text if isinstance(value, Scalar) else "" for value in map(items.get, _KEYS))
    found = list(problems.found)
    if _ID.fullmatch(policy_id) is None:
        found.append(
            FieldProblem(
                "policy.yaml:1", "bad_policy_id", "Write `policy:` with small letters, digits, - and _, at most 100."
            )
        )
    if _VERSION.fullmatch(version) is None or int(version) > _HIGHEST_VERSION:
        found.append(
            FieldProblem("policy.yaml:1", "bad_version", "Write `version:` as a whole number from 1 to 1000000.")
        )
    if found:
        raise PolicyInvalid(
            "policy.yaml does not say which policy this is.",
            fix="Mend the places named in errors; everything else may still be wrong in a draft.",
            errors=found,
        )
    return policy_id, int(version)


_KEYS = ("policy", "version")
