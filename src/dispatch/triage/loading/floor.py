"""What a pack may never do to the safety floor that it inherits."""

from collections.abc import Iterable, Mapping

from dispatch.triage.loading.layers import Draft, plain_id
from dispatch.triage.loading.plans_text import parse_plan
from dispatch.triage.loading.problems import Problems
from dispatch.triage.loading.words import Words
from dispatch.triage.model import COMES_TO_EVERY_CALL, PlanTemplate, StepTemplate, Table


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


def check_retired(retired: frozenset[str], draft: Draft, problems: Problems) -> None:
    """Nothing of a floor table ends by being named in `retire`, and only what exists can end."""
    rows = {plain_id(node, "id"): table.is_floor for table in draft.tables.values() for _, node in table.rows}
    place = draft.own_settings.place if draft.own_settings is not None else None
    for name in sorted(retired):
        if place is None:
            return
        if rows.get(name):
            problems.add(place, "weakens_floor", f"{name!r} belongs to the safety floor and cannot be retired.")
        elif name not in rows and name not in draft.programs:
            problems.unknown_word(place, "row or program", name, [*rows, *draft.programs])


def _always(step: StepTemplate) -> dict[str, int]:
    return {slot.responder_type: slot.count for slot in step.slots if slot.responder_type in COMES_TO_EVERY_CALL}
