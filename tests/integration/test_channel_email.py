"""E-mail against a real SMTP server, a scripted one that breaks at every point, and one with TLS."""

import re
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from channel_suite import picture

from publisher.connector.base import Connector
from publisher.connector.smtp import Connection, Envelope, Server, connected
from publisher.connector.transcript import Redactor, Transcript
from publisher.domain.failures import OutcomeUnknown, Rejected, TryLater, Unauthorized
from publisher.domain.model import Direction, Image, Rendition, Span, SpanKind
from publisher.sandbox import Sandbox

LINK = "https://example.org/news/harbour-light"
KEY = "01KAT5Y3M8Q2W6R9T1V4X7Z0BC"
Connect = Callable[..., Connector]


def rendition(text: str, *spans: Span, images: tuple[Image, ...] = (), **fields: Any) -> Rendition:
    said = {"title": "The harbour light", "language": "en", "direction": Direction.LTR, "site_name": "The Daily Sample"}
    return Rendition(text=text, summary="", link=LINK, spans=spans, images=images, **(said | fields))


def sent(connect: Connect, sandbox: Sandbox, wanted: Rendition, **options: str) -> Any:
    """The mail as the mailbox keeps it."""
    connect("email", **options).publish(connect("email", **options).prepare(wanted), KEY)
    return sandbox.world.posts["email"][-1]


def parsed(connector: Connector, wanted: Rendition) -> EmailMessage:
    message = message_from_bytes(connector.prepare(wanted)["message"].encode("ascii"), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def lines(content: str) -> str:
    """As it was before mail made its own line ends of it."""
    return content.replace("\r\n", "\n").removesuffix("\n")


# ---- the message -------------------------------------------------------------------------------------------------
def test_headers_say_who_what_and_that_a_machine_speaks(connect: Connect, sandbox: Sandbox) -> None:
    mail = sent(
        connect, sandbox, rendition("Light!"), reply_to="Desk <desk@example.com>", unsubscribe="https://example.org/u"
    )
    headers = mail.detail["headers"]
    assert headers.pop("Date").endswith("+0000")
    assert headers.pop("Content-Type").startswith("multipart/alternative")
    assert headers == {
        "Message-ID": f"<{KEY}@example.com>",
        "From": "The Daily Sample <daily-en@example.com>",
        "To": "reader-en@example.com, desk-en@example.com",
        "Reply-To": "Desk <desk@example.com>",
        "Subject": "The harbour light",
        "Content-Language": "en",
        "List-Id": "<email-en.example.com>",
        "List-Unsubscribe": "<https://example.org/u>",
        "Auto-Submitted": "auto-generated",
        "Precedence": "bulk",
        "MIME-Version": "1.0",
    }
    assert mail.detail["to"] == ["reader-en@example.com", "desk-en@example.com"]
    assert mail.problems == []


def test_what_is_not_given_is_left_out(connect: Connect) -> None:
    message = parsed(connect("email"), rendition("Light!"))
    assert message["Reply-To"] is None
    assert message["List-Unsubscribe"] is None
    assert message["Message-ID"] is None  # the key's, added when it is sent


def test_plain_text_first_then_html_with_the_picture_inside(connect: Connect) -> None:
    card = picture('A "red" lighthouse')
    message = parsed(connect("email"), rendition("Light!", images=(card,)))
    plain, related = message.iter_parts()
    html, image = related.iter_parts()
    assert [part.get_content_type() for part in (plain, html, image)] == ["text/plain", "text/html", "image/jpeg"]
    assert image.get_content() == card.content
    assert f'src="cid:{image["Content-ID"].strip("<>")}" alt="A &quot;red&quot; lighthouse"' in html.get_content()


def test_persian_is_right_to_left_and_letter_for_letter(connect: Connect, sandbox: Sandbox) -> None:
    text = f"چراغ بندر دوباره روشن شد\n\nمی‌درخشد 📚\n\n{LINK}"
    wanted = rendition(text, title="چراغ بندر", language="fa", direction=Direction.RTL, site_name="روزنامهٔ نمونه")
    mail = sent(connect, sandbox, wanted)
    assert lines(mail.text) == text
    assert mail.language == "fa"
    assert mail.detail["subject"] == "چراغ بندر"
    assert '<html lang="fa" dir="rtl">' in mail.detail["html"]
    assert '<div lang="fa" dir="rtl"' in mail.detail["html"]


def test_html_marks_the_spans_and_nothing_of_the_text_is_markup(connect: Connect) -> None:
    text = f"Light & <b>more</b>\n\nSee <i>here</i> {LINK}?a=1&b=2\nnow #news"
    start = text.index("https")
    spans = (
        Span(0, 19, SpanKind.BOLD),
        Span(start, start + len(LINK) + 8, SpanKind.LINK, f"{LINK}?a=1&b=2"),
        Span(start + 3, start + 9, SpanKind.HASHTAG, "inside"),
        Span(len(text) - 5, len(text), SpanKind.HASHTAG, "news"),
    )
    (_, html) = parsed(connect("email"), rendition(text, *spans, title="<i>Light</i>")).iter_parts()
    content = lines(html.get_content())
    assert re.findall(r"<strong[^>]*>(.*?)</strong>", content) == ["Light &amp; &lt;b&gt;more&lt;/b&gt;"]
    assert re.findall(r'<a href="(.*?)"[^>]*>(.*?)</a>', content) == [(f"{LINK}?a=1&amp;b=2",) * 2]
    assert "<br>\nnow #news" in content
    assert "<title>&lt;i&gt;Light&lt;/i&gt;</title>" in content
    assert not re.search("<[bi]>", content)
    shown = re.sub("<[^>]+>", "", content.split("</head>")[1].replace("</p>", "\n"))
    assert unescape(shown).strip() == text


def test_lines_stay_short_and_dots_at_their_start_arrive(connect: Connect, sandbox: Sandbox) -> None:
    text = f"start\n.one\n..two\n{'long ' * 400}\n."
    message = connect("email").prepare(rendition(text))["message"]
    assert max(map(len, message.splitlines())) <= 78
    assert lines(sent(connect, sandbox, rendition(text)).text) == text


def test_a_title_cannot_add_headers(connect: Connect) -> None:
    message = parsed(connect("email"), rendition("Light!", title="Light\r\nBcc: someone@example.com"))
    assert message["Subject"] == "Light Bcc: someone@example.com"
    assert message["Bcc"] is None


def test_the_date_is_the_drafts(connect: Connect, sandbox: Sandbox) -> None:
    draft = connect("email").prepare(rendition("Light!"))
    for _ in range(2):
        connect("email").publish(draft, KEY)
    first, second = (mail.detail["headers"] for mail in sandbox.world.posts["email"])
    assert first == second


# ---- settings ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "wrong",
    [
        {"host": ""},
        {"host": "mail..example"},
        {"port": "smtp"},
        {"port": "70000"},
        {"username": "désk"},
        {"security": "ssl"},
        {"sender": ""},
        {"sender": "nobody"},
        {"to": "a@example.com, b@"},
        {"to": "لا@example.com"},
        {"to": "a@example.com>\r\nDATA"},
        {"reply_to": "desk"},
    ],
)
def test_settings_that_cannot_be_hold_the_account(connect: Connect, sandbox: Sandbox, wrong: dict[str, str]) -> None:
    connector = connect("email", **wrong)
    with pytest.raises(Unauthorized):
        connector.publish(connector.prepare(rendition("Light!")), KEY)
    assert sandbox.posts("email") == []


def test_without_tls_mail_goes_to_this_machine_only() -> None:
    far_away = SimpleNamespace(sock=SimpleNamespace(getpeername=lambda: ("203.0.113.7", 587)))
    server = Server("mail.example.com", 587, "none", "desk", "word")
    with pytest.raises(Unauthorized, match="starttls or tls"):
        Connection(far_away, server, Transcript(Redactor([]))).open()  # type: ignore[arg-type]


# ---- the conversation --------------------------------------------------------------------------------------------
def test_one_unknown_reader_and_nobody_gets_it(connect: Connect, sandbox: Sandbox) -> None:
    connector = connect("email", to="desk@example.com, nobody@example.com")
    with pytest.raises(Rejected, match="User unknown"):
        connector.publish(connector.prepare(rendition("Light!")), KEY)
    assert sandbox.posts("email") == []
    assert connector.http.transcript.exchanges[-1]["body"] == "TO:<nobody@example.com>"


def test_a_wrong_password_is_unauthorized(connect: Connect) -> None:
    connector = connect("email", password="not-the-password")
    with pytest.raises(Unauthorized, match="535"):
        connector.verify()
    said = str(connector.http.transcript.exchanges)
    assert "AUTH" in said
    assert "not-the-password" not in said


@pytest.mark.parametrize("fault", ["drop_before", "drop_after_accept", "truncate", "malformed"])
def test_what_is_lost_after_the_message_is_unknown(connect: Connect, sandbox: Sandbox, fault: str) -> None:
    sandbox.fault(channel="email", kind=fault)
    connector = connect("email")
    with pytest.raises(OutcomeUnknown):
        connector.publish(connector.prepare(rendition("Light!")), KEY)
    assert connector.http.transcript.exchanges[-1]["method"] == "message"


GREETING = "220 mail.example.com"
ANSWERS = {"EHLO": "250-mail.example.com\r\n250 AUTH PLAIN", "AUTH": "235 ok", "DATA": "354 go ahead", ".": "250 ok"}


@contextmanager
def breaking(at: str) -> Iterator[Server]:
    """A mail server that hangs up when it hears `at`; heard "greeting" means at once, "body" after saying 354."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as lines:
                if at != "greeting":
                    connection.sendall(f"{GREETING}\r\n".encode())
                    _converse(connection, lines, at)

        thread = threading.Thread(target=serve)
        thread.start()
        yield Server("127.0.0.1", listener.getsockname()[1], "none", "desk", "word-of-the-desk")
        thread.join()


def _converse(connection: socket.socket, lines: Any, at: str) -> None:
    in_message = False
    for line in lines:
        verb = line.split()[0].decode().upper() if line.split() else ""
        if (in_message and verb != ".") or verb == "QUIT":
            continue
        if verb == at:
            return
        connection.sendall(f"{ANSWERS.get(verb, '250 ok')}\r\n".encode())
        in_message = verb == "DATA"
        if in_message and at == "body":
            return


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("greeting", TryLater),
        ("EHLO", TryLater),
        ("AUTH", TryLater),
        ("MAIL", TryLater),
        ("RCPT", TryLater),
        ("DATA", TryLater),
        ("body", TryLater),
        (".", OutcomeUnknown),
    ],
)
def test_only_the_last_dot_makes_a_loss_unknown(at: str, expected: type[Exception]) -> None:
    transcript = Transcript(Redactor(["word-of-the-desk"]))
    longer_than_any_buffer = b"a line of a message that no socket buffers whole\r\n" * 400_000
    with breaking(at) as server, pytest.raises(expected):
        submit(server, transcript, longer_than_any_buffer if at == "body" else b"Subject: x\r\n\r\nx")
    assert transcript.exchanges[-1]["error"]


def test_nothing_breaks_and_the_message_is_accepted() -> None:
    with breaking("never") as server:
        assert submit(server, Transcript(Redactor([])), b"Subject: x\r\n\r\nx") == "ok"


def submit(server: Server, transcript: Transcript, message: bytes) -> str:
    with connected(server, transcript) as connection:
        return connection.submit(Envelope("desk@example.com", ("reader@example.com",)), message)


# ---- TLS ---------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A certificate for localhost that only those trust who are told to, and a server's context with it."""
    if not shutil.which("openssl"):
        pytest.skip("there is no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    key, made = folder / "key.pem", folder / "cert.pem"
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2"]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", *name]
    subprocess.run([*command, "-keyout", str(key), "-out", str(made)], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made, key)
    return made, context


@contextmanager
def mail_server(**options: Any) -> Iterator[int]:
    """aiosmtpd with TLS as asked; its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(Sink(), hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("trusted", ["trusted", ""])
def test_a_certificate_must_be_trusted(
    certificate: tuple[Path, ssl.SSLContext], security: str, trusted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, context = certificate
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
    options: dict[str, Any] = {"tls_context": context} if security == "starttls" else {"ssl_context": context}
    transcript = Transcript(Redactor([]))
    with mail_server(**options) as port:
        server = Server("localhost", port, security)
        if trusted:
            assert submit(server, transcript, b"Subject: x\r\n\r\nx") == "OK"
        else:
            with pytest.raises(TryLater, match="TLS"):
                submit(server, transcript, b"Subject: x\r\n\r\nx")


def test_a_server_without_tls_gets_neither_password_nor_mail() -> None:
    transcript = Transcript(Redactor([]))
    with mail_server() as port, pytest.raises(Unauthorized, match="STARTTLS"):
        submit(Server("127.0.0.1", port, "starttls", "desk", "word"), transcript, b"Subject: x\r\n\r\nx")
    assert {exchange["method"] for exchange in transcript.exchanges} == {"EHLO", "connection"}
