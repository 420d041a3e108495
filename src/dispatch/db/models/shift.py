"""When units are staffed and by whom. The database is the referee of "one person, one unit" at any moment."""

from datetime import datetime

from sqlalchemy import DDL, CheckConstraint, ForeignKeyConstraint, Index, event, func, literal_column, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db.schema import Table

# Text and ranges in one exclusion constraint need it; it ships with PostgreSQL, and the owner of a database may add it.
event.listen(Table.metadata, "before_create", DDL("create extension if not exists btree_gist"))  # type: ignore[no-untyped-call]
_SPAN = func.tstzrange(literal_column("starts_at"), literal_column("ends_at"))


class Shift(Table):
    """A span of time in which a unit is staffed. crew_of: the shift whose crew staffs this unit too, in turn.

    closed_at: when somebody, or the service at its end, said that it is over; NULL while it is planned or runs.
    A span without length is a shift that never was. one_way: its unit is told one way; a trigger writes it.
    """

    __tablename__ = "shift"
    __table_args__ = (
        ForeignKeyConstraint(["jurisdiction_id", "unit_id"], ["unit.jurisdiction_id", "unit.id"], name="fk_shift_unit"),
        CheckConstraint("ends_at >= starts_at", name="ends_not_before_start"),
        ExcludeConstraint(
            ("jurisdiction_id", "="), ("unit_id", "="), (_SPAN, "&&"), name="ex_shift_one_at_a_time", using="gist"
        ),
        Index("ix_shift_unit_time", "jurisdiction_id", "unit_id", "starts_at", "ends_at"),
        Index("ix_shift_ends", "jurisdiction_id", "ends_at"),
        Index("ix_shift_crew_of", "jurisdiction_id", "crew_of"),
        Index("ix_shift_unclosed", "jurisdiction_id", "ends_at", "id", postgresql_where=text("closed_at is null")),
    )

    jurisdiction_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    unit_id: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    crew_of: Mapped[str | None]
    one_way: Mapped[bool] = mapped_column(server_default="false")
    closed_at: Mapped[datetime | None]


class ShiftMember(Table):
    """A responder who is on a unit from starts_at until ends_at, inside its shift."""

    __tablename__ = "shift_member"
    __table_args__ = (
        ForeignKeyConstraint(
            ["jurisdiction_id", "shift_id"], ["shift.jurisdiction_id", "shift.id"], name="fk_shift_member_shift"
        ),
        ForeignKeyConstraint(
            ["jurisdiction_id", "responder_id"],
            ["responder.jurisdiction_id", "responder.id"],
            name="fk_shift_member_responder",
        ),
        CheckConstraint("ends_at >= starts_at", name="ends_not_before_start"),
        ExcludeConstraint(
            ("jurisdiction_id", "="),
            ("responder_id", "="),
            (_SPAN, "&&"),
            name="ex_shift_member_one_unit",
            using="gist",
        ),
        Index("ix_shift_member_responder", "jurisdiction_id", "responder_id"),
    )

    jurisdiction_id: Mapped[str] = mapped_column(primary_key=True)
    shift_id: Mapped[str] = mapped_column(primary_key=True)
    responder_id: Mapped[str] = mapped_column(primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(primary_key=True)
    ends_at: Mapped[datetime]
    one_way: Mapped[bool] = mapped_column(server_default="false")
