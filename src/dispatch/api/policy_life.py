"""What people do to policies: write, check, try in shadow, publish as a second person, roll back."""

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from dispatch.api.answers import refusals
from dispatch.api.bodies import Moment, NoteText, Part, Word
from dispatch.api.calls import actor_of
from dispatch.api.policies import key_of
from dispatch.api.policy_answers import CheckOut, DraftOut, PolicyOut, RolledBack, policy_out
from dispatch.db.models import PolicyVersion
from dispatch.domain.access import Permission
from dispatch.operations.policies import Publication, publish, roll_back
from dispatch.operations.policy_drafts import (
    Checked,
    DraftText,
    check_version,
    discard_draft,
    findings_as_data,
    put_in_shadow,
    save_draft,
    take_out_of_shadow,
)
from dispatch.queries.policies import deciding_key
from dispatch.web.routes import Act, CommandRoute, CurrentAct, requires

commands = APIRouter(prefix="/v1/policies", route_class=CommandRoute, tags=["policies"])

MOST_FILES = 500
_EXAMPLE_FILE = "policy: my-city\nversion: 1\ntitle: My city\nextends: us-default\n"
Version = Annotated[int, Field(ge=1, le=1_000_000)]


class DraftBody(Part):
    """A policy as files. What it `extends` is found by itself: stored here, or shipped."""

    id: Word = Field(examples=["my-city"], description="As in policy.yaml, which also names the version")
    texts: dict[Word, str] = Field(
        min_length=1,
        max_length=MOST_FILES,
        description="File name -> text",
        examples=[{"policy.yaml": _EXAMPLE_FILE}],
    )
    extends: dict[Word, Version] = Field(
        default_factory=dict,
        max_length=20,
        description="Pin a stored version of what it stands on; default: the newest published here, else the shipped",
        examples=[{"us-default": 1}],
    )
    note: NoteText | None = Field(None, examples=["Welfare checks go to the street team first"])


class ShadowBody(Part):
    on: bool = Field(True, description="False takes it out of shadow", examples=[True])


class PublishBody(Part):
    note: NoteText = Field(examples=["Council resolution 2026-118"])
    effective_at: Moment | None = Field(
        None, examples=["2026-12-01T08:00:00Z"], description="When it begins to decide, by itself; default: now"
    )
    sha256: Word | None = Field(None, description="Of the text that you read: refused when it was changed since")
    again: NoteText | None = Field(
        None, description="For a version that was rolled back: why the reason of that holds no longer"
    )


class RollbackBody(Part):
    reason: NoteText = Field(examples=["Collisions went to the telephone desk"])


class Discarded(BaseModel):
    discarded: str = Field(examples=["my-city@2"])


@commands.post(
    "",
    status_code=201,
    response_model=DraftOut,
    responses={200: {"model": DraftOut, "description": "The writer's own draft was replaced"}, **refusals(404, 409)},
    summary="Write a draft",
)
@requires(Permission.POLICY_WRITE)
async def post_draft(body: DraftBody, response: Response, act: CurrentAct) -> DraftOut:
    """The texts are stored as a draft, with every finding of the checks; a draft may have errors.

    Its version must be higher than every published one. Until it is submitted its writer may send it again; others
    raise the version.
    """
    wanted = DraftText(body.id, dict(body.texts), dict(body.extends), body.note)
    row, checked, is_new = await save_draft(act.session, wanted, act.services.policies, actor_of(act))
    response.status_code = 201 if is_new else 200
    return DraftOut(policy=await _out(act, row), check=_check(checked))


@commands.delete("/{policy}", response_model=Discarded, responses=refusals(404, 409), summary="Discard a draft")
@requires(Permission.POLICY_WRITE)
async def delete_draft(policy: str, act: CurrentAct) -> Discarded:
    """Its writer removes a draft; what was submitted is never removed."""
    await discard_draft(act.session, key_of(act, policy), actor_of(act))
    return Discarded(discarded=policy)


@commands.post("/{policy}:check", response_model=CheckOut, responses=refusals(404), summary="Check it")
@requires(Permission.POLICY_READ)
async def post_check(policy: str, act: CurrentAct) -> CheckOut:
    """All that is wrong or doubtful, each with file, line and remedy: gaps, overlaps, rows never reached, cases."""
    return _check(await check_version(act.session, key_of(act, policy), act.services.policies, actor_of(act)))


@commands.post("/{policy}:shadow", response_model=PolicyOut, responses=refusals(404, 409), summary="Try it in shadow")
@requires(Permission.POLICY_WRITE)
async def post_shadow(policy: str, body: ShadowBody, act: CurrentAct) -> PolicyOut:
    """From now on it is evaluated on every live call beside the active one and recorded; nobody is sent by it.

    A draft is submitted by this: its text is frozen. One version is in shadow at a time; another one leaves it.
    """
    key, actor = key_of(act, policy), actor_of(act)
    if body.on:
        return await _out(act, await put_in_shadow(act.session, key, act.services.policies, actor))
    return await _out(act, await take_out_of_shadow(act.session, key, actor))


@commands.post("/{policy}:publish", response_model=PolicyOut, responses=refusals(404, 409), summary="Publish it")
@requires(Permission.POLICY_PUBLISH)
async def post_publish(policy: str, body: PublishBody, act: CurrentAct) -> PolicyOut:
    """A second person puts it in force, now or from `effective_at` on; from then on its text never changes.

    Refused with 403 `second_person_required` for the token that wrote it and every token that may be of the same
    person; a version that was rolled back needs `again` and a person other than who did so. Refused with 422
    `policy_invalid` naming every error and every case that does not hold.
    """
    wish = Publication(body.note, body.effective_at, body.sha256, body.again)
    row = await publish(act.session, key_of(act, policy), wish, act.services.policies, actor_of(act))
    return await _out(act, row)


@commands.post("/{policy}:rollback", response_model=RolledBack, responses=refusals(404, 409), summary="Roll it back")
@requires(Permission.POLICY_PUBLISH)
async def post_rollback(policy: str, body: RollbackBody, act: CurrentAct) -> RolledBack:
    """The active version is withdrawn and the one before it decides again, at once; a scheduled one never begins."""
    key = key_of(act, policy)
    decides = await roll_back(act.session, key, body.reason, act.services.policies, actor_of(act))
    row = await act.session.get_one(PolicyVersion, (key.jurisdiction_id, key.id, key.version))
    return RolledBack(policy=await _out(act, row), decides=decides.name if decides else None)


async def _out(act: Act, row: PolicyVersion) -> PolicyOut:
    return policy_out(row, await deciding_key(act.session, row.jurisdiction_id, act.now), act.now)


def _check(checked: Checked) -> CheckOut:
    found: list[Any] = findings_as_data(checked.findings)
    return CheckOut(passed=checked.passed, contents=checked.contents, findings=found)
