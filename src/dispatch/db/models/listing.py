"""What a sender lists as active: the list as it was last told, and how each call stands on it."""

from datetime import datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db.schema import Table


class SenderList(Table):
    """The list of one sender. lists: how many whole ones were believed. doubted: the last one lacked too much at once.

    listed_at: the sender's moment of the newest list; recorded_at: when it came.
    """

    __tablename__ = "sender_list"

    jurisdiction_id: Mapped[str] = mapped_column(ForeignKey("jurisdiction.id"), primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    listed_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime]
    lists: Mapped[int] = mapped_column(server_default="0")
    doubted: Mapped[bool] = mapped_column(server_default="false")


class ListedCall(Table):
    """A call that is or was on its sender's list. absent_since, absent_from: the moment and the number of the first
    list without it, both None while it is listed. units: who the sender said was on it.
    """

    __tablename__ = "listed_call"
    __table_args__ = (
        ForeignKeyConstraint(
            ["jurisdiction_id", "call_id"], ["call.jurisdiction_id", "call.id"], name="fk_listed_call"
        ),
        Index(
            "ix_listed_call_now",
            "jurisdiction_id",
            "source",
            postgresql_where=text("absent_since is null"),
        ),
        Index("ix_listed_call_call", "jurisdiction_id", "call_id"),
    )

    jurisdiction_id: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    source_ref: Mapped[str] = mapped_column(primary_key=True)
    call_id: Mapped[str]
    incident_id: Mapped[str]
    first_listed_at: Mapped[datetime]
    last_listed_at: Mapped[datetime]
    absent_since: Mapped[datetime | None]
    absent_from: Mapped[int | None]
    units: Mapped[list[str]] = mapped_column(server_default="{}")
