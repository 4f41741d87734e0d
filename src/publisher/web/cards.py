"""/cards/<sha256>.jpg: the Cards we drew, public and immutable, since the address is the content's digest."""

import re

from fastapi import APIRouter
from starlette.responses import Response

from publisher.bootstrap import Publisher
from publisher.store import read

DIGEST = re.compile(r"[0-9a-f]{64}")


def router(parts: Publisher) -> APIRouter:
    made = APIRouter()

    @made.get("/cards/{digest}.jpg")
    def card(digest: str) -> Response:
        """One picture by its SHA-256."""
        row = parts.store.look(read.card, sha256=digest) if DIGEST.fullmatch(digest) else None
        if row is None:
            return Response("no such picture", 404)
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
        return Response(row.content, headers=headers | {"ETag": f'"{digest}"'}, media_type=row.mime)

    return made
