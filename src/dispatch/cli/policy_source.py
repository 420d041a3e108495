"""Finding the texts of a policy by the name a person gives: the id of a shipped one, or a folder."""

from dataclasses import dataclass
from pathlib import Path

from dispatch.domain.errors import Invalid, NotFound
from dispatch.policies import read_shipped, shipped_ids
from dispatch.triage.policy import Policy, load_policy
from dispatch.triage.policy_texts import parent_id

SUFFIXES = {".yaml", ".csv", ".md"}  # as the shipped ones are read, so that the same folder has the same hash
MAX_FILE_BYTES = 8_000_000


@dataclass(frozen=True, slots=True)
class PolicyTexts:
    """The files of a policy and of the policies it stands on."""

    name: str
    texts: dict[str, str]
    parents: dict[str, dict[str, str]]

    def load(self) -> Policy:
        """The compiled policy. Raises PolicyInvalid with every problem."""
        return load_policy(self.texts, parents=self.parents)

    def inherits(self, place: str) -> bool:
        """True when the place (file:line) is in a file of a policy that this one stands on."""
        return any(place.startswith(f"{parent}/") for parent in self.parents)


def find_policy(id_or_folder: str) -> PolicyTexts:
    """The texts of that policy with its parents, each looked for beside it and among the shipped ones."""
    folder = Path(id_or_folder)
    is_folder = folder.is_dir()
    texts = read_folder(folder) if is_folder else _shipped(id_or_folder)
    parents: dict[str, dict[str, str]] = {}
    parent = parent_id(texts)
    while parent is not None and parent not in parents:
        beside = folder.parent / parent
        if is_folder and (beside / "policy.yaml").is_file():
            parents[parent] = read_folder(beside)
        elif parent in shipped_ids():
            parents[parent] = _shipped(parent)
        else:
            break  # load_policy names the missing parent with its file and line
        parent = parent_id(parents[parent])
    return PolicyTexts(id_or_folder, texts, parents)


def read_folder(folder: Path) -> dict[str, str]:
    """File name relative to the folder -> text, for every policy file in it."""
    if not (folder / "policy.yaml").is_file():
        raise NotFound(
            f"'{folder}' holds no policy.yaml", fix="Give the folder of a policy; docs/policy-format.md describes it."
        )
    texts = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix not in SUFFIXES or not path.is_file():
            continue
        if path.stat().st_size > MAX_FILE_BYTES:
            raise Invalid(
                f"'{path}' is larger than a policy file can be", fix="Split it, or remove it from the folder."
            )
        try:
            texts[path.relative_to(folder).as_posix()] = path.read_text("utf-8-sig")
        except UnicodeDecodeError as damaged:
            raise Invalid(f"'{path}' is not UTF-8", fix="Save it as UTF-8.") from damaged
    return texts


def _shipped(policy_id: str) -> dict[str, str]:
    return dict(read_shipped(policy_id))
