"""The fake networks' machinery: faults on every channel, control, pages, closing. Faults are judged by what readers see."""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from publisher.sandbox import Sandbox, credentials, serve


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with serve() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.reset()
    return running


def mastodon(sandbox: Sandbox, name: str = "en", text: str = "Hello") -> requests.Response:
    headers = {"Authorization": f"Bearer {credentials('mastodon', name)['access_token']}"}
    return requests.post(f"{sandbox.url}/mastodon/api/v1/statuses", json={"status": text}, headers=headers, timeout=10)


def facebook(sandbox: Sandbox) -> requests.Response:
    keys = credentials("facebook", "en")
    headers, graph = {"Authorization": f"Bearer {keys['access_token']}"}, f"{sandbox.url}/facebook/v26.0"
    draft = requests.post(
        f"{graph}/{keys['page_id']}/feed", json={"message": "Hello", "published": False}, headers=headers, timeout=10
    )
    return requests.post(f"{graph}/{draft.json()['id']}", json={"is_published": True}, headers=headers, timeout=10)


def telegram(sandbox: Sandbox) -> requests.Response:
    keys = credentials("telegram", "en")
    url = f"{sandbox.url}/telegram/bot{keys['bot_token']}/sendMessage"
    return requests.post(url, json={"chat_id": keys["chat_id"], "text": "Hello"}, timeout=10)


def x(sandbox: Sandbox) -> requests.Response:
    from requests_oauthlib import OAuth1  # noqa: PLC0415  # only this one signs

    keys = credentials("x", "en")
    auth = OAuth1(keys["consumer_key"], keys["consumer_secret"], keys["access_token"], keys["access_token_secret"])
    return requests.post(f"{sandbox.url}/x/2/tweets", json={"text": "Hello"}, auth=auth, timeout=10)


def bluesky(sandbox: Sandbox) -> requests.Response:
    keys, xrpc = credentials("bluesky", "en"), f"{sandbox.url}/bluesky/xrpc/com.atproto"
    login = {"identifier": keys["identifier"], "password": keys["app_password"]}
    who = requests.post(f"{xrpc}.server.createSession", json=login, timeout=10).json()
    record = {"$type": "app.bsky.feed.post", "text": "Hello", "createdAt": "2026-11-23T10:00:00Z"}
    body = {"repo": who["did"], "collection": "app.bsky.feed.post", "rkey": "3ke6kg3wk2222", "record": record}
    headers = {"Authorization": f"Bearer {who['accessJwt']}"}
    return requests.post(f"{xrpc}.repo.putRecord", json=body, headers=headers, timeout=10)


PUBLISH: dict[str, Callable[[Sandbox], requests.Response]] = {
    "mastodon": mastodon,
    "facebook": facebook,
    "telegram": telegram,
    "x": x,
    "bluesky": bluesky,
}


@pytest.mark.parametrize("channel", PUBLISH)
@pytest.mark.parametrize(("kind", "seen"), [("drop_before", 0), ("drop_after_accept", 1), ("truncate", 1)])
def test_a_connection_that_breaks(sandbox: Sandbox, channel: str, kind: str, seen: int) -> None:
    sandbox.fault(channel=channel, kind=kind)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        PUBLISH[channel](sandbox)
    assert len(sandbox.posts(channel)) == seen
    log = requests.get(f"{sandbox.url}/_sandbox/{channel}/requests", timeout=10).json()
    assert (log[-1]["status"] is None) == (kind != "truncate")


@pytest.mark.parametrize("channel", PUBLISH)
@pytest.mark.parametrize(
    ("kind", "status", "seen"), [("status:503", 503, 0), ("status:422", 422, 0), ("delay:1", 200, 1)]
)
def test_an_answer_that_is_ordered(sandbox: Sandbox, channel: str, kind: str, status: int, seen: int) -> None:
    sandbox.fault(channel=channel, kind=kind)
    answer = PUBLISH[channel](sandbox)
    assert answer.status_code == (201 if (channel, status) == ("x", 200) else status)
    assert isinstance(answer.json(), dict)
    assert len(sandbox.posts(channel)) == seen


@pytest.mark.parametrize("channel", PUBLISH)
def test_garbage_after_acceptance(sandbox: Sandbox, channel: str) -> None:
    sandbox.fault(channel=channel, kind="malformed")
    answer = PUBLISH[channel](sandbox)
    assert answer.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    assert len(sandbox.posts(channel)) == 1


@pytest.mark.parametrize(
    ("channel", "status", "wait"),
    [
        ("mastodon", 429, lambda answer: answer.headers["X-RateLimit-Reset"].endswith("Z")),
        (
            "facebook",
            400,
            lambda answer: '"estimated_time_to_regain_access": 2' in answer.headers["X-Business-Use-Case-Usage"],
        ),
        ("telegram", 429, lambda answer: answer.json()["parameters"] == {"retry_after": 61}),
        (
            "x",
            429,
            lambda answer: int(answer.headers["x-rate-limit-reset"]) > 0 and "Retry-After" not in answer.headers,
        ),
        ("bluesky", 429, lambda answer: answer.headers["Retry-After"] == "61"),
    ],
)
def test_a_rate_limit_in_the_platforms_own_form(
    sandbox: Sandbox, channel: str, status: int, wait: Callable[[Any], bool]
) -> None:
    sandbox.fault(channel=channel, kind="rate_limit:61")
    answer = PUBLISH[channel](sandbox)
    assert answer.status_code == status
    assert wait(answer)
    assert sandbox.posts(channel) == []


@pytest.mark.parametrize(
    ("channel", "status"), [("mastodon", 401), ("facebook", 400), ("telegram", 401), ("x", 401), ("bluesky", 401)]
)
def test_credentials_refused_by_order(sandbox: Sandbox, channel: str, status: int) -> None:
    sandbox.fault(channel=channel, kind="unauthorized")
    assert PUBLISH[channel](sandbox).status_code == status
    assert sandbox.posts(channel) == []


def test_a_fault_hits_as_often_as_ordered_and_only_its_account(sandbox: Sandbox) -> None:
    sandbox.fault(channel="mastodon", kind="status:500", times=2, account="ar")
    assert [mastodon(sandbox, name).status_code for name in ("en", "ar", "ar", "ar")] == [200, 500, 500, 200]


def test_faults_on_publish_leave_other_requests_alone(sandbox: Sandbox) -> None:
    headers = {"Authorization": f"Bearer {credentials('mastodon', 'en')['access_token']}"}
    url = f"{sandbox.url}/mastodon/api/v1/accounts/verify_credentials"
    sandbox.fault(channel="mastodon", kind="status:500")
    assert requests.get(url, headers=headers, timeout=10).status_code == 200
    sandbox.fault(channel="mastodon", kind="status:502", on="any")
    assert requests.get(url, headers=headers, timeout=10).status_code == 502
    assert mastodon(sandbox).status_code == 500


@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({"channel": "nowhere", "kind": "drop_before"}, "channel"),
        ({"channel": "x"}, "kind"),
        ({"channel": "x", "kind": "status"}, "kind"),
        ({"channel": "x", "kind": "status:99"}, "kind"),
        ({"channel": "x", "kind": "status:600"}, "kind"),
        ({"channel": "x", "kind": "delay:-1"}, "kind"),
        ({"channel": "x", "kind": "drop_before:1"}, "kind"),
        ({"channel": "x", "kind": "truncate", "times": 0}, "times"),
        ({"channel": "x", "kind": "truncate", "times": True}, "times"),
        ({"channel": "x", "kind": "truncate", "on": "sunday"}, "on"),
        ({"channel": "x", "kind": "truncate", "account": 1}, "account"),
        ({"channel": "x", "kind": "truncate", "extra": 1}, "extra"),
        ([], "body"),
    ],
)
def test_bad_orders_name_their_field(sandbox: Sandbox, order: Any, field: str) -> None:
    answer = requests.post(f"{sandbox.url}/_sandbox/faults", json=order, timeout=10)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert requests.get(f"{sandbox.url}/_sandbox/faults", timeout=10).json() == []


def test_faults_are_listed_and_cleared(sandbox: Sandbox) -> None:
    order = {"channel": "x", "kind": "rate_limit:9", "times": 3}
    assert requests.post(f"{sandbox.url}/_sandbox/faults", json=order, timeout=10).status_code == 201
    whole = order | {"on": "publish", "account": ""}
    listed = requests.get(f"{sandbox.url}/_sandbox/faults", timeout=10).json()
    assert [{name: fault[name] for name in whole} for fault in listed] == [whole]
    requests.delete(f"{sandbox.url}/_sandbox/faults", timeout=10)
    assert requests.get(f"{sandbox.url}/_sandbox/faults", timeout=10).json() == []


def test_reset_forgets_posts_faults_and_requests(sandbox: Sandbox) -> None:
    mastodon(sandbox)
    sandbox.fault(channel="x", kind="truncate")
    assert requests.post(f"{sandbox.url}/_sandbox/reset", timeout=10).status_code == 200
    for path in ("mastodon/posts", "mastodon/requests", "faults"):
        assert requests.get(f"{sandbox.url}/_sandbox/{path}", timeout=10).json() == []


@pytest.mark.parametrize("channel", ["facebook", "x", "telegram", "mastodon", "bluesky", "webhook", "email"])
def test_every_network_has_a_page_and_an_empty_list(sandbox: Sandbox, channel: str) -> None:
    assert "Nothing has been published" in requests.get(f"{sandbox.url}/{channel}/", timeout=10).text
    assert requests.get(f"{sandbox.url}/_sandbox/{channel}/posts", timeout=10).json() == []
    assert f'href="/{channel}/"' in requests.get(sandbox.url, timeout=10).text


def test_a_page_is_right_to_left_for_persian_and_escapes_what_it_shows(sandbox: Sandbox) -> None:
    headers = {"Authorization": f"Bearer {credentials('mastodon', 'fa')['access_token']}"}
    body = {"status": "سلام <script>alert(1)</script>", "language": "fa"}
    requests.post(f"{sandbox.url}/mastodon/api/v1/statuses", json=body, headers=headers, timeout=10)
    mastodon(sandbox, "en")
    page = requests.get(f"{sandbox.url}/mastodon/?account=fa", timeout=10).text
    assert 'dir="rtl" lang="fa"' in page
    assert "&lt;script&gt;" in page
    assert "Hello" not in page


@pytest.mark.parametrize("path", ["/nowhere", "/_sandbox/nowhere/posts", "/_sandbox/media/" + "0" * 64, "/x/2/nothing"])
def test_what_is_not_there_is_404(sandbox: Sandbox, path: str) -> None:
    assert requests.get(sandbox.url + path, timeout=10).status_code == 404


def test_closing_ends_ports_and_kept_connections() -> None:
    sandbox = serve()
    with requests.Session() as session:
        assert session.get(sandbox.url, timeout=10).status_code == 200
        sandbox.close()
        sandbox.close()
        with pytest.raises(requests.ConnectionError):
            session.get(sandbox.url, timeout=10)
    for port in (sandbox.http_port, sandbox.smtp_port):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_two_sandboxes_know_the_same_credentials_and_share_nothing(sandbox: Sandbox) -> None:
    with serve(names=("only",)) as other:
        assert mastodon(other, "only").status_code == 200
        assert mastodon(other, "en").status_code == 401
    assert sandbox.posts("mastodon") == []


def test_importing_it_starts_nothing_and_knows_no_channel() -> None:
    code = "import sys, threading, publisher.sandbox; print(threading.active_count(), sorted(m for m in sys.modules if m.startswith(('publisher.channels', 'publisher.connector', 'publisher.services', 'publisher.store', 'publisher.domain'))))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.strip() == "1 []"


def test_run_ends_with_sigterm() -> None:
    code = "import os, signal, threading; from publisher.sandbox import run; threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM)).start(); run('127.0.0.1', 0, 0); print('ended')"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.strip() == "ended"
