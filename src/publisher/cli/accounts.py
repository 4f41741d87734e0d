"""`publisher channels ls | test`."""

from typing import Annotated, Any

import typer

from publisher.cli.options import Json
from publisher.cli.output import Exit, actor, as_json, fail, say, table
from publisher.cli.parts import opened


def ls(json: Json = False) -> None:
    """Every account with its channel, and every channel we speak."""
    from publisher.channels import CHANNELS, channel

    with opened() as parts:
        rows = [
            {
                "account": name,
                "channel": account.channel,
                "address": account.base_url or channel(account.channel).base_url,
            }
            for name, account in parts.accounts.items()
        ]
    if json:
        for row in rows:
            say(as_json(row))
        return
    table(f"{len(rows)} accounts", ("account", "channel", "address"), (list(row.values()) for row in rows))
    kinds = ((name, channel(name).brand, *_limits(channel(name).capability)) for name in CHANNELS)
    table("channels", ("name", "brand", "text", "pictures", "a lost answer"), kinds)


def _limits(capability: Any) -> tuple[str, str, str]:
    settled = {"repeat": "repeated with the same key", "ask": "a person looks"}[capability.doubt]
    return f"{capability.text} {capability.unit}", str(capability.images), settled


def test(
    accounts: Annotated[list[str] | None, typer.Argument(help="Which accounts; all where none is named.")] = None,
    json: Json = False,
) -> None:
    """Ask each network whom our credentials speak for; what was held for a reconnect goes on."""
    with opened() as parts:
        if unknown := set(accounts or ()) - set(parts.accounts):
            fail(f"no account is called {', '.join(sorted(unknown))}; known: {', '.join(parts.accounts)}", Exit.USAGE)
        results = [_test(parts, name) for name in accounts or parts.accounts]
    if json:
        for result in results:
            say(as_json(result))
    else:
        table("accounts", ("account", "ok", "says", "released"), (list(result.values()) for result in results))
    failed = sum(not result["ok"] for result in results)
    raise SystemExit(int(Exit.OK if not failed else Exit.FAILED if failed == len(results) else Exit.PARTLY))


def _test(parts: Any, name: str) -> dict[str, Any]:
    from publisher.domain.failures import Failure

    connector, _ = parts.connect(parts.accounts[name])
    try:
        identity = connector.verify()
    except Failure as failure:
        return {"account": name, "ok": False, "says": str(failure), "released": 0}
    return {"account": name, "ok": True, "says": identity.handle, "released": parts.operator(actor()).reconnected(name)}


COMMANDS = (ls, test)
