"""What a pack may never do to the safety floor that it inherits."""

from collections.abc import Iterable, Mapping

from dispatch.triage.loading.fields import words_in
from dispatch.triage.loading.layers import Draft, plain_id
from dispatch.triage.loading.plans_text import parse_plan
from dispatch.triage.loading.problems import Problems
from dispatch.triage.loading.source import Node, Scalar
from dispatch.triage.loading.words import Words
from dispatch.triage.model import COMES_TO_EVERY_CALL, Place, PlanTemplate, StepTemplate, Table


def check_floor_plans(
    draft: Draft, plans: Mapping[str, PlanTemplate], tables: Iterable[Table], words: Words, problems: Problems
) -> None:
    """Every step of a replaced plan keeps the police, fire and EMS that the inherited plan sends first."""
    used = {row.then.plan for table in tables if table.is_floor for row in table.rows if row.then is not None}
    for plan_id, node in draft.inherited_plans.items():
        before = parse_plan(plan_id, node, words, Problems())
        after = plans.get(plan_id)
        if plan_id not in used or before is None or after is None or not before.steps:
            continue
        needed = _always(before.steps[0])
        for step in after.steps:
            missing = sorted(kind for kind, count in needed.items() if _always(step).get(kind, 0) < count)
            if missing:
                detail = f"Plan {plan_id!r} serves the safety floor; every step must still send {', '.join(missing)}."
                problems.add(after.place, "weakens_floor", detail)


def retired_ids(draft: Draft, problems: Problems) -> frozenset[str]:
    """Rows and programs that a policy of the chain has ended and none after it has written again.

    What a parent has ended stays ended in every pack beneath, whatever these end themselves. Nothing of a floor table
    ends so, and only what exists can end.
    """
    tables = draft.tables.values()
    floor = {plain_id(node, "id") for table in tables if table.is_floor for _, node in table.rows}
    written = {plain_id(node, "id"): layer for table in tables for layer, node in table.rows}
    written |= {program: layer for program, (layer, _) in draft.programs.items()}
    ended: set[str] = set()
    for layer, node in draft.retired:
        for name, place in _names(node, problems):
            if name in floor:
                problems.add(place, "weakens_floor", f"{name!r} belongs to the safety floor and cannot be retired.")
            elif name not in written:
                problems.unknown_word(place, "row or program", name, written)
            elif written[name] <= layer:
                ended.add(name)
    return frozenset(ended)


def _names(node: Node, problems: Problems) -> tuple[tuple[str, Place], ...]:
    is_nothing = isinstance(node, Scalar) and node.is_null
    return () if is_nothing else words_in(node, problems)


def _always(step: StepTemplate) -> dict[str, int]:
    return {slot.responder_type: slot.count for slot in step.slots if slot.responder_type in COMES_TO_EVERY_CALL}
