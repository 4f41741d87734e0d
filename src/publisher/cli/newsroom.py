"""The demo's newsroom: settings for four editions on seven networks, and the four articles it publishes."""

import json
import secrets
import threading
from base64 import b64encode
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from publisher.cards.sample import landscape

EDITIONS = {
    "en": ("ltr", "The Daily Sample"),
    "ar": ("rtl", "اليومية النموذجية"),
    "fa": ("rtl", "روزنامهٔ نمونه"),
    "sq": ("ltr", "E Përditshmja Shembull"),
}
CHANNELS = ("facebook", "x", "telegram", "mastodon", "bluesky", "email", "webhook")
ARTICLES = Path(__file__).parent / "samples" / "articles.json"
SECRETS = {
    "facebook": ("access_token",),
    "x": ("consumer_key", "consumer_secret", "access_token", "access_token_secret"),
    "telegram": ("bot_token",),
    "mastodon": ("access_token",),
    "bluesky": ("app_password",),
    "email": ("username", "password"),
    "webhook": ("secret",),
}
PATHS = {"facebook": "/facebook/v26.0", "webhook": "/webhook/{name}", "email": ""}


def write_settings(
    directory: Path, sandbox: str, smtp_port: int, photos: str, known: Mapping[str, Mapping[str, Mapping[str, str]]]
) -> dict[str, str]:
    """publisher.toml, templates and brand for the demo in `directory`; the environment with all secrets.

    `known` is what the sandbox tells of its identities: channel, name, then our own names of options and secrets.
    """
    environment = {
        "PUBLISHER_SECRET_KEY": secrets.token_urlsafe(32),
        "CMS_SECRET": "whsec_" + b64encode(secrets.token_bytes(32)).decode(),
    }
    lines = ["# written by `publisher demo`", ""]
    for name, (direction, site) in EDITIONS.items():
        lines += [
            f"[editions.{name}]",
            f'language = "{name}"',
            f'direction = "{direction}"',
            f'site_name = "{site}"',
            "",
        ]
    lines += ["[sources.cms]", 'kind = "standard"', 'secrets = ["CMS_SECRET"]', ""]
    lines += ["[network]", f'trusted = ["{photos}"]', ""]
    for name in EDITIONS:
        for channel in CHANNELS:
            lines += _account(channel, name, sandbox, smtp_port, known[channel][name], environment)
        accounts = ", ".join(f'"{channel}-{name}"' for channel in CHANNELS)
        lines += ["[[routes]]", f'editions = ["{name}"]', f"accounts = [{accounts}]", ""]
    (directory / "publisher.toml").write_text("\n".join(lines), encoding="utf-8")
    return environment


def _account(
    channel: str, name: str, sandbox: str, smtp_port: int, given: Mapping[str, str], environment: dict[str, str]
) -> list[str]:
    """One account's lines; its secrets go into `environment`."""
    account = f"{channel}-{name}"
    lines = [f"[accounts.{account}]", f'channel = "{channel}"']
    if channel == "email":
        lines += ['host = "127.0.0.1"', f"port = {smtp_port}", 'security = "none"']
    else:
        lines.append(f'base_url = "{sandbox}{PATHS.get(channel, "/" + channel).format(name=name)}"')
    for key, value in given.items():
        if key in SECRETS[channel]:
            environment[f"{account}_{key}".upper().replace("-", "_")] = value
        elif key not in ("host", "port", "security", "base_url"):
            lines.append(f"{key} = {json.dumps(value)}")
    return [*lines, ""]


def articles(photos: str) -> list[dict[str, Any]]:
    """The four articles as bodies of the standard webhook; `photos` is host:port of the photo server."""
    told: list[dict[str, Any]] = json.loads(ARTICLES.read_text(encoding="utf-8").replace("PHOTO/", f"http://{photos}/"))
    return [{"type": "post.published", "timestamp": article["modified_at"], "data": article} for article in told]


class PhotoServer:
    """The CMS's own web server, as far as photos go: /1.jpg to /4.jpg, painted on request."""

    def __init__(self) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _Photos)
        self.address = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, name="photos", daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class _Photos(BaseHTTPRequestHandler):
    def do_GET(self) -> None:  # http.server's name
        number = self.path.strip("/").removesuffix(".jpg")
        if not number.isdigit():
            self.send_error(404)
            return
        content = landscape(int(number))
        self.send_response(200)
        self.send_header("Content-Type", "image/jpeg")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # http.server's signature
        """Says nothing: the demo has a voice of its own."""
