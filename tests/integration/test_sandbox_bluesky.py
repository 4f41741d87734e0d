"""The fake Bluesky over a real socket, held against exchanges recorded from a real PDS."""

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from publisher.sandbox import Sandbox, credentials, serve
from publisher.sandbox.cbor import record_cid

POST, KEY = "app.bsky.feed.post", "3ke6kg3wk2222"
FIXTURE = Path(__file__).parents[3] / "shared/fixtures/platform/bluesky-pds-0.5.35.json"


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with serve() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.reset()
    return running


def call(sandbox: Sandbox, name: str, token: str = "", **request: Any) -> requests.Response:
    headers = request.pop("headers", {}) | ({"Authorization": f"Bearer {token}"} if token else {})
    method = "GET" if "params" in request else "POST"
    return requests.request(
        method, f"{sandbox.url}/bluesky/xrpc/com.atproto.{name}", headers=headers, timeout=10, **request
    )


def session(sandbox: Sandbox, name: str = "en") -> dict[str, Any]:
    login = credentials("bluesky", name)
    body = {"identifier": login["identifier"], "password": login["app_password"]}
    return dict(call(sandbox, "server.createSession", json=body).json())


def picture(size: tuple[int, int] = (120, 63)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#1f6f5c").save(out, "JPEG")
    return out.getvalue()


def blob(sandbox: Sandbox, who: dict[str, Any], content: bytes) -> requests.Response:
    return call(sandbox, "repo.uploadBlob", who["accessJwt"], data=content, headers={"Content-Type": "image/jpeg"})


def write(
    sandbox: Sandbox, who: dict[str, Any], verb: str = "createRecord", *, rkey: str = "", **record: Any
) -> requests.Response:
    body: dict[str, Any] = {"repo": who["did"], "collection": POST, "record": RECORD | record}
    return call(sandbox, f"repo.{verb}", who["accessJwt"], json=body | ({"rkey": rkey} if rkey else {}))


RECORD = {"$type": POST, "text": "Hello", "createdAt": "2026-11-23T10:00:00.000Z", "langs": ["en"]}
EXTERNAL = {"uri": "https://example.com/a", "title": "A title", "description": ""}


def external(**changed: Any) -> dict[str, Any]:
    return {"$type": "app.bsky.embed.external", "external": EXTERNAL | changed}


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        ({"text": "👩‍👩‍👧" * 166}, ""),
        ({"text": "a" * 300}, ""),
        ({"text": "a" * 301}, "grapheme too big (maximum 300, got 301) at $.record.text"),
        ({"text": "👩‍👩‍👧" * 170}, "string too big (maximum 3000, got 3060) at $.record.text"),
        ({"text": 1}, "Expected string value type (got integer) at $.record.text"),
        ({"createdAt": "yesterday"}, 'Invalid datetime (got "yesterday") at $.record.createdAt'),
        ({"langs": ["en", "de", "fr"]}, ""),
        ({"langs": ["en", "de", "fr", "es"]}, "array too big (maximum 3, got 4) at $.record.langs"),
        ({"tags": ["a"] * 9}, "array too big (maximum 8, got 9) at $.record.tags"),
        ({"tags": ["a" * 65]}, "grapheme too big (maximum 64, got 65) at $.record.tags[0]"),
        ({"embed": external()}, ""),
        ({"embed": external(uri="notauri")}, 'Invalid uri (got "notauri") at $.record.embed.external.uri'),
        ({"embed": external(title=None)}, "Expected string value type (got null) at $.record.embed.external.title"),
        ({"embed": {"$type": "app.bsky.embed.other"}}, "Expected one of"),
        (
            {"facets": [{"index": {"byteStart": 0, "byteEnd": 5}}]},
            'Missing required key "features" at $.record.facets[0]',
        ),
        ({"surprise": 1}, ""),
    ],
)
def test_what_a_record_is_answered(sandbox: Sandbox, record: Any, problem: str) -> None:
    answer = write(sandbox, session(sandbox), **record)
    assert answer.status_code == (400 if problem else 200), answer.text
    if problem:
        assert answer.json()["error"] == "InvalidRequest"
        assert answer.json()["message"].startswith(f"Invalid {POST} record: {problem}")
    assert len(sandbox.posts("bluesky")) == (not problem)


def test_the_same_put_is_one_post_and_a_second_create_is_500(sandbox: Sandbox) -> None:
    who = session(sandbox)
    first, again = (write(sandbox, who, "putRecord", rkey=KEY).json() for _ in range(2))
    assert (first["uri"], first["cid"]) == (again["uri"], again["cid"])
    assert "commit" in first
    assert "commit" not in again
    second = write(sandbox, who, rkey=KEY)
    assert (second.status_code, second.json()["error"]) == (500, "InternalServerError")
    odd = write(sandbox, who, rkey="post-42")
    assert odd.json()["message"] == f'Invalid record key for {POST}: Invalid TID string (got "post-42") at $'
    body = {"repo": who["did"], "collection": POST, "rkey": KEY, "record": RECORD, "swapRecord": None}
    assert call(sandbox, "repo.putRecord", who["accessJwt"], json=body).json()["error"] == "InvalidSwap"
    assert len(sandbox.posts("bluesky")) == 1


def test_readers_see_the_first_version_only(sandbox: Sandbox) -> None:
    who = session(sandbox)
    write(sandbox, who, "putRecord", rkey=KEY)
    assert "commit" in write(sandbox, who, "putRecord", rkey=KEY, text="Changed").json()
    query = {"repo": who["did"], "collection": POST, "rkey": KEY}
    assert call(sandbox, "repo.getRecord", params=query).json()["value"]["text"] == "Changed"
    assert [(post["text"], post["edited"]) for post in sandbox.posts("bluesky")] == [("Hello", None)]


def test_card_and_facets_reach_readers(sandbox: Sandbox) -> None:
    who, text = session(sandbox), "Përshëndetje 👋 lexo më shumë"
    start = len("Përshëndetje 👋 ".encode())
    index = {"byteStart": start, "byteEnd": len(text.encode())}
    good = {"index": index, "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://example.com/b"}]}
    broken = good | {"index": {"byteStart": 2, "byteEnd": 4}}
    beyond = good | {"index": {"byteStart": 0, "byteEnd": 9999}}
    embed = external(thumb=blob(sandbox, who, picture()).json()["blob"])
    write(sandbox, who, text=text, langs=["sq"], facets=[good, broken, beyond], embed=embed)
    (seen,) = sandbox.posts("bluesky")
    assert (seen["link"], seen["language"], seen["media"][0]["width"]) == ("https://example.com/a", "sq", 120)
    assert seen["problems"] == ["facet 1 marks no text", "facet 2 marks no text"]
    page = requests.get(f"{sandbox.url}/bluesky/", timeout=10).text
    assert '<a href="https://example.com/b" rel="noreferrer nofollow">lexo më shumë</a>' in page


def test_blobs_must_exist_be_described_and_fit(sandbox: Sandbox) -> None:
    who, other = session(sandbox), session(sandbox, "ar")
    mine, foreign = (
        blob(sandbox, owner, picture(size)).json()["blob"] for owner, size in ((who, (9, 9)), (other, (8, 8)))
    )

    def images(*items: Any) -> requests.Response:
        return write(sandbox, who, embed={"$type": "app.bsky.embed.images", "images": list(items)})

    assert images({"image": foreign, "alt": ""}).json()["error"] == "BlobNotFound"
    assert images({"image": mine}).json()["message"].endswith('Missing required key "alt" at $.record.embed.images[0]')
    assert (
        images(*[{"image": mine, "alt": ""}] * 5)
        .json()["message"]
        .endswith("(maximum 4, got 5) at $.record.embed.images")
    )
    assert images({"image": mine | {"mimeType": "image/png"}, "alt": ""}).json()["error"] == "InvalidMimeType"
    assert images(*[{"image": mine, "alt": "x"}] * 4).status_code == 200
    padding = 1_000_001 - len(picture())
    for size, status in ((padding, 400), (padding - 1, 200)):
        thumb = blob(sandbox, who, picture() + b"\0" * size).json()["blob"]
        assert write(sandbox, who, embed=external(thumb=thumb)).status_code == status
    assert blob(sandbox, who, b"\0" * (5 * 1024 * 1024 + 1)).json() == {
        "error": "PayloadTooLarge",
        "message": "request entity too large",
    }


def test_sessions_expire_and_are_renewed(sandbox: Sandbox) -> None:
    who = session(sandbox)
    assert call(sandbox, "server.getSession", who["accessJwt"], params={}).json()["did"] == who["did"]
    sandbox.advance(7199)
    assert write(sandbox, who).status_code == 200
    sandbox.advance(2)
    late = write(sandbox, who)
    assert (late.status_code, late.json()["error"]) == (400, "ExpiredToken")
    fresh = call(sandbox, "server.refreshSession", who["refreshJwt"]).json()
    assert write(sandbox, who | fresh).status_code == 200
    assert call(sandbox, "server.refreshSession", who["accessJwt"]).json()["error"] == "InvalidToken"
    sandbox.advance(90 * 86_400)
    assert call(sandbox, "server.refreshSession", fresh["refreshJwt"]).json()["error"] == "ExpiredToken"


def test_strangers_are_refused(sandbox: Sandbox) -> None:
    who = session(sandbox)
    assert (
        write(sandbox, who | {"accessJwt": ""}).status_code,
        write(sandbox, who | {"accessJwt": "a.b.c"}).status_code,
    ) == (401, 400)
    assert write(sandbox, who | {"accessJwt": who["refreshJwt"]}).json()["error"] == "InvalidToken"
    assert write(sandbox, who | {"did": session(sandbox, "ar")["did"]}).status_code == 401
    wrong = call(sandbox, "server.createSession", json={"identifier": who["handle"], "password": "no"})
    assert (wrong.status_code, wrong.json()["error"]) == (401, "AuthenticationRequired")
    forged = who["accessJwt"].split(".")
    claims = json.loads(base64.urlsafe_b64decode(forged[1] + "=="))
    forged[1] = base64.urlsafe_b64encode(json.dumps(claims | {"exp": 9e9}).encode()).decode().rstrip("=")
    assert write(sandbox, who | {"accessJwt": ".".join(forged)}).json()["error"] == "InvalidToken"


def test_delete_is_a_no_op_the_second_time(sandbox: Sandbox) -> None:
    who = session(sandbox)
    write(sandbox, who, rkey=KEY)
    body = {"repo": who["did"], "collection": POST, "rkey": KEY}
    assert "commit" in call(sandbox, "repo.deleteRecord", who["accessJwt"], json=body).json()
    assert call(sandbox, "repo.deleteRecord", who["accessJwt"], json=body).json() == {}
    assert call(sandbox, "repo.getRecord", params=body).json()["error"] == "RecordNotFound"
    assert [post["deleted"] for post in sandbox.posts("bluesky")] == [True]


def test_sessions_are_limited_where_rates_are_enforced() -> None:
    with serve(rates=True) as sandbox:
        body = {"identifier": credentials("bluesky", "en")["identifier"], "password": "wrong"}
        answers = [call(sandbox, "server.createSession", json=body) for _ in range(31)]
        assert [answer.status_code for answer in answers] == [401] * 30 + [429]
        assert answers[-1].json() == {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}
        assert 0 < int(answers[-1].headers["Retry-After"]) <= 300


def recorded() -> list[Any]:
    return list(json.loads(FIXTURE.read_text(encoding="utf-8"))) if FIXTURE.exists() else []


def written() -> list[Any]:
    """Recorded writes of the first account, (verb, body, status, answer); the recording cuts bodies at 3000 characters."""
    found = []
    for exchange in recorded():
        verb, body, answer = exchange["url"].rsplit(".", 1)[-1], exchange["request_body"], exchange["response_body"]
        whole = body.startswith("{") and len(body) < 3000
        if verb in {"createRecord", "putRecord"} and whole and "Token" not in answer and "AuthMissing" not in answer:
            found.append((verb, json.loads(body), exchange["status"], json.loads(answer)))
    return found


@pytest.mark.skipif(not FIXTURE.exists(), reason="../shared/fixtures is not here")
def test_record_cids_are_those_of_a_real_pds() -> None:
    pairs = [(record_cid(body["record"]), answer["cid"]) for _, body, status, answer in written() if status == 200]
    assert len(pairs) > 5
    assert [ours for ours, _ in pairs] == [theirs for _, theirs in pairs]


@pytest.mark.skipif(not FIXTURE.exists(), reason="../shared/fixtures is not here")
def test_records_a_real_pds_refused_are_refused_in_the_same_words(sandbox: Sandbox) -> None:
    who, compared = session(sandbox), 0
    mine = blob(sandbox, who, picture()).json()["blob"]
    for verb, body, status, answer in written():
        if status != 400 or answer["error"] == "BlobNotFound" or "got 2398407" in answer["message"]:
            continue
        text = json.dumps(body["record"]).replace(
            "bafkreihh3p6djcos2qv36gd37suxa5eo77fu4x3glxzcbffuvm7uccc7xa", mine["ref"]["$link"]
        )
        ours = call(
            sandbox, f"repo.{verb}", who["accessJwt"], json=body | {"repo": who["did"], "record": json.loads(text)}
        )
        assert (ours.status_code, ours.json()) == (status, answer)
        compared += 1
    assert compared > 7
