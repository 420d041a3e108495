"""How the database reads the roster: by who is on duty, however many shifts have ended, and who is there to lead."""

import pytest
from sqlalchemy import text
from tests.support.service import Service

from dispatch.db.candidates import CANDIDATES
from dispatch.db.session import transaction
from dispatch.queries import roster

pytestmark = pytest.mark.anyio

ENDED = """
    insert into shift (jurisdiction_id, id, unit_id, starts_at, ends_at)
    select :jurisdiction_id, 'sft_old_' || n, :unit, ended - interval '8 hours', ended
    from (select n, cast(:now as timestamptz) - n * interval '12 hours' as ended from generate_series(1, 20000) n) x
"""


async def test_shifts_that_have_ended_are_not_read_again_for_each_copy_of_the_roster(service: Service) -> None:
    now = service.clock.now()
    asked = {"jurisdiction_id": service.jurisdiction, "now": now, "today": now.date()}
    async with transaction(service.sessions) as session:
        before = await roster.read_roster(session, service.jurisdiction, now)
        await session.execute(
            text(ENDED), {"jurisdiction_id": service.jurisdiction, "unit": service.units["P2"], "now": now}
        )
        await session.execute(text("analyze shift"))
        plan = "\n".join(await session.scalars(text(f"explain (analyze, format text) {CANDIDATES.text}"), asked))
        after = await roster.read_roster(session, service.jurisdiction, now)
        await session.execute(text("delete from shift where id like 'sft_old_%'"))

    assert "ix_shift_ends" in plan
    assert "Seq Scan on shift " not in plan  # the space: its members are another, small table
    changed = [new.call_sign for old, new in zip(before.candidates, after.candidates, strict=True) if old != new]
    assert changed in ([], ["P2"])  # a unit without shifts is staffed by status, one with them by the shift table


@pytest.mark.parametrize(
    ("capabilities", "commands"), [(["command"], True), (["engine", "command"], False), ([], False)]
)
async def test_a_unit_that_is_there_to_command_alone_is_read_as_no_crew(
    service: Service, capabilities: list[str], commands: bool
) -> None:
    change = text("update unit set capabilities = :has where jurisdiction_id = :jurisdiction_id and id = :unit")
    key = {"jurisdiction_id": service.jurisdiction, "unit": service.units["E1"]}
    async with transaction(service.sessions) as session:
        await session.execute(change, {**key, "has": capabilities})
        read = await roster.read_roster(session, service.jurisdiction, service.clock.now())
        await session.execute(change, {**key, "has": []})

    assert {unit.call_sign for unit in read.candidates if unit.commands} == ({"E1"} if commands else set())
