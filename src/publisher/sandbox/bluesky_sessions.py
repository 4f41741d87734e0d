"""Sessions as a Bluesky PDS keeps them: accessJwt 120 minutes, refreshJwt 90 days (recorded from PDS 0.5.35).

Unverified: a refresh token that was used stays good for two hours, so that a lost answer does no harm.
"""

import base64
import hashlib
import hmac
import json
from typing import Any

from publisher.sandbox.accounts import credentials, profile
from publisher.sandbox.network import Network
from publisher.sandbox.wire import Answer, MalformedBodyError, RefusedError, Request, reply

ACCESS, REFRESH = "com.atproto.appPass", "com.atproto.refresh"
LIVES = {ACCESS: 7200, REFRESH: 90 * 86_400}
GRACE = 7200
KEY = b"the fake PDS signs with this"
TOTAL, SESSIONS = (3000, 300), (30, 300)


def failure(status: int, error: str, message: str, headers: dict[str, str] | None = None) -> Answer:
    return reply(status, {"error": error, "message": message}, headers)


def refused(status: int, error: str, message: str) -> RefusedError:
    return RefusedError(failure(status, error, message))


class Sessions(Network):
    name = "bluesky"

    def reset(self) -> None:
        super().reset()
        self.used_up: dict[str, float] = {}
        self.rate_headers: dict[str, str] = {}

    def account(self, request: Request) -> str:
        """Whom the token speaks of, or who is logging in."""
        claims = _claims(request.bearer)
        if claims:
            return self.world.directory.by_id("bluesky", str(claims["sub"]))
        try:
            identifier = str(request.fields.get("identifier", ""))
        except MalformedBodyError:
            return ""
        return self.world.directory.find("bluesky", "identifier", identifier)

    def headers(self, request: Request) -> dict[str, str]:
        del request
        return self.rate_headers

    def count(self, account: str, family: str, limit: int, window: int) -> None:
        left, ends = self.spend(account, family, limit, window)
        self.rate_headers = rate(limit, window, left, ends)

    def known(self, request: Request, scope: str = ACCESS) -> str:
        """The identity of a token that is genuine, of the right scope and not expired."""
        if not request.bearer:
            raise refused(401, "AuthMissing", "Authentication Required")
        claims = _claims(request.bearer)
        name = self.account(request)
        if not claims or not name or claims["scope"] != scope:
            raise refused(400, "InvalidToken", "Token could not be verified")
        expires = min(claims["exp"], self.used_up.get(claims["jti"], claims["exp"]))
        if expires <= self.world.now():
            raise refused(400, "ExpiredToken", "Token has expired")
        self.count(name, "all", *TOTAL)
        return name

    # ---- com.atproto.server --------------------------------------------------------------------------------------
    def create_session(self, request: Request) -> Answer:
        identifier, password = str(request.fields.get("identifier", "")), str(request.fields.get("password", ""))
        handles = self.world.directory
        name = handles.find("bluesky", "identifier", identifier) or handles.by_id("bluesky", identifier)
        self.count(identifier, "createSession", *SESSIONS)
        if not name or credentials("bluesky", name)["app_password"] != password:
            raise self.wrong_password()
        return reply(200, self._session(name) | {"email": f"daily-{name}@example.com", "emailConfirmed": True})

    def refresh_session(self, request: Request) -> Answer:
        name = self.known(request, REFRESH)
        claims = _claims(request.bearer) or {}
        self.used_up.setdefault(claims["jti"], self.world.now() + GRACE)
        return reply(200, self._session(name))

    def get_session(self, request: Request) -> Answer:
        who = profile("bluesky", self.known(request))
        return reply(200, {"handle": who.handle, "did": who.id, "emailConfirmed": True, "active": True})

    def error(self, status: int) -> Answer:
        names = {500: "InternalServerError", 502: "UpstreamFailure", 503: "NotEnoughResources", 504: "UpstreamTimeout"}
        name = names.get(status, "InternalServerError" if status >= 500 else "InvalidRequest")
        return failure(status, name, "Internal Server Error" if status >= 500 else "Error")

    def limited(self, seconds: int) -> Answer:
        headers = rate(*TOTAL, 0, self.world.now() + seconds) | {"Retry-After": str(seconds)}
        return failure(429, "RateLimitExceeded", "Rate Limit Exceeded", headers)

    def unauthorized(self) -> Answer:
        return self.wrong_password().answer

    def not_found(self, request: Request) -> Answer:
        del request
        return failure(501, "MethodNotImplemented", "Method Not Implemented")

    def unreadable(self, problem: str) -> Answer:
        return failure(400, "SyntaxError", f"The body is not valid JSON: {problem}")

    def wrong_password(self) -> RefusedError:
        return refused(401, "AuthenticationRequired", "Invalid identifier or password")

    def _session(self, name: str) -> dict[str, Any]:
        who, now = profile("bluesky", name), int(self.world.now())
        tokens = {}
        for field, scope in (("accessJwt", ACCESS), ("refreshJwt", REFRESH)):
            claims = {"scope": scope, "sub": who.id, "iat": now, "exp": now + LIVES[scope]}
            tokens[field] = _jwt(claims | {"jti": f"{self.world.serial():032x}"})
        return tokens | {"handle": who.handle, "did": who.id, "active": True}


def rate(limit: int, window: int, left: int, ends: float) -> dict[str, str]:
    value = {"RateLimit-Limit": str(limit), "RateLimit-Remaining": str(left), "RateLimit-Reset": str(int(ends))}
    return value | {"RateLimit-Policy": f"{limit};w={window}"}


def _jwt(claims: dict[str, Any]) -> str:
    """RFC 7519 with HMAC-SHA256."""
    parts = [_base64(json.dumps(part).encode()) for part in ({"typ": "at+jwt", "alg": "HS256"}, claims)]
    signed = ".".join(parts)
    return f"{signed}.{_base64(hmac.digest(KEY, signed.encode(), hashlib.sha256))}"


def _claims(token: str) -> dict[str, Any] | None:
    """The claims of a token this server signed; None for any other."""
    signed, _, signature = token.rpartition(".")
    if not signed or not hmac.compare_digest(_base64(hmac.digest(KEY, signed.encode(), hashlib.sha256)), signature):
        return None
    payload = signed.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
