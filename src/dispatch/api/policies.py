"""Policies as they are stored: which decides, the exact text of each, what differs, what a trial in shadow showed."""

import asyncio
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query

from dispatch.api.answers import refusals
from dispatch.api.policy_answers import (
    CasesOut,
    CellOut,
    ChangeOut,
    DiffOut,
    PolicyList,
    PolicyText,
    ReplayOut,
    ShadowExampleOut,
    ShadowOut,
    policy_out,
)
from dispatch.api.triage_answer import PolicyRefOut
from dispatch.api.valve import triage_for
from dispatch.db.active_policy import PolicyKey, stored_version
from dispatch.domain.access import Permission, Principal
from dispatch.operations.policy_replay import replay
from dispatch.queries.policies import ShadowExample, deciding_key, list_versions, shadow_summary
from dispatch.triage.cases import run_cases
from dispatch.triage.decision import PolicyRef
from dispatch.triage.diff import diff_policies
from dispatch.triage.outcomes import NOBODY, Cell
from dispatch.web.routes import Act, CurrentAct, QueryRoute, requires

queries = APIRouter(prefix="/v1/policies", route_class=QueryRoute, tags=["policies"])

MOST_REPLAYED = 1000


def key_of(act: Act, name: str) -> PolicyKey:
    """The version that a path names, in the jurisdiction of whoever asks."""
    return PolicyKey.parse(act.principal.jurisdiction, name)


@queries.get("", response_model=PolicyList, responses=refusals(), summary="List policies")
@requires(Permission.POLICY_READ)
async def list_policies(act: CurrentAct) -> PolicyList:
    """Every version stored, newest first, drafts among them; the one with status `active` decides."""
    jurisdiction = act.principal.jurisdiction
    deciding = await deciding_key(act.session, jurisdiction, act.now)
    rows = await list_versions(act.session, jurisdiction)
    return PolicyList(items=[policy_out(row, deciding, act.now) for row in rows])


@queries.get("/{policy}", response_model=PolicyText, responses=refusals(404), summary="One version, whole")
@requires(Permission.POLICY_READ)
async def get_policy(policy: str, act: CurrentAct) -> PolicyText:
    """`id@version`, with the exact text of every file."""
    key = key_of(act, policy)
    row = await stored_version(act.session, key)
    shown = policy_out(row, await deciding_key(act.session, key.jurisdiction_id, act.now), act.now)
    return PolicyText(**shown.model_dump(), texts=row.texts, parents=row.parents)


@queries.post("/{policy}:test", response_model=CasesOut, responses=refusals(404), summary="Run its cases")
@requires(Permission.POLICY_READ)
async def run_cases_of(policy: str, act: CurrentAct) -> CasesOut:
    """The worked examples of the policy run against it, with the rows that they hit and narrowly miss."""
    compiled = await act.services.policies.get(act.session, key_of(act, policy))
    report = await asyncio.to_thread(run_cases, compiled)
    return CasesOut.model_validate(report.as_data())


@queries.get("/{policy}/shadow", response_model=ShadowOut, responses=refusals(404), summary="What shadow showed")
@requires(Permission.POLICY_READ)
async def get_shadow(policy: str, act: CurrentAct) -> ShadowOut:
    """How many live calls the version was tried on, how many it would have changed, and from whom to whom."""
    act.principal.require(Permission.INCIDENT_READ)
    key = key_of(act, policy)
    row = await stored_version(act.session, key)
    found = await shadow_summary(act.session, key)
    deciding = await deciding_key(act.session, key.jurisdiction_id, act.now)
    return ShadowOut(
        policy=policy_out(row, deciding, act.now),
        calls=found.seen,
        changed=found.changed,
        share_changed=round(found.changed / found.seen, 4) if found.seen else None,
        first_at=found.first_at,
        last_at=found.last_at,
        matrix=_seen_matrix(act.principal, found.matrix),
        examples=_seen_examples(act.principal, found.examples),
    )


@queries.get("/{old}/diff/{new}", response_model=DiffOut, responses=refusals(404), summary="What is different")
@requires(Permission.POLICY_READ)
async def get_diff(
    old: str,
    new: str,
    act: CurrentAct,
    replay_last: Annotated[
        int | None,
        Query(ge=1, le=MOST_REPLAYED, description="Also decide this many of the newest calls under both"),
    ] = None,
) -> DiffOut:
    """Rows, programs, plans, phrases, types and cases that were added, removed or changed, by id and field.

    With `replay_last`, also the decisions that change on stored calls, as a matrix of who goes first.
    """
    policies = act.services.policies
    before, after = [await policies.get(act.session, key_of(act, name)) for name in (old, new)]
    replayed = None
    if replay_last is not None:
        act.principal.require(Permission.INCIDENT_READ)
        shown = partial(triage_for, act.principal)
        replayed = await replay(act.session, act.principal.jurisdiction, before, after, replay_last, shown)
    return DiffOut(
        old=_ref(before.ref),
        new=_ref(after.ref),
        changes=[ChangeOut.model_validate(one) for one in await asyncio.to_thread(diff_policies, before, after)],
        replay=None if replayed is None else ReplayOut.model_validate(replayed),
    )


def _ref(ref: PolicyRef) -> PolicyRefOut:
    return PolicyRefOut(id=ref.id, version=ref.version, sha256=ref.sha256)


def _seen(principal: Principal, responders: str) -> str:
    """The first responders without those that are kept from the principal."""
    return "+".join(one for one in responders.split("+") if principal.sees_responder_type(one)) or NOBODY


def _seen_matrix(principal: Principal, cells: list[Cell]) -> list[CellOut]:
    added: dict[tuple[str, str], int] = {}
    for cell in cells:
        pair = _seen(principal, cell.old), _seen(principal, cell.new)
        added[pair] = added.get(pair, 0) + cell.calls
    return [CellOut(old=old, new=new, calls=calls) for (old, new), calls in added.items()]


def _seen_examples(principal: Principal, examples: list[ShadowExample]) -> list[ShadowExampleOut]:
    """For whoever must not know of a discipline, only the calls whose change can be told without it."""
    shown = []
    for one in examples:
        found = ShadowExampleOut.model_validate(one)
        found = found.model_copy(update={"old": _seen(principal, one.old), "new": _seen(principal, one.new)})
        same = (found.old, found.old_priority, found.old_category) == (
            found.new,
            found.new_priority,
            found.new_category,
        )
        if not same or not principal.hidden_responder_types():
            shown.append(found)
    return shown
