"""accepted.yaml becomes acceptances: doubts of the check that the owner has looked at and gives a reason for."""

from collections.abc import Iterator, Sequence

from dispatch.triage.loading.fields import Fields
from dispatch.triage.loading.problems import Problems
from dispatch.triage.loading.source import Mapping, Node
from dispatch.triage.model import Acceptance, Place

_KEYS = ("warning", "about", "because")
_FEWEST_WORDS = 4  # of a reason: "fine" and "ok" give none


def parse_accepted(drafts: Sequence[tuple[int, Mapping]], own: int, problems: Problems) -> tuple[Acceptance, ...]:
    """drafts: the accepted.yaml of each policy in the chain with its layer; own: the layer of the policy itself."""
    found: list[Acceptance] = []
    seen: dict[tuple[int, str, str], Place] = {}
    for layer, node in drafts:
        fields = Fields.of(node, problems, what="list of accepted doubts", keys=("accepted", "note"))
        for part in () if fields is None else fields.parts("accepted"):
            for one in _acceptances(part, layer == own, problems):
                before = seen.setdefault((layer, one.code, one.about), one.place)
                if before is not one.place:
                    problems.add(one.place, "duplicate_acceptance", f"{one.about!r} is already at {before}. Keep one.")
                found.append(one)
    return tuple(found)


def _acceptances(node: Node, is_own: bool, problems: Problems) -> Iterator[Acceptance]:
    fields = Fields.of(node, problems, what="accepted doubt", keys=_KEYS)
    if fields is None:
        return
    code, because = fields.text("warning", required=True), fields.text("because", required=True)
    about = fields.words("about")
    if not about:
        problems.add(
            fields.place, "missing", "'about' is missing. Name the row, phrase or case that the warning names."
        )
    if because and len(because.split()) < _FEWEST_WORDS:
        problems.add(fields.place_of("because"), "no_reason", "'because' must say in a sentence why this is right.")
    for word, place in about:
        yield Acceptance(code, word, because, is_own, place)
