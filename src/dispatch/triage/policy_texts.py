"""What the texts of a policy say without being compiled: their hash, their heading, and on which policy they stand."""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType

from dispatch.triage.loading.problems import Problems
from dispatch.triage.loading.source import Scalar, read_yaml
from dispatch.triage.model import Place

HEADING = "policy.yaml"


def policy_sha256(texts: Mapping[str, str], parents: Mapping[str, Mapping[str, str]] = MappingProxyType({})) -> str:
    """The hash of a policy's exact texts and of the policies it stands on; line ends do not count."""
    digest = hashlib.sha256()
    for owner, files in [("", texts), *sorted(parents.items())]:
        for name in sorted(files):
            text = files[name].replace("\r\n", "\n")
            for part in (owner, name, text):
                data = part.encode("utf-8", "surrogatepass")
                digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def parent_id(texts: Mapping[str, str]) -> str | None:
    """The id of the policy that this one extends, if any; so that callers know which parents to bring."""
    return heading(texts).get("extends")


def place_of_parent(texts: Mapping[str, str]) -> Place:
    """The line that names the policy to extend."""
    node = read_yaml(HEADING, texts.get(HEADING, ""), Problems())
    start = Place(HEADING, 1)
    return start if node is None else node.key_places.get("extends", start)


def heading(texts: Mapping[str, str]) -> dict[str, str]:
    """What policy.yaml says of the policy in single words and texts (`policy`, `version`, `title`), unchecked."""
    node = read_yaml(HEADING, texts.get(HEADING, ""), Problems())
    values = {} if node is None else node.items
    return {key: value.text for key, value in values.items() if isinstance(value, Scalar) and not value.is_null}
