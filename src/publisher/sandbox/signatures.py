"""OAuth 1.0a as X checks it: HMAC-SHA1 by oauthlib's server side, each nonce once, 5 minutes of clock skew.

RFC 5849; https://docs.x.com/fundamentals/authentication/oauth-1-0a (2026-08-22).
"""

from typing import Any

from oauthlib.oauth1 import SIGNATURE_HMAC_SHA1, RequestValidator, ResourceEndpoint

from publisher.sandbox.accounts import Directory, credentials
from publisher.sandbox.wire import Request

STRANGER = "x" * 25


class Credentials(RequestValidator):  # type: ignore[misc]  # oauthlib carries no types
    """oauthlib's questions, answered from the directory. Its own checks of key shapes do not fit X's tokens."""

    enforce_ssl = False
    allowed_signature_methods = (SIGNATURE_HMAC_SHA1,)
    timestamp_lifetime = 300
    dummy_client = dummy_access_token = STRANGER

    def __init__(self, directory: Directory) -> None:
        super().__init__()
        self.directory = directory
        self.used: set[tuple[str, str, str]] = set()

    def check_client_key(self, client_key: str) -> bool:
        return bool(client_key)

    def check_access_token(self, request_token: str) -> bool:
        return bool(request_token)

    def check_nonce(self, nonce: str) -> bool:
        return bool(nonce)

    def validate_timestamp_and_nonce(
        self, client_key: str, timestamp: str, nonce: str, request: Any, **tokens: str | None
    ) -> bool:
        del client_key, request
        use = (str(tokens.get("access_token")), timestamp, nonce)
        fresh = use not in self.used
        self.used.add(use)
        return fresh

    def validate_client_key(self, client_key: str, request: Any) -> bool:
        del request
        return bool(self.directory.find("x", "consumer_key", client_key))

    def validate_access_token(self, client_key: str, token: str, request: Any) -> bool:
        del client_key, request
        return bool(self.directory.find("x", "access_token", token))

    def validate_realms(self, client_key: str, token: str, request: Any, **realm: Any) -> bool:
        del client_key, token, request, realm
        return True

    def get_client_secret(self, client_key: str, request: Any) -> str:
        del request
        name = self.directory.find("x", "consumer_key", client_key)
        return credentials("x", name)["consumer_secret"] if name else STRANGER

    def get_access_token_secret(self, client_key: str, token: str, request: Any) -> str:
        del client_key, request
        name = self.directory.find("x", "access_token", token)
        return credentials("x", name)["access_token_secret"] if name else STRANGER


def signer(endpoint: ResourceEndpoint, request: Request) -> str:
    """The access token that signed this request, or "" where the signature does not hold."""
    headers = {name.title(): value for name, value in request.headers.items()}
    body = request.body.decode("latin-1") if request.content_type == "application/x-www-form-urlencoded" else ""
    try:
        holds, signed = endpoint.validate_protected_resource_request(request.url, request.method, body, headers)
    except ValueError:  # a header that is no OAuth header at all
        return ""
    return str(signed.resource_owner_key) if holds else ""
