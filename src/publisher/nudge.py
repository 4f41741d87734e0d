"""Best-effort wake-ups ("something is due") through Celery, coalesced, from one background thread.

A lost wake-up costs at most one sweep, never a post. Sending blocks about 6 s when Redis is down (measured with
Celery 5.6.3), which is why no request and no worker ever waits for it.
"""

import logging
import threading
from collections.abc import Iterable
from typing import Any

log = logging.getLogger(__name__)
EXPIRES_SECONDS = 30
COALESCE_SECONDS = 0.05


class Nudge:
    """Tells workers that channels have something due; without a broker it does nothing."""

    def __init__(self, broker_url: str) -> None:
        self._url = broker_url
        self._pending: set[str] = set()
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def __call__(self, channels: Iterable[str]) -> None:
        """Wake the workers for `channels`, soon; returns at once."""
        wanted = set(channels)
        if not self._url or not wanted:
            return
        with self._wake:
            self._pending |= wanted
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="nudge", daemon=True)
                self._thread.start()
            self._wake.notify()

    def close(self) -> None:
        """Stop after what is being sent; what was not sent the next sweep finds."""
        with self._wake:
            self._closed = True
            self._wake.notify()

    def _run(self) -> None:
        app = celery_app(self._url)
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._pending or self._closed)
                if self._closed:
                    return
                self._wake.wait_for(lambda: self._closed, timeout=COALESCE_SECONDS)
                channels, self._pending = self._pending, set()
            for channel in sorted(channels):
                self._send(app, channel)

    def _send(self, app: Any, channel: str) -> None:
        try:
            app.send_task("drain", args=[channel], queue=queue_of(channel), expires=EXPIRES_SECONDS, ignore_result=True)
        except Exception as error:  # noqa: BLE001  # a broker may fail in any way: the sweep covers all of them
            log.warning("wake-up of %s was not sent (%s); the next sweep covers it", channel, type(error).__name__)


def queue_of(channel: str) -> str:
    """Each channel has a queue of its own, so that one that hangs holds up no other."""
    return f"drain.{channel}"


def celery_app(broker_url: str) -> Any:
    """A Celery app for sending wake-ups and running `drain`; why each setting, see DECISIONS.md (2026-11-24)."""
    from celery import Celery  # noqa: PLC0415  # half a second of import, only where a broker is used

    app = Celery("publisher", broker=broker_url, backend=None)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        task_acks_late=False,
        task_reject_on_worker_lost=False,
        task_acks_on_failure_or_timeout=True,
        worker_prefetch_multiplier=1,
        worker_eta_task_limit=10,
        task_create_missing_queues=True,
        task_publish_retry=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_channel_error_retry=True,
        broker_pool_limit=4,
        broker_transport_options={
            "visibility_timeout": 120,
            "socket_timeout": 5,
            "socket_connect_timeout": 2,
            "socket_keepalive": True,
            "health_check_interval": 10,
            "global_keyprefix": "publisher:",
        },
        worker_soft_shutdown_timeout=10,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_max_tasks_per_child=2000,
        worker_max_memory_per_child=400_000,
        task_soft_time_limit=90,
        task_time_limit=120,
        worker_send_task_events=False,
        task_send_sent_event=False,
        worker_hijack_root_logger=False,
        enable_utc=True,
    )
    return app
