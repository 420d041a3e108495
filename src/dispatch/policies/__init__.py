"""The policies that ship: their files as texts, and the lock that makes a silent edit of a published text fail."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from dispatch.domain.errors import NotFound
from dispatch.triage.policy import Policy, load_policy
from dispatch.triage.policy_texts import heading, parent_id, policy_sha256

LOCK_FILE = "version.lock"
_SUFFIXES = (".yaml", ".csv", ".md")


@dataclass(frozen=True, slots=True)
class Locked:
    """One line of version.lock. sha256: of the policy's own texts, without those it extends."""

    id: str
    version: int
    sha256: str


def shipped_ids() -> tuple[str, ...]:
    """Ids of the policies in this package, sorted."""
    return tuple(sorted(folder.name for folder in files(__package__).iterdir() if (folder / "policy.yaml").is_file()))


def read_shipped(policy_id: str) -> Mapping[str, str]:
    """File name -> text of one shipped policy. Raises NotFound."""
    if policy_id not in shipped_ids():
        raise NotFound(f"No policy {policy_id!r} ships.", fix=f"Choose one of: {', '.join(shipped_ids()) or 'none'}.")
    return dict(_texts(files(__package__) / policy_id, ""))


def read_parents(texts: Mapping[str, str]) -> dict[str, Mapping[str, str]]:
    """The shipped policies that these texts extend, directly or not; what does not ship is left out."""
    parents: dict[str, Mapping[str, str]] = {}
    parent = parent_id(texts)
    while parent is not None and parent not in parents and parent in shipped_ids():
        parents[parent] = read_shipped(parent)
        parent = parent_id(parents[parent])
    return parents


def read_lock() -> dict[str, Locked]:
    """version.lock by policy id; empty when there is none yet."""
    lock = files(__package__) / LOCK_FILE
    lines = lock.read_text(encoding="utf-8").splitlines() if lock.is_file() else []
    entries = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    return {entry[0]: Locked(entry[0], int(entry[1]), entry[2]) for entry in entries}


def load_shipped(policy_id: str) -> Policy:
    """One shipped policy, compiled. Raises NotFound, PolicyInvalid."""
    texts = read_shipped(policy_id)
    return load_policy(texts, parents=read_parents(texts))


def current_lock() -> dict[str, Locked]:
    """What version.lock should say of the texts as they are now."""
    return {policy_id: _locked(policy_id, read_shipped(policy_id)) for policy_id in shipped_ids()}


def _locked(policy_id: str, texts: Mapping[str, str]) -> Locked:
    # Its own texts alone: those that it extends have lines of their own.
    return Locked(policy_id, int(heading(texts)["version"]), policy_sha256(texts))


def lock_text(entries: Mapping[str, Locked]) -> str:
    """version.lock as it is written, one policy a line."""
    head = "# id version sha256 of each shipped policy. A text may only change together with its version.\n"
    return head + "".join(f"{e.id} {e.version} {e.sha256}\n" for _, e in sorted(entries.items()))


def silent_edits(current: Mapping[str, Locked], lock: Mapping[str, Locked]) -> list[str]:
    """A sentence with its remedy for each policy whose text, version and lock do not agree."""
    found = []
    for policy_id, now in sorted(current.items()):
        locked = lock.get(policy_id)
        if locked is None:
            found.append(f"{policy_id} is not in {LOCK_FILE}. Add the line: {policy_id} {now.version} {now.sha256}")
        elif now.version < locked.version:
            found.append(f"{policy_id} went back from version {locked.version} to {now.version}. Versions only grow.")
        elif now.sha256 != locked.sha256 and now.version == locked.version:
            found.append(f"{policy_id} changed but is still version {now.version}. Raise it and update {LOCK_FILE}.")
        elif now != locked:
            found.append(f"{policy_id} is version {now.version}; update {LOCK_FILE}: {now.version} {now.sha256}")
    found += [
        f"{gone} is in {LOCK_FILE} but does not ship. Policies are retired, not deleted."
        for gone in lock.keys() - current.keys()
    ]
    return found


def _texts(folder: Traversable, prefix: str) -> dict[str, str]:
    texts: dict[str, str] = {}
    for entry in folder.iterdir():
        if entry.is_dir():
            texts.update(_texts(entry, f"{prefix}{entry.name}/"))
        elif entry.name.endswith(_SUFFIXES):
            texts[prefix + entry.name] = entry.read_text(encoding="utf-8")
    return texts
