"""Deletes dead sessions and invitations by their keys, not by reading the whole table for each batch.

Runs before the new code; the old one calls the same functions.
"""

from alembic import op

revision = "0007"
down_revision = "0006"

TABLES = ("session", "invitation")
FUNCTION = """
CREATE OR REPLACE FUNCTION auth.sweep_{table}s(p_expired_before timestamptz, p_batch integer) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = auth, pg_temp AS $$
    WITH gone AS (
        DELETE FROM {table} WHERE {chosen}
        RETURNING 1)
    SELECT count(*) FROM gone
$$
"""
EXPIRED = "SELECT id FROM {table} WHERE expires_at < p_expired_before ORDER BY expires_at LIMIT p_batch"


def upgrade() -> None:
    for table in TABLES:
        chosen = f"id = ANY (ARRAY({EXPIRED.format(table=table)}))"
        op.get_bind().exec_driver_sql(FUNCTION.format(table=table, chosen=chosen))


def downgrade() -> None:
    for table in TABLES:
        chosen = f"id IN ({EXPIRED.format(table=table)})"
        op.get_bind().exec_driver_sql(FUNCTION.format(table=table, chosen=chosen))
