"""What is open at a desk when the service is upgraded is a transfer from then on; going back loses parties alone."""

import asyncio
from typing import Any

import asyncpg
import pytest
from tests.support.postgres import Databases
from tests.support.service import plain_url

from dispatch.db.migrate import downgrade, upgrade

BEFORE = """
    insert into jurisdiction (id, name, time_zone) values ('c', 'C', 'UTC');
    insert into agency (jurisdiction_id, id, name, kind) values ('c', 'a', 'A', 'city');
    insert into unit (jurisdiction_id, id, call_sign, agency_id, responder_type, mobile)
      values ('c', 'desk', 'DESK', 'a', 'report_taker', false), ('c', 'car', 'P1', 'a', 'police', true);
    insert into incident (jurisdiction_id, id, status, category, incident_type, priority, needs_human, opened_at,
                          recorded_at, decision_id, triage_type)
      select 'c', i, 'active', 'police', 'X', 3, false, now(), now(), 'd', 'X' from unnest(array['i1', 'i2']) i;
    insert into assignment (jurisdiction_id, id, incident_id, unit_id, call_sign, agency_id, responder_type, category,
                            incident_type, priority, mode, status, exclusive, assigned_by, created_at, outcome)
      select 'c', id, incident, unit, unit, 'a', 'x', 'police', 'X', 3, 'offered', status, unit = 'car', 't', now(),
             outcome
      from (values ('open', 'i1', 'desk', 'accepted', null), ('ended', 'i2', 'desk', 'cleared', 'handled'),
                   ('car', 'i1', 'car', 'on_scene', null)) x (id, incident, unit, status, outcome);
"""
PARTY = """
    insert into assignment (jurisdiction_id, id, incident_id, call_sign, agency_id, responder_type, category,
                            incident_type, priority, mode, kind, status, exclusive, assigned_by, created_at)
    values ('c', '{id}', 'i1', 'County', 'outside', 'police', 'police', 'X', 3, 'offered', '{kind}', 'offered', false,
            't', now());
"""


def _run(url: str, statement: str) -> list[Any]:
    async def run() -> list[Any]:
        link = await asyncpg.connect(plain_url(url))
        try:
            if ";" in statement:
                await link.execute(statement)
                return []
            return [tuple(row) for row in await link.fetch(statement)]
        finally:
            await link.close()

    return asyncio.run(run())


def test_open_work_of_desks_is_a_transfer_and_nothing_else_is_touched(databases: Databases) -> None:
    with databases.fresh_database() as url:
        upgrade(url, "0013")
        _run(url, BEFORE)

        upgrade(url)

        kinds = _run(url, "select id, kind from assignment order by id")
        assert kinds == [("car", "dispatch"), ("ended", "dispatch"), ("open", "transfer")]
        with pytest.raises(asyncpg.CheckViolationError, match="only_a_transfer_has_no_unit"):
            _run(url, PARTY.format(id="wrong", kind="dispatch"))
        _run(url, PARTY.format(id="party", kind="transfer"))
        downgrade(url, "0013")
        assert _run(url, "select id from assignment order by id") == [("car",), ("ended",), ("open",)]
