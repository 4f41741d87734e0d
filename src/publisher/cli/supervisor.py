"""`publisher up`'s heart: start processes, restart what dies, stop cleanly, leave nothing behind."""

import ctypes
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

log = logging.getLogger("publisher.up")
STOP_SECONDS = 8.0
LAST_SECONDS = 1.0
RESTART_SECONDS = (0.2, 1.0, 3.0, 10.0)
PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """One process to keep running, in a process group of its own. `last` is stopped after all others."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    log_file: Path | None = None
    last: bool = False
    process: subprocess.Popen[bytes] | None = None
    restarts: int = 0
    restart_at: float = 0.0
    groups: list[int] = field(default_factory=list)

    def start(self) -> None:
        out = self.log_file.open("ab") if self.log_file else None
        try:
            self.process = subprocess.Popen(
                list(self.argv),
                env={**os.environ, **self.env},
                stdin=subprocess.DEVNULL,
                stdout=out or sys.stderr,
                stderr=out or sys.stderr,
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509  # one prctl, no locks
            )
        finally:
            if out:
                out.close()
        self.groups.append(self.process.pid)

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal(self, number: int) -> None:
        if self.process and self.alive:
            self.process.send_signal(number)

    def sweep_up(self) -> None:
        """End whatever is left of every group this child ever led: a killed worker leaves its own children."""
        for group in self.groups:
            try:
                os.killpg(group, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if self.process:
            self.process.wait()


class Supervisor:
    """Keeps `children` running until it is told to stop."""

    def __init__(self, children: Sequence[Child]) -> None:
        self.children = list(children)
        self.stopping = threading.Event()

    def start(self) -> None:
        for child in self.children:
            child.start()

    def stop_on_signals(self) -> None:
        """SIGTERM and SIGINT set `stopping`; a second one changes nothing."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stopping.set())

    def watch(self) -> None:
        """Restart what dies, with growing pauses, until `stopping` is set."""
        while not self.stopping.wait(0.2):
            self.revive()

    def revive(self) -> None:
        """One look at every child."""
        for child in self.children:
            if child.alive:
                continue
            now = time.monotonic()
            if not child.restart_at:
                pause = RESTART_SECONDS[min(child.restarts, len(RESTART_SECONDS) - 1)]
                child.restart_at, child.restarts = now + pause, child.restarts + 1
                code = child.process.returncode if child.process else None
                log.warning("%s ended with %s; it starts again in %.1f s", child.name, code, pause)
            elif now >= child.restart_at:
                child.restart_at = 0.0
                child.start()

    def stop(self) -> None:
        """End all within 10 s: politely first, `last` ones after the others, then for good."""
        first = [child for child in self.children if not child.last]
        for group, seconds in ((first, STOP_SECONDS), ([child for child in self.children if child.last], LAST_SECONDS)):
            for child in group:
                child.signal(signal.SIGTERM)
            end = time.monotonic() + seconds
            while time.monotonic() < end and any(child.alive for child in group):
                time.sleep(0.05)
            for child in group:
                child.sweep_up()


def _die_with_parent() -> None:
    """Should the supervisor itself be killed, its children get a SIGTERM (Linux, prctl(2))."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
