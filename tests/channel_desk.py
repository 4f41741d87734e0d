"""What tests of channels share: accounts on the sandbox, samples, a server that replays recorded answers."""

import base64
import hashlib
import io
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

from PIL import Image as Pillow

from publisher.channels import channel
from publisher.connector.base import Connector
from publisher.connector.http import Http
from publisher.connector.transcript import Redactor, Transcript
from publisher.connector.wire import session
from publisher.domain.failures import Failure
from publisher.domain.model import Account, Direction, Image, Receipt, Rendition, Size
from publisher.sandbox.accounts import credentials

EXCHANGES = Path(__file__).parent / "contract" / "exchanges"
LINK = "https://example.org/news/harbour-light?utm_source=daily"
PERSIAN = "کتابخانهٔ شهر دوباره باز می‌شود؛ ۱۲ هزار کتاب تازه 📚"
ALT = "A small red lighthouse on a stone pier"
KEY = "01KAT5Y3M8Q2W6R9T1V4X7Z0BC"


def picture(alt: str = ALT, shade: int = 40) -> Image:
    """A JPEG of the size of a Card."""
    encoded = io.BytesIO()
    Pillow.new("RGB", (1200, 630), (shade, 90, 140)).save(encoded, "JPEG")
    content = encoded.getvalue()
    return Image(content, "image/jpeg", Size(1200, 630), alt, hashlib.sha256(content).hexdigest())


def rendition(text: str, link: str = "", images: tuple[Image, ...] = (), **fields: Any) -> Rendition:
    said = {"title": "The harbour light", "summary": "", "language": "en", "direction": Direction.LTR} | fields
    return Rendition(text=text, link=link, images=images, **said)


def closed_port() -> str:
    """The base URL of a port at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def exchanges(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((EXCHANGES / f"{name}.json").read_text(encoding="utf-8"))
    return found


def outcome(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except Failure as failure:
        return failure


@dataclass
class Replay:
    """A server that gives one answer to whatever it is asked, and counts."""

    url: str
    exchange: dict[str, Any]
    asked: int = 0


@contextmanager
def replay(body: Any = "", status: int = 200, **headers: str) -> Iterator[Replay]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            state.asked += 1
            body = state.exchange["body"]
            content = (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response(state.exchange["status"])
            for name, value in {"Content-Type": "application/json", **state.exchange["headers"]}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815  # the names http.server calls

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state = Replay(
            f"http://127.0.0.1:{server.server_address[1]}", {"status": status, "headers": headers, "body": body}
        )
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield state
        server.shutdown()
        thread.join()


@dataclass
class Desk:
    """Accounts of one channel on the sandbox, and everything they said."""

    name: str
    sandbox: Any
    sessions: list[Any] = field(default_factory=list)
    transcripts: list[Transcript] = field(default_factory=list)

    @property
    def kind(self) -> type[Connector]:
        return channel(self.name)

    @property
    def secrets(self) -> dict[str, str]:
        known, given = self.kind.secrets + self.kind.optional_secrets, credentials(self.name, "en")
        return {name: value for name, value in given.items() if name in known}

    def connector(self, base_url: str = "", **options: str) -> Connector:
        """A new one for each Delivery, as in the program."""
        path = {"facebook": "/facebook/v26.0"}.get(self.name, f"/{self.name}")
        base_url = base_url or self.sandbox.url + path
        known, given = [option.name for option in self.kind.options], credentials(self.name, "en")
        options = {name: value for name, value in given.items() if name in known} | options
        account = Account("daily", self.name, base_url, options, self.secrets)
        made = session(trusted=frozenset({urlsplit(base_url).netloc}))
        transcript = Transcript(Redactor(self.secrets.values()))
        self.sessions.append(made)
        self.transcripts.append(transcript)
        return self.kind(account, Http(made, base_url, transcript))

    def publish(self, wanted: Rendition, **options: str) -> Receipt:
        """A Delivery of its own: `prepare`, the draft through JSON as through the store, `publish` with a new key."""
        draft = json.loads(json.dumps(self.connector(**options).prepare(wanted)))
        return self.connector(**options).publish(draft, f"{KEY}{len(self.sessions)}")

    def posts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.sandbox.posts(self.name)
        return found

    def fault(self, kind: str, *, on: str = "publish") -> None:
        self.sandbox.fault(channel=self.name, kind=kind, on=on)

    def leaks(self) -> list[str]:
        """Every spelling of a secret that stands in a transcript."""
        said = json.dumps([transcript.exchanges for transcript in self.transcripts], ensure_ascii=False)
        spelt = [(name, spell(value)) for name, value in self.secrets.items() for spell in SPELLINGS]
        return [f"{name} as {value}" for name, value in spelt if value in said]


SPELLINGS: tuple[Callable[[str], str], ...] = (
    str,
    lambda value: quote(value, safe=""),
    quote_plus,
    lambda value: base64.b64encode(value.encode()).decode(),
    lambda value: base64.urlsafe_b64encode(value.encode()).decode().rstrip("="),
)
