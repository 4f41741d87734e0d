"""Engines for SQLite and PostgreSQL, set up so that both behave alike: one writer at a time, durable at commit."""

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url

BUSY_MS = 10_000


def connect(url: str) -> Engine:
    """An Engine for a DATABASE_URL: `sqlite:///file` or `postgresql://…` (needs the extra `postgres`)."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return create_engine(
            parsed.set(drivername="postgresql+psycopg"), pool_size=5, max_overflow=15, pool_pre_ping=True
        )
    engine = create_engine(parsed)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin)
    return engine


def snapshot(engine: Engine) -> Connection:
    """A connection for look-ups: takes no write lock, and all it reads is of one moment."""
    options: dict[str, Any] = {"readonly": True}
    if engine.dialect.name == "postgresql":  # SQLite reads this way by itself
        options["isolation_level"] = "REPEATABLE READ"
    return engine.connect().execution_options(**options)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver's own BEGIN would come too late to be IMMEDIATE
    for pragma in (
        f"busy_timeout={BUSY_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "wal_autocheckpoint=4000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Any) -> None:
    readonly = connection.get_execution_options().get("readonly", False)
    connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")
