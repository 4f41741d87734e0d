"""DAG-CBOR and CIDs, as much as records of posts need: https://ipld.io/specs/codecs/dag-cbor/spec/ (2026-11)."""

import base64
import hashlib
from typing import Any

RAW, DAG_CBOR = 0x55, 0x71
CID_TAG = 42


def cid(codec: int, content: bytes) -> str:
    """CIDv1, SHA-256, in lower-case base32: `bafkrei…` for raw bytes, `bafyrei…` for a record."""
    return "b" + base64.b32encode(_binary(codec, content)).decode().rstrip("=").lower()


def record_cid(record: dict[str, Any]) -> str:
    return cid(DAG_CBOR, encode(record))


def encode(value: Any) -> bytes:
    """One value; map keys sorted by length, then bytes; `{"$link": cid}` becomes a link."""
    match value:
        case None | bool():
            return {None: b"\xf6", True: b"\xf5", False: b"\xf4"}[value]
        case int():
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case str():
            return _head(3, len(value.encode())) + value.encode()
        case list():
            return _head(4, len(value)) + b"".join(map(encode, value))
        case dict():
            return _link(value["$link"]) if set(value) == {"$link"} else _map(value)
    raise ValueError(f"{type(value).__name__} has no place in a record")


def _map(value: dict[str, Any]) -> bytes:
    keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
    return _head(5, len(keys)) + b"".join(encode(key) + encode(value[key]) for key in keys)


def _link(text: str) -> bytes:
    raw = base64.b32decode(text[1:].upper() + "=" * (-len(text[1:]) % 8))
    return _head(6, CID_TAG) + _head(2, len(raw) + 1) + b"\x00" + raw


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    for code, width in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * width:
            return bytes([major << 5 | code]) + number.to_bytes(width, "big")
    raise ValueError("a number beyond 64 bits")


def _binary(codec: int, content: bytes) -> bytes:
    return bytes([1, codec, 0x12, 32]) + hashlib.sha256(content).digest()
