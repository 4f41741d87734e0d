"""A channel's HTTP: transcripts of every exchange, and one judgement of answers for all platforms.

A lost answer to a harmless call is `TryLater`; a lost answer to the publishing call is `OutcomeUnknown`; no
connection at all is `TryLater` always, since nothing was said. Redirects of an API are refused, not followed.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from requests.structures import CaseInsensitiveDict

from publisher.connector.transcript import Transcript
from publisher.connector.wire import TIMEOUT, lost, plain_words, read_body
from publisher.domain.failures import Failure, OutcomeUnknown, Rejected, TryLater

LONGEST_WAIT = 86_400.0
"""Seconds: a platform that asks for more is asked again after a day."""


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers (any case), whole body; `publish`: to the irreversible request."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    publish: bool = False

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    def json(self) -> Any:
        """The body as JSON; raises ValueError where it is none."""
        return json.loads(self.body)

    def field(self, *path: str | int) -> Any:
        """One value inside a JSON body, None where it is missing or the body is no JSON."""
        try:
            value = self.json()
            for step in path:
                value = value[step]
        except (ValueError, KeyError, IndexError, TypeError):
            return None
        return value

    @property
    def retry_after(self) -> float:
        """Seconds of the Retry-After header, which may be a number or a date (RFC 9110, 10.2.3); else 0."""
        value = self.headers.get("Retry-After", "")
        try:
            return bounded(float(value))
        except ValueError:
            pass
        try:
            return bounded(parsedate_to_datetime(value).timestamp() - time.time())
        except (ValueError, OverflowError):
            return 0.0


def bounded(after: float) -> float:
    """Seconds a platform asks us to wait, between none and `LONGEST_WAIT`; what is no number is none."""
    return min(max(0.0, after), LONGEST_WAIT)


class Http:
    """One Delivery's use of one Account's session."""

    def __init__(self, session: requests.Session, base_url: str, transcript: Transcript, auth: Any = None) -> None:
        self.session, self.base_url, self.transcript, self.auth = session, base_url.rstrip("/"), transcript, auth
        self.headers: dict[str, str] = {}
        self.judge: Callable[[Answer], Failure | None] = lambda answer: Rejected(f"answered {answer.status}")

    def call(
        self, method: str, path: str, *, publish: bool = False, ok: tuple[int, ...] = (), **request: Any
    ) -> Answer:
        """One request; `publish=True` marks the irreversible one. Statuses 2xx and `ok` are returned, others raise."""
        url = path if path.startswith(("http://", "https://")) else self.base_url + path
        answer = self._exchange(method, url, publish=publish, request=request)
        if 200 <= answer.status < 300 or answer.status in ok:  # noqa: PLR2004  # HTTP's own class of success
            return answer
        failure = self.judge(answer) or OutcomeUnknown(f"{method} was answered {answer.status}")
        if isinstance(failure, OutcomeUnknown) and not publish:
            failure = TryLater(str(failure), after=answer.retry_after)
        raise failure

    def publish(self, method: str, path: str, *, ok: tuple[int, ...] = (), **request: Any) -> Answer:
        """The irreversible request: as `call`, but a lost answer and a 5xx leave the outcome unknown."""
        return self.call(method, path, publish=True, ok=ok, **request)

    def receipt(self, answer: Answer, *path: str | int) -> str:
        """The id inside a success; without it a published post's outcome is unknown, a harmless call is made again."""
        value = answer.field(*path)
        if not isinstance(value, str | int) or isinstance(value, bool) or value == "":
            words = f"answered {answer.status} without {'/'.join(map(str, path))}"
            raise OutcomeUnknown(words) if answer.publish else TryLater(words)
        return str(value)

    def _exchange(self, method: str, url: str, *, publish: bool, request: dict[str, Any]) -> Answer:
        request.setdefault("auth", self.auth)
        headers = {**self.headers, **request.pop("headers", {})}
        started = time.monotonic()
        try:
            with self.session.request(
                method,
                url,
                headers=headers,
                timeout=TIMEOUT,
                allow_redirects=False,
                stream=True,
                **request,
            ) as response:
                body, received = read_body(response, started), CaseInsensitiveDict(response.headers)
                answer = Answer(response.status_code, received, body, publish)
        except requests.RequestException as error:
            self._record(method, url, request, headers, started, error=plain_words(error))
            failure = lost(error, publish=publish)
        else:
            self._record(method, url, request, headers, started, answer=answer)
            return answer
        raise failure  # out here it has no context: the transport's error holds the whole URL

    def _record(
        self,
        method: str,
        url: str,
        request: dict[str, Any],
        headers: Mapping[str, str],
        started: float,
        *,
        answer: Answer | None = None,
        error: str = "",
    ) -> None:
        redact = self.transcript.redact
        self.transcript.add(
            method=method,
            url=redact(url),
            headers=redact.headers(headers),
            body=_spoken(redact, request),
            status=answer.status if answer else None,
            answer_headers=redact.headers(answer.headers) if answer else {},
            answer=redact.body(answer.body) if answer else "",
            error=redact(error),
            ms=round((time.monotonic() - started) * 1000, 1),
        )


def _spoken(redact: Any, request: dict[str, Any]) -> str:
    if "json" in request:
        return str(redact.body(json.dumps(request["json"], ensure_ascii=False)))
    parts = []
    if request.get("params"):
        parts.append("query " + json.dumps(request["params"], ensure_ascii=False, default=str))
    if request.get("files"):
        parts += [f"<file {name}: {_weight(part)}>" for name, part in dict(request["files"]).items()]
    data = request.get("data")
    if isinstance(data, dict):
        parts.append(json.dumps(data, ensure_ascii=False, default=str))
    elif data is not None:
        parts.append(redact.body(data))
    return str(redact("\n".join(parts)))


def _weight(part: Any) -> str:
    content = part[1] if isinstance(part, tuple) else part
    kind = part[2] if isinstance(part, tuple) and len(part) > 2 else "file"  # noqa: PLR2004  # (name, content, type)
    return f"{kind}, {len(content)} bytes" if isinstance(content, bytes) else kind
