"""Drawn Cards and fitted photos, kept where every worker and the web can reach them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select

from publisher.domain.model import Image
from publisher.store.commit import Tx
from publisher.store.tables import cards


@dataclass(frozen=True)
class Picture:
    """One Image under the key of what it was made from."""

    key: str
    post_id: str
    image: Image
    warnings: tuple[str, ...] = ()


def keep(tx: Tx, pictures: Sequence[Picture]) -> list[None]:
    """Keep each picture unless its key is there already."""
    there = set(tx.connection.scalars(select(cards.c.key).where(cards.c.key.in_([one.key for one in pictures]))))
    fresh = {one.key: one for one in pictures if one.key not in there}
    rows = [
        {
            "key": one.key,
            "post_id": one.post_id,
            "sha256": one.image.sha256,
            "mime": one.image.mime,
            "width": one.image.size.width,
            "height": one.image.size.height,
            "alt": one.image.alt,
            "content": one.image.content,
            "warnings": list(one.warnings),
            "created_at": tx.now,
        }
        for one in fresh.values()
    ]
    if rows:
        tx.connection.execute(insert(cards), rows)
    return [None] * len(pictures)
