"""Passwords as scrypt hashes: `scrypt$n$r$p$salt$hash`, salt and hash in base64 (RFC 7914; OWASP 2026 parameters)."""

import base64
import hashlib
import hmac
import os

N, R, P = 2**15, 8, 3
MEMORY = 128 * N * R * P


def hash_password(password: str) -> str:
    """A fresh salted hash of a password."""
    salt = os.urandom(16)
    parts = ("scrypt", str(N), str(R), str(P), _text(salt), _text(_derive(password, salt, N, R, P)))
    return "$".join(parts)


def check_password(password: str, stored: str) -> bool:
    """Whether the password is the stored one; an unknown user (stored "") costs the same time and is refused."""
    known = stored or DUMMY
    _, n, r, p, salt, expected = known.split("$")
    derived = _derive(password, base64.b64decode(salt), int(n), int(r), int(p))
    return hmac.compare_digest(derived, base64.b64decode(expected)) and bool(stored)


def _derive(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, maxmem=2 * MEMORY)


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


DUMMY = f"scrypt${N}${R}${P}${_text(bytes(16))}${_text(bytes(64))}"
