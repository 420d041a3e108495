"""The one-way valve over decisions: what a principal may not know of is taken out of the `triage` object."""

from collections.abc import Mapping
from typing import Any

from dispatch.domain.access import Principal


def triage_for(principal: Principal, triage: Mapping[str, Any]) -> dict[str, Any]:
    """The decision without verdicts, plan slots and sentences about responder types that are kept from the principal.

    A row of the policy whose reason names a hidden program keeps its id and loses its sentence.
    """
    hidden = principal.hidden_responder_types()
    if not hidden:
        return dict(triage)
    names = hidden | {one["program"] for one in triage["programs"] if one["responder_type"] in hidden}
    names |= {one["program"] for one in triage["plan"] if one["responder_type"] in hidden and one["program"]}
    return {
        **triage,
        "programs": [one for one in triage["programs"] if one["responder_type"] not in hidden],
        "plan": [one for one in triage["plan"] if one["responder_type"] not in hidden],
        "reasons": [
            {**one, "because": "" if _names_any(one["because"], names) else one["because"]} for one in triage["reasons"]
        ],
        "questions": [one for one in triage["questions"] if not _names_any(one["changes"], names)],
        "would_change_if": [line for line in triage["would_change_if"] if not _names_any(line, names)],
        "warnings": [line for line in triage.get("warnings", []) if not _names_any(line, names)],
    }


def _names_any(sentence: str, names: frozenset[str] | set[str]) -> bool:
    said = sentence.lower()
    return any(name.lower() in said or name.lower().replace("_", " ") in said for name in names)
