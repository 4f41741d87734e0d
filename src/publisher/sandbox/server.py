"""The HTTP side: one port, a prefix per network, and connections that can break where a fault orders it."""

import logging
import socket
import threading
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from publisher.sandbox.control import Control
from publisher.sandbox.faults import Fault
from publisher.sandbox.network import Network
from publisher.sandbox.pages import Pages
from publisher.sandbox.state import World
from publisher.sandbox.wire import Answer, Request, reply

log = logging.getLogger(__name__)

LARGEST_BODY = 64 * 1024 * 1024
IDLE_SECONDS = 90
REASONS = {status.value: status.phrase for status in HTTPStatus}
GARBAGE = b'<html>{"ok": tru'


class Server(ThreadingHTTPServer):
    """Threads per connection; closing it also ends connections that clients keep alive."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], world: World, networks: dict[str, Network], control: Control) -> None:
        self.world, self.networks, self.control, self.pages = world, networks, control, Pages(world, networks)
        self._open: set[socket.socket] = set()
        self._changed = threading.Condition()
        super().__init__(address, Handler)

    def opened(self, connection: socket.socket) -> None:
        with self._changed:
            self._open.add(connection)

    def ended(self, connection: socket.socket) -> None:
        with self._changed:
            self._open.discard(connection)
            self._changed.notify_all()

    def finish_all(self, timeout: float = 5) -> None:
        """Close the port and every connection; wait up to `timeout` seconds for their threads to end."""
        self.shutdown()
        self.server_close()
        with self._changed:
            for connection in self._open:
                _hang_up(connection)
            self._changed.wait_for(lambda: not self._open, timeout)


class Handler(BaseHTTPRequestHandler):
    """Reads one request, asks the network, writes one answer in one piece."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True
    server: Server

    def setup(self) -> None:
        super().setup()
        self.server.opened(self.connection)

    def finish(self) -> None:
        super().finish()
        self.server.ended(self.connection)

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def do_PUT(self) -> None:
        self._handle()

    def do_DELETE(self) -> None:
        self._handle()

    def do_HEAD(self) -> None:
        self._handle()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class names it so
        """Silent: paths carry secrets; `/_sandbox/<channel>/requests` has them masked."""

    def _handle(self) -> None:
        channel, request = self._read()
        if request is None:
            return
        if channel not in self.server.networks:
            self._write(self.server.control.answer(request) or self.server.pages.answer(request))
            return
        if request.method in {"GET", "HEAD"} and (page := self.server.pages.timeline(channel, request)):
            self._write(page)
            return
        status = self._serve(self.server.networks[channel], request)
        path = self.path.removeprefix(f"/{channel}")
        self.server.world.log(channel, request.method, path, status)

    def _serve(self, network: Network, request: Request) -> int | None:
        """Answer under the faults in force; the status sent, None where the connection just closes."""
        fault = self._fault(network, request)
        kind = fault.kind if fault else ""
        if kind == "drop_before":
            self._drop()
            return None
        if fault and kind in {"status", "rate_limit", "unauthorized"}:
            answer = refusal(network, fault)
            self._write(answer)
            return answer.status
        if fault and kind == "delay":
            self.server.world.closing.wait(fault.number / 1000)
        answer = answered(network, request)
        if kind == "drop_after_accept":
            self._drop()
            return None
        if kind == "malformed" and answer.status < 400:
            answer = Answer(200, GARBAGE, answer.headers)
        self._write(answer, half=kind == "truncate")
        return answer.status

    def _fault(self, network: Network, request: Request) -> Fault | None:
        publishes, account = network.publishes(request), network.account(request)
        return self.server.world.faults.take(network.name, account, publishes=publishes)

    def _read(self) -> tuple[str, Request | None]:
        length = self.headers.get("Content-Length", "0")
        if self.headers.get("Transfer-Encoding") or not length.isdigit() or int(length) > LARGEST_BODY:
            self.close_connection = True
            self._write(reply(413 if length.isdigit() and int(length) > LARGEST_BODY else 411, {"error": "length"}))
            return "", None
        body = self.rfile.read(int(length))
        parts = urlsplit(self.path)
        channel, _, rest = parts.path.removeprefix("/").partition("/")
        networked = channel in self.server.networks
        origin = f"http://{self.headers.get('Host') or 'localhost'}"
        headers = {name.lower(): value for name, value in self.headers.items()}
        path = unquote("/" + rest if networked else parts.path)
        return channel, Request(self.command, path, parts.query, headers, body, origin + self.path, origin)

    def _write(self, answer: Answer, *, half: bool = False) -> None:
        """One write, so that a client never sees a head without its body; `half` breaks off inside the body."""
        reason = REASONS.get(answer.status, "Unknown")
        head = {"Date": formatdate(usegmt=True), "Content-Type": answer.content_type}
        head |= {"Content-Length": str(len(answer.body))} | answer.headers
        if half or self.close_connection:
            self.close_connection = True
            head["Connection"] = "close"
        lines = [f"HTTP/1.1 {answer.status} {reason}", *(f"{name}: {value}" for name, value in head.items()), "", ""]
        body = answer.body[: len(answer.body) // 2] if half else answer.body
        try:
            self.wfile.write("\r\n".join(lines).encode("latin-1") + (b"" if self.command == "HEAD" else body))
        except OSError:
            log.debug("the client left before its answer")
            self.close_connection = True

    def _drop(self) -> None:
        self.close_connection = True
        _hang_up(self.connection)


def answered(network: Network, request: Request) -> Answer:
    """The network's answer; a bug of the fake itself is a loud 500, not a connection that just closes."""
    try:
        return network.answer(request)
    except Exception:  # a fake that fails must not look like a fault somebody ordered
        log.exception("the fake %s failed", network.name)
        return network.error(500)


def refusal(network: Network, fault: Fault) -> Answer:
    """What a network says under an ordered refusal."""
    match fault.kind:
        case "rate_limit":
            return network.limited(fault.number)
        case "unauthorized":
            return network.unauthorized()
    return network.error(fault.number)


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        log.debug("the connection was closed already")
