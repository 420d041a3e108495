"""Words that are data are known to the policy or the roster, or refused with the nearest one that is."""

from pathlib import Path

import pytest
from tests.support.service import Service

from dispatch.cli.importing.roster import check_references, read_roster
from dispatch.db.session import reading
from dispatch.domain.errors import Invalid

pytestmark = pytest.mark.anyio


async def test_the_nearest_word_is_named_for_one_that_nobody_knows(service: Service) -> None:
    incident = await service.incident()
    close = f"/v1/incidents/{incident}:close"

    final = await service.post(close, {"disposition": "resolved", "final_type": "WELFAR"})
    disposition = await service.post(close, {"disposition": "refered"})
    unit = {"call_sign": "Z1", "agency_id": "city-care", "responder_type": "comunity_responder"}
    kind = await service.post("/v1/units", unit, by="administrator")

    told = [answer.json()["errors"][0]["detail"] for answer in (final, disposition, kind)]
    assert ["'WELFARE'" in told[0], "'referred'" in told[1], "'community_responder'" in told[2]] == [True] * 3


async def test_a_program_makes_a_responder_type_known(service: Service) -> None:
    program = {"id": "mediators", "agency_id": "city-care", "responder_type": "mediation_team", "name": "Mediators"}
    unit = {"call_sign": "Z1", "agency_id": "city-care", "responder_type": "mediation_team"}

    before = await service.post("/v1/units", unit, by="administrator")
    await service.post("/v1/programs", program, by="administrator")
    after = await service.post("/v1/units", unit, by="administrator")

    assert (before.status_code, after.status_code) == (422, 201)


async def test_a_roster_file_names_no_responder_type_that_nobody_knows(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "roster.yaml"
    unit = "  - {call_sign: Z1, agency_id: city-care, responder_type: mediation_team}\n"
    program = "  - {id: mediators, agency_id: city-care, responder_type: mediation_team, name: Mediators}\n"
    file.write_text(f"units:\n{unit}")

    async with reading(service.sessions) as session:
        with pytest.raises(Invalid) as refusal:
            await check_references(session, read_roster(file, service.jurisdiction))
        file.write_text(f"programs:\n{program}units:\n{unit}")
        _, new = await check_references(session, read_roster(file, service.jurisdiction))

    assert [one.pointer for one in refusal.value.errors] == ["roster.yaml: units[1].responder_type"]
    assert new["units"] == 1
