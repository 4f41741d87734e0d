"""`publisher deliveries ls | show | retry | cancel | resolve`."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from publisher.cli.options import Channel, Edition, Json, Reason
from publisher.cli.output import Exit, actor, as_json, fail, say, table
from publisher.cli.parts import opened

Id = Annotated[str, typer.Argument(help="The delivery's id.")]


def ls(
    state: Annotated[list[str] | None, typer.Option("--state", help="Only these states; may be repeated.")] = None,
    channel: Channel = "",
    edition: Edition = "",
    limit: int = 50,
    json: Json = False,
) -> None:
    """Deliveries, newest first."""
    from publisher.domain.model import State
    from publisher.store import read

    if unknown := set(state or ()) - set(State):
        fail(f"no state is called {', '.join(sorted(unknown))}; known: {', '.join(State)}", Exit.USAGE)
    with opened() as parts:
        query = read.Query(states=tuple(state or ()), channel=channel, edition=edition, limit=limit)
        lines = parts.store.look(read.lines, query)
    if json:
        for line in lines:
            say(as_json({"title": line.title, **_flat(line.delivery)}))
        return
    shown = (
        (
            one.delivery.id,
            one.delivery.state,
            one.delivery.account,
            one.title[:48],
            one.delivery.reason,
            one.delivery.note[:60],
        )
        for one in lines
    )
    table(f"{len(lines)} deliveries", ("id", "state", "account", "article", "reason", "note"), shown)


def show(delivery: Id, json: Json = False) -> None:
    """One delivery: where it stands, every attempt, its audit trail."""
    from publisher.store import read

    with opened() as parts:
        line = parts.store.look(read.delivery, delivery)
        if line is None:
            fail(f"no delivery is called {delivery!r}; `publisher deliveries ls` lists them")
        attempts = [dict(row._mapping) for row in parts.store.look(read.attempts_of, delivery)]
        trail = [dict(row._mapping) for row in parts.store.look(read.trail, delivery)]
    if json:
        say(as_json({"title": line.title, **_flat(line.delivery), "attempts": attempts, "audit": trail}))
        return
    found = line.delivery
    say(f"{line.title}\n{found.account} · {found.state} {found.reason} · {found.tries} tries\n{found.note}")
    if found.receipt:
        say(f"live: {found.receipt.url or ', '.join(found.receipt.ids)}")
    table(
        "attempts",
        ("started", "outcome", "message"),
        ((a["started_at"], a["outcome"] or "open", a["message"]) for a in attempts),
    )
    table("audit", ("seq", "at", "actor", "event"), ((a["seq"], a["at"], a["actor"], a["event"]) for a in trail))


def retry(delivery: Id, reason: Reason = "") -> None:
    """Send now what failed, is held or waits."""
    _act(lambda operator: operator.retry(delivery, reason), f"{delivery} goes again")


def cancel(delivery: Id, reason: Reason = "") -> None:
    """Never send what has not gone out yet."""
    _act(lambda operator: operator.cancel(delivery, reason), f"{delivery} is cancelled")


def resolve(
    delivery: Id,
    sent: Annotated[str, typer.Option("--sent", help="It is out; the address of the live post.")] = "",
    not_sent: Annotated[bool, typer.Option("--not-sent", help="It is not out; send it again.")] = False,
    reason: Reason = "",
) -> None:
    """Say how a lost answer ended, after looking at the network."""
    if bool(sent) == not_sent:
        fail("say either --sent URL or --not-sent", Exit.USAGE)
    _act(
        lambda operator: operator.resolve(delivery, sent_url=sent, sent=bool(sent), why=reason),
        f"{delivery} is {'published' if sent else 'sent again'}",
    )


def _act(act: Callable[[Any], None], done: str) -> None:
    from publisher.services.operate import NotPossibleError

    with opened() as parts:
        try:
            act(parts.operator(actor()))
        except NotPossibleError as why:
            fail(str(why))
    say(done)


def _flat(delivery: Any) -> dict[str, Any]:
    receipt = delivery.receipt
    return {
        **{name: value for name, value in vars(delivery).items() if name not in ("draft", "receipt")},
        "ids": list(receipt.ids) if receipt else [],
        "url": receipt.url if receipt else "",
    }


COMMANDS = (ls, show, retry, cancel, resolve)
