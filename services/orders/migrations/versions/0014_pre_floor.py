"""The floor: sections, tables, and what is going on at each.

Runs before the new code. A restaurant has neither until it draws them; the old code passes over both.
"""

from alembic import op

from chassis.db.migrations import protect_tenant_table

revision = "0014"
down_revision = "0013"

DDL = """
CREATE TABLE orders.floor_section (
    restaurant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL,
    position integer NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT floor_section_pkey PRIMARY KEY (restaurant_id, id)
);
CREATE UNIQUE INDEX floor_section_name ON orders.floor_section (restaurant_id, name_key);
CREATE TABLE orders.floor_table (
    restaurant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    section_id uuid NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL,
    seats integer NOT NULL,
    shape text NOT NULL,
    x integer NOT NULL,
    y integer NOT NULL,
    seated jsonb NOT NULL,
    is_dirty boolean NOT NULL,
    reserved_from timestamptz,
    reserved_minutes integer,
    reserved_name text,
    reservation_shown boolean NOT NULL,
    changes_at timestamptz,
    CONSTRAINT floor_table_pkey PRIMARY KEY (restaurant_id, id)
);
CREATE UNIQUE INDEX floor_table_name ON orders.floor_table (restaurant_id, name_key);
CREATE INDEX floor_table_changing ON orders.floor_table (changes_at, id) WHERE changes_at IS NOT NULL
"""
TABLES = ("floor_section", "floor_table")
# The sweep looks across restaurants, and sees nothing of a table but whose it is and when it changes.
CHANGING = """
CREATE FUNCTION orders.tables_changing(
    p_at timestamptz, p_after timestamptz, p_after_table uuid, p_limit integer
) RETURNS TABLE (changes_at timestamptz, restaurant_id uuid, table_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = orders, pg_temp AS $$
    SELECT t.changes_at, t.restaurant_id, t.id FROM floor_table t
    WHERE t.changes_at <= p_at AND (t.changes_at, t.id) > (p_after, p_after_table)
    ORDER BY t.changes_at, t.id LIMIT p_limit
$$
"""
SIGNATURE = "orders.tables_changing(timestamptz, timestamptz, uuid, integer)"


def upgrade() -> None:
    for statement in DDL.split(";"):
        op.execute(statement)
    for table in TABLES:
        protect_tenant_table(op, "orders", table)
    op.execute("CREATE POLICY sweep ON orders.floor_table FOR SELECT TO CURRENT_USER USING (true)")
    op.execute(CHANGING)
    op.execute(f"REVOKE ALL ON FUNCTION {SIGNATURE} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {SIGNATURE} TO fynlo_orders")


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {SIGNATURE}")
    for table in TABLES:
        op.execute(f"DROP TABLE orders.{table}")
