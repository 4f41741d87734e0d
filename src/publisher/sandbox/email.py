"""A mail server that takes mail for example domains and shows it: aiosmtpd on loopback, AUTH PLAIN and LOGIN.

RFC 5321, 4954. Without TLS, which only a loopback port may do. A mailbox named `nobody` does not exist (550).
"""

import asyncio
import re
import threading
from email import policy
from email.parser import BytesParser
from typing import Any, cast
from weakref import WeakSet

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from publisher.sandbox.accounts import credentials
from publisher.sandbox.faults import Fault
from publisher.sandbox.network import Network
from publisher.sandbox.state import Post, World, described
from publisher.sandbox.text import first_link, linkified
from publisher.sandbox.wire import Answer, Request, reply

LARGEST_MAIL = 26_214_400
RESERVED = re.compile(
    r"@(?:[\w-]+\.)*(?:example\.(?:com|org|net)|[\w-]+\.(?:test|example|invalid)|localhost)$", re.IGNORECASE
)
REQUIRED = ("From", "To", "Date", "Message-ID", "Subject")


class Email(Network):
    """Readers' mailboxes. Mail comes by SMTP; over HTTP there is only the page."""

    name = "email"
    brand = "E-mail"
    routes = ()

    def error(self, status: int) -> Answer:
        return reply(status, {"error": "mail comes in by SMTP"})

    def limited(self, seconds: int) -> Answer:
        del seconds
        return self.error(429)

    def unauthorized(self) -> Answer:
        return self.error(401)

    def publishes(self, request: Request) -> bool:
        del request
        return False


class Inbox:
    """aiosmtpd's handler: `handle_*` answer commands."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._refused: WeakSet[Session] = WeakSet()

    def login(self, _server: SMTP, session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
        """Whether name and password belong together."""
        if not isinstance(data, LoginPassword):
            return AuthResult(success=False, handled=False)
        name = self.world.directory.find("email", "username", data.login.decode(errors="replace"))
        # clients try one mechanism after the other: an ordered refusal holds for the whole connection
        if self.world.faults.take("email", name, publishes=True, kind="unauthorized"):
            self._refused.add(session)
        right = name and credentials("email", name)["password"] == data.password.decode(errors="replace")
        return AuthResult(success=bool(right) and session not in self._refused, handled=False, auth_data=name)

    async def handle_MAIL(self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if not session.authenticated:
            return "530 5.7.0 Authentication required"
        if address != credentials("email", str(session.auth_data))["sender"]:
            return "553 5.7.1 Sender address rejected: not owned by user"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Ok"

    async def handle_RCPT(self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _opts: Any) -> str:
        if address.lower().startswith("nobody@"):
            return "550 5.1.1 Recipient address rejected: User unknown"
        if not RESERVED.search(address):
            return "554 5.7.1 Relay access denied: only reserved example domains"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """The end of DATA: where mail becomes ours, and where ordered faults hit."""
        name = str(session.auth_data)
        fault = self.world.faults.take("email", name, publishes=True) or Fault("email", "")
        if fault.kind == "delay":
            await asyncio.sleep(fault.number / 1000)
        if fault.kind in {"status", "rate_limit", "unauthorized"}:
            return self._logged(_refusal(fault))
        if fault.kind != "drop_before":
            self._keep(name, envelope)
        if fault.kind in {"drop_before", "drop_after_accept", "truncate"}:
            return self._broken(server, fault.kind)
        return self._logged("%&#!" if fault.kind == "malformed" else "250 2.0.0 Ok: queued")

    def _broken(self, server: SMTP, kind: str) -> str:
        transport = cast("asyncio.Transport", server.transport)
        if kind == "truncate":
            transport.write(b"25")
        transport.close()
        self.world.log("email", "DATA", "", None)
        return ""

    def _logged(self, answer: str) -> str:
        code = answer[:3]
        self.world.log("email", "DATA", "", int(code) if code.isdigit() else 0)
        return answer

    def _keep(self, name: str, envelope: Envelope) -> None:
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        message = BytesParser(policy=policy.default).parsebytes(content)
        plain, rich = message.get_body(("plain",)), message.get_body(("html",))
        text = str(plain.get_content()) if plain else ""
        post = Post("email", name, str(message["Message-ID"] or ""), "", text, spans=linkified(text))
        post.link, post.language = first_link(post.spans), str(message["Content-Language"] or "")
        post.problems = [f"no {header} header" for header in REQUIRED if not message[header]]
        headers = {header: str(value) for header, value in message.items()}
        html = str(rich.get_content()) if rich else ""
        post.detail = {
            "subject": str(message["Subject"] or ""),
            "to": envelope.rcpt_tos,
            "headers": headers,
            "html": html,
        }
        pictures = [part for part in message.walk() if part.get_content_maintype() == "image"]
        for part in pictures:
            media = self.world.picture(part.get_content())
            post.media += [described(media, _alt(html, str(part["Content-ID"] or "")))] if media else []
        self.world.add(post)


class Mailbox:
    """The SMTP port and the thread that serves it."""

    def __init__(self, world: World, host: str, port: int) -> None:
        self._inbox = Inbox(world)
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(self._loop.create_server(self._protocol, host, port))
        self.port = int(self._server.sockets[0].getsockname()[1])
        self._thread = threading.Thread(target=self._loop.run_forever, name="sandbox-smtp", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Close the port and every connection, end the thread."""
        asyncio.run_coroutine_threadsafe(self._finish(), self._loop).result(timeout=5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        self._loop.close()

    def _protocol(self) -> SMTP:
        limits: dict[str, Any] = {"data_size_limit": LARGEST_MAIL, "auth_require_tls": False, "enable_SMTPUTF8": True}
        return SMTP(
            self._inbox, hostname="mail.example.com", authenticator=self._inbox.login, loop=self._loop, **limits
        )

    async def _finish(self) -> None:
        self._server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


def _refusal(fault: Fault) -> str:
    if fault.kind == "rate_limit":
        return f"451 4.7.1 Too many messages, try again in {fault.number} seconds"
    if fault.kind == "unauthorized":
        return "530 5.7.0 Authentication required"
    permanent = fault.number >= 500
    return f"{fault.number} {'5.7.1' if permanent else '4.3.0'} {'Rejected' if permanent else 'Try again later'}"


def _alt(html: str, content_id: str) -> str:
    """What the HTML says of the inline picture with this Content-ID."""
    for tag in re.findall(r"<img\b[^>]*>", html, re.IGNORECASE):
        alt = re.search(r'alt="([^"]*)"', tag)
        if content_id and f"cid:{content_id.strip('<>')}" in tag and alt:
            return str(alt[1])
    return ""
