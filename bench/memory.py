"""How much memory does each process of `publisher up` take, at rest and after a burst?"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench import stage
from bench.ingest import _body, _http

EVENTS = 200


def measure() -> Iterator[tuple[str, ...]]:
    from datetime import UTC, datetime

    from publisher.cms import KINDS
    from publisher.cms.base import Source
    from publisher.store import Store

    sink, port = stage.free_port(), stage.free_port()
    with stage.server(["-m", "bench.bare", str(sink), "sink"], sink), stage.folder() as place:
        env = stage.newsroom(place, f"http://127.0.0.1:{sink}", 3)
        env["DATABASE_URL"] = f"sqlite:///{place / 'memory.sqlite'}"
        store = Store(env["DATABASE_URL"])
        store.migrate()
        store.close()
        argv = [sys.executable, "-m", "publisher", "up", "--port", str(port)]
        process = subprocess.Popen(argv, env={**os.environ, **env}, stderr=subprocess.DEVNULL)
        try:
            time.sleep(8)
            rest = _resident(process.pid)
            reader = KINDS["standard"](Source("cms", "standard", (stage.SECRET,)))
            requests = [
                _http("/hooks/cms", body, reader.sign(body, event_id=f"m{n}", now=datetime.now(UTC)))
                for n, body in enumerate(_body(number) for number in range(EVENTS))
            ]
            stage.requests_per_second(port, requests)
            time.sleep(10)
            load = _resident(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(15)
        for name in sorted(rest.keys() | load.keys()):
            yield ("memory (RSS)", name, f"{load.get(name, 0)} MB", f"{rest.get(name, 0)} MB at rest", "", "")


def _resident(root: int) -> dict[str, int]:
    """MB by kind of process below `root`; several of a kind are added up."""
    found: dict[str, int] = {}
    for pid in _below(root):
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        kind = next(
            (name for name in ("publisher.web", "celery", "valkey", "publisher up") if name in command), "other"
        )
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        found[kind] = found.get(kind, 0) + pages * os.sysconf("SC_PAGE_SIZE") // 2**20
    return found


def _below(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(deeper for child in children for deeper in _below(int(child)))]
