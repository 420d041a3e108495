"""An old decision made again from what was stored: the proof that it was the policy that decided."""

from fastapi import APIRouter

from dispatch.api.answers import refusals
from dispatch.api.policy_answers import ReevaluationOut
from dispatch.api.valve import triage_for
from dispatch.domain.access import Permission
from dispatch.operations.policy_replay import reevaluate
from dispatch.web.routes import CurrentAct, QueryRoute, requires

queries = APIRouter(prefix="/v1/incidents", route_class=QueryRoute, tags=["incidents"])


@queries.post(
    "/{incident_id}/decisions/{decision_id}:reevaluate",
    response_model=ReevaluationOut,
    responses=refusals(404, 409),
    summary="Decide it again",
)
@requires(Permission.INCIDENT_READ)
async def post_reevaluate(incident_id: str, decision_id: str, act: CurrentAct) -> ReevaluationOut:
    """The decision made again from what was given then, under the stored text of the version that decided then.

    `equal` says whether it is the same to the letter. Nothing is stored. 409 for what a person decided.
    """
    found = await reevaluate(act.session, act.principal.jurisdiction, incident_id, decision_id, act.services.policies)
    return ReevaluationOut.model_validate(
        {
            "equal": found.equal,
            "differs": list(found.differs),
            "policy": found.policy,
            "stored": triage_for(act.principal, found.stored),
            "evaluated": triage_for(act.principal, found.evaluated),
        }
    )
