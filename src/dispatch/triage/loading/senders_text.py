"""senders.yaml becomes what each sender means by its priorities."""

from collections.abc import Sequence

from dispatch.triage.loading.fields import Fields
from dispatch.triage.loading.problems import Problems
from dispatch.triage.loading.source import Mapping, Node
from dispatch.triage.senders import Sender, Senders

_KEYS = ("source", "most_urgent", "because", "note")


def parse_senders(layers: Sequence[Mapping], problems: Problems) -> Senders:
    """layers: the senders.yaml of each policy in the chain, the root's first; the last one to name a sender counts."""
    found: dict[str, Sender] = {}
    for node in layers:
        fields = Fields.of(node, problems, what="senders", keys=("senders", "note"))
        if fields is None:
            continue
        own: set[str] = set()
        for part in fields.parts("senders"):
            sender = _sender(part, problems)
            if sender is None:
                continue
            source, said = sender
            if source in own:
                problems.add(part.place, "duplicate_row", f"{source!r} is named twice in this file. Keep one.")
            own.add(source)
            found[source] = said
    return found


def _sender(node: Node, problems: Problems) -> tuple[str, Sender] | None:
    fields = Fields.of(node, problems, what="sender", keys=_KEYS)
    if fields is None:
        return None
    source = fields.text("source", required=True)
    because = fields.text("because", required=True)
    urgent = tuple(dict.fromkeys(word.strip() for word, _ in fields.words("most_urgent")))
    if not fields.has("most_urgent"):
        detail = "'most_urgent' is missing: the priorities by which this sender says \"now\". Write [] for none."
        problems.add(fields.place, "missing", detail)
    return (source, Sender(urgent, because, fields.place)) if source else None
