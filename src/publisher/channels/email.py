"""E-mail by SMTP submission: one message a Delivery, to a list's address or to a few named ones.

RFC 5322 (message), 2045 and 2387 (parts), 2919 (List-Id), 2369 (List-Unsubscribe), 3834 (Auto-Submitted); what big
providers ask of senders: https://support.google.com/mail/answer/81126 (2024-02). SMTP has no idempotency: a lost
answer waits for a person; the Message-ID stays the same, so that many readers' programs drop a second copy.
"""

import email.policy
import re
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses
from html import escape

from publisher.connector.base import Connector, Option
from publisher.connector.smtp import SECURITY, Envelope, Server, connected
from publisher.domain.capability import KIB, Capability
from publisher.domain.failures import Unauthorized
from publisher.domain.model import JSON, Identity, Image, Receipt, Rendition, Size, Span, SpanKind
from publisher.domain.text import Unit

ADDRESS = re.compile(r"[!-?A-~]+@[a-z0-9.-]+\.[a-z0-9-]+", re.IGNORECASE)
PORTS = range(1, 65_536)
POLICY = email.policy.SMTP.clone(cte_type="7bit")
FRAME = """<!DOCTYPE html><html lang="{lang}" dir="{dir}"><head><meta charset="utf-8"><title>{title}</title></head>
<body style="margin:0;background:#f4f4f2"><div lang="{lang}" dir="{dir}" style="max-width:600px;margin:0 auto;
padding:24px;background:#fff;color:#1c1c1c;font:17px/1.55 system-ui,'Segoe UI',Roboto,Arial,sans-serif">
{pictures}<p style="margin:0 0 16px">{text}</p></div></body></html>
"""
NEXT_PARAGRAPH = '</p>\n<p style="margin:0 0 16px">'
PICTURE = '<img src="cid:{cid}" alt="{alt}" width="600" style="width:100%;height:auto;border:0;margin:0 0 16px">'
MARKS = {
    SpanKind.LINK: '<a href="{value}" style="color:#0b57a4">{words}</a>',
    SpanKind.BOLD: '<strong style="font-size:22px;line-height:1.3">{words}</strong>',
    SpanKind.HASHTAG: "{words}",
}


class Email(Connector):
    name = "email"
    brand = "E-mail"
    # no limit of the protocol's: the HTML stays far below the 102 kB at which Gmail cuts, the draft small
    capability = Capability(
        text=10_000,
        unit=Unit.CODEPOINTS,
        images=1,
        image_bytes=280 * KIB,
        alt=500,
        card=Size(1200, 630),
        hashtags=False,
        source="https://www.rfc-editor.org/rfc/rfc5322",
    )
    options = (
        Option("host", None, "the submission server, such as smtp.example.org"),
        Option("port", "587"),
        Option("security", "starttls", "starttls, tls (port 465) or none (this machine only)"),
        Option("sender", None, "From: an address, with or without a name"),
        Option("to", None, "the list's address, or several with commas; each reader of them sees all"),
        Option("reply_to", ""),
        Option("unsubscribe", "", "https or mailto address for List-Unsubscribe"),
    )
    optional_secrets = ("username", "password")

    def prepare(self, rendition: Rendition) -> JSON:
        """The whole message but for its Message-ID."""
        sender, to = self._addresses("sender")[0], self._addresses("to")
        message = EmailMessage(POLICY)
        message.set_content(rendition.text)
        cids = [f"{image.sha256[:16]}@{sender.domain}" for image in rendition.images]
        message.add_alternative(_html(rendition, cids), subtype="html")
        part = message.get_payload(1)
        for image, cid in zip(rendition.images, cids, strict=True):
            part.add_related(  # type: ignore[union-attr]  # a part of an EmailMessage is one
                image.content, "image", image.mime.removeprefix("image/"), cid=f"<{cid}>", filename=image.filename
            )
        # last: what builds the parts moves every Content-… header into the first of them
        for name, value in self._headers(rendition, sender, to).items():
            message[name] = value
        return {"message": message.as_bytes().decode("ascii")}

    def publish(self, draft: JSON, key: str) -> Receipt:
        sender = self._addresses("sender")[0]
        message_id = f"<{key}@{sender.domain}>"
        recipients = tuple(address.addr_spec for address in self._addresses("to"))
        message = f"Message-ID: {message_id}\r\n{draft['message']}".encode("ascii")
        with connected(self._server(), self.http.transcript) as connection:
            words = connection.submit(Envelope(sender.addr_spec, recipients), message)
        return Receipt(ids=(message_id,), detail={"answer": words[:200]})

    def verify(self) -> Identity:
        with connected(self._server(), self.http.transcript):
            return Identity(handle=self._addresses("sender")[0].addr_spec)

    # ---- the Account ---------------------------------------------------------------------------------------------
    def _server(self) -> Server:
        host, port, security = (self.option(name) for name in ("host", "port", "security"))
        if not (host and port.isdecimal() and int(port) in PORTS and security in SECURITY):
            raise Unauthorized(f"host must be a name, port a number, security one of {', '.join(SECURITY)}")
        return Server(host, int(port), security, self.secret("username"), self.secret("password"))

    def _addresses(self, option: str) -> tuple[Address, ...]:
        found = getaddresses([self.option(option)])
        if not found or not all(ADDRESS.fullmatch(spec) for _, spec in found):
            raise Unauthorized(f"option {option} must hold e-mail addresses in ASCII")
        return tuple(Address(name, addr_spec=spec) for name, spec in found)

    def _headers(self, rendition: Rendition, sender: Address, to: tuple[Address, ...]) -> dict[str, object]:
        named = Address(sender.display_name or rendition.site_name, addr_spec=sender.addr_spec)
        headers = {
            "Date": format_datetime(datetime.now(UTC)),
            "From": named,
            "To": to,
            "Reply-To": self._addresses("reply_to") if self.option("reply_to") else "",
            "Subject": " ".join((rendition.title or rendition.text).split())[:200],
            "Content-Language": rendition.language,
            "List-Id": f"<{self.account.name}.{sender.domain}>",
            "List-Unsubscribe": f"<{self.option('unsubscribe')}>" if self.option("unsubscribe") else "",
            "Auto-Submitted": "auto-generated",
            "Precedence": "bulk",
        }
        return {name: value for name, value in headers.items() if value}


def _html(rendition: Rendition, cids: list[str]) -> str:
    pictures = [_picture(image, cid) for image, cid in zip(rendition.images, cids, strict=True)]
    text = _marked(rendition.text, rendition.spans)
    return FRAME.format(
        lang=escape(rendition.language),
        dir=rendition.direction.value,
        title=escape(rendition.title),
        pictures="".join(pictures),
        text=text.replace("\n\n", NEXT_PARAGRAPH).replace("\n", "<br>\n"),
    )


def _picture(image: Image, cid: str) -> str:
    return PICTURE.format(cid=cid, alt=escape(image.alt))


def _marked(text: str, spans: tuple[Span, ...]) -> str:
    """The text as HTML, its spans marked; one inside another gives way."""
    parts, at = [], 0
    for span in spans:
        if span.start >= at:
            words = escape(text[span.start : span.end])
            parts += [escape(text[at : span.start]), MARKS[span.kind].format(value=escape(span.value), words=words)]
            at = span.end
    return "".join([*parts, escape(text[at:])])
