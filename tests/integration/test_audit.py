"""The audit log as an operator meets it: by the command line, on a file that others write to, and on a forged copy."""

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from publisher.domain.model import AuditEntry
from publisher.store import Store

TAMPERINGS = {
    "changed": ("UPDATE audit SET actor = 'nobody' WHERE seq = 7", "entry 7 (noted of subject 6) was changed or moved"),
    "removed": ("DELETE FROM audit WHERE seq = 7", "entry 7 is missing (the next one is 8)"),
    "cut off": ("DELETE FROM audit WHERE seq > 7", "the chain ends at entry 7, but its head says 20: entries were cut"),
    "replaced": (
        "INSERT OR REPLACE INTO audit SELECT 7, at, actor, event, subject, detail, hash FROM audit WHERE seq = 8",
        "entry 7 (noted of subject 7) was changed or moved",
    ),
}
WRITER = """
import sys
from publisher.domain.model import AuditEntry
from publisher.store import Store
store = Store(sys.argv[1])
for number in range(400):
    store.note(AuditEntry("writer", "noted", f"{sys.argv[2]}-{number}")).result()
store.close()
"""


@pytest.fixture
def store(tmp_path: Path) -> Any:
    """A migrated SQLite file with twenty entries."""
    made = Store(f"sqlite:///{tmp_path / 'publisher.sqlite'}")
    made.migrate()
    for note in [made.note(AuditEntry("test", "noted", f"subject {number}")) for number in range(20)]:
        note.result()
    yield made
    made.close()


@pytest.fixture
def audit(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs `publisher audit …` on a database."""

    def run(url: str, *words: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "PUBLISHER_CONFIG": str(tmp_path), "DATABASE_URL": url}
        command = [sys.executable, "-m", "publisher", "audit", *words]
        return subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    return run


def copy_of(store: Store, path: Path) -> sqlite3.Connection:
    """A whole copy of the database, with its triggers dropped."""
    copy = sqlite3.connect(path)
    with closing(sqlite3.connect(str(store.engine.url.database))) as original:
        original.backup(copy)
    copy.executescript("DROP TRIGGER audit_no_UPDATE; DROP TRIGGER audit_no_DELETE")
    return copy


def test_a_sound_log_is_told_and_ends_with_0(store: Store, audit: Any) -> None:
    told = audit(store.url, "verify")
    assert (told.returncode, told.stdout) == (0, "20 entries, each standing on the one before\n")
    as_json = audit(store.url, "verify", "--json")
    assert json.loads(as_json.stdout) == {"entries": 20, "ok": True, "problem": ""}


@pytest.mark.parametrize(("statement", "words"), TAMPERINGS.values(), ids=TAMPERINGS)
def test_a_forged_copy_is_told_and_ends_with_1(
    store: Store, audit: Any, tmp_path: Path, statement: str, words: str
) -> None:
    with closing(copy_of(store, tmp_path / "copy.sqlite")) as copy, copy:
        copy.execute(statement)
    told = audit(f"sqlite:///{tmp_path / 'copy.sqlite'}", "verify")
    assert told.returncode == 1
    assert words in told.stderr
    assert store.verify_audit() == (20, "")


def test_two_processes_that_write_make_one_chain_and_no_false_alarm(store: Store) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, store.url, name]) for name in ("a", "b")]
    problems = set()
    while any(writer.poll() is None for writer in writers):
        problems.add(store.verify_audit()[1])
    assert [writer.returncode for writer in writers] == [0, 0]
    assert problems == {""}
    assert store.verify_audit() == (820, "")


def test_anyone_can_redo_the_sum(store: Store) -> None:
    """By the formula in the docs, with nothing of ours but the rows."""
    before = "0" * 64
    with closing(sqlite3.connect(str(store.engine.url.database))) as connection:
        rows = connection.execute("SELECT seq, at, actor, event, subject, detail, hash FROM audit ORDER BY seq")
        for *told, detail, expected in rows:
            record = json.dumps([*told, json.loads(detail)], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            before = hashlib.sha256(f"{before}\n{record}".encode()).hexdigest()
            assert before == expected
        assert connection.execute("SELECT seq, hash FROM audit_head").fetchall() == [(20, before)]


def test_the_export_holds_every_entry_once_in_order(store: Store, audit: Any) -> None:
    lines = [json.loads(line) for line in audit(store.url, "export").stdout.splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, 21))
    assert [line["subject"] for line in lines] == [f"subject {number}" for number in range(20)]
    assert all(len(line["hash"]) == 64 for line in lines)
