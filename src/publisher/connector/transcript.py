"""What was said to a platform and what it answered, kept for the operator without a single secret."""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from publisher.domain.model import JSON

MASK = "***"
BODY_CHARS = 4096
SHORTEST_SECRET = 4
SECRET_NAMES = (
    "access_token|refresh_token|accessJwt|refreshJwt|password|app_password|client_secret|consumer_secret|id_token"
    "|oauth_token_secret|oauth_token|oauth_signature|authorization|secret|signature|sig|token|api_key|appsecret_proof"
)
JSON_SECRET = re.compile(rf'("(?:{SECRET_NAMES})"\s*:\s*")(?:[^"\\]|\\.)*(")', re.IGNORECASE)
FORM_SECRET = re.compile(rf"((?:^|[?&\s])(?:{SECRET_NAMES})=)[^&\s]*", re.IGNORECASE)
HEADERS_KEPT = (
    "content-type",
    "content-length",
    "retry-after",
    "date",
    "idempotency-key",
    "webhook-id",
    "webhook-timestamp",
    "x-request-id",
    "x-rate-limit-remaining",
    "x-rate-limit-reset",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "ratelimit-remaining",
    "ratelimit-reset",
    "x-business-use-case-usage",
    "location",
)


class Redactor:
    """Replaces every known secret value, in every spelling it may take on the wire, and every field named like one."""

    def __init__(self, secrets: Iterable[str]) -> None:
        spellings: set[str] = set()
        for secret in secrets:
            if len(secret) >= SHORTEST_SECRET:
                spellings |= {secret, quote(secret, safe=""), quote(secret), quote_plus(secret)}
                spellings |= {json.dumps(secret, ensure_ascii=ascii_)[1:-1] for ascii_ in (True, False)}
                spellings.add(base64.b64encode(secret.encode()).decode())
        longest_first = sorted(spellings, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if spellings else None

    def __call__(self, text: str) -> str:
        if self._known:
            text = self._known.sub(MASK, text)
        return FORM_SECRET.sub(rf"\1{MASK}", JSON_SECRET.sub(rf"\1{MASK}\2", text))

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers an operator may need; all others are left out rather than masked."""
        return {name.lower(): self(value) for name, value in headers.items() if name.lower() in HEADERS_KEPT}

    def body(self, body: Any) -> str:
        """A body as text: JSON and forms as they are, binary as its length; cut at `BODY_CHARS` characters."""
        if body is None:
            return ""
        if isinstance(body, bytes):
            try:
                body = body.decode()
            except UnicodeDecodeError:
                return f"<{len(body)} bytes>"
        # masked before it is cut: a secret across the border would otherwise show its first half
        return self(str(body))[:BODY_CHARS]


class Transcript:
    """The exchanges of one Attempt, in order, each a small JSON object."""

    def __init__(self, redact: Redactor) -> None:
        self.redact = redact
        self.exchanges: list[JSON] = []

    def add(self, **exchange: Any) -> None:
        self.exchanges.append({name: value for name, value in exchange.items() if value not in ("", None, {})})
