"""What an operator may read of an exchange: everything but the secrets, in every spelling they take on the wire."""

import base64
import json
from urllib.parse import quote, quote_plus, urlencode

import pytest

from publisher.connector.transcript import BODY_CHARS, MASK, Redactor, Transcript

CANARIES = {
    "telegram": "8012345678:AAF-canary_4mTq9",
    "plain": "canary-4mTq9wZx",
    "spaced": "can ary/4m+Tq9=wZx",
    "quoted": 'can"ary\\4mTq9',
    "unicode": "canäry—4mTq9",
    "both": 'canäry"4mTq9',
}


def spellings(secret: str) -> dict[str, str]:
    """How a secret may stand in a URL, a form, a JSON body or a header."""
    return {
        "raw": secret,
        "path": quote(secret),
        "path, whole": quote(secret, safe=""),
        "form": quote_plus(secret),
        "query": urlencode({"q": secret}).removeprefix("q="),
        "JSON": json.dumps(secret)[1:-1],
        "JSON, UTF-8": json.dumps(secret, ensure_ascii=False)[1:-1],
        "base64": base64.b64encode(secret.encode()).decode(),
    }


CASES = [(secret, how) for secret in CANARIES.values() for how in spellings(secret)]


@pytest.mark.parametrize(("secret", "how"), CASES)
def test_a_known_secret_is_masked_in_every_spelling(secret: str, how: str) -> None:
    spelled = spellings(secret)[how]
    assert Redactor([secret])(f"before {spelled} after") == f"before {MASK} after"


@pytest.mark.parametrize("secret", CANARIES.values())
@pytest.mark.parametrize("shift", [-1, 0, 1, 5, 10])
def test_a_secret_across_the_border_of_the_cut_shows_no_half(secret: str, shift: int) -> None:
    start = BODY_CHARS - len(secret) + shift
    kept = Redactor([secret]).body("x" * start + secret + "y" * 100)
    assert len(kept) <= BODY_CHARS
    assert not set(secret[:4]) & set(kept.replace("x", "").replace("y", "").replace(MASK[:1], ""))


def test_telegrams_token_in_the_address_is_masked() -> None:
    token = CANARIES["telegram"]
    redact = Redactor([token])
    for spelled in (token, quote(token, safe="")):
        address = f"https://api.telegram.org/bot{spelled}/sendMessage"
        assert redact(address) == f"https://api.telegram.org/bot{MASK}/sendMessage"


def test_the_longer_secret_is_masked_whole_where_one_begins_with_another() -> None:
    assert Redactor(["canary", "canary-longer"])("canary-longer canary") == f"{MASK} {MASK}"


def test_a_word_too_short_to_be_a_secret_masks_nothing() -> None:
    assert Redactor(["", "abc"])("abcdef") == "abcdef"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ('{"access_token": "unknown", "id": "7"}', '{"access_token": "***", "id": "7"}'),
        ('{"accessJwt":"a.b.c","handle":"bees"}', '{"accessJwt":"***","handle":"bees"}'),
        (r'{"password": "with \" quote", "id": "7"}', '{"password": "***", "id": "7"}'),
        (r'{"password": "ends in \\", "id": "7"}', '{"password": "***", "id": "7"}'),
        ("grant_type=refresh&refresh_token=unknown&x=1", "grant_type=refresh&refresh_token=***&x=1"),
        ("https://graph.example/me?fields=id&access_token=unknown", "https://graph.example/me?fields=id&access_token=***"),
        ("https://graph.example/me?appsecret_proof=unknown&fields=id", "https://graph.example/me?appsecret_proof=***&fields=id"),
        ('{"title": "The token of spring"}', '{"title": "The token of spring"}'),
    ],
)  # fmt: skip
def test_a_field_named_like_a_secret_is_masked_though_we_do_not_know_its_value(text: str, masked: str) -> None:
    assert Redactor([])(text) == masked


def test_only_headers_an_operator_needs_are_kept() -> None:
    headers = {
        "Authorization": "Bearer canary",
        "Cookie": "session=canary",
        "Set-Cookie": "session=canary",
        "X-Api-Key": "canary",
        "Retry-After": "30",
        "Location": "https://network.example/?access_token=canary",
        "Idempotency-Key": "01J",
    }
    kept = Redactor(["canary"]).headers(headers)
    assert kept == {
        "retry-after": "30",
        "location": f"https://network.example/?access_token={MASK}",
        "idempotency-key": "01J",
    }


@pytest.mark.parametrize(
    ("body", "text"),
    [(None, ""), ("hello", "hello"), (b"hello", "hello"), (b"\xff\xd8\xff", "<3 bytes>"), ("é".encode(), "é")],
)
def test_a_body_is_told_as_text(body: object, text: str) -> None:
    assert Redactor([]).body(body) == text


def test_a_transcript_is_json_in_order_without_empty_fields() -> None:
    transcript = Transcript(Redactor([]))
    transcript.add(method="POST", status=200, error="", headers={})
    transcript.add(method="GET", status=None, ms=0.0)
    assert json.loads(json.dumps(transcript.exchanges)) == [
        {"method": "POST", "status": 200},
        {"method": "GET", "ms": 0.0},
    ]
