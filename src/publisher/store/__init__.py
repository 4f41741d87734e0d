"""The only SQL of the house: tables, the queue of record, the audit chain. `Store` is the door."""

from sqlalchemy.exc import SQLAlchemyError as StoreError

from publisher.store.store import Store

__all__ = ["Store", "StoreError"]
