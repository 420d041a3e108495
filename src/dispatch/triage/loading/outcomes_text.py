"""outcomes.yaml becomes a catalogue: a city's own outcomes beside those that ship, which it may change, not weaken."""

import re
from collections.abc import Sequence
from dataclasses import replace

from dispatch.domain.outcome import SHIPPED_OUTCOMES, Catalogue, Detail, Outcome
from dispatch.triage.loading.fields import Fields
from dispatch.triage.loading.problems import Problems
from dispatch.triage.loading.source import Mapping, Node

_KEYS = (
    *("code", "label", "responder_type", "needs", "met", "handles", "calls_for", "health"),
    *("apco", "nemsis", "neris", "source", "note"),
)
_CODE = re.compile(r"[a-z][a-z0-9_]{1,59}")


def parse_outcomes(layers: Sequence[Mapping], responder_types: Sequence[str], problems: Problems) -> Catalogue:
    """layers: the outcomes.yaml of each policy in the chain, the root's first; a later one changes what it inherits."""
    catalogue = SHIPPED_OUTCOMES
    for node in layers:
        fields = Fields.of(node, problems, what="outcomes", keys=("outcomes", "note"))
        if fields is None:
            continue
        own: dict[str, Outcome] = {}
        for part in fields.parts("outcomes"):
            one = _outcome(part, catalogue, responder_types, problems)
            if one is None:
                continue
            if one.code in own:
                problems.add(part.place, "duplicate_id", f"Outcome {one.code!r} is there already. Keep one.")
            own[one.code] = one
        catalogue = catalogue.over(list(own.values()))
    return catalogue


def _outcome(node: Node, catalogue: Catalogue, responder_types: Sequence[str], problems: Problems) -> Outcome | None:
    fields = Fields.of(node, problems, what="outcome", keys=_KEYS)
    if fields is None:
        return None
    code = fields.text("code", required=True)
    if not code:
        return None
    before = catalogue.find(code)
    if not _CODE.fullmatch(code) or (before is not None and before.code != code):
        detail = "A code is lower-case letters, digits and underscores, and no former word for another outcome."
        problems.add(fields.place_of("code"), "bad_code", detail)
        return None
    label = fields.text("label", required=before is None)
    base = before or Outcome(code, label)
    changed = replace(
        base,
        label=label or base.label,
        responder_types=_listed(fields, "responder_type", responder_types, base.responder_types, problems),
        needs=tuple(map(Detail, _listed(fields, "needs", [one.value for one in Detail], base.needs, problems))),
        met=base.met if (met := fields.flag("met")) is None else met,
        handles=base.handles if (handles := fields.flag("handles")) is None else handles,
        calls_for=fields.choice("calls_for", responder_types) or base.calls_for,
        is_health=base.is_health if (health := fields.flag("health")) is None else health,
        apco=fields.text("apco") or base.apco,
        nemsis=fields.text("nemsis") or base.nemsis,
        neris=fields.text("neris") or base.neris,
    )
    _refuse_weaker(fields, base, changed, problems)
    return changed


def _refuse_weaker(fields: Fields, base: Outcome, changed: Outcome, problems: Problems) -> None:
    """Whoever must still come must still come, and what is health stays so: others rely on both."""
    if base.calls_for is not None and changed.calls_for != base.calls_for:
        detail = f"{base.code!r} leaves the incident to {base.calls_for}. Add an outcome of your own for others."
        problems.add(fields.place_of("calls_for"), "weakens_floor", detail)
    if base.is_health and not changed.is_health:
        detail = f"{base.code!r} tells of somebody's health and stays so. Leave 'health' out."
        problems.add(fields.place_of("health"), "weakens_floor", detail)


def _listed(
    fields: Fields, key: str, known: Sequence[str], before: Sequence[str], problems: Problems
) -> tuple[str, ...]:
    """The words of this key, which replace those of before; those of before where the key is left out."""
    if not fields.has(key):
        return tuple(before)
    found = []
    for word, place in fields.words(key):
        if word in known:
            found.append(word)
        else:
            problems.unknown_word(place, key.replace("_", " "), word, known)
    return tuple(dict.fromkeys(found))
