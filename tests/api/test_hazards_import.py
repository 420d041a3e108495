"""Many hazards at once: all or none, nothing twice, and nothing in a dry run."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.support.city import CENTRE, NOW
from tests.support.service import Service

from dispatch.db.session import transaction
from dispatch.domain.access import Principal, Role
from dispatch.domain.errors import Invalid
from dispatch.domain.hazard import SHIPPED_HAZARDS, SourceKind
from dispatch.operations.actor import Actor
from dispatch.operations.hazards import RecordHazard, record_all

pytestmark = pytest.mark.anyio

DOG = RecordHazard("dog", "a biting dog", NOW + timedelta(days=9), SourceKind.DOCUMENT, "list 7", CENTRE)
STAIRS = replace(DOG, kind="structural", words="no stairs", address="4217 Grove St")


async def _imported(service: Service, *commands: RecordHazard, dry_run: bool = False) -> int:
    j = service.jurisdiction
    who = Principal(j, "cli", Role.SUPERVISOR)
    async with transaction(service.sessions) as session:
        return await record_all(session, commands, SHIPPED_HAZARDS, Actor(j, "cli", NOW), who, dry_run=dry_run)


async def test_a_file_that_is_imported_again_records_nothing_twice(service: Service) -> None:
    assert await _imported(service, DOG, STAIRS, DOG, dry_run=True) == 2
    assert (await service.rows())["premise_hazard"] == 0
    assert await _imported(service, DOG, STAIRS, DOG) == 2
    assert await _imported(service, DOG, replace(STAIRS, words="no roof")) == 1

    assert (await service.rows())["premise_hazard"] == 3
    events = await service.fetch(
        "select 1 from event_log where jurisdiction_id = $1 and type = 'hazard.recorded'", service.jurisdiction
    )
    assert len(events) == 3


async def test_one_bad_row_keeps_all_of_them_out_and_every_bad_row_is_named(service: Service) -> None:
    late = replace(DOG, expires_at=NOW + timedelta(days=400))
    nobody = replace(DOG, source_kind=SourceKind.AGENCY, source="nobody")

    with pytest.raises(Invalid) as refused:
        await _imported(service, DOG, late, replace(DOG, kind="wolf"), nobody)

    assert [one.pointer for one in refused.value.errors] == ["/1/expires_at", "/2/kind", "/3/source/name"]
    assert (await service.rows())["premise_hazard"] == 0
