"""Signing as Standard Webhooks wants it, symmetric (`v1`); for those who send and those who receive.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md (mirror of 2026-08-17).
"""

import base64
import binascii
import hashlib
import hmac

PREFIX = "whsec_"
KEY_BYTES = range(24, 65)


def signing_key(secret: str) -> bytes:
    """The random bytes behind `whsec_` (the prefix may be left out); ValueError, without the secret in it."""
    try:
        key = base64.b64decode(secret.strip().removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) not in KEY_BYTES:
        raise ValueError(f"the secret is not {PREFIX} and 24 to 64 random bytes in base64")
    return key


def signature(key: bytes, message_id: str, seconds: int | str, body: bytes) -> str:
    """`v1,…` over id, Unix time of this attempt and the raw body."""
    signed = f"{message_id}.{seconds}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
