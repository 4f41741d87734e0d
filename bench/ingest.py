"""How many signed 6 KB webhooks a second become a Post, seven Deliveries and their audit, against one bare INSERT?"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from bench import stage

EVENTS, ACCOUNTS, BODY_BYTES = 3000, 7, 6 * 1024


def measure() -> Iterator[tuple[str, ...]]:
    with stage.databases() as urls:
        for name, url in urls.items():
            bare = _bare(url)
            ours = _ours(url)
            yield ("signed webhooks taken, /s", name, f"{ours:,.0f}", f"{bare:,.0f}", f"{ours / bare:.2f}", "≥ 0.6")


def _bare(url: str) -> float:
    port = stage.free_port()
    with stage.server(["-m", "bench.bare", str(port), url.replace(".sqlite", "-bare.sqlite")], port):
        requests = [_http("/", _body(number), {}) for number in range(EVENTS)]
        stage.requests_per_second(port, requests[:200])
        return stage.requests_per_second(port, requests)


def _ours(url: str) -> float:
    from publisher.cms import KINDS
    from publisher.cms.base import Source
    from publisher.store import Store

    store = Store(url)
    store.migrate()
    store.close()
    reader = KINDS["standard"](Source("cms", "standard", (stage.SECRET,)))
    requests = []
    for number in range(EVENTS + 200):
        body = _body(number)
        headers = reader.sign(body, event_id=f"evt_{number}", now=datetime.now(UTC))
        requests.append(_http("/hooks/cms", body, headers))
    port = stage.free_port()
    with stage.folder() as place:
        env = stage.newsroom(place, "http://127.0.0.1:9", ACCOUNTS) | {"DATABASE_URL": url}
        with stage.server(["-m", "publisher.web", "--port", str(port)], port, env):
            stage.requests_per_second(port, requests[:200])
            return stage.requests_per_second(port, requests[200:])


def _body(number: int) -> bytes:
    data = {
        "id": str(number),
        "edition": "en",
        "title": f"Article {number}",
        "url": f"https://example.org/{number}",
        "modified_at": "2026-11-24T07:00:00Z",
        "categories": ["City"],
        "tags": ["one", "two"],
        "html": "",
    }
    data["html"] = "<p>" + "word " * ((BODY_BYTES - len(json.dumps(data)) - 90) // 5) + "</p>"
    return json.dumps({"type": "post.published", "timestamp": "2026-11-24T07:00:00Z", "data": data}).encode()


def _http(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: bench", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body
