"""Tables become rows with compiled conditions."""

from dispatch.domain.classification import HIGHEST_PRIORITY, LOWEST_PRIORITY, Category
from dispatch.triage.conditions import ALWAYS, compile_condition
from dispatch.triage.loading.condition_text import parse_condition
from dispatch.triage.loading.fields import Fields
from dispatch.triage.loading.layers import TableDraft
from dispatch.triage.loading.plans_text import parse_slots
from dispatch.triage.loading.problems import Problems
from dispatch.triage.loading.source import Node
from dispatch.triage.loading.words import Words
from dispatch.triage.model import ACTIVE, RETIRED, SHADOW, Also, Life, Place, Row, Table, Then

_TABLE_KEYS = ("table", "title", "owner", "floor", "rows", "source", "note")
_ROW_KEYS = ("id", "title", "when", "then", "also", "because", "source", "limits", "status", "from", "until")
_THEN_KEYS = ("category", "priority", "plan", "incident_type", "needs_human", "type_if_unknown")
_OF_TYPE = "type"


def parse_life(fields: Fields) -> Life:
    status = fields.choice("status", (SHADOW, ACTIVE, RETIRED), default=ACTIVE)
    return Life(status, fields.day("from"), fields.day("until"))


def parse_table(draft: TableDraft, words: Words, retired: frozenset[str], problems: Problems) -> Table | None:
    fields = Fields.of(draft.node, problems, what="table", keys=_TABLE_KEYS)
    if fields is None:
        return None
    name = fields.text("table", required=True)
    if name != draft.name:
        problems.add(fields.place_of("table"), "table_name", f"The file name says {draft.name!r}. Use one name.")
    fields.flag("floor")
    rows = [row for _, node in draft.rows if (row := _parse_row(node, words, retired, problems)) is not None]
    return Table(
        draft.name,
        draft.number,
        fields.text("title"),
        fields.text("owner"),
        draft.is_floor,
        tuple(rows),
        fields.place,
    )


def check_catch_all(tables: tuple[Table, ...], place: Place, problems: Problems) -> None:
    """The last row of all has an answer for whatever the others left."""
    last = tables[-1].rows[-1] if tables and tables[-1].rows else None
    if last is None:
        problems.add(place, "no_tables", "The policy decides nothing. Add tables/NN-name.yaml with rows.")
    elif last.when != ALWAYS or last.then is None or last.life != Life():
        detail = "The last row of the last table must have `when: {}` and `then`, so that every call has an answer."
        problems.add(last.place, "no_catch_all", detail)


def _parse_row(node: Node, words: Words, retired: frozenset[str], problems: Problems) -> Row | None:
    fields = Fields.of(node, problems, what="row", keys=_ROW_KEYS)
    if fields is None:
        return None
    row_id = fields.text("id", required=True)
    when = fields.get("when")
    if when is None:
        problems.add(
            fields.place, "missing", f"Row {row_id!r} has no 'when'. Write {{}} for a row that always matches."
        )
    condition = ALWAYS if when is None else parse_condition(when, words, problems)
    then, also = _parse_then(fields, words, problems), _parse_also(fields, words, problems)
    if then is None and also is None:
        problems.add(fields.place, "missing", f"Row {row_id!r} does nothing. Give it 'then' or 'also'.")
    life = parse_life(fields)
    return Row(
        id=row_id,
        title=fields.text("title"),
        when=condition,
        test=compile_condition(condition),
        then=then,
        also=also,
        because=fields.text("because", required=True),
        source=fields.text("source"),
        limits=fields.text("limits"),
        life=Life(RETIRED) if row_id in retired else life,
        place=fields.place,
    )


def _parse_then(row: Fields, words: Words, problems: Problems) -> Then | None:
    node = row.get("then")
    fields = None if node is None else Fields.of(node, problems, what="then", keys=_THEN_KEYS)
    if fields is None:
        return None
    category = fields.choice("category", [c.value for c in Category] + [_OF_TYPE], required=True, default=_OF_TYPE)
    takes_types = fields.text("priority") == _OF_TYPE
    priority = None if takes_types else fields.whole("priority", low=HIGHEST_PRIORITY, high=LOWEST_PRIORITY)
    if priority is None and not takes_types:
        problems.add(fields.place, "missing", "'priority' must be 0 to 4, or type.")
    return Then(
        category=None if category == _OF_TYPE else Category(category),
        priority=priority,
        plan=fields.choice("plan", words.plans, required=True),
        incident_type=fields.choice("incident_type", words.incident_types) or None,
        needs_human=fields.flag("needs_human") is True,
        type_if_unknown=fields.choice("type_if_unknown", words.incident_types) or None,
    )


def _parse_also(row: Fields, words: Words, problems: Problems) -> Also | None:
    node = row.get("also")
    keys = ("slots", "priority_at_least", "needs_human")
    fields = None if node is None else Fields.of(node, problems, what="also", keys=keys)
    if fields is None:
        return None
    return Also(
        slots=parse_slots(fields, words, problems) if fields.has("slots") else (),
        priority_at_least=fields.whole("priority_at_least", low=HIGHEST_PRIORITY, high=LOWEST_PRIORITY),
        needs_human=fields.flag("needs_human") is True,
    )
