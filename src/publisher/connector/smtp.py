"""Mail by SMTP submission, one message a connection, every command in the transcript and none of its secrets.

RFC 5321 (4.1.1.4: a message is the server's from the line with one dot on; 4.2: what codes mean), RFC 4954 (AUTH),
RFC 8314 (TLS); read 2026-11-24. Before that line everything that fails is harmless; after it a lost answer leaves the
outcome unknown, and SMTP has nothing to ask.
"""

import ipaddress
import re
import smtplib
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from publisher.connector.transcript import Transcript
from publisher.connector.wire import READ_SECONDS
from publisher.domain.failures import Failure, OutcomeUnknown, Rejected, TryLater, Unauthorized

SECURITY = ("starttls", "tls", "none")
GO_AHEAD = 354
NO_ACCESS = (530, 534, 535, 538)
LINE_START_DOT = re.compile(rb"(?m)^\.")
EMPTY_LINES = re.compile(rb"\r?\n")


@dataclass(frozen=True)
class Server:
    """Where mail is submitted. `security` is one of SECURITY; "none" is for loopback only."""

    host: str
    port: int
    security: str = "starttls"
    username: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Envelope:
    """Bare addresses, ASCII only."""

    sender: str
    recipients: tuple[str, ...]


class Connection:
    """One logged-in conversation; made by `connected`."""

    def __init__(self, smtp: smtplib.SMTP, server: Server, transcript: Transcript) -> None:
        self._smtp, self._server, self._transcript = smtp, server, transcript

    def submit(self, envelope: Envelope, message: bytes) -> str:
        """Hand over one message; the server's words of acceptance. Every recipient is taken or none is served."""
        self._say("MAIL", f"FROM:<{envelope.sender}>")
        for recipient in envelope.recipients:
            self._say("RCPT", f"TO:<{recipient}>")
        self._say("DATA", wanted=GO_AHEAD)
        body = LINE_START_DOT.sub(b"..", EMPTY_LINES.sub(b"\r\n", message.removesuffix(b"\r\n")))
        self._smtp.send(body + b"\r\n")
        return self._end(len(body))

    def _end(self, size: int) -> str:
        """The line with one dot: from here on the message may be out, whatever we hear."""
        started = time.monotonic()
        try:
            self._smtp.send(b".\r\n")
            code, words = self._smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self._record("message", f"<{size} bytes>", started, error=_plain_words(error))
            raise OutcomeUnknown(f"the mail server's answer was lost ({_plain_words(error)})") from None
        self._record("message", f"<{size} bytes>", started, code, words)
        if code // 100 not in {2, 4, 5}:
            raise OutcomeUnknown(f"the mail server's answer could not be read ({code})")
        return self._judged(code, words, code // 100 == 2)  # noqa: PLR2004  # RFC 5321, 4.2.1: 2yz is yes

    def _say(self, verb: str, rest: str = "", wanted: int = 0) -> str:
        started = time.monotonic()
        code, words = self._smtp.docmd(verb, rest)
        self._record(verb, rest, started, code, words)
        return self._judged(code, words, code == wanted if wanted else code // 100 == 2)  # noqa: PLR2004  # as above

    def _judged(self, code: int, words: bytes, good: bool) -> str:  # noqa: FBT001  # a comparison, not a flag
        if not good:
            raise refusal(code, self._transcript.redact(_text(words)))
        return _text(words)

    def opened(self) -> None:
        """Greeting, TLS and login, as the Server wants them."""
        if self._server.security == "none" and not self._on_loopback():
            raise Unauthorized(f"{self._server.host} is not this machine: mail must go there by starttls or tls")
        self._greet()
        if self._server.security == "starttls":
            started = time.monotonic()
            code, words = self._smtp.starttls(context=ssl.create_default_context())
            self._record("STARTTLS", "", started, code, words)
            self._judged(code, words, code // 100 == 2)  # noqa: PLR2004  # as above
            self._greet()
        if self._server.username:
            started = time.monotonic()
            try:
                code, words = self._smtp.login(self._server.username, self._server.password)
            except smtplib.SMTPResponseException as error:
                self._record("AUTH", "", started, error.smtp_code, _bytes(error.smtp_error))
                raise
            self._record("AUTH", "", started, code, words)

    def _greet(self) -> None:
        started = time.monotonic()
        code, words = self._smtp.ehlo()
        self._record("EHLO", "", started, code, words)
        self._judged(code, words, code // 100 == 2)  # noqa: PLR2004  # as above

    def _on_loopback(self) -> bool:
        assert self._smtp.sock
        return ipaddress.ip_address(self._smtp.sock.getpeername()[0]).is_loopback

    def _record(
        self, verb: str, rest: str, started: float, code: int | None = None, words: bytes = b"", error: str = ""
    ) -> None:
        redact = self._transcript.redact
        self._transcript.add(
            method=verb,
            url=f"smtp://{self._server.host}:{self._server.port}",
            body=redact(rest),
            status=code,
            answer=redact(_text(words)),
            error=error,
            ms=round((time.monotonic() - started) * 1000, 1),
        )


@contextmanager
def connected(server: Server, transcript: Transcript) -> Iterator[Connection]:
    """A conversation ready for mail, closed at the end; TryLater, Rejected or Unauthorized where it can't be had."""
    smtp: smtplib.SMTP | None = None
    try:
        smtp = _dialled(server)
        connection = Connection(smtp, server, transcript)
        connection.opened()
        yield connection
    except Failure:
        raise
    except smtplib.SMTPResponseException as error:
        raise refusal(error.smtp_code, transcript.redact(_text(_bytes(error.smtp_error)))) from None
    except (OSError, smtplib.SMTPException) as error:
        transcript.add(method="connection", url=f"smtp://{server.host}:{server.port}", error=_plain_words(error))
        raise _lost(error) from None
    finally:
        if smtp:
            smtp.close()


def refusal(code: int, words: str) -> Failure:
    """What a code that is no yes means, by RFC 5321, 4.2.1 and RFC 4954, 6."""
    message = f"the mail server answered {code} {words}"
    if code in NO_ACCESS:
        return Unauthorized(message)
    return Rejected(message) if 500 <= code < 600 else TryLater(message)  # noqa: PLR2004  # 5yz is a final no


def _dialled(server: Server) -> smtplib.SMTP:
    if server.security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(server.host, server.port, timeout=READ_SECONDS, context=context)
    return smtplib.SMTP(server.host, server.port, timeout=READ_SECONDS)


def _lost(error: Exception) -> Failure:
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Unauthorized(f"the mail server cannot do what the account's security or login asks for: {error}")
    return TryLater(f"the mail server was not reached ({_plain_words(error)})")


def _plain_words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {READ_SECONDS:.0f} s"
    if isinstance(error, ssl.SSLError):
        return "the TLS connection failed"
    return "no connection" if isinstance(error, ConnectionRefusedError) else "the connection broke"


def _text(words: bytes) -> str:
    return words.decode(errors="replace")


def _bytes(words: bytes | str) -> bytes:
    return words.encode() if isinstance(words, str) else words
