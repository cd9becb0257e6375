"""Menus by time of day, and items that come back by themselves.

Runs before the new code. The old code goes on: it knows no such menus, and what it changes of an item that is
off until a time stays off until then.
"""

from alembic import op

from chassis.db.migrations import index_concurrently, protect_tenant_table

revision = "0009"
down_revision = "0008"

TABLE = """
CREATE TABLE catalog.timed_menu (
    restaurant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL,
    position integer NOT NULL,
    windows jsonb NOT NULL,
    effective_from date,
    effective_until date,
    category_ids uuid[] NOT NULL,
    item_ids uuid[] NOT NULL,
    version bigint NOT NULL,
    removed boolean NOT NULL DEFAULT false,
    CONSTRAINT timed_menu_pkey PRIMARY KEY (restaurant_id, id)
);
CREATE UNIQUE INDEX timed_menu_name ON catalog.timed_menu (restaurant_id, name_key) WHERE NOT removed;
COMMENT ON TABLE catalog.timed_menu IS
    'Menus by time of day. Removed ones stay, for those who ask what changed since a version';
ALTER TABLE catalog.item ADD COLUMN returns_at timestamptz
"""
# What puts items back looks through all restaurants, and sees nothing of them but what is due.
DUE_RETURNS = """
CREATE FUNCTION catalog.due_returns(p_now timestamptz, p_after timestamptz, p_after_id uuid, p_limit integer)
RETURNS TABLE (returns_at timestamptz, restaurant_id uuid, item_id uuid) LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = catalog, pg_temp
AS $$ SELECT i.returns_at, i.restaurant_id, i.id FROM item AS i
      WHERE i.returns_at IS NOT NULL AND i.returns_at <= p_now
          AND (i.returns_at, i.id) > (p_after, p_after_id)
      ORDER BY i.returns_at, i.id LIMIT p_limit $$
"""
SIGNATURE = "catalog.due_returns(timestamptz, timestamptz, uuid, integer)"
INDEX = "item (returns_at, id) WHERE returns_at IS NOT NULL"


def upgrade() -> None:
    for statement in TABLE.split(";\n"):
        op.execute(statement)
    protect_tenant_table(op, "catalog", "timed_menu", grants="SELECT, INSERT, UPDATE")
    op.execute("CREATE POLICY returns ON catalog.item FOR SELECT TO CURRENT_USER USING (true)")
    op.execute(DUE_RETURNS)
    op.execute(f"REVOKE ALL ON FUNCTION {SIGNATURE} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {SIGNATURE} TO fynlo_catalog")
    index_concurrently(op, "catalog", "item_returns", INDEX)


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {SIGNATURE}")
    op.execute("DROP POLICY returns ON catalog.item")
    op.execute("DROP INDEX catalog.item_returns")
    op.execute("ALTER TABLE catalog.item DROP COLUMN returns_at")
    op.execute("DROP TABLE catalog.timed_menu")
