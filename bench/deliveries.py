"""How many Deliveries a second does one worker process publish, with all its durable state, against bare requests?

Cards are drawn before the clock runs: one is drawn per article, whatever the number of accounts, and costs its own.
"""

import time
from collections.abc import Iterator
from datetime import timedelta

import requests

from bench import stage

POSTS, ACCOUNTS, BARE = 48, 32, 1500


def measure() -> Iterator[tuple[str, ...]]:
    port = stage.free_port()
    with stage.server(["-m", "bench.bare", str(port), "sink"], port), stage.databases() as urls:
        for name, url in urls.items():
            bare = _bare(port)
            ours = _ours(port, url)
            yield (
                "deliveries published, /s and worker process",
                name,
                f"{ours:,.0f}",
                f"{bare:,.0f}",
                f"{ours / bare:.2f}",
                "≥ 0.5",
            )


def _bare(port: int) -> float:
    body = b"x" * 1500
    with requests.Session() as session:
        session.trust_env = False
        started = time.perf_counter()
        for _ in range(BARE):
            session.post(f"http://127.0.0.1:{port}/", data=body, timeout=5).raise_for_status()
        return BARE / (time.perf_counter() - started)


def _ours(port: int, url: str) -> float:
    from publisher import channels, settings
    from publisher.bootstrap import build
    from publisher.domain.model import Event, Post

    with stage.folder() as place:
        env = stage.newsroom(place, f"http://127.0.0.1:{port}", ACCOUNTS) | {"DATABASE_URL": url}
        parts = build(settings.load(place / "config", env))
        parts.store.migrate()
        now = parts.store.clock()
        for number in range(POSTS):
            post = Post(
                "cms", str(number), "en", f"Article {number}", f"https://example.org/{number}", now - timedelta(hours=1)
            )
            intake = parts.intake.take("cms", f"evt-{number}", Event.PUBLISH, post).result()
            parts.renderer.render(intake.post_id, post, channels.channel("webhook"))
        started = time.perf_counter()
        done = 0
        while claimed := parts.deliverer.drain("webhook"):
            done += claimed
        seconds = time.perf_counter() - started
        from publisher.store import read

        published = parts.store.look(read.counts, read.Query())["published"]
        parts.close()
        if published != POSTS * ACCOUNTS:
            raise RuntimeError(f"{published} of {POSTS * ACCOUNTS} were published")
        return done / seconds
