"""Engines for SQLite and PostgreSQL, set up so that both behave alike: one writer at a time, durable at commit."""

import sqlite3
import time
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url

BUSY_MS = 10_000
WAIT_SECONDS = 0.02


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
    connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    _write_ahead(connection)
    for pragma in (
        "synchronous=FULL",
        "foreign_keys=ON",
        "wal_autocheckpoint=4000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _write_ahead(connection: Any) -> None:
    """WAL, once for the file. While another process changes it too, SQLite says "locked" at once: so we wait here."""
    end = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(WAIT_SECONDS)
        else:
            return


def _begin(connection: Any) -> None:
    readonly = connection.get_execution_options().get("readonly", False)
    connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")
