"""Hazards of places, and incidents found by place, address and telephone.

Revision: 0015
After: 0014
"""

import re

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TIMESTAMP = postgresql.TIMESTAMP(timezone=True)
BATCH = 2000

# How addresses and telephones are folded, as linking/profile.py did when this was written.
_WORD = re.compile(r"[a-z0-9]+")
_DOOR_PART = re.compile(
    r"[\s,]*(?:#\s*\S+|\b(?:apt|apartment|unit|suite|ste|room|rm|flat)\b\.?\s*#?\s*\S+).*$", re.IGNORECASE
)
_SHORTENED = {
    "street": "st", "avenue": "ave", "boulevard": "blvd", "road": "rd", "drive": "dr", "lane": "ln", "court": "ct",
    "place": "pl", "highway": "hwy", "parkway": "pkwy", "north": "n", "south": "s", "east": "e", "west": "w",
}  # fmt: skip


def upgrade() -> None:
    """Incidents of before get their keys in batches, so that nobody waits for the whole table."""
    _create_premise_hazard()
    op.add_column("incident", sa.Column("address_key", sa.Text(), nullable=True))
    op.add_column("incident", sa.Column("phone_key", sa.Text(), nullable=True))
    if not op.get_context().as_sql:
        with op.get_context().autocommit_block():
            _fill_keys()
    op.create_index(
        "ix_incident_near",
        "incident",
        ["jurisdiction_id", sa.text("floor(lat * 500)"), sa.text("floor(lon * 500)"), "opened_at"],
        postgresql_where=sa.text("lat is not null"),
    )
    op.create_index(
        "ix_incident_without_position",
        "incident",
        ["jurisdiction_id", "opened_at"],
        postgresql_where=sa.text("lat is null"),
    )
    op.create_index(
        "ix_incident_address",
        "incident",
        ["jurisdiction_id", "address_key", "opened_at"],
        postgresql_where=sa.text("address_key is not null"),
    )
    op.create_index(
        "ix_incident_phone",
        "incident",
        ["jurisdiction_id", "phone_key", "opened_at"],
        postgresql_where=sa.text("phone_key is not null"),
    )


def _create_premise_hazard() -> None:
    op.create_table(
        "premise_hazard",
        sa.Column("jurisdiction_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sensitivity", sa.Text(), nullable=False),
        sa.Column("endangers_responders", sa.Boolean(), nullable=False),
        sa.Column("warning", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("radius_m", sa.Double(), nullable=False),
        sa.Column("cell", sa.BigInteger(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("address_key", sa.Text(), nullable=True),
        sa.Column("door", sa.Text(), nullable=True),
        sa.Column("source_kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.Text(), nullable=True),
        sa.Column("agency_id", sa.Text(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", TIMESTAMP, nullable=False),
        sa.Column("expires_at", TIMESTAMP, nullable=False),
        sa.Column("reviewed_at", TIMESTAMP, nullable=True),
        sa.Column("reviewed_by", sa.Text(), nullable=True),
        sa.Column("withdrawn_at", TIMESTAMP, nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "sensitivity in ('ordinary', 'officer_safety', 'medical', 'behavioral_health')",
            name=op.f("ck_premise_hazard_sensitivity_known"),
        ),
        sa.CheckConstraint(
            "source_kind in ('incident', 'agency', 'person', 'document')",
            name=op.f("ck_premise_hazard_source_kind_known"),
        ),
        sa.CheckConstraint("lat is not null or address_key is not null", name=op.f("ck_premise_hazard_has_place")),
        sa.CheckConstraint(
            "(lat is null) = (lon is null) and (lat is null) = (cell is null)",
            name=op.f("ck_premise_hazard_position_whole"),
        ),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_premise_hazard_expires_after_recording")),
        sa.CheckConstraint(
            "(withdrawn_at is null) = (withdrawn_reason is null)", name=op.f("ck_premise_hazard_withdrawn_has_reason")
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id", "incident_id"],
            ["incident.jurisdiction_id", "incident.id"],
            name="fk_premise_hazard_incident",
        ),
        sa.PrimaryKeyConstraint("jurisdiction_id", "id", name=op.f("pk_premise_hazard")),
    )
    op.create_index("ix_premise_hazard_near", "premise_hazard", ["jurisdiction_id", "cell", "expires_at"])
    op.create_index(
        "ix_premise_hazard_address",
        "premise_hazard",
        ["jurisdiction_id", "address_key", "expires_at"],
        postgresql_where=sa.text("address_key is not null"),
    )
    op.create_index("ix_premise_hazard_expiry", "premise_hazard", ["jurisdiction_id", "expires_at", "id"])
    op.execute(
        """
        create function refuse_change_of_hazard() returns trigger language plpgsql as $$
        begin
          if tg_op = 'UPDATE' and (new.jurisdiction_id, new.id, new.kind, new.sensitivity, new.endangers_responders,
              new.warning, new.words, new.lat, new.lon, new.radius_m, new.cell, new.address, new.address_key, new.door,
              new.source_kind, new.source, new.incident_id, new.agency_id, new.author, new.created_at)
            is not distinct from (old.jurisdiction_id, old.id, old.kind, old.sensitivity, old.endangers_responders,
              old.warning, old.words, old.lat, old.lon, old.radius_m, old.cell, old.address, old.address_key, old.door,
              old.source_kind, old.source, old.incident_id, old.agency_id, old.author, old.created_at) then
            return new;
          end if;
          raise exception 'what a hazard says is never changed or removed' using errcode = 'restrict_violation';
        end
        $$
        """
    )
    op.execute(
        "create trigger premise_hazard_keeps_its_words before update or delete on premise_hazard "
        "for each row execute function refuse_change_of_hazard()"
    )
    op.execute(
        "create trigger premise_hazard_is_never_emptied before truncate on premise_hazard "
        "for each statement execute function refuse_change()"
    )


def _fill_keys() -> None:
    connection = op.get_bind()
    last = ("", "")
    while True:
        rows = connection.execute(
            sa.text(
                """
                select i.jurisdiction_id, i.id, i.address,
                       (select c.body #>> '{caller,phone}' from call c
                         where c.jurisdiction_id = i.jurisdiction_id and c.incident_id = i.id
                         order by c.received_at, c.id limit 1) as phone
                from incident i where (i.jurisdiction_id, i.id) > (:jurisdiction, :id)
                order by i.jurisdiction_id, i.id limit :batch
                """
            ),
            {"jurisdiction": last[0], "id": last[1], "batch": BATCH},
        ).all()
        if not rows:
            return
        last = (rows[-1].jurisdiction_id, rows[-1].id)
        connection.execute(
            sa.text(
                """
                update incident i set address_key = k.address_key, phone_key = k.phone_key
                from unnest(cast(:jurisdictions as text[]), cast(:ids as text[]), cast(:addresses as text[]),
                            cast(:phones as text[])) as k(jurisdiction_id, id, address_key, phone_key)
                where i.jurisdiction_id = k.jurisdiction_id and i.id = k.id
                  and (k.address_key is not null or k.phone_key is not null)
                """
            ),
            {
                "jurisdictions": [row.jurisdiction_id for row in rows],
                "ids": [row.id for row in rows],
                "addresses": [_address_key(row.address) for row in rows],
                "phones": [_phone_key(row.phone) for row in rows],
            },
        )


def _address_key(address: str | None) -> str | None:
    if not address or not address.strip():
        return None
    street = _DOOR_PART.sub("", address).lower().partition(",")[0]
    return " ".join(_SHORTENED.get(word, word) for word in _WORD.findall(street)) or None


def _phone_key(phone: str | None) -> str | None:
    digits = "".join(character for character in phone or "" if character.isdigit())
    return digits[-10:] if len(digits) >= 7 else None


def downgrade() -> None:
    """Hazards are gone; that they were recorded, reviewed and withdrawn stays in the log, without their words."""
    for name in ("ix_incident_phone", "ix_incident_address", "ix_incident_without_position", "ix_incident_near"):
        op.drop_index(name, table_name="incident")
    op.drop_column("incident", "phone_key")
    op.drop_column("incident", "address_key")
    op.drop_table("premise_hazard")
    op.execute("drop function refuse_change_of_hazard()")
