"""Tables and column types, the same on SQLite and PostgreSQL. Times are stored as microseconds since 1970 UTC."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime kept as an integer of microseconds: exact, sortable, alike on both databases."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002  # SQLAlchemy's signature
        return None if value is None else (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # as above
        return None if value is None else EPOCH + timedelta(microseconds=value)


class Json(TypeDecorator[Any]):
    """Any JSON value kept as compact text, so that what is hashed and what is stored are the same bytes."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002  # SQLAlchemy's signature
        return None if value is None else canonical(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002  # as above
        return None if value is None else json.loads(value)


def canonical(value: Any) -> str:
    """One spelling for each JSON value: sorted keys, no white space, characters as they are."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


metadata = MetaData()

posts = Table(
    "posts",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("source", String(64), nullable=False),
    Column("cms_id", String(200), nullable=False),
    Column("edition", String(64), nullable=False),
    Column("title", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("modified_at", Moment, nullable=False),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("source", "cms_id"),
)

revisions = Table(
    "revisions",
    metadata,
    Column("post_id", String(26), ForeignKey("posts.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("body", Json, nullable=False),
    Column("received_at", Moment, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("source", String(64), nullable=False),
    Column("event_id", String(200), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("type", String(16), nullable=False),
    Column("verdict", Text, nullable=False),
    Column("post_id", String(26)),
    Column("received_at", Moment, nullable=False),
    UniqueConstraint("source", "event_id"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("post_id", String(26), ForeignKey("posts.id"), nullable=False),
    Column("account", String(64), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("edition", String(64), nullable=False),
    Column("action", String(16), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("again_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("token", Integer, nullable=False, server_default="0"),
    Column("lease_until", Moment),
    Column("owner", String(96)),
    Column("doubt_at", Moment),
    Column("draft", Json),
    Column("draft_at", Moment),
    Column("receipt_ids", Json),
    Column("receipt_url", Text),
    UniqueConstraint("post_id", "account", "action", "ordinal"),
    Index(
        "deliveries_due",
        "channel",
        "again_at",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
    Index(
        "deliveries_leased",
        "lease_until",
        sqlite_where=text("state IN ('claimed', 'sending')"),
        postgresql_where=text("state IN ('claimed', 'sending')"),
    ),
    Index(
        "deliveries_doubtful",
        "again_at",
        sqlite_where=text("state = 'in_doubt'"),
        postgresql_where=text("state = 'in_doubt'"),
    ),
    Index(
        "deliveries_stale",
        "expires_at",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
    Index("deliveries_by_state", "state", "id"),
    Index("deliveries_by_account", "account", "state"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("delivery_id", String(26), ForeignKey("deliveries.id"), nullable=False),
    Column("token", Integer, nullable=False),
    Column("owner", String(96), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("outcome", String(32)),
    Column("message", Text, nullable=False, server_default=""),
    Column("transcript", Json),
    UniqueConstraint("delivery_id", "token"),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("event", String(64), nullable=False),
    Column("subject", String(128), nullable=False),
    Column("detail", Json, nullable=False),
    Column("hash", String(64), nullable=False),
    Index("audit_by_subject", "subject"),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
)

cards = Table(
    "cards",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("post_id", String(26), ForeignKey("posts.id"), nullable=False, index=True),
    Column("sha256", String(64), nullable=False, index=True),
    Column("mime", String(32), nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("alt", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("warnings", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("password", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
)

login_links = Table(
    "login_links",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("user", String(64), nullable=False),
    Column("expires_at", Moment, nullable=False),
)
