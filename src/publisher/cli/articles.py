"""`publisher articles ls | show`."""

from typing import Annotated, Any

import typer

from publisher.cli.options import Edition, Json
from publisher.cli.output import Exit, as_json, fail, say, table
from publisher.cli.parts import opened


def ls(edition: Edition = "", limit: int = 50, json: Json = False) -> None:
    """The newest articles."""
    from publisher.store import read

    with opened() as parts:
        rows = [dict(row._mapping) for row in parts.store.look(read.articles, limit, edition)]
    if json:
        for row in rows:
            say(as_json(row))
        return
    columns = ("id", "edition", "title", "status", "revision", "modified_at")
    table(f"{len(rows)} articles", columns, ([row[column] for column in columns] for row in rows))


def show(
    reference: Annotated[str, typer.Argument(help="Our id, the article's URL, or source/cms-id.")], json: Json = False
) -> None:
    """One article with its deliveries."""
    from publisher.store import read
    from publisher.store.arrivals import to_json

    with opened() as parts:
        row = find(parts, reference)
        post, revision, _ = parts.store.posts([row.id])[row.id]
        lines = parts.store.look(read.lines, read.Query(post_id=row.id, limit=500))
    if json:
        deliveries = [line.delivery for line in lines]
        say(
            as_json(
                {"id": row.id, "status": row.status, "revision": revision, **to_json(post), "deliveries": deliveries}
            )
        )
        return
    say(f"{post.title}\n{post.url}")
    say(f"{row.id} · {row.source}/{row.cms_id} · {post.edition} · {row.status} · revision {revision}\n")
    shown = ((one.delivery.id, one.delivery.account, one.delivery.state, one.delivery.reason) for one in lines)
    table(f"{len(lines)} deliveries", ("id", "account", "state", "reason"), shown)


def find(parts: Any, reference: str) -> Any:
    """The row of an article; ends the program where there is none."""
    from publisher.store import read

    row = parts.store.look(read.find_post, reference)
    if row is None:
        fail(f"no article is called {reference!r}; `publisher articles ls` lists them", Exit.FAILED)
    return row


COMMANDS = (ls, show)
