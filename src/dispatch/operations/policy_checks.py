"""What must hold before a policy may decide somewhere: no error of its own, every case, and the clock of the place."""

import asyncio
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.db.candidates import zone_of
from dispatch.domain.errors import FieldProblem, PolicyInvalid
from dispatch.triage.findings import ERROR, Finding
from dispatch.triage.lint import check_policy
from dispatch.triage.policy import Policy
from dispatch.triage.zone_check import check_zone


async def require_sound(session: AsyncSession, jurisdiction_id: str, policy: Policy, now: datetime) -> list[Finding]:
    """The warnings of a policy without an error whose cases hold. Raises PolicyInvalid with all that is wrong.

    It is an error too when hours or dates would be read on another clock than the jurisdiction's.
    """
    findings = await findings_here(session, jurisdiction_id, policy, now)
    errors = [FieldProblem(found.place, found.code, found.detail) for found in findings if found.severity == ERROR]
    if errors:
        raise PolicyInvalid(
            f"The policy has {len(errors)} error{'s' if len(errors) != 1 else ''} and was not published.",
            fix="Mend each place named in errors, check again, then publish.",
            errors=errors,
        )
    return findings


async def findings_here(session: AsyncSession, jurisdiction_id: str, policy: Policy, now: datetime) -> list[Finding]:
    """What the checks say of a policy in this jurisdiction: those of the policy alone and the clock that it keeps."""
    zone = await zone_of(session, jurisdiction_id)
    return check_zone(policy, zone, now) + await asyncio.to_thread(check_policy, policy)
