"""The channel contract: every channel of the registry, by existing, against its network in the sandbox."""

import json
import re
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from channel_suite import SPELLINGS, picture
from ulid import ULID

import publisher.channels
from publisher.channels import CHANNELS, channel
from publisher.connector.base import Connector
from publisher.domain.capability import Doubt, Link
from publisher.domain.failures import Failure, OutcomeUnknown, TryLater, Unauthorized
from publisher.domain.model import Direction, Image, Kind, Rendition
from publisher.sandbox import Sandbox
from publisher.sandbox.accounts import profile
from publisher.sandbox.wire import Answer, Request, reply

EXCHANGES = Path(__file__).parent / "exchanges"
LINK = "https://example.org/news/harbour-light"
KEY, OTHER_KEY = "01KAT5Y3M8Q2W6R9T1V4X7Z0BC", "01KAT5Y3M9C4D7F2G5H8J1K6MN"
Connect = Callable[..., Connector]

every_channel = pytest.mark.parametrize("name", sorted(CHANNELS))
every_exchange = pytest.mark.parametrize(
    ("name", "exchange"),
    [
        pytest.param(path.stem, exchange, id=f"{path.stem}: {exchange['name']}")
        for path in sorted(EXCHANGES.glob("*.json"))
        for exchange in json.loads(path.read_text(encoding="utf-8"))
    ],
)


def rendition(
    name: str, text: str = "The harbour light burns again", kind: Kind = Kind.ARTICLE, images: tuple[Image, ...] = ()
) -> Rendition:
    """One the channel can carry, with its link where the channel wants it."""
    if channel(name).capability.link is Link.INLINE:
        text += f"\n{LINK}"
    made = Rendition(text, "The harbour light", "It burns.", LINK, "en", Direction.LTR, kind=kind, images=images)
    assert channel(name).capability.check(made) == ()
    return made


def drafted(connector: Connector, wanted: Rendition) -> dict[str, Any]:
    """What `prepare` returns, as the store gives it back."""
    draft: dict[str, Any] = json.loads(json.dumps(connector.prepare(wanted)))
    return draft


class Noting(dict[str, Any]):
    """A mapping that notes what is asked of it."""

    def __init__(self, given: dict[str, Any]) -> None:
        super().__init__(given)
        self.names: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.names.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        self.names.add(key)
        return super().__getitem__(key)


def test_file_registry_and_exchanges_agree() -> None:
    folder = Path(publisher.channels.__file__).parent
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert files == set(CHANNELS) == {path.stem for path in EXCHANGES.glob("*.json")}


@every_channel
def test_the_class_is_named_like_its_file(name: str) -> None:
    kind = channel(name)
    assert kind.name == name == kind.__module__.rpartition(".")[2] == kind.__name__.lower()
    assert kind.brand


@every_channel
def test_every_limit_has_a_source(name: str) -> None:
    assert re.fullmatch(r"https://[\w.-]+/\S+", channel(name).capability.source)


@every_channel
def test_verbs_and_flags_agree(name: str) -> None:
    kind = channel(name)
    assert kind.capability.edits == (kind.edit is not Connector.edit)
    assert kind.capability.deletes == (kind.delete is not Connector.delete)


@every_channel
def test_preparing_twice_shows_readers_nothing(name: str, connect: Connect, sandbox: Sandbox) -> None:
    for _ in range(2):
        draft = drafted(connect(name), rendition(name, images=(picture(),)))
    assert sandbox.posts(name) == []
    connect(name).publish(draft, KEY)
    assert len(sandbox.posts(name)) == 1


@every_channel
def test_publishing_is_one_request(name: str, connect: Connect, sandbox: Sandbox) -> None:
    draft = drafted(connect(name), rendition(name, images=(picture(),)))
    connector = connect(name)
    connector.publish(draft, KEY)
    said = [exchange["method"] for exchange in connector.http.transcript.exchanges]
    # mail is a conversation; its irreversible part is the message
    assert len([verb for verb in said if verb == "message"] if _speaks_smtp(name) else said) == 1
    assert len(sandbox.posts(name)) == 1


@every_channel
def test_the_receipt_is_the_post(name: str, connect: Connect, sandbox: Sandbox) -> None:
    receipt = connect(name).publish(drafted(connect(name), rendition(name)), KEY)
    (post,) = sandbox.posts(name)
    assert receipt.ids[0] == post["id"]
    assert post["link"] == LINK
    assert post["problems"] == []


@every_channel
def test_a_lost_answer_leaves_the_outcome_unknown(name: str, connect: Connect, sandbox: Sandbox) -> None:
    draft = drafted(connect(name), rendition(name, images=(picture(),)))
    sandbox.fault(channel=name, kind="drop_after_accept")
    with pytest.raises(OutcomeUnknown):
        connect(name).publish(draft, KEY)
    assert len(sandbox.posts(name)) == 1
    if channel(name).capability.doubt is Doubt.REPEAT:
        receipt = connect(name).publish(draft, KEY)
        assert [receipt.ids[0]] == [post["id"] for post in sandbox.posts(name)]


@every_channel
def test_the_key_decides_whether_it_is_another_post(name: str, connect: Connect, sandbox: Sandbox) -> None:
    if channel(name).capability.doubt is not Doubt.REPEAT:
        pytest.skip(f"{channel(name).brand} promises nothing about repeats")
    draft = drafted(connect(name), rendition(name))
    first, again = (connect(name).publish(draft, KEY) for _ in range(2))
    assert first == again
    assert len(sandbox.posts(name)) == 1
    other = connect(name).publish(drafted(connect(name), rendition(name, "Another light")), OTHER_KEY)
    assert other.ids[0] != first.ids[0]
    assert len(sandbox.posts(name)) == 2


@every_channel
def test_a_refused_connection_said_nothing(name: str, connect: Connect) -> None:
    draft = drafted(connect(name), rendition(name))
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound, and nobody listens
        port = closed.getsockname()[1]
        changed = {"port": str(port)} if _speaks_smtp(name) else {"base_url": f"http://127.0.0.1:{port}"}
        with pytest.raises(TryLater) as raised:
            connect(name, **changed).publish(draft, KEY)
    assert not raised.value.rate_limited


@every_channel
def test_refused_credentials_are_unauthorized(name: str, connect: Connect, sandbox: Sandbox) -> None:
    draft = drafted(connect(name), rendition(name))
    sandbox.fault(channel=name, kind="unauthorized", on="any", times=20)
    with pytest.raises(Unauthorized):
        connect(name).publish(draft, KEY)
    assert sandbox.posts(name) == []


@every_channel
def test_verify_names_the_handle(name: str, connect: Connect) -> None:
    identity, who = connect(name).verify(), profile(name, "en")
    told = f"{identity.handle} {identity.url}"
    assert who.handle in told or who.title in told
    assert connect(name, "fa").verify() != identity


@every_channel
def test_what_is_declared_is_read_and_nothing_else(name: str, connect: Connect) -> None:
    kind, given = channel(name), connect(name)
    options, secrets = Noting(given.account.options), Noting(given.account.secrets)
    account = replace(given.account, options=options, secrets=secrets)
    for post_kind in (Kind.ARTICLE, Kind.PHOTO):
        connector = kind(account, given.http)
        connector.verify()
        draft = drafted(connector, rendition(name, f"A new {post_kind}", post_kind, (picture(),)))
        connector.publish(draft, str(ULID()))
    assert options.names == {option.name for option in kind.options}
    assert secrets.names == {*kind.secrets, *kind.optional_secrets}


@every_channel
@pytest.mark.parametrize("fault", ["", "unauthorized", "drop_after_accept", "status:400"])
def test_no_transcript_and_no_failure_holds_a_secret(name: str, fault: str, connect: Connect, sandbox: Sandbox) -> None:
    said = []
    if fault:
        sandbox.fault(channel=name, kind=fault, on="any", times=20)
    verbs: list[Callable[[Connector], Any]] = [
        lambda made: made.verify(),
        lambda made: made.publish(drafted(made, rendition(name, images=(picture(),))), KEY),
    ]
    for verb in verbs:
        connector = connect(name)
        try:
            verb(connector)
        except Failure as failure:
            said.append(str(failure))
        said += [json.dumps(exchange, ensure_ascii=False) for exchange in connector.http.transcript.exchanges]
    assert said
    spelt = {spell(secret) for secret in connect(name).account.secrets.values() for spell in SPELLINGS}
    assert [line for line in said if any(secret in line for secret in spelt)] == []


@every_exchange
def test_a_recorded_answer_means_what_it_should(
    name: str, exchange: dict[str, Any], connect: Connect, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = drafted(connect(name), rendition(name)) if exchange["publish"] else {}
    answering(sandbox, name, exchange, monkeypatch)
    found: Any
    try:
        connector = connect(name)
        found = connector.publish(draft, KEY) if exchange["publish"] else harmless(connector)
    except Failure as failure:
        found = failure
    assert type(found).__name__ == exchange["failure"], found
    if "after" in exchange:
        assert found.after == pytest.approx(exchange["after"], abs=2)


def harmless(connector: Connector) -> Any:
    """A call of which readers see nothing; for mail that is everything before the message."""
    if _speaks_smtp(connector.name):
        return connector.publish(drafted(connector, rendition(connector.name)), KEY)
    return connector.verify()


def answering(sandbox: Sandbox, name: str, exchange: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the network answers as recorded: what publishes, or everything that does not."""
    if _speaks_smtp(name):

        async def reply_code(*_: Any) -> str:
            return f"{exchange['status']} {exchange['body']}"

        command = "handle_DATA" if exchange["publish"] else "handle_RCPT"
        monkeypatch.setattr(sandbox._mailbox._inbox, command, reply_code)
        return
    network, body = sandbox._server.networks[name], exchange["body"]
    as_they_are = network.answer
    recorded = reply(exchange["status"], body, exchange["headers"])
    if isinstance(body, str):
        recorded = Answer(exchange["status"], body.encode(), exchange["headers"])

    def answer(request: Request) -> Answer:
        return recorded if network.publishes(request) == exchange["publish"] else as_they_are(request)

    monkeypatch.setattr(network, "answer", answer)


def _speaks_smtp(name: str) -> bool:
    return "host" in {option.name for option in channel(name).options}
