"""Rows whose place in the order is wrong: those no call reaches, those that bury others, those that hide danger."""

from collections.abc import Iterator
from itertools import combinations

from dispatch.domain.classification import SlotRole
from dispatch.triage.conditions import CATEGORY, INCIDENT_TYPE, TOPIC, AllOf, Condition, asked_for, required_atoms
from dispatch.triage.facts import DANGERS, UNKNOWN, VOCABULARY
from dispatch.triage.findings import ERROR, WARNING, Finding
from dispatch.triage.model import ACTIVE, COMES_TO_EVERY_CALL, URGENT, Row, Table
from dispatch.triage.policy import Policy

NAMED = 5  # rows that a finding names one by one
MINUTES_COUNT = 1  # the priorities up to this one


def check_row_order(policy: Policy) -> Iterator[Finding]:
    """Every finding about the order of rows: an error when a row can have no say, a warning when a danger may not."""
    yield from _unreachable_rows(policy)
    yield from _buried_rows(policy)
    yield from _hidden_urgency(policy)
    yield from _lost_leads(policy)


def _active(table: Table) -> list[Row]:
    return [row for row in table.rows if row.life.status == ACTIVE and not row.life.is_dated]


def _unreachable_rows(policy: Policy) -> Iterator[Finding]:
    """A row behind another that matches whenever it does; with a different answer the two contradict each other."""
    for table in policy.tables:
        for earlier, later in combinations(_active(table), 2):
            if not _covers(earlier, later):
                continue
            if _covers(later, earlier) and earlier.then != later.then:
                detail = f"{later.id} asks the same as {earlier.id} and answers differently. Keep one."
                yield Finding(ERROR, "conflicting_rows", str(later.place), detail, later.id)
            else:
                detail = (
                    f"{later.id} can never match: {earlier.id} before it takes all its calls. Move it up or end it."
                )
                yield Finding(ERROR, "unreachable_row", str(later.place), detail, later.id)


def _buried_rows(policy: Policy) -> Iterator[Finding]:
    """A row that takes all calls of rows in later tables, as a city's can those of the policy that it extends."""
    tables = [_active(table) for table in policy.tables]
    for number, table in enumerate(tables):
        later = [row for rows in tables[number + 1 :] for row in rows if row.then is not None]
        for earlier in table:
            buried = [row.id for row in later if earlier.then is not None and _covers(earlier, row)]
            if not buried:
                continue
            more = f" and {len(buried) - NAMED} more" if len(buried) > NAMED else ""
            detail = (
                f"{earlier.id} takes every call of {len(buried)} rows in later tables "
                f"({', '.join(buried[:NAMED])}{more}). Ask for more in its `when`, or move it behind them."
            )
            yield Finding(ERROR, "buries_rows", str(earlier.place), detail, earlier.id)


def _covers(one: Row, other: Row) -> bool:
    """True when `one` surely matches whatever `other` matches."""
    return _takes(one, other.when)


def _takes(row: Row, calls: Condition) -> bool:
    """True when the row surely matches every call for which the condition holds."""
    atoms, is_whole = required_atoms(row.when)
    if not is_whole:
        return row.when == calls
    theirs, _ = required_atoms(calls)
    return all(any(a.key == b.key and b.values <= a.values for b in theirs) for a in atoms)


def _hidden_urgency(policy: Policy) -> Iterator[Finding]:
    """Outside the floor the first row that holds answers alone, so a milder one must not take a call of danger.

    Told of a later row that asks for a danger, of one for which minutes count that looks for a topic, since a call may
    have that beside any other, and of an urgent one that meets the earlier on what both look for; but not of an
    exception, which asks for all that the urgent row asks for and more.
    """
    for table in policy.tables:
        for earlier, later in combinations(_active(table), 2):
            before, after = (row.then.priority if row.then else None for row in (earlier, later))
            if table.is_floor or before is None or after is None or before <= after:
                continue
            meets = _is_urgent(later) and not _covers(later, earlier) and _shared(policy, earlier, later)
            if (meets or _asks_danger(later)) and _can_meet(earlier, later):
                first, second = f"{earlier.id} (priority {before})", f"{later.id} (priority {after})"
                where = f": {meets}" if meets else ""
                detail = f"{first} comes before {second} and can take its calls{where}."
                yield Finding(WARNING, "overlap", str(earlier.place), detail, _pair(earlier, later))


def _shared(policy: Policy, earlier: Row, later: Row) -> str:
    """In words, what a call that is for both rows has; empty when nothing says that there is one."""
    point = _meeting_point(policy, earlier, later)
    if point:
        return f"both look for {point}"
    topics = {topic for atom in asked_for(later.when) if atom.key == TOPIC for topic in atom.values}
    if topics and later.then is not None and later.then.priority is not None and later.then.priority <= MINUTES_COUNT:
        return f"a call of {earlier.id} may have the topic {' or '.join(sorted(topics))} as well"
    return ""


def _meeting_point(policy: Policy, one: Row, other: Row) -> str:
    """A value that both rows look for, else an incident type that is for both by itself; empty when there is neither.

    The category is no meeting point, since nearly every row asks for one.
    """
    wanted = [atom for atom in asked_for(one.when) if atom.key != CATEGORY]
    for atom in asked_for(other.when):
        for mine in wanted:
            if mine.key == atom.key and (common := (mine.values & atom.values) - {UNKNOWN}):
                return f"{atom.key} {' or '.join(sorted(common))}"
    for known in policy.incident_types.values():
        state = {**dict(known.facts), INCIDENT_TYPE: known.code, CATEGORY: known.category.value}
        topics = frozenset(known.topics)
        if one.test(state, topics) is True and other.test(state, topics) is True:
            return f"the type {known.code}"
    return ""


def _lost_leads(policy: Policy) -> Iterator[Finding]:
    """A floor row before another whose plan lets a program lead an urgent call.

    Whatever their order, the rows of a floor table together decide urgency, who of police, fire and EMS comes, how many
    of them and who joins them in support; but only the first row that holds says who else leads.
    """
    for table in policy.tables:
        rows = _active(table) if table.is_floor else []
        for number, earlier in enumerate(rows):
            for later in rows[number + 1 :]:
                lost = sorted(_leads(policy, later) - _leads(policy, earlier))
                if not lost or not _is_urgent(later) or not _can_meet(earlier, later):
                    continue
                both = AllOf((earlier.when, later.when))
                if any(_takes(before, both) and not set(lost) - _leads(policy, before) for before in rows[:number]):
                    continue
                detail = (
                    f"{earlier.id} comes before {later.id} and can take its calls, which then lose {', '.join(lost)}. "
                    f"Move {later.id} before {earlier.id}, or give {earlier.id} an `also`."
                )
                yield Finding(WARNING, "floor_order", str(earlier.place), detail, _pair(earlier, later))


def _pair(earlier: Row, later: Row) -> str:
    return f"{earlier.id} before {later.id}"


def _leads(policy: Policy, row: Row) -> set[str]:
    """Whom the row lets lead that does not come to every call: kinds of programs, and programs by name."""
    slots = [] if row.then is None else list(policy.plans[row.then.plan].steps[0].slots)
    slots = [slot for slot in slots if slot.role is not SlotRole.SUPPORT]
    kinds = {kind for slot in slots for kind in (slot.responder_type, slot.program, *slot.eligible) if kind}
    return kinds - COMES_TO_EVERY_CALL


def _is_urgent(row: Row) -> bool:
    return row.then is not None and row.then.priority is not None and row.then.priority <= URGENT


def _asks_danger(row: Row) -> bool:
    """True when it asks for a danger, or for one not being ruled out; a danger denied is no danger."""
    atoms = [atom for atom in required_atoms(row.when)[0] if atom.key in DANGERS]
    return any(VOCABULARY[atom.key].safe_value not in atom.values for atom in atoms)


def _can_meet(one: Row, other: Row) -> bool:
    """False when the two ask for different values of the same fact, so that no call can be for both."""
    asked: dict[str, frozenset[str]] = {}
    for atom in (*required_atoms(one.when)[0], *required_atoms(other.when)[0]):
        if atom.key != TOPIC:
            asked[atom.key] = asked.get(atom.key, atom.values) & atom.values
    return all(asked.values())
