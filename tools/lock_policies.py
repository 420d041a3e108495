"""Writes version.lock of the shipped policies, unless a text changed and its version did not."""

import sys
from collections.abc import Mapping
from pathlib import Path

import dispatch.policies
from dispatch.policies import LOCK_FILE, Locked, current_lock, lock_text, read_lock


def write_lock(current: Mapping[str, Locked], known: Mapping[str, Locked], file: Path) -> int:
    """0 when the lock was written; 1 when a policy was edited in silence, and then it was not."""
    silent = [
        policy_id
        for policy_id, now in sorted(current.items())
        if policy_id in known and now.version <= known[policy_id].version and now.sha256 != known[policy_id].sha256
    ]
    for policy_id in silent:
        print(
            f"{policy_id} changed but is still version {known[policy_id].version}. Raise it in its policy.yaml.",
            file=sys.stderr,
        )
    if silent:
        return 1
    file.write_text(lock_text(current), encoding="utf-8")
    print(f"{file.name}: {len(current)} policies")
    return 0


if __name__ == "__main__":
    sys.exit(write_lock(current_lock(), read_lock(), Path(dispatch.policies.__file__).parent / LOCK_FILE))
