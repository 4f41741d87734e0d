"""Fake networks on real HTTP and SMTP: the same limits, authentication, errors and state, a page per timeline.

They import nothing of the channels, so that they can disagree with them. Only for loopback: the secrets are known.
"""

import logging
import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self

from publisher.sandbox.accounts import credentials, identities
from publisher.sandbox.bluesky import Bluesky
from publisher.sandbox.control import Control
from publisher.sandbox.email import Email, Mailbox
from publisher.sandbox.facebook import Facebook
from publisher.sandbox.faults import read
from publisher.sandbox.mastodon import Mastodon
from publisher.sandbox.network import Network
from publisher.sandbox.server import Server
from publisher.sandbox.state import World
from publisher.sandbox.telegram import Telegram
from publisher.sandbox.webhook import Webhook
from publisher.sandbox.x import X

__all__ = ["Sandbox", "credentials", "identities", "run", "serve"]

log = logging.getLogger(__name__)

NETWORKS: tuple[type[Network], ...] = (Facebook, X, Telegram, Mastodon, Bluesky, Webhook, Email)


class Sandbox:
    """Running networks; a context manager. `url` has no trailing slash."""

    def __init__(self, host: str, http_port: int, smtp_port: int, names: tuple[str, ...], *, rates: bool) -> None:
        self.world = World(names, enforce_rates=rates)
        networks = {kind.name: kind(self.world) for kind in NETWORKS}
        self._control = Control(self.world, networks)
        self._server = Server((host, http_port), self.world, networks, self._control)
        try:
            self._mailbox = Mailbox(self.world, host, smtp_port)
        except OSError:
            self._server.server_close()
            raise
        self.host, self.http_port, self.smtp_port = host, int(self._server.server_address[1]), self._mailbox.port
        self.url = f"http://{host}:{self.http_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="sandbox-http", daemon=True
        )
        self._thread.start()

    def posts(self, channel: str) -> list[dict[str, Any]]:
        """What readers of a network see or have seen, oldest first."""
        return self.world.seen(channel)

    def fault(self, **order: Any) -> None:
        """Order a fault, as `POST /_sandbox/faults` does."""
        self.world.faults.order(read(order))

    def advance(self, seconds: float) -> None:
        """Move the networks' clock forward."""
        with self.world.lock:
            self.world.advanced += seconds

    def reset(self) -> None:
        self._control.reset()

    def close(self) -> None:
        """Stop serving: ports closed, connections ended, threads gone."""
        if self.world.closing.is_set():
            return
        self.world.closing.set()
        self._server.finish_all()
        self._thread.join(timeout=5)
        self._mailbox.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def serve(
    http_port: int = 0,
    smtp_port: int = 0,
    host: str = "127.0.0.1",
    *,
    names: tuple[str, ...] = (),
    rates: bool = False,
) -> Sandbox:
    """Start the networks in threads; port 0 takes a free one.

    `names` are the identities that exist (the default ones where empty). `rates` makes the platforms' own rate limits
    refuse; else they are only told in the headers.
    """
    return Sandbox(host, http_port, smtp_port, names or identities(), rates=rates)


def run(host: str, http_port: int, smtp_port: int) -> None:
    """Serve until SIGTERM or SIGINT; call it from the main thread."""
    stop = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with serve(http_port, smtp_port, host) as sandbox:
            log.info("fake networks at %s, mail at %s:%d", sandbox.url, host, sandbox.smtp_port)
            stop.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
