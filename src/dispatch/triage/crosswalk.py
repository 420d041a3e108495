"""A sender's own call types looked up: its own rows before anyone's, code with text before code before text."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dispatch.triage.model import CallType, IncidentType
from dispatch.triage.tokens import words_of

ANY_SOURCE = "*"
_Key = tuple[str, str, str]  # source, code, text; all folded, "" where the row is silent


@dataclass(frozen=True, slots=True)
class Crosswalk:
    rows: Mapping[_Key, CallType]
    by_common_code: Mapping[str, IncidentType]
    types: Mapping[str, IncidentType]

    def look_up(self, source: str, code: str | None, text: str | None) -> tuple[IncidentType, CallType | None] | None:
        """The common type and the row that named it; None when neither code nor text is known."""
        folded_code, folded_text = fold(code), fold(text)
        for owner in (source.strip().casefold(), ANY_SOURCE):
            for key in ((folded_code, folded_text), (folded_code, ""), ("", folded_text)):
                row = self.rows.get((owner, *key)) if key != ("", "") else None
                if row is not None:
                    return self.types[row.incident_type], row
        common = self.by_common_code.get(folded_code) if folded_code else None
        common = common or (self.by_common_code.get(folded_text) if folded_text else None)
        return (common, None) if common is not None else None


def fold(text: str | None) -> str:
    return " ".join(words_of(text)) if text else ""


def build_crosswalk(rows: Iterable[CallType], types: Mapping[str, IncidentType]) -> Crosswalk:
    """Each row under all that it can be found by; where rows compete, the first written keeps the shorter key."""
    index: dict[_Key, CallType] = {}
    competing: dict[_Key, CallType] = {}
    for row in rows:
        source, code, text = row.source.strip().casefold(), fold(row.code), fold(row.text)
        index.setdefault((source, code, text), row)
        if code and text:
            competing.setdefault((source, code, ""), row)
            competing.setdefault((source, "", text), row)
    for key, row in competing.items():
        index.setdefault(key, row)
    common = {fold(incident_type.code): incident_type for incident_type in types.values()}
    return Crosswalk(index, common, types)
