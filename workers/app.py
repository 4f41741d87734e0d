"""The Celery app: one queue a channel, one task, a sweep in every worker process. `celery -A workers.app worker`."""

import atexit
import multiprocessing
import os
import threading
from pathlib import Path
from typing import Any

from celery import signals
from kombu import Queue

from publisher import settings
from publisher.bootstrap import Publisher, build
from publisher.channels import CHANNELS
from publisher.nudge import celery_app, queue_of
from publisher.settings.logs import log_to_stderr

app = celery_app(settings.load().redis_url)
app.conf.task_queues = [Queue(queue_of(channel)) for channel in CHANNELS]
app.conf.task_default_queue = queue_of(next(iter(CHANNELS)))
app.conf.include = ["workers.tasks"]

_process: dict[str, Publisher] = {}
_stop = multiprocessing.get_context("fork").Event()
"""Made before the fork, so that the worker can tell its processes to start nothing new."""


def publisher() -> Publisher:
    """The process's own parts, built on first use and never inherited over a fork."""
    pid = str(os.getpid())
    if pid not in _process:
        _process.clear()
        made = build(settings.load())
        made.stopping = _stop.is_set
        _process[pid] = made
    return _process[pid]


@signals.worker_process_init.connect
def _start_sweep(**_: Any) -> None:
    """Every worker process sweeps by itself: no beat that could be missing or doubled."""
    parts = publisher()
    threading.Thread(target=parts.sweeper.run, args=(_stop,), name="sweep", daemon=True).start()
    atexit.register(parts.close)


@signals.worker_shutting_down.connect
def _end(**_: Any) -> None:
    _stop.set()


@signals.worker_ready.connect
def _ready(**_: Any) -> None:
    """A file tells supervisors and health checks that this worker has come up."""
    if path := os.environ.get("PUBLISHER_WORKER_READY"):
        Path(path).write_text(str(os.getpid()), encoding="utf-8")


@signals.setup_logging.connect
def _logging(**_: Any) -> None:
    log_to_stderr()
