"""Who is looking: a signed cookie for a session, and the proofs that a form came from our own pages.

Cookie names and flags: https://cheatsheetseries.owasp.org/cheatsheets/Session_Management_Cheat_Sheet.html;
cross-site requests: https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
(both read 2026-11-24).
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import Response

SESSION_SECONDS = 12 * 3600


class Sessions:
    """Sessions and form tokens on one secret key; `stored_hash` tells a user's password hash, "" for unknown ones.

    Nothing is kept on the server, yet a changed password or a removed user ends every session of that user.
    """

    def __init__(self, secret_key: str, base_url: str, stored_hash: Callable[[str], str]) -> None:
        # without a key nobody must be able to forge one; sessions then end with the process
        key = secret_key or secrets.token_urlsafe(32)
        self.base_url, self.stored_hash = base_url, stored_hash
        self.secure = base_url.startswith("https:")
        # `__Host-` is only honoured on Secure cookies; it keeps other hosts of the domain from setting ours
        self.cookie = "__Host-publisher" if self.secure else "publisher"
        self.form_cookie = f"{self.cookie}-form"
        self._sessions = URLSafeTimedSerializer(key, salt="publisher session")
        self._forms = URLSafeTimedSerializer(key, salt="publisher form")

    def open(self, response: Response, name: str) -> Response:
        """Log `name` in on this response, under a cookie that was never used before."""
        body = {"name": name, "stamp": self._stamp(name), "nonce": secrets.token_urlsafe(9)}
        self._keep(response, self.cookie, self._sessions.dumps(body), SESSION_SECONDS)
        return response

    def close(self, response: Response) -> Response:
        """Forget the session on this response."""
        response.delete_cookie(self.cookie, secure=self.secure, httponly=True, samesite="lax")
        return response

    def person(self, request: Request) -> str:
        """Who is logged in, "" where nobody is."""
        body = self._read(self._sessions, request.cookies.get(self.cookie, ""))
        if not isinstance(body, dict):
            return ""
        name = str(body["name"])
        return name if hmac.compare_digest(str(body["stamp"]), self._stamp(name)) else ""

    def form_token(self, request: Request) -> tuple[str, str]:
        """A token for a form of this page, and the cookie it belongs to where that must be set first."""
        known, fresh = self._owner(request), secrets.token_urlsafe(18)
        return self._forms.dumps(_digest(known or fresh)), "" if known else fresh

    def keep_form(self, response: Response, owner: str) -> None:
        """Remember whose form this was, for those who have no session yet."""
        self._keep(response, self.form_cookie, owner, SESSION_SECONDS)

    def form_holds(self, request: Request, token: str) -> bool:
        """Whether a form's token was made for this very browser, within the life of a session."""
        owner, told = self._owner(request), self._read(self._forms, token)
        return bool(owner) and isinstance(told, str) and hmac.compare_digest(told, _digest(owner))

    def from_here(self, request: Request) -> bool:
        """Whether a POST comes from our own pages, as the browser tells; a tool that tells nothing may pass."""
        site = request.headers.get("Sec-Fetch-Site")
        if site is not None:
            return site in ("same-origin", "none")
        origin = request.headers.get("Origin")
        return origin is None or _host(origin) in (_host(self.base_url), request.headers.get("Host") or None)

    def _owner(self, request: Request) -> str:
        return request.cookies.get(self.cookie) or request.cookies.get(self.form_cookie, "")

    def _stamp(self, name: str) -> str:
        return _digest(f"{name}\n{self.stored_hash(name)}")

    def _keep(self, response: Response, name: str, value: str, seconds: int) -> None:
        response.set_cookie(name, value, max_age=seconds, secure=self.secure, httponly=True, samesite="lax", path="/")

    @staticmethod
    def _read(serializer: URLSafeTimedSerializer, signed: str) -> Any:
        try:
            return serializer.loads(signed, max_age=SESSION_SECONDS)
        except BadData:
            return None


def local_path(wanted: str, otherwise: str = "/deliveries") -> str:
    """`wanted` where it is a path of this site, never another site's address however it is spelt."""
    plain = wanted.isascii() and wanted.isprintable() and "\\" not in wanted and " " not in wanted
    return wanted if plain and wanted.startswith("/") and not wanted.startswith(("//", "/login")) else otherwise


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).netloc or None
    except ValueError:
        return None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
