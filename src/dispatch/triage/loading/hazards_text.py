"""hazards.yaml becomes kinds of hazards: a city adds its own and may be stricter with the shipped ones, never laxer."""

import re
from collections.abc import Sequence

from dispatch.domain.hazard import (
    CAUTION,
    HEALTH,
    LONGEST_DAYS,
    LONGEST_RADIUS_M,
    SHIPPED_KINDS,
    HazardKind,
    HazardKinds,
    Sensitivity,
)
from dispatch.triage.loading.fields import Fields
from dispatch.triage.loading.problems import Problems
from dispatch.triage.loading.source import Mapping, Node

_KEYS = ("kind", "title", "warning", "sensitivity", "endangers", "most_days", "radius_m", "note")
_LONGEST_WARNING = 120
_NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")


def parse_hazards(layers: Sequence[Mapping], problems: Problems) -> HazardKinds:
    """layers: the hazards.yaml of each policy in the chain, the root's first; the last one to name a kind counts."""
    kinds = {kind.name: kind for kind in SHIPPED_KINDS}
    for node in layers:
        fields = Fields.of(node, problems, what="hazards", keys=("hazards", "note"))
        for part in fields.parts("hazards") if fields is not None else ():
            kind = _kind(part, kinds, problems)
            if kind is not None:
                kinds[kind.name] = kind
    return HazardKinds.of(kinds.values())


def _kind(node: Node, known: dict[str, HazardKind], problems: Problems) -> HazardKind | None:
    fields = Fields.of(node, problems, what="hazard", keys=_KEYS)
    name = fields.text("kind", required=True) if fields is not None else ""
    if fields is None or not name:
        return None
    if not _NAME.fullmatch(name):
        detail = f"{name!r} is no name of a kind. Write it in small letters and underscores, for example gas_storage."
        problems.add(fields.place_of("kind"), "bad_name", detail)
        return None
    before = known.get(name)
    sensitivity = fields.choice(
        "sensitivity",
        [one.value for one in Sensitivity],
        default=before.sensitivity.value if before else "",
        required=before is None,
    )
    most_days = fields.whole("most_days", low=1, high=LONGEST_DAYS, default=before.most_days if before else None)
    radius = fields.whole("radius_m", low=1, high=int(LONGEST_RADIUS_M))
    endangers = fields.flag("endangers")
    warning = fields.text("warning", default=before.warning if before else CAUTION)
    if most_days is None:
        problems.add(fields.place, "missing", "'most_days' is missing: how long one stands without being reviewed.")
    if endangers is None and before is None:
        problems.add(fields.place, "missing", "'endangers' is missing: may it hurt whoever goes there? true or false.")
    if len(warning) > _LONGEST_WARNING:
        problems.add(
            fields.place_of("warning"), "too_long", f"'warning' must be at most {_LONGEST_WARNING} characters."
        )
    if most_days is None or not sensitivity:
        return None
    found = HazardKind(
        name,
        fields.text("title", default=before.title if before else name.replace("_", " ")),
        warning,
        Sensitivity(sensitivity),
        before.endangers if endangers is None and before else bool(endangers),
        most_days,
        float(radius) if radius is not None else (before.radius_m if before else 30.0),
    )
    _require_as_strict(fields, found, before, problems)
    return found


def _require_as_strict(fields: Fields, kind: HazardKind, before: HazardKind | None, problems: Problems) -> None:
    if before is None:
        return
    if before.sensitivity in HEALTH and kind.sensitivity not in HEALTH:
        detail = f"{kind.name!r} is a health record. Its 'sensitivity' stays {' or '.join(sorted(HEALTH))}."
        problems.add(fields.place_of("sensitivity"), "weakens_privacy", detail)
    if before.endangers and not kind.endangers:
        detail = f"{kind.name!r} may hurt whoever goes there. Leave 'endangers' out."
        problems.add(fields.place_of("endangers"), "hides_danger", detail)
