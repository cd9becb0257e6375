"""Promotions of a restaurant.

Runs before the new code. A restaurant has none until it makes one; the old code passes over them. Discounts
are in the order's message and need no column.
"""

from alembic import op

from chassis.db.migrations import protect_tenant_table

revision = "0017"
down_revision = "0015"

DDL = """
CREATE TABLE orders.promotion (
    restaurant_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL,
    kind text NOT NULL,
    value bigint NOT NULL,
    scope text NOT NULL,
    item_ids uuid[] NOT NULL,
    category_ids uuid[] NOT NULL,
    weekdays integer[] NOT NULL,
    from_minutes integer NOT NULL,
    until_minutes integer NOT NULL,
    effective_from date,
    effective_until date,
    active boolean NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT promotion_pkey PRIMARY KEY (restaurant_id, id)
);
CREATE UNIQUE INDEX promotion_name ON orders.promotion (restaurant_id, name_key)
"""


def upgrade() -> None:
    for statement in DDL.split(";"):
        op.execute(statement)
    protect_tenant_table(op, "orders", "promotion")


def downgrade() -> None:
    op.execute("DROP TABLE orders.promotion")
