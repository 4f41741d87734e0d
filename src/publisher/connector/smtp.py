"""Mail by SMTP submission, one message a connection, every command in the transcript and none of its secrets.

RFC 5321 (4.1.1.4: a message is the server's from the line with one dot on; 4.2.1: what codes mean), RFC 4954 (AUTH),
RFC 8314 (TLS). Before that line everything that fails is harmless; after it a lost answer leaves the outcome unknown,
and SMTP offers nothing to ask.
"""

import ipaddress
import re
import smtplib
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from publisher.connector.transcript import Transcript
from publisher.connector.wire import READ_SECONDS, TOTAL_SECONDS
from publisher.domain.failures import Failure, OutcomeUnknown, Rejected, TryLater, Unauthorized

SECURITY = ("starttls", "tls", "none")
YES, GO_AHEAD, NOT_NOW, NO = range(200, 300), range(354, 355), range(400, 500), range(500, 600)
NO_ACCESS = (530, 534, 535, 538)
MY_NAME = "[127.0.0.1]"  # what smtplib says where a machine has no public name; ours is nobody's business
LINE_END, LINE_START_DOT = re.compile(rb"\r?\n"), re.compile(rb"(?m)^\.")

Reply = tuple[int, bytes]


@dataclass(frozen=True)
class Server:
    """Where mail is submitted. `security` is one of SECURITY; "none" is for loopback only."""

    host: str
    port: int
    security: str = "starttls"
    username: str = ""
    password: str = field(default="", repr=False)

    @property
    def url(self) -> str:
        return f"smtp://{self.host}:{self.port}"


@dataclass(frozen=True)
class Envelope:
    """Bare addresses, ASCII only."""

    sender: str
    recipients: tuple[str, ...]


class Connection:
    """A conversation with a mail server, made by `connected`."""

    def __init__(self, smtp: smtplib.SMTP, server: Server, transcript: Transcript) -> None:
        self._smtp, self._server, self._transcript = smtp, server, transcript
        self._began = time.monotonic()

    def open(self) -> None:
        """TLS and login, as the Server wants them."""
        if self._server.security == "none" and not self._on_loopback():
            raise Unauthorized(f"{self._server.host} is not this machine: it wants security starttls or tls")
        self._ask("EHLO", "", self._smtp.ehlo)
        if self._server.security == "starttls":
            self._ask("STARTTLS", "", lambda: self._smtp.starttls(context=ssl.create_default_context()))
            self._ask("EHLO", "", self._smtp.ehlo)
        if self._server.username:
            self._ask("AUTH", "", lambda: self._smtp.login(self._server.username, self._server.password))

    def submit(self, envelope: Envelope, message: bytes) -> str:
        """Hand over one message; the server's words of acceptance. Every recipient is taken or none is served."""
        self._say("MAIL", f"FROM:<{envelope.sender}>")
        for recipient in envelope.recipients:
            self._say("RCPT", f"TO:<{recipient}>")
        self._say("DATA", "", GO_AHEAD)
        body = LINE_START_DOT.sub(b"..", LINE_END.sub(b"\r\n", message))
        self._smtp.send(body if body.endswith(b"\r\n") else body + b"\r\n")
        self._check_time()
        return self._end(f"<{len(body)} bytes>")

    def quit(self) -> None:
        """Say goodbye without waiting for the answer."""
        with suppress(OSError, smtplib.SMTPException):
            self._smtp.putcmd("QUIT")

    def _end(self, said: str) -> str:
        """The line with one dot: from here on the message may be out, whatever we hear."""
        started = time.monotonic()
        try:
            self._smtp.send(b".\r\n")
            code, words = self._smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            lost = f"the mail server's answer was lost: {plain_words(error)}"
            self._note("message", said, started, error=lost)
            raise OutcomeUnknown(lost) from None
        self._note("message", said, started, status=code, answer=words)
        if not any(code in known for known in (YES, NOT_NOW, NO)):
            raise OutcomeUnknown(f"the mail server's answer could not be read ({code})")
        return self._judged(code, words, YES)

    def _say(self, verb: str, rest: str = "", wanted: range = YES) -> None:
        self._check_time()
        self._ask(verb, rest, lambda: self._smtp.docmd(verb, rest), wanted)

    def _ask(self, verb: str, rest: str, command: Callable[[], Reply], wanted: range = YES) -> None:
        started = time.monotonic()
        words: bytes | str
        try:
            code, words = command()
        except smtplib.SMTPResponseException as error:
            code, words = error.smtp_code, error.smtp_error
        self._note(verb, rest, started, status=code, answer=words)
        self._judged(code, words, wanted)

    def _judged(self, code: int, words: bytes | str, wanted: range) -> str:
        said = self._transcript.redact(_text(words))
        if code not in wanted:
            raise refusal(code, said)
        return said

    def _check_time(self) -> None:
        if time.monotonic() - self._began > TOTAL_SECONDS:
            raise TryLater(f"the mail server took longer than {TOTAL_SECONDS:.0f} s")

    def _on_loopback(self) -> bool:
        assert self._smtp.sock
        return ipaddress.ip_address(self._smtp.sock.getpeername()[0]).is_loopback

    def _note(self, verb: str, rest: str, started: float, **heard: int | bytes | str) -> None:
        redact = self._transcript.redact
        plain = {name: said if isinstance(said, int) else redact.body(_text(said)) for name, said in heard.items()}
        took = round((time.monotonic() - started) * 1000, 1)
        self._transcript.add(method=verb, url=self._server.url, body=redact(rest), ms=took, **plain)


@contextmanager
def connected(server: Server, transcript: Transcript) -> Iterator[Connection]:
    """A conversation, logged in; whatever breaks it before a message's end is harmless and says why."""
    smtp: smtplib.SMTP | None = None
    try:
        smtp = _dialled(server)
        connection = Connection(smtp, server, transcript)
        connection.open()
        yield connection
        connection.quit()
    except smtplib.SMTPConnectError as error:
        raise refusal(error.smtp_code, _text(error.smtp_error)) from None
    except (OSError, smtplib.SMTPException, UnicodeError) as error:
        failure = _broken(error)
        transcript.add(method="connection", url=server.url, error=str(failure))
        raise failure from None
    finally:
        if smtp:
            smtp.close()


def refusal(code: int, words: str) -> Failure:
    """What an answer other than yes means (RFC 5321, 4.2.1; RFC 4954, 6)."""
    message = f"the mail server answered {code} {words}"
    if code in NO_ACCESS:
        return Unauthorized(message)
    return Rejected(message) if code in NO else TryLater(message)


def plain_words(error: Exception) -> str:
    """An error's kind in words."""
    known: dict[type[Exception], str] = {
        ssl.SSLError: "the TLS connection failed",
        TimeoutError: f"no answer within {READ_SECONDS:.0f} s",
        ConnectionRefusedError: "no connection",
    }
    return next((words for kind, words in known.items() if isinstance(error, kind)), "the connection broke")


def _dialled(server: Server) -> smtplib.SMTP:
    if server.security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(server.host, server.port, MY_NAME, timeout=READ_SECONDS, context=context)
    return smtplib.SMTP(server.host, server.port, MY_NAME, timeout=READ_SECONDS)


def _broken(error: Exception) -> Failure:
    if isinstance(error, UnicodeError):
        return Unauthorized("host, username or password hold what can't be said to a mail server: ASCII only")
    # a server without STARTTLS or AUTH, or without a way to log in that we know, needs another setting
    if isinstance(error, smtplib.SMTPNotSupportedError) or type(error) is smtplib.SMTPException:
        return Unauthorized(f"the mail server cannot do what the account asks for: {error}")
    return TryLater(f"the mail server was not reached: {plain_words(error)}")


def _text(words: bytes | str) -> str:
    return words.decode(errors="replace") if isinstance(words, bytes) else words
