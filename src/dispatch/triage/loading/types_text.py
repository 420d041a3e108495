"""incident_types.csv and call_types.csv become incident types and the crosswalk."""

from dispatch.domain.classification import HIGHEST_PRIORITY, LOWEST_PRIORITY, Category
from dispatch.triage.loading.csv_rows import CsvRow
from dispatch.triage.loading.layers import Draft
from dispatch.triage.loading.problems import Problems
from dispatch.triage.loading.words import parse_facts, parse_topics
from dispatch.triage.model import CallType, IncidentType

_PRIORITIES = tuple(str(p) for p in range(HIGHEST_PRIORITY, LOWEST_PRIORITY + 1))


def parse_incident_types(draft: Draft, problems: Problems) -> dict[str, IncidentType]:
    types = {}
    for code, row in draft.incident_types.items():
        category, priority = row.cells["category"], row.cells["priority"]
        if category not in tuple(Category):
            problems.unknown_word(row.place, "category", category, tuple(Category))
        elif priority not in _PRIORITIES:
            problems.add(row.place, "number", f"Priority {priority!r} must be 0 to 4.")
        elif not code:
            problems.add(row.place, "missing", "The incident type has no code.")
        else:
            types[code] = _incident_type(code, row, Category(category), int(priority), problems)
    return types


def _incident_type(code: str, row: CsvRow, category: Category, priority: int, problems: Problems) -> IncidentType:
    facts = parse_facts(row.cells["facts"], row.place, problems)
    return IncidentType(
        code, row.cells["label"], category, priority, facts, parse_topics(row.cells["topics"]), row.place
    )


def parse_call_types(draft: Draft, types: dict[str, IncidentType], problems: Problems) -> tuple[CallType, ...]:
    parsed = []
    for row in draft.call_types.values():
        cells = row.cells
        if not cells["source"]:
            problems.add(row.place, "missing", "The row has no source. Write * for any sender.")
        if not (cells["code"] or cells["text"]):
            problems.add(row.place, "missing", "The row has neither code nor text.")
        if cells["incident_type"] not in types:
            problems.unknown_word(row.place, "incident type", cells["incident_type"], types)
            continue
        facts = parse_facts(cells["facts"], row.place, problems)
        parsed.append(
            CallType(
                cells["source"],
                cells["code"],
                cells["text"],
                cells["incident_type"],
                facts,
                parse_topics(cells["topics"]),
                row.place,
            )
        )
    return tuple(parsed)
