"""Refusals as RFC 9457 problem details (https://www.rfc-editor.org/rfc/rfc9457, read 2026-11-24)."""

import json

from starlette.responses import Response


def problem(status: int, title: str, detail: str, field: str = "") -> Response:
    """One refusal; `field` is where in the body the fault lies."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    if field:
        body["field"] = field
    headers = {"Cache-Control": "no-store"}
    return Response(json.dumps(body), status, headers, media_type="application/problem+json")
