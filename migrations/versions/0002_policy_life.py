"""A policy is drafted, tried in shadow, published by a second person for a moment, and taken back.

Revision: 0002
After: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TIMESTAMP = postgresql.TIMESTAMP(timezone=True)
CHECKS = {
    "ck_policy_version_status_known": "status in ('draft', 'submitted', 'published', 'withdrawn')",
    "ck_policy_version_published_is_whole": (
        "status <> 'published' or (published_by is not null and effective_at is not null and ordinal is not null)"
    ),
    "ck_policy_version_shadow_is_frozen": "shadow_since is null or status <> 'draft'",
}


def upgrade() -> None:
    """What decided before decides still; versions that were replaced count as published, so that one can go back."""
    # A jurisdiction has tens of versions, so that what would lock a large table for long takes no time here.
    op.execute("-- squawk-ignore require-concurrent-index-deletion\ndrop index uq_policy_version_active")
    op.execute(
        "-- squawk-ignore ban-drop-constraint\nalter table policy_version drop constraint ck_policy_version_status_known"
    )
    op.add_column("policy_version", sa.Column("note", sa.Text(), nullable=True))
    op.add_column("policy_version", sa.Column("published_at", TIMESTAMP, nullable=True))
    op.add_column("policy_version", sa.Column("ordinal", sa.Integer(), nullable=True))
    op.add_column("policy_version", sa.Column("shadow_since", TIMESTAMP, nullable=True))
    op.add_column("policy_version", sa.Column("updated_at", TIMESTAMP, server_default=sa.text("now()"), nullable=False))
    op.execute(
        """
        update policy_version
           set updated_at = created_at, published_at = effective_at,
               effective_at = case when status = 'active' then coalesce(effective_at, created_at) else effective_at end
        """
    )
    op.execute(
        """
        update policy_version p
           set status = 'published', ordinal = n.ordinal, published_by = coalesce(p.published_by, p.written_by)
          from (select jurisdiction_id, id, version,
                       row_number() over (partition by jurisdiction_id
                                          order by status = 'active', effective_at, created_at) as ordinal
                  from policy_version
                 where status in ('active', 'retired') and effective_at is not null) n
         where (p.jurisdiction_id, p.id, p.version) = (n.jurisdiction_id, n.id, n.version)
        """
    )
    # The active one began last by definition; a clock that was set back must not hand its calls to another.
    op.execute(
        """
        update policy_version p
           set effective_at = (select max(effective_at) from policy_version o
                                where o.jurisdiction_id = p.jurisdiction_id and o.status = 'published')
         where p.status = 'published'
           and p.ordinal = (select max(ordinal) from policy_version o where o.jurisdiction_id = p.jurisdiction_id)
        """
    )
    op.execute("update policy_version set status = 'submitted' where status = 'shadow'")
    op.execute("update policy_version set status = 'withdrawn' where status in ('active', 'retired')")
    for name, condition in CHECKS.items():
        op.execute(
            "-- squawk-ignore constraint-missing-not-valid\n"
            f"alter table policy_version add constraint {name} check ({condition})"
        )
    op.create_index(
        "uq_policy_version_ordinal",
        "policy_version",
        ["jurisdiction_id", "ordinal"],
        unique=True,
        postgresql_where=sa.text("ordinal is not null"),
    )
    op.create_index(
        "ix_policy_version_deciding",
        "policy_version",
        ["jurisdiction_id", "effective_at", "ordinal"],
        postgresql_where=sa.text("status = 'published'"),
    )
    op.create_index(
        "uq_policy_version_shadow",
        "policy_version",
        ["jurisdiction_id"],
        unique=True,
        postgresql_where=sa.text("shadow_since is not null"),
    )
    _create_shadow_decision()
    _freeze_texts()


def _create_shadow_decision() -> None:
    op.create_table(
        "shadow_decision",
        sa.Column("jurisdiction_id", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("policy_id", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("policy_sha256", sa.Text(), nullable=False),
        sa.Column("decided_at", TIMESTAMP, nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("first_responder", sa.Text(), nullable=False),
        sa.Column("active_responder", sa.Text(), nullable=False),
        sa.Column("differs", sa.Boolean(), nullable=False),
        sa.Column("decision", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id", "incident_id", "ordinal"],
            ["triage_decision.jurisdiction_id", "triage_decision.incident_id", "triage_decision.ordinal"],
            name="fk_shadow_decision_beside",
        ),
        sa.ForeignKeyConstraint(
            ["jurisdiction_id", "policy_id", "policy_version"],
            ["policy_version.jurisdiction_id", "policy_version.id", "policy_version.version"],
            name="fk_shadow_decision_policy",
        ),
        sa.PrimaryKeyConstraint(
            "jurisdiction_id",
            "incident_id",
            "ordinal",
            "policy_id",
            "policy_version",
            name=op.f("pk_shadow_decision"),
        ),
    )
    op.create_index(
        "ix_shadow_decision_policy",
        "shadow_decision",
        ["jurisdiction_id", "policy_id", "policy_version", "decided_at"],
    )
    op.execute(
        "create trigger shadow_decision_is_append_only before update or delete on shadow_decision "
        "for each row execute function refuse_change()"
    )
    op.execute(
        "create trigger shadow_decision_is_never_emptied before truncate on shadow_decision "
        "for each statement execute function refuse_change()"
    )


def _freeze_texts() -> None:
    op.execute(
        """
        create function refuse_change_of_text() returns trigger language plpgsql as $$
        begin
          if old.status = 'draft' then
            return case when tg_op = 'DELETE' then old else new end;
          end if;
          if tg_op = 'DELETE' then
            raise exception 'a policy that was submitted is never removed' using errcode = 'restrict_violation';
          end if;
          if new.status = 'draft'
             or (new.jurisdiction_id, new.id, new.version, new.sha256, new.texts, new.parents, new.written_by,
                 new.created_at)
                is distinct from
                (old.jurisdiction_id, old.id, old.version, old.sha256, old.texts, old.parents, old.written_by,
                 old.created_at) then
            raise exception 'the text of a policy that was submitted is never changed'
              using errcode = 'restrict_violation';
          end if;
          return new;
        end
        $$
        """
    )
    op.execute(
        "create trigger policy_version_keeps_its_text before update or delete on policy_version "
        "for each row execute function refuse_change_of_text()"
    )
    op.execute(
        "create trigger policy_version_is_never_emptied before truncate on policy_version "
        "for each statement execute function refuse_change()"
    )


def downgrade() -> None:
    """The version that decides is the active one. What versions in shadow would have decided is gone."""
    op.drop_table("shadow_decision")
    op.execute("drop trigger policy_version_is_never_emptied on policy_version")
    op.execute("drop trigger policy_version_keeps_its_text on policy_version")
    op.execute("drop function refuse_change_of_text()")
    op.drop_index("uq_policy_version_shadow", table_name="policy_version")
    op.drop_index("ix_policy_version_deciding", table_name="policy_version")
    op.drop_index("uq_policy_version_ordinal", table_name="policy_version")
    for name in CHECKS:
        op.drop_constraint(op.f(name), "policy_version", type_="check")
    op.execute(
        """
        update policy_version p
           set status = case
             when p.status in ('draft', 'submitted') then 'draft'
             when p.status = 'published' and (p.id, p.version) = (
               select o.id, o.version from policy_version o
                where o.jurisdiction_id = p.jurisdiction_id and o.status = 'published' and o.effective_at <= now()
                order by o.effective_at desc, o.ordinal desc limit 1) then 'active'
             else 'retired' end
        """
    )
    for column in ("updated_at", "shadow_since", "ordinal", "published_at", "note"):
        op.drop_column("policy_version", column)
    op.create_check_constraint(
        op.f("ck_policy_version_status_known"), "policy_version", "status in ('draft', 'shadow', 'active', 'retired')"
    )
    op.create_index(
        "uq_policy_version_active",
        "policy_version",
        ["jurisdiction_id"],
        unique=True,
        postgresql_where=sa.text("status = 'active'"),
    )
