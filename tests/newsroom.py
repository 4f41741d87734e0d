"""A newsroom for tests: its settings on the sandbox, its articles, its signatures."""

from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from publisher import settings
from publisher.bootstrap import Publisher
from publisher.sandbox.accounts import credentials

SECRET = "whsec_" + b64encode(b"a secret for tests, 32 bytes long").decode()
CHANNELS = ("facebook", "x", "telegram", "mastodon", "bluesky", "email", "webhook")
EDITIONS = {"en": "ltr", "ar": "rtl", "fa": "rtl", "sq": "ltr"}
SECRET_NAMES = {
    "access_token", "consumer_key", "consumer_secret", "access_token_secret", "bot_token", "app_password",
    "username", "password", "secret",
}  # fmt: skip


def write_config(place: Path, sandbox: Any, channels: tuple[str, ...], editions: tuple[str, ...]) -> dict[str, str]:
    """publisher.toml for accounts on the sandbox; the environment with their secrets."""
    lines, env = [], {"SECRET": SECRET, "GHOST": "ghost-webhook-secret", "PUBLISHER_SECRET_KEY": "k" * 40}
    for name in editions:
        lines += [
            f"[editions.{name}]",
            f'language = "{name}"',
            f'direction = "{EDITIONS[name]}"',
            'site_name = "Daily"',
        ]
    lines += ["[sources.cms]", 'kind = "standard"', 'secrets = ["SECRET"]', 'edition = "en"']
    lines += ["[sources.wp]", 'kind = "wordpress"', 'secrets = ["SECRET"]', 'edition = "en"', "settle_seconds = 0"]
    lines += [
        "[sources.ghost]",
        'kind = "ghost"',
        'secrets = ["GHOST"]',
        'edition = "en"',
        'base_url = "https://example.org"',
    ]
    for name in editions:
        for channel in channels:
            account = f"{channel}-{name}"
            lines += [f"[accounts.{account}]", f'channel = "{channel}"']
            given = credentials(channel, name)
            if channel == "email":
                lines += ['host = "127.0.0.1"', f"port = {sandbox.smtp_port}", 'security = "none"']
            else:
                path = {"facebook": "/facebook/v26.0", "webhook": f"/webhook/{name}"}.get(channel, f"/{channel}")
                lines.append(f'base_url = "{sandbox.url}{path}"')
            for key, value in given.items():
                if key in SECRET_NAMES:
                    env[f"{account}_{key}".upper().replace("-", "_")] = value
                else:
                    lines.append(f'{key} = "{value}"')
        names = ", ".join(f'"{channel}-{name}"' for channel in channels)
        lines += ["[[routes]]", f'editions = ["{name}"]', f"accounts = [{names}]"]
    (place / "publisher.toml").write_text("\n".join(lines), encoding="utf-8")
    templates = settings.packaged_config() / "templates"
    (place / "templates").symlink_to(templates)
    return env


def article(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A standard webhook body."""
    data = {
        "id": str(number),
        "edition": "en",
        "title": f"Article {number} about gardens",
        "url": f"https://example.org/en/{number}",
        "summary": "A short summary of it.",
        "categories": ["City"],
        "tags": ["gardens"],
        "modified_at": "2026-11-24T07:00:00Z",
        **changes,
    }
    return {"type": changes.pop("type", "post.published"), "timestamp": "2026-11-24T07:00:00Z", "data": data}


def sign(parts: Publisher, source: str, body: bytes, event_id: str, now: datetime | None = None) -> dict[str, str]:
    """The headers a sender would add."""
    headers = parts.sources[source].sign(body, event_id=event_id, now=now or datetime.now(UTC))
    return {**headers, "Content-Type": "application/json"}
