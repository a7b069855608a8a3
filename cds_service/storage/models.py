"""The tables. A change here needs a migration beside it, which only adds; tests compare the two, and what the version
before writes and reads.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, DateTime, ForeignKey, LargeBinary, MetaData, String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine

_WITHOUT_ROWID = ({"sqlite_with_rowid": False},)  # SQLite then keeps rows in their primary key: fewer pages to write


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment. SQLite has no type for one, so it is kept there in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class Base(DeclarativeBase):
    """Names of keys and indexes follow from tables and columns, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, type[TypeEngine[Any]]]] = {
        datetime: UtcDateTime,
        list[str]: JSON,
        bytes: LargeBinary,
    }


class InvocationRow(Base):
    """One call of a service. `id` begins with the time, so that new rows go to the end of the index.

    `patient_hash`, `user_hash` and `encounter_hash` are HMAC-SHA-256 in hexadecimal. What is not known is null.
    """

    __tablename__ = "invocation"
    __table_args__ = _WITHOUT_ROWID

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    client: Mapped[str] = mapped_column(Text)
    tenant: Mapped[str] = mapped_column(Text)
    service: Mapped[str] = mapped_column(Text)
    hook: Mapped[str] = mapped_column(Text)
    hook_instance: Mapped[str | None] = mapped_column(String(36))
    patient_hash: Mapped[str | None] = mapped_column(String(64))
    user_hash: Mapped[str | None] = mapped_column(String(64))
    encounter_hash: Mapped[str | None] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(Text)
    indicator: Mapped[str | None] = mapped_column(Text)
    rules: Mapped[list[str]]
    resources: Mapped[int]
    facts: Mapped[int]
    gaps: Mapped[int]
    left_out: Mapped[int]
    ms: Mapped[float]
    fhir_ms: Mapped[float]
    knowledge: Mapped[str] = mapped_column(Text)


class InvocationCardRow(Base):
    """A card of an answer. The same call made twice gives the same uuid twice.

    `withheld`: why it was kept back, null where it went out.
    """

    __tablename__ = "invocation_card"
    __table_args__ = _WITHOUT_ROWID

    card: Mapped[str] = mapped_column(String(36), primary_key=True)
    invocation: Mapped[str] = mapped_column(
        ForeignKey("invocation.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    withheld: Mapped[str | None] = mapped_column(Text)


class FeedbackRow(Base):
    """One entry of feedback; `key` is a digest of all that was sent in it, and by whom. `others` is JSON of what stood
    beside the members of CDS Hooks.
    """

    __tablename__ = "feedback"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    received_at: Mapped[datetime] = mapped_column(index=True)
    client: Mapped[str] = mapped_column(Text)
    tenant: Mapped[str] = mapped_column(Text)
    service: Mapped[str] = mapped_column(Text)
    card: Mapped[str] = mapped_column(Text, index=True)
    outcome: Mapped[str] = mapped_column(Text)
    outcome_at: Mapped[datetime]
    accepted_suggestions: Mapped[list[str]]
    reason_code: Mapped[str | None] = mapped_column(Text)
    reason_system: Mapped[str | None] = mapped_column(Text)
    reason_display: Mapped[str | None] = mapped_column(Text)
    user_comment: Mapped[str | None] = mapped_column(Text)
    others: Mapped[str | None] = mapped_column(Text)


class SeenSystemRow(Base):
    """A code system that a client's charts held and that is not read, empty where that is no URI.

    `entries` were passed over; in `charts` a part of the chart, its Conditions say, held nothing that is read.
    """

    __tablename__ = "seen_system"
    __table_args__ = _WITHOUT_ROWID

    client: Mapped[str] = mapped_column(Text, primary_key=True)
    tenant: Mapped[str] = mapped_column(Text, primary_key=True)
    system: Mapped[str] = mapped_column(String(200), primary_key=True)
    entries: Mapped[int] = mapped_column(BigInteger)
    charts: Mapped[int] = mapped_column(BigInteger)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]


class SeenTokenRow(Base):
    """A token that was used: a digest of its issuer and jti, and when it can be forgotten (seconds since 1970)."""

    __tablename__ = "seen_token"
    __table_args__ = _WITHOUT_ROWID

    key: Mapped[bytes] = mapped_column(primary_key=True)
    until: Mapped[int] = mapped_column(BigInteger, index=True)


class HashKeyRow(Base):
    """The key of the hashes where CDS_HASH_KEY gives none: one row, made at the first use."""

    __tablename__ = "hash_key"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[bytes]
