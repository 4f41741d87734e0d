"""The whole way of a post, on either database: webhook's event in, seven networks out, once each."""

from pathlib import Path

import pytest
from newsroom import CHANNELS, write_config

from publisher import settings
from publisher.bootstrap import build
from publisher.domain.model import Event, Post, State
from publisher.store import read


@pytest.mark.parametrize("back_end", ["sqlite", "postgresql"])
def test_from_event_to_timeline(back_end, make_database, sandbox, tmp_path: Path):
    env = write_config(tmp_path, sandbox, CHANNELS, ("en", "fa"))
    url = make_database(back_end)
    parts = build(settings.load(tmp_path, {**env, "PUBLISHER_DATA": str(tmp_path), "DATABASE_URL": url}))
    parts.store.migrate()
    for edition, title in (("en", "A garden opens"), ("fa", "باغی تازه می‌گشاید")):
        post = Post("cms", edition, edition, title, f"https://example.org/{edition}/1", parts.store.clock())
        for event_id in ("first", "again"):
            parts.intake.take("cms", f"{edition}-{event_id}", Event.PUBLISH, post).result()
    for channel in CHANNELS:
        parts.deliverer.drain(channel)
    parts.sweeper.sweep()
    lines = parts.store.look(read.lines, read.Query())
    assert [line.delivery.state for line in lines] == [State.PUBLISHED] * 14
    for channel in CHANNELS:
        assert sorted(post["account"] for post in sandbox.posts(channel)) == ["en", "fa"]
        assert all(post["media"] for post in sandbox.posts(channel))
    assert parts.store.verify_audit()[1] == ""
    parts.close()
