"""What a policy calls itself, read from policy.yaml alone: a draft may have any other problem and is still stored."""

import re
from collections.abc import Mapping

from dispatch.domain.errors import FieldProblem, Invalid, PolicyInvalid
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


def require_file_names(texts: Mapping[str, str]) -> None:
    """Returns when each name is one that a policy's file may have, so that whoever writes them to a disk is safe."""
    wrong = [name for name in texts if _FILE.fullmatch(name) is None]
    if wrong:
        raise Invalid(
            f"{'These are' if len(wrong) > 1 else 'This is'} no file of a policy: {', '.join(map(repr, wrong[:12]))}.",
            fix="Name files as docs/policy-format.md does, for example tables/50-care.yaml.",
            errors=[FieldProblem(f"/texts/{_escaped(name)}", "bad_file_name", _FILE_RULE) for name in wrong],
        )


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


_KEYS = ("policy", "version")
_FILE = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9_-]{0,99}/){0,3}[A-Za-z0-9][A-Za-z0-9_-]{0,99}\.(?:yaml|csv|md|txt)")
_FILE_RULE = "folders and name of letters, digits, - and _, ending in .yaml, .csv, .md or .txt"
