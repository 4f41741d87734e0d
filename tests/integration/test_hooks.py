"""Webhooks over a real socket: what is taken, what adds nothing, what is refused, and what is left of each."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from newsroom import article, sign

from publisher.store import chain, read
from publisher.web.hooks import REFUSALS_A_SECOND, Refusals

SHARED = Path(__file__).parents[2].parent / "shared" / "fixtures" / "cms"


@pytest.fixture
def desk(newsroom, site):
    return Desk(newsroom(), site)


class Desk:
    def __init__(self, parts, site):
        self.parts, self.url = parts, site(parts)

    def tell(self, body, event_id="e1", source="cms", **headers):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        signed = {**sign(self.parts, source, raw, event_id), **headers}
        return requests.post(f"{self.url}/hooks/{source}", data=raw, headers=signed, timeout=20)

    def counts(self):
        return {state: n for state, n in self.parts.store.look(read.counts, read.Query()).items() if n}

    def articles(self):
        return self.parts.store.look(read.articles)

    def audit(self, event):
        with self.parts.store.reading() as connection:
            return [row for row in chain.entries(connection) if row.event == event]


def test_a_signed_webhook_is_taken_with_ids(desk):
    answer = desk.tell(article())
    assert answer.status_code == 202
    told = answer.json()
    assert told["verdict"] == "new"
    assert len(told["deliveries"]) == 2
    assert desk.counts() == {"waiting": 2}
    assert desk.articles()[0].id == told["post"]
    assert len(desk.audit("delivery.created")) == 2


def test_the_same_event_and_the_same_content_add_nothing(desk):
    first = desk.tell(article()).json()
    again = desk.tell(article())
    other_id = desk.tell(article(), "e2")
    later_save = desk.tell(article(modified_at="2026-11-24T08:00:00Z"), "e3")
    for answer in (again, other_id, later_save):
        assert answer.status_code == 202
        assert answer.json()["post"] == first["post"]
        assert answer.json()["deliveries"] == first["deliveries"]
    assert desk.counts() == {"waiting": 2}


def test_an_event_id_tells_one_thing_only(desk):
    desk.tell(article())
    answer = desk.tell(article(title="Something else"))
    assert answer.status_code == 409
    assert len(desk.articles()) == 1
    assert desk.articles()[0].title == "Article 1 about gardens"


def test_an_older_revision_changes_nothing(desk):
    desk.tell(article())
    answer = desk.tell(article(title="Old title", modified_at="2026-11-23T07:00:00Z"), "e2")
    assert answer.status_code == 202
    assert "older" in answer.json()["verdict"]
    assert desk.articles()[0].title == "Article 1 about gardens"


def test_a_hundred_parallel_copies_make_one_post(desk):
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda n: desk.tell(article(), f"copy-{n}"), range(100)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["post"] for answer in answers}) == 1
    assert len(desk.articles()) == 1
    assert desk.counts() == {"waiting": 2}


def test_a_withdrawn_article_is_not_sent(desk):
    desk.tell(article())
    body = {**article(modified_at="2026-11-24T09:00:00Z"), "type": "post.unpublished"}
    assert desk.tell(body, "e2").status_code == 202
    assert desk.counts() == {"cancelled": 2}
    again = article(modified_at="2026-11-24T10:00:00Z", title="Out again")
    assert desk.tell(again, "e3").status_code == 202
    assert desk.counts() == {"cancelled": 2, "waiting": 2}


def test_a_publish_that_comes_after_its_own_withdrawal_is_too_late(desk):
    assert desk.tell({**article(), "type": "post.deleted"}, "gone").status_code == 202
    answer = desk.tell(article(), "late")
    assert "older" in answer.json()["verdict"]
    assert desk.counts() == {}


REFUSALS = [
    ("wrong secret", {"headers": {"webhook-signature": "v1," + base64.b64encode(b"x" * 32).decode()}}, 401, ""),
    ("no signature", {"headers": {"webhook-signature": ""}}, 401, ""),
    ("not JSON", {"body": b"{"}, 400, ""),
    ("not an object", {"body": b"[]"}, 400, ""),
    ("wrong type", {"headers": {"Content-Type": "text/plain"}}, 415, ""),
    ("too large", {"body": b'{"x":"' + b"x" * (1024 * 1024) + b'"}'}, 413, ""),
    ("no title", {"body": json.dumps(article(title="")).encode()}, 422, "/data/title"),
    ("no http", {"body": json.dumps(article(url="ftp://example.org")).encode()}, 422, "/data/url"),
    ("unknown edition", {"body": json.dumps(article(edition="xx")).encode()}, 422, "/data/edition"),
]


@pytest.mark.parametrize(("name", "change", "status", "field"), REFUSALS, ids=[case[0] for case in REFUSALS])
def test_bad_input_is_refused_in_words_and_nothing_of_it_is_kept(desk, name, change, status, field):
    answer = desk.tell(change.get("body", article()), **change.get("headers", {}))
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert problem.get("field", "") == field
    assert desk.articles() == []
    assert desk.parts.store.look(read.incoming) == []
    [line] = desk.audit("event.refused")
    assert str(status) in line.detail["why"]


def test_a_stale_signature_and_an_unknown_source_are_refused(desk):
    raw = json.dumps(article()).encode()
    headers = sign(desk.parts, "cms", raw, "old", datetime.now(UTC) - timedelta(minutes=6))
    assert requests.post(f"{desk.url}/hooks/cms", data=raw, headers=headers, timeout=5).status_code == 401
    assert requests.post(f"{desk.url}/hooks/nobody", data=raw, headers=headers, timeout=5).status_code == 404
    assert len(desk.audit("event.refused")) == 2


def test_a_flood_of_refusals_does_not_flood_the_audit_log():
    refusals = Refusals()
    said = [refusals.admit(100.5) for _ in range(REFUSALS_A_SECOND + 30)]
    assert said.count(None) == 30
    assert refusals.admit(101.0) == 30


def test_drafts_and_private_posts_are_recorded_and_not_published(desk):
    for number, status in enumerate(("draft", "private", "password"), 1):
        assert desk.tell(article(number, status=status), f"e{number}").status_code in (202, 422)
    assert desk.counts() == {}


@pytest.mark.skipif(not SHARED.exists(), reason="the captured webhooks of ../shared are not here")
def test_ghosts_own_bytes_become_one_article(desk, monkeypatch):
    captured = [json.loads(path.read_text()) for path in sorted((SHARED / "ghost").glob("0*.json"))]
    for one in captured:
        headers = {name.lower(): value for name, value in one["headers"] if name.lower() != "host"}
        signed_at = datetime.fromtimestamp(int(headers["x-ghost-signature"].rsplit("t=", 1)[1]) / 1000, UTC)
        monkeypatch.setattr(desk.parts.store, "clock", lambda at=signed_at: at)
        body = base64.b64decode(one["body_base64"])
        del headers["content-length"], headers["connection"], headers["accept-encoding"]
        answer = requests.post(f"{desk.url}/hooks/ghost", data=body, headers=headers, timeout=5)
        assert answer.status_code == 202, (one["path"], answer.text)
    assert len(desk.articles()) == 1
    assert desk.counts() == {"cancelled": 2}, "published, edited, and taken back before anything was sent"


@pytest.mark.skipif(not SHARED.exists(), reason="the captured webhooks of ../shared are not here")
def test_wordpress_posts_flow_in(desk):
    posts = json.loads((SHARED / "wordpress" / "wp-json-posts-embed.json").read_text())
    for post in posts:
        body = {"type": "post.published", "timestamp": "2026-11-24T07:00:00Z", "data": {"post": post}}
        assert desk.tell(body, f"wp-{post['id']}", "wp").status_code == 202
    titles = {row.title for row in desk.articles()}
    assert "With excerpt" in titles
    assert not any("&#" in title or "&amp;" in title for title in titles)


def test_health_and_readiness_are_answered(desk):
    assert requests.get(f"{desk.url}/healthz", timeout=5).json() == {"status": "ok"}
    assert requests.get(f"{desk.url}/readyz", timeout=5).json()["status"] == "ready"
