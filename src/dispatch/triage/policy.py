"""A policy: texts in, a compiled and immutable policy out, or every problem of the texts at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from zoneinfo import ZoneInfo

from dispatch.domain.classification import Verdict
from dispatch.domain.errors import PolicyInvalid
from dispatch.domain.hazard import SHIPPED_HAZARDS, HazardKinds
from dispatch.domain.outcome import SHIPPED_OUTCOMES, Catalogue
from dispatch.domain.timers import SHIPPED, TimeLimits
from dispatch.triage.conditions import TOPIC, atoms_of
from dispatch.triage.context import ContextRules
from dispatch.triage.crosswalk import Crosswalk, build_crosswalk
from dispatch.triage.decision import PolicyRef, ProgramVerdict
from dispatch.triage.facts import VOCABULARY
from dispatch.triage.lexicon import Lexicon, build_lexicon
from dispatch.triage.loading.accepted_text import parse_accepted
from dispatch.triage.loading.cases_text import parse_cases
from dispatch.triage.loading.floor import check_floor_plans, retired_ids
from dispatch.triage.loading.grammar_text import build_grammar
from dispatch.triage.loading.hazards_text import parse_hazards
from dispatch.triage.loading.layers import Draft, add_layer, own_row_ids
from dispatch.triage.loading.lexicon_text import PhraseBook, read_context, read_lexicon
from dispatch.triage.loading.outcomes_text import parse_outcomes
from dispatch.triage.loading.plans_text import parse_plan
from dispatch.triage.loading.problems import Problems
from dispatch.triage.loading.programs_text import parse_program
from dispatch.triage.loading.senders_text import parse_senders
from dispatch.triage.loading.settings import Settings, parse_settings
from dispatch.triage.loading.tables_text import check_catch_all, parse_table
from dispatch.triage.loading.timers_text import parse_timers
from dispatch.triage.loading.types_text import parse_call_types, parse_incident_types
from dispatch.triage.loading.words import Words, parse_topics
from dispatch.triage.memo import Memos
from dispatch.triage.model import (
    RETIRED,
    SHADOW,
    Acceptance,
    Case,
    IncidentType,
    Place,
    PlanTemplate,
    Program,
    Row,
    Table,
)
from dispatch.triage.policy_texts import parent_id, place_of_parent, policy_sha256
from dispatch.triage.row_index import RowIndex, bits_of, build_index, table_bits
from dispatch.triage.senders import Senders
from dispatch.triage.understanding import Understanding


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything evaluate() needs, compiled once. `rows` are those of all tables, in the order they are tried.

    asked_facts: those that can change an answer. row_tables: for each row, the number of its table in `tables`.
    table_bits: bits of each table's rows in `index`; floor_rows, shadow_rows, undated_rows: bits of the rows in floor
    tables, of shadow rows, and of rows that are in force whatever the day; dated_rows: numbers of the other live ones.
    is_own_zone: it does not inherit its zone; other_zones: those of programs that name another one.
    own_rows: ids of those that it does not inherit. inherited_dangers: dangers that the cases of the policies it stands
    on tell of, besides those in `cases`.
    stands_on: the policies that it extends, the nearest first.
    senders: what senders mean by their own priorities.
    limits: how long to wait for what before somebody is told. hazards: the kinds of hazards that a place may have.
    outcomes: what may come of an assignment.
    accepted: warnings of the check that have a reason.
    note, sources: what it tells its readers of itself; each source by its short name, with title and address.
    program_index: over every condition of every program's `takes`; take_owners: the program of each;
    program_asks: for each key that a verdict can depend on, the programs that ask it; program_topics: all topics that
    one can depend on. has_areas, has_days: some program asks where the call is, or which day it is.
    row_keys: keys that some row looks at; seen_keys: that some row or program does.
    memos: what was worked out already; it changes no answer.
    """

    id: str
    version: int
    sha256: str
    title: str
    owner: str
    time_zone: str
    zone: ZoneInfo
    is_own_zone: bool
    other_zones: tuple[ZoneInfo, ...]
    incident_types: Mapping[str, IncidentType]
    crosswalk: Crosswalk
    lexicon: Lexicon
    phrases: PhraseBook
    plans: Mapping[str, PlanTemplate]
    fallback: PlanTemplate | None
    fallback_priority: int
    tables: tuple[Table, ...]
    rows: tuple[Row, ...]
    own_rows: frozenset[str]
    row_tables: tuple[int, ...]
    table_bits: tuple[int, ...]
    index: RowIndex
    floor_rows: int
    shadow_rows: int
    undated_rows: int
    dated_rows: tuple[int, ...]
    programs: tuple[Program, ...]
    program_index: RowIndex
    take_owners: tuple[int, ...]
    program_asks: Mapping[str, tuple[int, ...]]
    program_topics: frozenset[str]
    has_areas: bool
    has_days: bool
    row_keys: tuple[str, ...]
    seen_keys: tuple[str, ...]
    cases: tuple[Case, ...]
    inherited_dangers: tuple[Case, ...]
    topics: frozenset[str]
    asked_facts: tuple[str, ...]
    out_of_scope: tuple[ProgramVerdict, ...]
    limits: TimeLimits = SHIPPED
    senders: Senders = field(default_factory=dict)
    hazards: HazardKinds = SHIPPED_HAZARDS
    outcomes: Catalogue = SHIPPED_OUTCOMES
    accepted: tuple[Acceptance, ...] = ()
    stands_on: tuple[str, ...] = ()
    note: str = ""
    sources: tuple[tuple[str, str], ...] = ()
    memos: Memos = field(default_factory=Memos, compare=False, repr=False)

    @property
    def ref(self) -> PolicyRef:
        return PolicyRef(self.id, self.version, self.sha256)


def load_policy(texts: Mapping[str, str], *, parents: Mapping[str, Mapping[str, str]] = MappingProxyType({})) -> Policy:
    """The compiled policy. texts: file name -> text. parents: policy id -> its texts, for those it extends.

    Raises PolicyInvalid with every problem: pointer file:line, code, and a sentence with the remedy.
    """
    problems = Problems()
    draft, chain = _merged(texts, parents, problems)
    policy = _built(draft, policy_sha256(texts, {name: parents[name] for name in chain}), chain, problems)
    if problems.found or policy is None:
        count = len(problems.found)
        raise PolicyInvalid(
            f"The policy has {count} problem{'s' if count != 1 else ''}.",
            fix="Mend each place named in errors; docs/policy-format.md describes the files.",
            errors=problems.found,
        )
    return policy


def _merged(
    texts: Mapping[str, str], parents: Mapping[str, Mapping[str, str]], problems: Problems
) -> tuple[Draft, list[str]]:
    chain: list[str] = []
    parent = parent_id(texts)
    while parent is not None and parent not in chain:
        if parent not in parents:
            detail = f"There is no policy {parent!r} here to extend. `dispatch policy list` names those that ship."
            problems.add(place_of_parent(texts), "unknown_policy_to_extend", detail)
            break
        chain.append(parent)
        parent = parent_id(parents[parent])
    draft = Draft()
    for name in reversed(chain):
        add_layer(draft, parents[name], problems, prefix=f"{name}/")
    add_layer(draft, texts, problems, prefix="")
    return draft, chain


def _built(draft: Draft, sha256: str, chain: Sequence[str], problems: Problems) -> Policy | None:
    if draft.own_settings is None:
        return None
    settings = parse_settings(draft.all_settings, draft.own_settings, problems)
    types = parse_incident_types(draft, problems)
    book = _phrase_book(draft, types, problems)
    words = _words(draft, settings, types, book)
    plans = {
        plan_id: plan
        for plan_id, (_, node) in draft.plans.items()
        if (plan := parse_plan(plan_id, node, words, problems)) is not None
    }
    retired = retired_ids(draft, problems)
    tables = _tables(draft, settings, retired, words, problems)
    check_floor_plans(draft, plans, tables, words, problems)
    programs = [
        settings.understanding.holding_back(program)
        for _, node in draft.programs.values()
        if (program := parse_program(node, words, retired, problems)) is not None
    ]
    rows = [row for table in tables for row in table.rows]
    row_ids = frozenset(row.id for row in rows)
    row_keys = {atom.key for row in rows for atom in atoms_of(row.when)} - {TOPIC}
    if settings.fallback_plan and settings.fallback_plan not in plans:
        problems.unknown_word(settings.fallback_place, "plan", settings.fallback_plan, plans)
    cases, inherited_dangers = _cases(draft, words, row_ids, problems)
    row_tables = tuple(number for number, table in enumerate(tables) for _ in table.rows)
    return Policy(
        id=settings.id,
        version=settings.version,
        sha256=sha256,
        title=settings.title,
        owner=settings.owner,
        time_zone=settings.zone.key,
        zone=settings.zone,
        is_own_zone=settings.is_own_zone,
        other_zones=tuple(dict.fromkeys(one.zone for one in programs if one.zone not in (None, settings.zone))),
        incident_types=types,
        crosswalk=build_crosswalk(parse_call_types(draft, types, problems), types),
        lexicon=_lexicon(book, settings.understanding, problems),
        phrases=book,
        plans=plans,
        fallback=plans.get(settings.fallback_plan),
        fallback_priority=settings.fallback_priority,
        tables=tables,
        rows=tuple(rows),
        own_rows=own_row_ids(draft),
        stands_on=tuple(chain),
        note=settings.note,
        sources=settings.sources,
        row_tables=row_tables,
        table_bits=table_bits(row_tables, len(tables)),
        index=build_index([row.when for row in rows]),
        floor_rows=bits_of(tables[table].is_floor for table in row_tables),
        shadow_rows=bits_of(row.life.status == SHADOW for row in rows),
        undated_rows=bits_of(row.life.status != RETIRED and not row.life.is_dated for row in rows),
        dated_rows=tuple(n for n, row in enumerate(rows) if row.life.status != RETIRED and row.life.is_dated),
        programs=tuple(programs),
        program_index=build_index([take for program in programs for take in program.takes], keep_untold=True),
        take_owners=tuple(number for number, program in enumerate(programs) for _ in program.takes),
        program_asks={
            key: tuple(number for number, program in enumerate(programs) if key in program.asks)
            for key in sorted({key for program in programs for key in program.asks})
        },
        program_topics=frozenset(topic for program in programs for topic in program.asks_topics),
        has_areas=any(program.area is not None for program in programs),
        has_days=any(one.life.is_dated or (one.hours is not None and bool(one.hours.closed_on)) for one in programs),
        row_keys=tuple(sorted(row_keys)),
        seen_keys=tuple(sorted(row_keys.union(*(program.asks for program in programs)))),
        cases=cases,
        inherited_dangers=inherited_dangers,
        topics=words.topics,
        asked_facts=_asked_facts(rows, programs),
        accepted=parse_accepted(draft.accepted, draft.layers - 1, problems),
        limits=parse_timers(draft.timers, settings.responder_types, problems),
        senders=parse_senders(draft.senders, problems),
        hazards=parse_hazards(draft.hazards, problems),
        outcomes=parse_outcomes(draft.outcomes, settings.responder_types, problems),
        out_of_scope=tuple(
            ProgramVerdict(program.id, program.responder_type, Verdict.INELIGIBLE, ("not_in_scope",))
            for program in programs
        ),
    )


def _asked_facts(rows: Iterable[Row], programs: Iterable[Program]) -> tuple[str, ...]:
    """Facts that some row or program looks at, in the order of the vocabulary; no other can change an answer."""
    asked = {atom.key for row in rows for atom in atoms_of(row.when)}
    asked.update(key for program in programs for key in program.asks)
    return tuple(fact for fact in VOCABULARY if fact in asked)


def _phrase_book(draft: Draft, types: Mapping[str, IncidentType], problems: Problems) -> PhraseBook:
    book = PhraseBook()
    for layer, node in draft.lexicons:
        read_lexicon(layer, node, book, types, problems)
    for node in draft.contexts:
        read_context(node, book, problems)
    return book


def _lexicon(book: PhraseBook, understanding: Understanding, problems: Problems) -> Lexicon:
    searched = book.searched()
    grammar = build_grammar(book.grammar, (word for words, _, _ in searched for word in words), problems)
    patterns = tuple((written.text, written.meaning) for written in book.grammar.patterns)
    return build_lexicon(searched, ContextRules(), grammar, patterns, understanding)


def _words(draft: Draft, settings: Settings, types: Mapping[str, IncidentType], book: PhraseBook) -> Words:
    topics = set(book.topics)
    for row in (*draft.incident_types.values(), *draft.call_types.values()):
        topics.update(parse_topics(row.cells["topics"]))
    return Words(
        topics=frozenset(topics),
        incident_types=frozenset(types),
        responder_types=frozenset(settings.responder_types),
        plans=frozenset(draft.plans),
        programs=frozenset(draft.programs),
    )


def _tables(
    draft: Draft, settings: Settings, retired: frozenset[str], words: Words, problems: Problems
) -> tuple[Table, ...]:
    # The floor decides first whatever number a pack gives its own tables, so that none can slip in before it.
    drafts = sorted(draft.tables.values(), key=lambda d: (not d.is_floor, d.number, d.name))
    tables = tuple(table for d in drafts if (table := parse_table(d, words, retired, problems)) is not None)
    seen: dict[str, Place] = {}
    for row in (row for table in tables for row in table.rows):
        if row.id in seen:
            problems.add(row.place, "duplicate_id", f"Row {row.id!r} is already at {seen[row.id]}. Ids are for ever.")
        seen.setdefault(row.id, row.place)
    check_catch_all(tables, settings.place, problems)
    return tables


def _cases(
    draft: Draft, words: Words, rows: frozenset[str], problems: Problems
) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """The policy's own cases with the inherited ones that must hold in every pack, and the other inherited dangers."""
    own = draft.layers - 1
    parsed = parse_cases(draft.cases, words, rows, problems)
    found = [(layer == own or case.must_hold, case) for layer, case in parsed]
    return (
        tuple(case for is_run, case in found if is_run),
        tuple(case for is_run, case in found if not is_run and case.is_danger),
    )
