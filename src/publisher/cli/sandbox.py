"""`publisher sandbox serve | reset | fault`: fake networks on this machine."""

import os
import sys
from typing import Annotated, Any

import typer

from publisher.cli.output import Exit, fail, say

Url = Annotated[str, typer.Option("--url", help="Where the sandbox is.")]
DEFAULT_URL = "http://127.0.0.1:8900"
SECONDS = 10


def serve(
    host: str = "127.0.0.1",
    port: Annotated[int, typer.Option(help="HTTP")] = 8900,
    smtp_port: Annotated[int, typer.Option(help="SMTP")] = 8925,
) -> None:
    """Run the fake networks until Ctrl-C."""
    arguments = ["--host", host, "--port", str(port), "--smtp-port", str(smtp_port)]
    os.execv(sys.executable, [sys.executable, "-m", "publisher.sandbox", *arguments])  # noqa: S606  # our own module


def reset(url: Url = DEFAULT_URL) -> None:
    """Forget every post, fault and key."""
    _post(f"{url}/_sandbox/reset", {})
    say("the sandbox is empty")


def fault(
    channel: Annotated[str, typer.Argument(help="Which network.")],
    kind: Annotated[str, typer.Argument(help="status:503, rate_limit:5, drop_after_accept, delay:2000, …")],
    times: int = 1,
    url: Url = DEFAULT_URL,
) -> None:
    """Make a network misbehave, so often."""
    _post(f"{url}/_sandbox/faults", {"channel": channel, "kind": kind, "times": times})
    say(f"{channel}: {kind}, {times} times")


def _post(url: str, body: dict[str, Any]) -> None:
    import requests

    try:
        answer = requests.post(url, json=body, timeout=SECONDS)
    except requests.ConnectionError:
        fail(f"no sandbox answers at {url}; start one with `publisher sandbox serve`", Exit.FAILED)
    if not answer.ok:
        fail(f"the sandbox refused: {answer.text}", Exit.USAGE)


COMMANDS = (serve, reset, fault)
