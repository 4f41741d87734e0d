"""OAuth 1.0a signatures against published vectors, and which bodies are signed."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode

import pytest
import requests
from oauthlib.common import Request

from publisher.connector.oauth import oauth1

VECTORS = Path(__file__).parents[2].parent / "shared/specs/vectors/oauth1.json"


@pytest.fixture(scope="module")
def vectors() -> list[dict[str, Any]]:
    if not VECTORS.exists():
        pytest.skip("no published vectors beside the project")
    return [vector for vector in json.loads(VECTORS.read_text(encoding="utf-8")) if vector["match"]]


def signer(vector: dict[str, Any]) -> Any:
    """What `oauth1` makes of a vector's keys, at the vector's time and with its nonce."""
    given = vector["oauth"]
    auth = oauth1(
        given["oauth_consumer_key"], vector["consumer_secret"], given.get("oauth_token", ""), vector["token_secret"]
    )
    auth.client.timestamp, auth.client.nonce = given["oauth_timestamp"], given["oauth_nonce"]
    return auth


def signature(prepared: requests.PreparedRequest) -> str:
    header = prepared.headers["Authorization"]
    found = re.search(r'oauth_signature="([^"]+)"', header.decode() if isinstance(header, bytes) else header)
    assert found
    return unquote(found[1])


def test_every_published_signature_is_reproduced(vectors: list[dict[str, Any]], subtests: Any) -> None:
    assert len(vectors) >= 5
    for vector in vectors:
        url = vector["url"] + ("?" + urlencode(vector["query"]) if vector["query"] else "")
        body, kind = urlencode(vector["form_body"]), "application/x-www-form-urlencoded"
        request = Request(url, vector["method"], body or None, {"Content-Type": kind} if body else {})
        request.oauth_params = list(vector["oauth"].items())
        with subtests.test(vector["name"]):
            assert signer(vector).client.get_oauth_signature(request) == vector["signature"]


def test_a_whole_request_carries_the_published_signature(vectors: list[dict[str, Any]], subtests: Any) -> None:
    """Only vectors that send oauth_version, as every request of ours does."""
    versioned = [vector for vector in vectors if "oauth_version" in vector["oauth"]]
    assert versioned
    for vector in versioned:
        request = requests.Request(
            vector["method"], vector["url"], params=vector["query"], data=vector["form_body"], auth=signer(vector)
        )
        with subtests.test(vector["name"]):
            assert signature(request.prepare()) == vector["signature"]


KEYS = {"oauth_consumer_key": "ck", "oauth_token": "t", "oauth_timestamp": "1790000000", "oauth_nonce": "n"}
MADE_UP = {"oauth": KEYS, "consumer_secret": "cs", "token_secret": "ts"}


def signed(**body: Any) -> str:
    request = requests.Request("POST", "https://api.x.com/2/tweets", auth=signer(MADE_UP), **body)
    return signature(request.prepare())


def test_json_and_multipart_bodies_are_not_signed() -> None:
    bare = signed()
    assert signed(json={"text": "Hello"}) == bare
    assert signed(json={"text": "سلام"}) == bare
    assert signed(files={"media": ("a.jpg", b"\xff\xd8", "image/jpeg")}, data={"media_category": "tweet_image"}) == bare


def test_form_bodies_and_queries_are_signed() -> None:
    assert len({signed(), signed(data={"a": "1"}), signed(data={"a": "2"}), signed(params={"b": "1"})}) == 4
