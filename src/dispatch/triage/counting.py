"""What the rows that hold say together: one decides, the others may only add people and urgency."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dispatch.domain.classification import Category
from dispatch.triage.decision import Reason
from dispatch.triage.model import IncidentType, Row, SlotTemplate
from dispatch.triage.policy import Policy
from dispatch.triage.posts import ROLE_ORDER, Posts, joined, posts_of
from dispatch.triage.row_index import numbers_of
from dispatch.triage.rows import voices

Held = tuple[IncidentType | None, int]  # an incident type, and the bits of the rows that hold when it is the type


@dataclass(slots=True)
class Tally:
    """coming: posts of police, fire and EMS that the deciding row and those after it bring by name; more: of later rows
    alone. beside: slots for programs that join them, of all rows; joining: of later rows alone.
    """

    decided: Row | None = None
    is_by_floor: bool = False
    priority: int = 9
    needs_human: bool = False
    coming: dict[str, Posts] = field(default_factory=dict)
    more: dict[str, Posts] = field(default_factory=dict)
    beside: set[SlotTemplate] = field(default_factory=set)
    joining: list[SlotTemplate] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)

    @property
    def added(self) -> tuple[SlotTemplate, ...]:
        """What joins every step of the deciding row's plan: nothing of it is asked for twice."""
        return (
            *(
                SlotTemplate(kind, role=post.role, count=post.count, capabilities=skills)
                for kind, posts in self.more.items()
                for skills, post in posts.items()
            ),
            *dict.fromkeys(self.joining),
        )

    def expects(self, slots: Iterable[SlotTemplate]) -> None:
        """These come; a responder who was coming already comes in the number and with the skills that are more."""
        for kind, posts in _by_kind(slots).items():
            self.coming[kind] = self._with_those_coming(kind, posts)
        self.beside.update(slot for slot in slots if slot.responder_type is None)

    def adds(self, slots: Iterable[SlotTemplate]) -> None:
        """These join whoever the deciding row sends, and are expected."""
        for kind, posts in _by_kind(slots).items():
            self.more[kind] = joined(self.more[kind], posts) if kind in self.more else posts
        self.joining += [slot for slot in slots if slot.responder_type is None]
        self.expects(slots)

    def lacks(self, slots: Iterable[SlotTemplate]) -> list[SlotTemplate]:
        """Of these, the kinds of whom not enough are coming yet, in number or skill, and programs that are not beside.

        Who waits at a distance goes on waiting.
        """
        missing = [slot for slot in slots if slot.responder_type is None and slot not in self.beside]
        for kind, posts in _by_kind(slots).items():
            wanted = self._with_those_coming(kind, posts)
            if wanted != self.coming.get(kind):
                missing += [
                    SlotTemplate(
                        kind,
                        role=wanted[skills].role if skills in wanted else post.role,
                        count=post.count,
                        capabilities=skills,
                    )
                    for skills, post in posts.items()
                ]
        return missing

    def _with_those_coming(self, kind: str, posts: Posts) -> Posts:
        before = self.coming.get(kind)
        if before is None:
            return posts
        role = min((post.role for post in before.values()), key=ROLE_ORDER.index)
        return {
            skills: replace(post, role=before[skills].role if skills in before else role)
            for skills, post in joined(before, posts).items()
        }


def _by_kind(slots: Iterable[SlotTemplate]) -> Mapping[str, Posts]:
    kinds: dict[str, list[SlotTemplate]] = {}
    for slot in slots:
        if slot.responder_type is not None:
            kinds.setdefault(slot.responder_type, []).append(slot)
    return {kind: posts_of(of_kind) for kind, of_kind in kinds.items()}


def counted(policy: Policy, held: Sequence[Held]) -> Tally:
    """The first of `held` is the incident type's own; the others are of types that the call names as well."""
    tally = Tally()
    (incident_type, bits), *others = held
    said = voices(policy, bits)
    rest = 0
    won: set[int] = set()
    for number in numbers_of(said):
        row, table = policy.rows[number], policy.row_tables[number]
        is_floor = policy.tables[table].is_floor
        if table in won or not _win(policy, row, tally, incident_type, is_floor=is_floor):
            rest |= 1 << number
        if row.then is not None or not is_floor:  # a floor row that only adds leaves the decision to the others
            won.add(table)
    _add_rest(policy, rest, tally, incident_type)
    for other, other_bits in others:
        _add_rest(policy, voices(policy, other_bits) & ~said, tally, other)
    tally.reasons.sort(key=lambda reason: tally.decided is None or reason.rule != tally.decided.id)
    return tally


def _win(policy: Policy, row: Row, tally: Tally, incident_type: IncidentType | None, *, is_floor: bool) -> bool:
    """Counts a row that won its table; False when an earlier table has decided and the row has nothing of its own."""
    has_said = row.also is not None
    if row.then is not None and (tally.decided is None or is_floor):
        plan = policy.plans[row.then.plan]
        slots = (*plan.always_coming, *plan.beside)
        if tally.decided is None:
            tally.decided, tally.is_by_floor = row, is_floor
            tally.expects(slots)
        else:
            tally.adds(slots)  # danger adds up: a later floor table raises what an earlier one decided
        tally.priority = min(tally.priority, _priority(policy, row, incident_type))
        tally.needs_human |= row.then.needs_human
        has_said = True
    if row.also is not None:
        tally.adds(row.also.slots)
        tally.needs_human |= row.also.needs_human
        if row.also.priority_at_least is not None:
            tally.priority = min(tally.priority, row.also.priority_at_least)
    if has_said:
        tally.reasons.append(Reason(row.id, row.because))
    return has_said


def _add_rest(policy: Policy, rows: int, tally: Tally, incident_type: IncidentType | None) -> None:
    """Rows that did not win still bring who is missing, and urgency: every floor row; and when the floor decided, the
    first of each other table, so that a danger does not send away whom the call needed without it.

    A row that does not know what the call is about brings nothing, and where no type is known those outside the floor
    bring urgency only: who was sent for want of knowledge may stay away.
    """
    of_type = incident_type.category if incident_type else Category.UNKNOWN
    for number in numbers_of(rows):
        row, is_floor = policy.rows[number], bool(policy.floor_rows >> number & 1)
        is_knowing = row.then is not None and (row.then.category or of_type) is not Category.UNKNOWN
        if is_floor or (tally.is_by_floor and is_knowing):
            _add(policy, row, tally, incident_type, is_floor=is_floor)


def _add(policy: Policy, row: Row, tally: Tally, incident_type: IncidentType | None, *, is_floor: bool) -> None:
    """A floor row brings people, urgency and a person's judgement wherever it stands in its table."""
    brings_people = is_floor or incident_type is not None
    plan = policy.plans[row.then.plan] if row.then is not None and brings_people else None
    slots = [] if plan is None else [*plan.always_coming, *(plan.beside if is_floor else ())]
    priority = tally.priority if row.then is None else _priority(policy, row, incident_type)
    needs_human = is_floor and row.then is not None and row.then.needs_human
    if row.also is not None:
        slots += row.also.slots
        priority = min(priority, priority if row.also.priority_at_least is None else row.also.priority_at_least)
        needs_human |= is_floor and row.also.needs_human
    missing = tally.lacks(slots)
    if missing or priority < tally.priority or needs_human > tally.needs_human:
        tally.adds(missing)
        tally.priority = min(tally.priority, priority)
        tally.needs_human |= needs_human
        tally.reasons.append(Reason(row.id, row.because))


def _priority(policy: Policy, row: Row, incident_type: IncidentType | None) -> int:
    if row.then is not None and row.then.priority is not None:
        return row.then.priority
    return incident_type.priority if incident_type is not None else policy.fallback_priority
