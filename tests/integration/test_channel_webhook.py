"""The outgoing webhook against a receiver that checks every signature, and against our own."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from channel_suite import picture

from publisher.cms import KINDS
from publisher.cms.base import Source
from publisher.connector.base import Connector
from publisher.connector.standard_webhooks import signature, signing_key
from publisher.domain.failures import Rejected, Unauthorized
from publisher.domain.model import Direction, Event, Rendition
from publisher.sandbox import Sandbox
from publisher.sandbox.accounts import credentials
from publisher.sandbox.wire import Answer, Request

LINK = "https://example.org/news/harbour-light"
KEY = "01KAT5Y3M8Q2W6R9T1V4X7Z0BC"
Connect = Callable[..., Connector]
WANTED = Rendition(
    text="چراغ بندر دوباره روشن شد",
    title="چراغ بندر",
    summary="روشن شد.",
    link=LINK,
    language="fa",
    direction=Direction.RTL,
    images=(picture("فانوس"),),
    site_name="روزنامه",
    author="م. نمونه",
    published_at=datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
)


@pytest.fixture
def heard(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """Every request the receiver gets, as it came."""
    network, requests = sandbox._server.networks["webhook"], list[Request]()
    as_it_is = network.answer

    def answer(request: Request) -> Answer:
        requests.append(request)
        return as_it_is(request)

    monkeypatch.setattr(network, "answer", answer)
    return requests


def test_a_signature_is_what_the_specification_computes() -> None:
    key = signing_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_%%%", "whsec_c2hvcnQ=", "a" * 500])
def test_a_secret_that_cannot_be_one_is_not_used(secret: str) -> None:
    with pytest.raises(ValueError, match="24 to 64 random bytes") as raised:
        signing_key(secret)
    assert not secret or secret not in str(raised.value).replace("whsec_ and", "")


def test_the_receiver_gets_the_whole_post(connect: Connect, sandbox: Sandbox) -> None:
    receipt = connect("webhook").publish(connect("webhook").prepare(WANTED), KEY)
    (post,) = sandbox.world.posts["webhook"]
    assert (receipt.ids, receipt.url) == ((KEY,), "")
    assert post.detail["event"] == "post.published"
    assert post.detail["data"] == {
        "id": KEY,
        "title": "چراغ بندر",
        "text": "چراغ بندر دوباره روشن شد",
        "summary": "روشن شد.",
        "url": LINK,
        "language": "fa",
        "direction": "rtl",
        "kind": "article",
        "site_name": "روزنامه",
        "author": "م. نمونه",
        "published_at": "2026-11-23T09:30:00+00:00",
        "images": [
            {
                "url": "",
                "sha256": WANTED.images[0].sha256,
                "mime": "image/jpeg",
                "width": 1200,
                "height": 630,
                "alt": "فانوس",
            }
        ],
    }


def test_a_repeat_is_the_same_message(connect: Connect, sandbox: Sandbox, heard: list[Request]) -> None:
    draft = connect("webhook").prepare(WANTED)
    shuffled = json.loads(json.dumps(draft, sort_keys=True))  # a store may give members back in another order
    for kept in (draft, shuffled):
        connect("webhook").publish(kept, KEY)
    first, second = heard
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == KEY
    assert len(sandbox.posts("webhook")) == 1


def test_a_correction_and_a_takedown_can_be_repeated(connect: Connect, sandbox: Sandbox, heard: list[Request]) -> None:
    receipt = connect("webhook").publish(connect("webhook").prepare(WANTED), KEY)
    draft = connect("webhook").prepare(WANTED)
    draft["data"]["text"] = "Corrected"
    for _ in range(2):
        assert connect("webhook").edit(receipt, draft) == receipt
    connect("webhook").edit(receipt, connect("webhook").prepare(WANTED))
    for _ in range(2):
        connect("webhook").delete(receipt)
    ids = [request.headers["webhook-id"] for request in heard]
    assert ids[1] == ids[2] != ids[3]
    assert ids[4] == ids[5]
    assert not any("." in message_id for message_id in ids)
    (post,) = sandbox.posts("webhook")
    assert (post["text"], bool(post["edited"]), post["deleted"]) == (WANTED.text, True, True)


def test_our_own_receiver_reads_it(connect: Connect, heard: list[Request]) -> None:
    connect("webhook").publish(connect("webhook").prepare(WANTED), KEY)
    secret = credentials("webhook", "en")["secret"]
    reader = KINDS["standard"](Source("upstream", "standard", (secret,), edition="fa"))
    (request,) = heard
    reader.verify(request.headers, request.body, datetime.now(UTC))
    incoming = reader.read(request.headers, request.body)
    assert incoming.event is Event.PUBLISH
    assert incoming.post
    assert (incoming.post.id, incoming.post.title, incoming.post.url) == (KEY, WANTED.title, LINK)


def test_a_stranger_is_refused(connect: Connect, sandbox: Sandbox) -> None:
    stranger = "whsec_" + base64.b64encode(bytes(32)).decode()
    connector = connect("webhook", secret=stranger)
    with pytest.raises(Unauthorized):
        connector.publish(connector.prepare(WANTED), KEY)
    assert sandbox.posts("webhook") == []


def test_an_unusable_secret_sends_nothing_and_is_not_repeated(connect: Connect, heard: list[Request]) -> None:
    connector = connect("webhook", secret="whsec_tooshort")
    for act in (connector.verify, lambda: connector.publish(connector.prepare(WANTED), KEY)):
        with pytest.raises(Unauthorized) as raised:
            act()
        assert "tooshort" not in str(raised.value)
    assert heard == []


def test_verify_leaves_out_what_may_be_secret(connect: Connect, sandbox: Sandbox) -> None:
    address = sandbox.url.replace("http://", "http://user:word@") + "/webhook/en?token=abcdef"
    handle = connect("webhook", base_url=address).verify().handle
    assert handle == f"{sandbox.host}:{sandbox.http_port}/webhook/en"


def test_a_redirect_is_refused_and_not_followed(
    connect: Connect, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[Any]()

    def answer(request: Request) -> Answer:
        asked.append(request.path)
        return Answer(308, b"", {"Location": f"{sandbox.url}/webhook/fa"})

    monkeypatch.setattr(sandbox._server.networks["webhook"], "answer", answer)
    with pytest.raises(Rejected):
        connect("webhook").publish(connect("webhook").prepare(WANTED), KEY)
    assert asked == ["/en"]


def test_the_longest_payload_stays_thin(connect: Connect) -> None:
    capability = connect("webhook").capability
    assert capability.text_bytes + capability.images * 300 + 2000 * 2 < 20_000
