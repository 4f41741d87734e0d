"""What the dashboard and the command line look up. Read-only, newest first, always bounded."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, RowMapping, Select, func, select

from publisher.domain.model import Delivery, Post, State
from publisher.store.arrivals import WITHDRAWN, from_json
from publisher.store.queue import delivery_of
from publisher.store.tables import attempts, audit, cards, deliveries, events, posts, revisions

LISTED = tuple(column for column in deliveries.c if column.name != "draft")
"""What lists show: a draft may hold a whole picture."""


@dataclass(frozen=True)
class Query:
    """Which Deliveries: empty conditions match all; `before` is the id to go on from."""

    states: tuple[str, ...] = ()
    channel: str = ""
    edition: str = ""
    account: str = ""
    post_id: str = ""
    before: str = ""
    limit: int = 50


@dataclass(frozen=True)
class Line:
    """A Delivery as lists show it, with the title and address of its Post and when it last changed."""

    delivery: Delivery
    title: str
    post_url: str
    changed_at: datetime


def conditions(query: Query) -> list[Any]:
    """The query's own conditions, shared by the list and its count so that both speak of the same."""
    wanted = [
        (query.states, deliveries.c.state.in_(query.states)),
        (query.channel, deliveries.c.channel == query.channel),
        (query.edition, deliveries.c.edition == query.edition),
        (query.account, deliveries.c.account == query.account),
        (query.post_id, deliveries.c.post_id == query.post_id),
    ]
    return [condition for given, condition in wanted if given]


def lines(connection: Connection, query: Query) -> list[Line]:
    """Deliveries that match, newest first."""
    statement: Select[Any] = (
        select(*LISTED, posts.c.title, posts.c.url).join_from(deliveries, posts).where(*conditions(query))
    )
    if query.before:
        statement = statement.where(deliveries.c.id < query.before)
    statement = statement.order_by(deliveries.c.id.desc()).limit(query.limit)
    return [Line(delivery_of(row), row.title, row.url, row.changed_at) for row in connection.execute(statement)]


def counts(connection: Connection, query: Query) -> dict[str, int]:
    """How many Deliveries stand in each state, under the query's other conditions."""
    where = conditions(replace(query, states=(), before=""))
    many = func.count().label("many")
    statement = select(deliveries.c.state, many).where(*where).group_by(deliveries.c.state)
    found = {row.state: row.many for row in connection.execute(statement)}
    return {state.value: found.get(state.value, 0) for state in State}


def delivery(connection: Connection, delivery_id: str) -> Line | None:
    """One Delivery by its id."""
    statement = select(deliveries, posts.c.title, posts.c.url).join(posts).where(deliveries.c.id == delivery_id)
    row = connection.execute(statement).one_or_none()
    return Line(delivery_of(row), row.title, row.url, row.changed_at) if row else None


def attempts_of(connection: Connection, delivery_id: str) -> Sequence[Row[Any]]:
    """All Attempts of a Delivery, first one first."""
    mine = attempts.c.delivery_id == delivery_id
    return connection.execute(select(attempts).where(mine).order_by(attempts.c.started_at, attempts.c.id)).all()


class Current(NamedTuple):
    """A Post at its newest revision; `withdrawn` when the CMS has taken it back."""

    post: Post
    revision: int
    withdrawn: bool


def post_bodies(connection: Connection, ids: Sequence[str]) -> dict[str, Current]:
    """The current revision of each Post by id."""
    here = (revisions.c.post_id == posts.c.id) & (revisions.c.number == posts.c.revision)
    statement = (
        select(posts.c.id, posts.c.status, posts.c.revision, revisions.c.body)
        .join(revisions, here)
        .where(posts.c.id.in_(ids))
    )
    return {
        row.id: Current(from_json(row.body), row.revision, row.status == WITHDRAWN)
        for row in connection.execute(statement)
    }


def articles(connection: Connection, limit: int = 50, edition: str = "") -> Sequence[Row[Any]]:
    """Posts, newest first."""
    statement = select(posts).order_by(posts.c.id.desc()).limit(limit)
    return connection.execute(statement.where(posts.c.edition == edition) if edition else statement).all()


def find_post(connection: Connection, reference: str) -> Row[Any] | None:
    """A Post by our id, its URL, or `source/cms-id`."""
    source, _, cms_id = reference.partition("/")
    by = (
        (posts.c.id == reference)
        | (posts.c.url == reference)
        | ((posts.c.source == source) & (posts.c.cms_id == cms_id))
    )
    return connection.execute(select(posts).where(by).order_by(posts.c.id.desc()).limit(1)).one_or_none()


def trail(connection: Connection, subject: str) -> Sequence[Row[Any]]:
    """The AuditEntries of one subject, in order."""
    return connection.execute(select(audit).where(audit.c.subject == subject).order_by(audit.c.seq)).all()


def incoming(connection: Connection, limit: int = 50) -> Sequence[Row[Any]]:
    """Events as they came, newest first, with what became of them."""
    return connection.execute(select(events).order_by(events.c.id.desc()).limit(limit)).all()


def card(connection: Connection, *, key: str = "", sha256: str = "") -> Row[Any] | None:
    """A kept picture by its key, or by the digest its public address carries."""
    by = cards.c.key == key if key else cards.c.sha256 == sha256
    return connection.execute(select(cards).where(by).limit(1)).one_or_none()


def cards_of(connection: Connection, post_id: str) -> Sequence[RowMapping]:
    """Which pictures stand for a Post, without their bytes."""
    columns = (
        cards.c.sha256,
        cards.c.width,
        cards.c.height,
        cards.c.mime,
        cards.c.alt,
        cards.c.warnings,
        cards.c.created_at,
    )
    return connection.execute(select(*columns).where(cards.c.post_id == post_id)).mappings().all()
