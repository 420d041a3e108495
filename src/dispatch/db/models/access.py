"""Who may come in: tokens (only their hash is kept) and the answers kept for repeated requests."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db.schema import Table


class AccessToken(Table):
    """A revocable key for one role, optionally narrowed to scopes, agencies, a source or a unit.

    created_by: the token that made it, or the command line. person: whose it is, as its maker said.
    """

    __tablename__ = "access_token"
    __table_args__ = (UniqueConstraint("token_hash", name="uq_access_token_hash"),)

    jurisdiction_id: Mapped[str] = mapped_column(ForeignKey("jurisdiction.id"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    person: Mapped[str | None]
    role: Mapped[str]
    scopes: Mapped[list[str] | None]
    agencies: Mapped[list[str] | None]
    source: Mapped[str | None]
    unit_id: Mapped[str | None]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class IdempotencyKey(Table):
    """The answer given to a POST, kept so that the same key and body get the same answer again."""

    __tablename__ = "idempotency_key"
    __table_args__ = (Index("ix_idempotency_key_created", "created_at"),)

    jurisdiction_id: Mapped[str] = mapped_column(primary_key=True)
    token_id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int]
    media_type: Mapped[str]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
