"""`publisher webhook sign | send`: be the CMS."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from publisher.cli.options import Json
from publisher.cli.output import Exit, as_json, fail, say
from publisher.cli.parts import opened

SECONDS = 10
SourceName = Annotated[str, typer.Argument(help="A source of publisher.toml; its first secret signs.")]
File = Annotated[str, typer.Argument(help="The body, or - for standard input.")]


def sign(
    source: SourceName, file: File, event_id: Annotated[str, typer.Option("--id")] = "", json: Json = False
) -> None:
    """The headers that make a body acceptable now."""
    headers = _signed(source, _body(file), event_id)
    if json:
        say(as_json(headers))
        return
    for name, value in headers.items():
        say(f"{name}: {value}")


def send(
    source: SourceName,
    file: File,
    event_id: Annotated[str, typer.Option("--id", help="Same id, same event.")] = "",
    url: Annotated[str, typer.Option("--url", help="Where publisher listens; default: PUBLISHER_BASE_URL.")] = "",
    json: Json = False,
) -> None:
    """Sign a body and post it to our own webhook, as the CMS would."""
    import requests

    body = _body(file)
    with opened() as parts:
        target = f"{url or parts.settings.base_url}/hooks/{source}"
    try:
        headers = {**_signed(source, body, event_id), "Content-Type": "application/json"}
        answer = requests.post(target, data=body, headers=headers, timeout=SECONDS)
    except requests.ConnectionError:
        fail(f"nothing answers at {target}; is `publisher up` running?", Exit.TRY_LATER)
    said: dict[str, Any] = answer.json() if answer.content else {}
    say(as_json({"status": answer.status_code, **said}) if json else f"{answer.status_code} {as_json(said)}")
    if not answer.ok:
        raise SystemExit(int(Exit.FAILED))


def _signed(source: str, body: bytes, event_id: str) -> dict[str, str]:
    from ulid import ULID

    with opened() as parts:
        reader = parts.sources.get(source)
        if reader is None:
            fail(f"no source is called {source!r}; known: {', '.join(parts.sources)}", Exit.USAGE)
        return reader.sign(body, event_id=event_id or f"msg_{ULID()}", now=parts.store.clock())


def _body(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        fail(f"{file} can't be read: {error.strerror}", Exit.USAGE)


COMMANDS = (sign, send)
