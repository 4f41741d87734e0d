"""`publisher audit verify | export`."""

from publisher.cli.options import Json
from publisher.cli.output import Exit, as_json, fail, say
from publisher.cli.parts import opened


def verify(json: Json = False) -> None:
    """Walk the whole chain; names the first entry that was changed, removed or moved."""
    with opened() as parts:
        count, wrong = parts.store.verify_audit()
    if json:
        say(as_json({"entries": count, "ok": not wrong, "problem": wrong}))
    elif not wrong:
        say(f"{count} entries, each standing on the one before")
    if wrong:
        fail("" if json else f"after {count} sound entries: {wrong}", Exit.FAILED)


def export() -> None:
    """The whole log as JSON Lines on stdout."""
    from publisher.store import chain

    with opened() as parts, parts.store.reading() as connection:
        for row in chain.entries(connection):
            say(as_json(dict(row._mapping)))


COMMANDS = (verify, export)
