"""The fake mail server over a real socket: log-in, envelopes, mailboxes, faults at the end of DATA."""

import io
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import pytest
import requests
from PIL import Image

from publisher.sandbox import Sandbox, credentials, serve

EN = credentials("email", "en")
READERS = EN["to"].split(", ")


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with serve() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.reset()
    return running


def letter(text: str = "Hello\n\nhttps://example.com/a\n", language: str = "en") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = EN["sender"], READERS[0], "A subject"
    message["Message-ID"], message["Date"] = "<one@example.com>", "Mon, 23 Nov 2026 10:00:00 +0000"
    message.set_content(text)
    message["Content-Language"] = language
    return message


def pictured() -> EmailMessage:
    out = io.BytesIO()
    Image.new("RGB", (120, 63), "#1f6f5c").save(out, "PNG")
    message = letter()
    message.add_alternative('<p>Hello</p><img src="cid:card@example.com" alt="A green field">', subtype="html")
    html: Any = message.get_payload()[1]  # type: ignore[index]
    html.add_related(out.getvalue(), "image", "png", cid="<card@example.com>")
    return message


def send(
    sandbox: Sandbox, message: EmailMessage, to: str = READERS[0], sender: str = EN["sender"], *, login: bool = True
) -> None:
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=10) as smtp:
        if login:
            smtp.login(EN["username"], EN["password"])
        smtp.send_message(message, sender, [to])


@pytest.mark.parametrize("mechanism", ["auth_plain", "auth_login"])
def test_a_letter_arrives_by_either_log_in(sandbox: Sandbox, mechanism: str) -> None:
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=10) as smtp:
        smtp.ehlo()
        smtp.user, smtp.password = EN["username"], EN["password"]
        smtp.auth(mechanism.removeprefix("auth_").upper(), getattr(smtp, mechanism))
        smtp.send_message(letter(language="ar"), EN["sender"], READERS)
    (seen,) = sandbox.posts("email")
    assert (seen["id"], seen["account"], seen["language"], seen["link"]) == (
        "<one@example.com>",
        "en",
        "ar",
        "https://example.com/a",
    )
    assert seen["problems"] == []


def test_an_inline_picture_and_its_alt_text(sandbox: Sandbox) -> None:
    send(sandbox, pictured())
    (seen,) = sandbox.posts("email")
    assert [(media["width"], media["alt"]) for media in seen["media"]] == [(120, "A green field")]
    page = requests.get(f"{sandbox.url}/email/", timeout=10).text
    assert f"/_sandbox/media/{seen['media'][0]['sha256']}" in page
    assert "cid:" not in page


def test_missing_headers_are_told(sandbox: Sandbox) -> None:
    message = letter()
    del message["Message-ID"], message["Date"]
    send(sandbox, message)
    assert sandbox.posts("email")[0]["problems"] == ["no Date header", "no Message-ID header"]


@pytest.mark.parametrize(
    ("envelope", "code"),
    [
        ({"login": False}, 530),
        ({"sender": "stranger@example.com"}, 553),
        ({"to": "nobody@example.com"}, 550),
        ({"to": "someone@elsewhere.example.edu"}, 554),
    ],
)
def test_what_an_envelope_is_answered(sandbox: Sandbox, envelope: Any, code: int) -> None:
    with pytest.raises((smtplib.SMTPSenderRefused, smtplib.SMTPRecipientsRefused)) as caught:
        send(sandbox, letter(), **envelope)
    answers = (
        [caught.value.smtp_code]
        if isinstance(caught.value, smtplib.SMTPSenderRefused)
        else [a for a, _ in caught.value.recipients.values()]
    )
    assert answers == [code]
    assert sandbox.posts("email") == []


def test_a_wrong_password_is_535(sandbox: Sandbox) -> None:
    with (
        smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=10) as smtp,
        pytest.raises(smtplib.SMTPAuthenticationError) as caught,
    ):
        smtp.login(EN["username"], EN["password"][:-1])
    assert caught.value.smtp_code == 535


@pytest.mark.parametrize(
    ("kind", "code", "arrived"),
    [
        ("status:451", 451, 0),
        ("status:550", 550, 0),
        ("rate_limit:30", 451, 0),
        ("malformed", -1, 1),
        ("delay:1", 0, 1),
    ],
)
def test_answers_ordered_for_the_end_of_data(sandbox: Sandbox, kind: str, code: int, arrived: int) -> None:
    sandbox.fault(channel="email", kind=kind)
    if code:
        with pytest.raises(smtplib.SMTPDataError) as caught:
            send(sandbox, letter())
        assert caught.value.smtp_code == code
    else:
        send(sandbox, letter())
    assert len(sandbox.posts("email")) == arrived
    send(sandbox, letter())
    assert len(sandbox.posts("email")) == arrived + 1


@pytest.mark.parametrize(("kind", "arrived"), [("drop_before", 0), ("drop_after_accept", 1), ("truncate", 1)])
def test_connections_that_break_at_the_end_of_data(sandbox: Sandbox, kind: str, arrived: int) -> None:
    sandbox.fault(channel="email", kind=kind, account="en")
    with pytest.raises((smtplib.SMTPServerDisconnected, smtplib.SMTPDataError)):
        send(sandbox, letter())
    assert len(sandbox.posts("email")) == arrived


def test_an_ordered_unauthorized_refuses_the_log_in_once(sandbox: Sandbox) -> None:
    sandbox.fault(channel="email", kind="unauthorized")
    with pytest.raises(smtplib.SMTPAuthenticationError):
        send(sandbox, letter())
    send(sandbox, letter())
