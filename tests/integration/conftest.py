"""A whole newsroom on this machine: settings, store, sandbox, and the site on a real socket."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from newsroom import write_config

from publisher import settings
from publisher.bootstrap import Publisher, build
from publisher.web import create_app


@pytest.fixture
def newsroom(tmp_path: Path, sandbox: Any) -> Iterator[Callable[..., Publisher]]:
    """Builds Publishers on one temporary folder; all are closed at the end."""
    made: list[Publisher] = []

    def open_(channels: tuple[str, ...] = ("mastodon", "telegram"), editions: tuple[str, ...] = ("en",)) -> Publisher:
        env = write_config(tmp_path, sandbox, channels, editions) if not made else made[0].settings.environment
        env = {**env, "PUBLISHER_DATA": str(tmp_path)}
        parts = build(settings.load(tmp_path, env))
        parts.store.migrate()
        made.append(parts)
        return parts

    yield open_
    for parts in made:
        parts.close()


@pytest.fixture
def site() -> Iterator[Callable[[Publisher], str]]:
    """Serves a Publisher on a real socket; its base URL."""
    servers: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(parts: Publisher) -> str:
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(create_app(parts), log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        servers.append((server, thread))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for server, thread in servers:
        server.should_exit = True
        thread.join(10)
