"""`publisher send | preview | repost`."""

import hashlib
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from publisher.cli.articles import find
from publisher.cli.options import Channel, DryRun, Edition, Json, Reason, Yes
from publisher.cli.output import Exit, actor, as_json, fail, remark, say, table
from publisher.cli.parts import opened

File = Annotated[str, typer.Argument(help="A file with a standard webhook body, or - for standard input.")]


def send(file: File, json: Json = False) -> None:
    """Take an article as if its CMS had told us, and send it on its way."""
    with opened() as parts:
        told = _read(file)
        intake = parts.intake.take(
            told.post.source, told.event_id, told.event, told.post, verdict=told.verdict
        ).result()
        parts.nudge(intake.channels)
    if json:
        say(as_json(intake))
        return
    say(f"{intake.verdict}: article {intake.post_id}")
    for delivery in intake.deliveries:
        say(f"  delivery {delivery}")


def preview(
    reference: Annotated[str, typer.Argument(help="A file, - for standard input, or an article we know.")],
    channel: Channel = "",
    card: Annotated[Path | None, typer.Option("--card", help="Write the first picture to this file.")] = None,
    json: Json = False,
) -> None:
    """What would be sent to each account: the very function that makes the payload."""
    with opened() as parts:
        post_id, post = _post(parts, reference)
        accounts = [one.account for one in parts.intake.plan(post)]
        shown = [_shown(parts, post_id, post, name, card) for name in accounts if _wanted(parts, name, channel)]
    for one in shown:
        say(as_json(one) if json else _for_people(one))
    if not shown:
        remark("no route leads this article anywhere; see [[routes]] in publisher.toml")


def repost(
    reference: Annotated[str, typer.Argument(help="Our id, the article's URL, or source/cms-id.")],
    channel: Channel = "",
    edition: Edition = "",
    reason: Reason = "",
    yes: Yes = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Publish an article again: a new delivery, with a key of its own, per account."""
    from publisher.services.operate import NotPossibleError

    with opened() as parts:
        row = find(parts, reference)
        operator = parts.operator(actor())
        routed = {name: state for name, state in operator.routed(row.id).items() if _wanted(parts, name, channel)}
        if edition and row.edition != edition:
            routed = {}
        if not routed:
            fail("no route leads this article there; see [[routes]] in publisher.toml", Exit.USAGE)
        if dry_run:
            _plan(routed, json=json)
            return
        chosen = _asked(routed, yes=yes)
        try:
            made = operator.repost(row.id, chosen, reason)
        except NotPossibleError as why:
            fail(str(why))
    if json:
        say(as_json({"post": row.id, "deliveries": dict(zip(chosen, made, strict=True))}))
        return
    for name, delivery in zip(chosen, made, strict=True):
        say(f"{name}: delivery {delivery}")


def _asked(routed: dict[str, Any], *, yes: bool) -> list[str]:
    """The accounts to go on with; asks before a second post on one that has one, or may have."""
    risky = [name for name, state in routed.items() if state in ("published", "sending", "in_doubt", "held", "claimed")]
    pending = [name for name, state in routed.items() if state == "waiting"]
    if pending:
        remark(f"left out, still waiting to be sent: {', '.join(pending)}")
    if risky and not yes:
        if not sys.stdin.isatty():
            fail(f"already there, or it may be: {', '.join(risky)}; repeat it with --yes", Exit.USAGE)
        typer.confirm(f"Already there, or it may be: {', '.join(risky)}. Post a second time?", abort=True)
    chosen = [name for name in routed if name not in pending]
    if not chosen:
        fail("nothing to repost: all of it still waits to be sent", Exit.FAILED)
    return chosen


def _plan(routed: dict[str, Any], *, json: bool) -> None:
    if json:
        say(as_json({"would_repost": routed}))
        return
    table("would be reposted", ("account", "now"), ((name, state or "no delivery") for name, state in routed.items()))


def _wanted(parts: Any, account: str, channel: str) -> bool:
    return not channel or parts.accounts[account].channel == channel


def _shown(parts: Any, post_id: str, post: Any, account: str, card: Path | None) -> dict[str, Any]:
    from publisher.channels import channel
    from publisher.domain.failures import Failure
    from publisher.domain.text import measure

    kind = channel(parts.accounts[account].channel)
    capability = kind.capability
    try:
        rendition = parts.renderer.render(post_id, post, kind)
    except Failure as failure:
        return {"account": account, "channel": kind.name, "problem": str(failure)}
    if card and rendition.images:
        card.write_bytes(rendition.images[0].content)
    pictured = bool(rendition.images) and capability.picture == "attached"
    return {
        "account": account,
        "channel": kind.name,
        "text": rendition.text,
        "length": measure(rendition.text, capability.unit, capability.url_cost),
        "limit": capability.text_limit(pictured=pictured),
        "unit": capability.unit,
        "link": rendition.link,
        "images": [{"sha256": i.sha256, "bytes": len(i.content), "alt": i.alt, "url": i.url} for i in rendition.images],
        "warnings": rendition.warnings,
    }


def _for_people(one: dict[str, Any]) -> str:
    if "problem" in one:
        return f"── {one['account']}: can't be sent: {one['problem']}\n"
    counter = f"{one['length']} of {one['limit']} {one['unit']}, {len(one['images'])} pictures"
    notes = "".join(f"\n! {warning}" for warning in one["warnings"])
    return f"── {one['account']} ({counter})\n{one['text']}{notes}\n"


def _post(parts: Any, reference: str) -> tuple[str, Any]:
    """An article from a file, or one the store knows. One from a file gets no id, so nothing is kept of it."""
    if reference == "-" or Path(reference).is_file():
        return "", _read(reference).post
    row = find(parts, reference)
    return row.id, parts.store.posts([row.id])[row.id].post


def _read(file: str) -> Any:
    """The event in a file of the standard form; ends the program where it can't be read."""
    from publisher.cms import KINDS
    from publisher.cms.base import BadRequest, Source

    try:
        body = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        fail(f"{file} can't be read: {error.strerror}", Exit.USAGE)
    headers = {"content-type": "application/json", "webhook-id": f"shell-{hashlib.sha256(body).hexdigest()[:32]}"}
    try:
        told = KINDS["standard"](Source("shell", "standard", ())).read(headers, body)
    except BadRequest as bad:
        fail(f"{file}: {bad.detail} {bad.field}".strip(), Exit.USAGE)
    if told.post is None:
        fail(f"{file}: nothing to send ({told.verdict})", Exit.USAGE)
    return told


COMMANDS = (send, preview, repost)
