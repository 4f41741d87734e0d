"""The one task: a wake-up that carries no work."""

from publisher.services.deliver import TOGETHER
from workers.app import app, publisher


@app.task(name="drain", ignore_result=True)
def drain(channel: str) -> None:
    """Deliver what is due on a channel; a full batch wakes the next one."""
    parts = publisher()
    if parts.deliverer.drain(channel) == TOGETHER:
        parts.nudge([channel])
