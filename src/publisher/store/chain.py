"""The audit chain: each entry's hash covers the one before, so a change, a gap or a swap shows.

hash = SHA-256(previous hash, newline, canonical JSON of [seq, at, actor, event, subject, detail]).
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Result, insert, select, update

from publisher.domain.model import JSON, AuditEntry
from publisher.store.tables import EPOCH, MICROSECOND, audit, audit_head, canonical

GENESIS = "0" * 64


@dataclass(frozen=True)
class Head:
    """Number and hash of the newest entry."""

    seq: int
    hash: str


def link(before: str, seq: int, at: datetime, entry: AuditEntry) -> str:
    """The hash of one entry standing on the hash of the one before."""
    moment = (at - EPOCH) // MICROSECOND
    record = canonical([seq, moment, entry.actor, entry.event, entry.subject, entry.detail])
    return hashlib.sha256(f"{before}\n{record}".encode()).hexdigest()


def lock_head(connection: Connection) -> Head:
    """The head of the chain, locked until the transaction ends: every writer passes here first, one at a time."""
    row = connection.execute(select(audit_head.c.seq, audit_head.c.hash).with_for_update()).one()
    return Head(row.seq, row.hash)


def append(connection: Connection, head: Head, entries: list[AuditEntry], at: datetime) -> Head:
    """Write `entries` behind the locked `head`; the new head."""
    rows: list[JSON] = []
    seq, digest = head.seq, head.hash
    for entry in entries:
        seq += 1
        digest = link(digest, seq, at, entry)
        rows.append({"seq": seq, "at": at, "hash": digest, **_columns(entry)})
    if rows:
        connection.execute(insert(audit), rows)
        connection.execute(update(audit_head).values(seq=seq, hash=digest))
    return Head(seq, digest)


def entries(connection: Connection) -> Result[Any]:
    """All entries in order, streamed; to be closed by whoever does not read to the end."""
    return connection.execution_options(yield_per=500).execute(select(audit).order_by(audit.c.seq))


def verify(connection: Connection) -> tuple[int, str]:
    """How many entries stand, and the first thing that is wrong with them ("" when nothing is)."""
    digest, count = GENESIS, 0
    with entries(connection) as rows:
        for row in rows:
            if row.seq != count + 1:
                return count, f"entry {count + 1} is missing (the next one is {row.seq})"
            entry = AuditEntry(row.actor, row.event, row.subject, row.detail)
            digest = link(digest, row.seq, row.at, entry)
            if digest != row.hash:
                return count, f"entry {row.seq} ({row.event} of {row.subject}) was changed or moved"
            count += 1
    head = connection.execute(select(audit_head)).one()
    if (head.seq, head.hash) != (count, digest):
        return count, f"the chain ends at entry {count}, but its head says {head.seq}: entries were cut off"
    return count, ""


def _columns(entry: AuditEntry) -> JSON:
    return {"actor": entry.actor, "event": entry.event, "subject": entry.subject, "detail": entry.detail}
