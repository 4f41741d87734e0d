"""Names of worker processes, and whether one of this machine is dead: its claims need not wait for their lease."""

import os
import socket
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def me() -> str:
    """Who we are: host, boot, pid and when it started, so that no other process is ever taken for it."""
    return f"{_machine()}:{os.getpid()}:{_started(os.getpid())}"


def is_dead(owner: str) -> bool:
    """Whether `owner` is a process of this machine that is gone. Of other machines we can't know: False."""
    machine, _, process = owner.partition(":")
    pid, _, started = process.partition(":")
    if machine != _machine() or not pid.isdigit() or not started:
        return False
    return _started(int(pid)) != started


def _machine() -> str:
    boot = BOOT_ID.read_text(encoding="ascii")[:8] if BOOT_ID.exists() else "-"
    return f"{socket.gethostname().replace(':', '-')[:24]}/{boot}"


def _started(pid: int) -> str:
    """Clock ticks since boot at which a process started (proc(5), field 22); "" where there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else fields[19]
