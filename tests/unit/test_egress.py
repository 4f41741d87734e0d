"""The way out: private addresses are refused however they are spelled, foreign files are capped."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import pytest
import requests

from publisher.connector import wire
from publisher.connector.egress import is_public
from publisher.connector.fetch import fetch
from publisher.domain.failures import Failure, OutcomeUnknown, Rejected, TryLater

PUBLIC = ("8.8.8.8", "1.1.1.1", "151.101.1.1", "2606:4700::1111", "2001:4860:4860::8888", "::ffff:8.8.8.8")
PRIVATE = (
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1",
    "169.254.169.254", "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:a9fe:a9fe::",
    "2001:0:53aa:64c::1", "::7f00:1", "fec0::1",
)  # fmt: skip
SPELLINGS = ("127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "[::ffff:127.0.0.1]")
UNUSABLE = (
    "", "//garden.example/", "file:///etc/passwd", "ftp://garden.example/", "http://", "http://[::1", "http://a..b/",
    f"http://{'a' * 70}.example/", "http://garden.example:99999/", "http://exa mple/", "http://\ud800/", "http://*.x/",
)  # fmt: skip


class Garden(BaseHTTPRequestHandler):
    """Answers what the path asks for: `/to/<url>` redirects, `/<status>` says so, `/bytes/<n>` sends n bytes."""

    def do_GET(self) -> None:
        if self.path.startswith("http"):  # as a proxy is asked
            return self._answer(200, b"")
        verb, _, word = self.path[1:].partition("/")
        if verb == "to":
            return self._answer(302, b"", Location=unquote(word))
        if verb == "bytes":
            return self._answer(200, b"x" * int(word))
        if verb == "cut":
            self.close_connection = True
            return self._answer(200, b"half", **{"Content-Length": "100"})
        return self._answer(int(verb), b"")

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(ConnectionError):  # whoever has had enough hangs up
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quietly."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Garden) as server:
        threading.Thread(target=server.serve_forever).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture
def trusting(port: int) -> Iterator[requests.Session]:
    with wire.session(trusted=frozenset({f"127.0.0.1:{port}"})) as session:
        yield session


@pytest.mark.parametrize("address", PUBLIC)
def test_the_open_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_everything_else_is_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("host", SPELLINGS)
def test_this_machine_is_refused_by_any_name(port: int, host: str) -> None:
    with wire.session() as session, pytest.raises(Rejected, match=r"private network; trust it under \[network\]"):
        fetch(session, f"http://{host}:{port}/bytes/3", most_bytes=100)


def test_a_trusted_address_is_reached_and_only_under_its_own_name_and_port(
    port: int, trusting: requests.Session
) -> None:
    assert fetch(trusting, f"http://127.0.0.1:{port}/bytes/3", most_bytes=100) == b"xxx"
    with pytest.raises(Rejected, match="private network"):
        fetch(trusting, f"http://localhost:{port}/bytes/3", most_bytes=100)
    with wire.session(trusted=frozenset({"127.0.0.1:1"})) as other, pytest.raises(Rejected, match="private network"):
        fetch(other, f"http://127.0.0.1:{port}/bytes/3", most_bytes=100)


def test_a_redirect_is_followed(port: int, trusting: requests.Session) -> None:
    for target in (f"http://127.0.0.1:{port}/bytes/3", "/bytes/3"):
        assert fetch(trusting, f"http://127.0.0.1:{port}/to/{target}", most_bytes=100) == b"xxx"


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("http://localhost:{port}/bytes/3", "private network"),
        ("file:///etc/passwd", "another protocol"),
        ("gopher://127.0.0.1/", "another protocol"),
        ("http://[bad", "not usable"),
        ("//[::1", "not usable"),
        ("", "redirects"),
    ],
)
def test_a_redirect_is_judged_anew(port: int, trusting: requests.Session, target: str, words: str) -> None:
    with pytest.raises(Rejected, match=words):
        fetch(trusting, f"http://127.0.0.1:{port}/to/{target.format(port=port)}", most_bytes=100)


@pytest.mark.parametrize(("size", "fits"), [(0, True), (70_000, True), (70_001, False), (5_000_000, False)])
def test_what_is_too_long_is_refused_for_good(port: int, trusting: requests.Session, size: int, fits: bool) -> None:  # noqa: FBT001  # a table of cases
    address = f"http://127.0.0.1:{port}/bytes/{size}"
    if fits:
        assert len(fetch(trusting, address, most_bytes=70_000)) == size
    else:
        with pytest.raises(Rejected, match="larger than 70000 bytes"):
            fetch(trusting, address, most_bytes=70_000)


@pytest.mark.parametrize(
    ("path", "failure"), [("404", Rejected), ("403", Rejected), ("500", TryLater), ("503", TryLater), ("cut", TryLater)]
)
def test_refusals_are_told_from_troubles(
    port: int, trusting: requests.Session, path: str, failure: type[Failure]
) -> None:
    with pytest.raises(failure):
        fetch(trusting, f"http://127.0.0.1:{port}/{path}", most_bytes=100)


@pytest.mark.parametrize("address", UNUSABLE, ids=ascii)
def test_an_address_that_is_none_is_refused(trusting: requests.Session, address: str) -> None:
    with pytest.raises(Rejected, match="not usable"):
        fetch(trusting, address, most_bytes=100)


def test_a_host_name_that_is_none_is_one_of_requests_own_errors(trusting: requests.Session) -> None:
    with pytest.raises(requests.exceptions.InvalidURL):
        trusting.get("http://a..b/", timeout=5)


def test_no_connection_means_that_nothing_was_said(port: int) -> None:
    closed = "http://127.0.0.1:1/"
    with wire.session(trusted=frozenset({"127.0.0.1:1"})) as session:
        with pytest.raises(requests.ConnectionError) as caught:
            session.get(closed, timeout=5)
        for publish in (False, True):
            assert isinstance(wire.lost(caught.value, publish=publish), TryLater)


def test_an_answer_that_broke_off_may_have_been_heard(port: int, trusting: requests.Session) -> None:
    response = trusting.get(f"http://127.0.0.1:{port}/cut", timeout=5, stream=True)
    with pytest.raises(requests.exceptions.ChunkedEncodingError) as caught:
        wire.read_body(response, 1e18)
    assert isinstance(wire.lost(caught.value, publish=True), OutcomeUnknown)
    assert isinstance(wire.lost(caught.value, publish=False), TryLater)


def test_the_sessions_take_no_proxy_from_the_environment(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
    trusted = frozenset({f"127.0.0.1:{port}"})
    with wire.session(trusted=trusted) as session, pytest.raises(requests.ConnectionError):
        session.get("http://127.0.0.1:1/", timeout=5)
