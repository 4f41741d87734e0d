"""The first tables, the head of the audit chain, and the triggers that keep it append-only."""

from alembic import op
from sqlalchemy import text

from publisher.store.chain import GENESIS
from publisher.store.tables import metadata

revision = "0001"
down_revision = None

SQLITE_GUARD = """
CREATE TRIGGER audit_no_{verb} BEFORE {verb} ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
"""
POSTGRES_GUARDS = [
    """
    CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$
    """,
    """
    CREATE TRIGGER audit_guard BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()
    """,
]


def upgrade() -> None:
    connection = op.get_bind()
    metadata.create_all(connection)
    connection.execute(text("INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, :hash)"), {"hash": GENESIS})
    if connection.dialect.name == "postgresql":
        for statement in POSTGRES_GUARDS:
            op.execute(statement)
    else:
        for verb in ("UPDATE", "DELETE"):
            op.execute(SQLITE_GUARD.format(verb=verb))
