"""The menu, stock and reservations."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from chassis.db.migrations import create_chassis_schema, drop_chassis_schema, protect_tenant_table

revision = "0001"
down_revision = None

SCHEMA = "catalog"
TABLES = {
    "restaurant": "SELECT, INSERT, UPDATE",
    "menu": "SELECT, INSERT, UPDATE",
    "category": "SELECT, INSERT, UPDATE",
    "item": "SELECT, INSERT, UPDATE",
    "vat_class": "SELECT, INSERT, UPDATE",
    "stock": "SELECT, INSERT, UPDATE",
    # What moved is history: nobody changes it.
    "stock_movement": "SELECT, INSERT",
    "reservation": "SELECT, INSERT, UPDATE",
}

# The sweeper looks for expired holds of all restaurants. It gets ids from a function of the owner and nothing
# else; everything it then does happens as the restaurant concerned.
EXPIRED_HOLDS = """
CREATE FUNCTION catalog.expired_holds(p_now timestamptz, p_limit integer)
RETURNS TABLE (restaurant_id uuid, order_id uuid) LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = catalog, pg_temp
AS $$ SELECT r.restaurant_id, r.order_id FROM reservation AS r
      WHERE r.state = 'held' AND r.expires_at <= p_now ORDER BY r.expires_at LIMIT p_limit $$
"""


def upgrade() -> None:
    create_chassis_schema(op, SCHEMA)
    _menu_tables()
    _stock_tables()
    _reservation_table()
    for table, grants in TABLES.items():
        protect_tenant_table(op, SCHEMA, table, grants=grants)
    run = op.get_bind().exec_driver_sql
    run("CREATE POLICY sweep ON catalog.reservation FOR SELECT TO CURRENT_USER USING (true)")
    run(EXPIRED_HOLDS)
    run("REVOKE ALL ON FUNCTION catalog.expired_holds(timestamptz, integer) FROM PUBLIC")
    run("GRANT EXECUTE ON FUNCTION catalog.expired_holds(timestamptz, integer) TO fynlo_catalog")
    # Levels change at every sale: room on the page lets an update stay in it and touch no index.
    run("ALTER TABLE catalog.stock SET (fillfactor = 60)")
    run("ALTER TABLE catalog.reservation SET (fillfactor = 80)")


def downgrade() -> None:
    op.get_bind().exec_driver_sql("DROP FUNCTION catalog.expired_holds(timestamptz, integer)")
    for table in reversed(TABLES):
        op.drop_table(table, schema=SCHEMA)
    drop_chassis_schema(op, SCHEMA)


def _tenant() -> sa.Column[Any]:
    return sa.Column("restaurant_id", pg.UUID(), primary_key=True)


def _column(name: str, kind: sa.types.TypeEngine[Any], default: str | None = None) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, server_default=sa.text(default) if default else None)


def _menu_tables() -> None:
    op.create_table(
        "restaurant",
        _tenant(),
        _column("version", sa.BigInteger()),
        _column("name", sa.Text()),
        _column("currency_code", sa.Text()),
        _column("time_zone", sa.Text()),
        schema=SCHEMA,
        comment="A copy of what auth says, the newest version",
    )
    op.create_table(
        "menu",
        _tenant(),
        _column("version", sa.BigInteger()),
        schema=SCHEMA,
        comment="One row per restaurant; its lock serialises changes of the menu",
    )
    op.create_table(
        "category",
        _tenant(),
        sa.Column("id", pg.UUID(), primary_key=True),
        _column("name", sa.Text()),
        _column("name_key", sa.Text()),
        _column("position", sa.Integer()),
        _column("version", sa.BigInteger()),
        _column("removed", sa.Boolean(), "false"),
        schema=SCHEMA,
        comment="Removed ones stay, for those who ask what changed since a version",
    )
    op.create_index(
        "category_name",
        "category",
        ["restaurant_id", "name_key"],
        unique=True,
        schema=SCHEMA,
        postgresql_where=sa.text("NOT removed"),
    )
    _item_table()
    op.create_table(
        "vat_class",
        _tenant(),
        sa.Column("code", sa.Text(), primary_key=True),
        _column("name", sa.Text()),
        _column("rates", pg.JSONB()),
        _column("position", sa.Integer()),
        _column("version", sa.BigInteger()),
        schema=SCHEMA,
    )


def _item_table() -> None:
    op.create_table(
        "item",
        _tenant(),
        sa.Column("id", pg.UUID(), primary_key=True),
        _column("category_id", pg.UUID()),
        _column("name", sa.Text()),
        _column("name_key", sa.Text()),
        _column("description", sa.Text()),
        _column("price_minor", sa.BigInteger()),
        _column("vat_class", sa.Text()),
        _column("allergens", pg.ARRAY(sa.SmallInteger())),
        _column("available", sa.Boolean()),
        _column("windows", pg.JSONB()),
        _column("option_groups", pg.JSONB()),
        _column("stock_tracked", sa.Boolean()),
        _column("position", sa.Integer()),
        _column("wire_bytes", sa.Integer()),
        _column("version", sa.BigInteger()),
        _column("removed", sa.Boolean(), "false"),
        sa.ForeignKeyConstraint(
            ["restaurant_id", "category_id"],
            ["catalog.category.restaurant_id", "catalog.category.id"],
            name="item_category",
        ),
        sa.CheckConstraint("price_minor >= 0", name="item_price"),
        schema=SCHEMA,
        comment="Removed ones stay: orders, stock and deltas refer to them",
    )
    op.create_index(
        "item_name",
        "item",
        ["restaurant_id", "category_id", "name_key"],
        unique=True,
        schema=SCHEMA,
        postgresql_where=sa.text("NOT removed"),
    )


def _stock_tables() -> None:
    op.create_table(
        "stock",
        _tenant(),
        sa.Column("item_id", pg.UUID(), primary_key=True),
        _column("on_hand", sa.BigInteger()),
        _column("reserved", sa.BigInteger()),
        _column("reorder_point", sa.BigInteger()),
        _column("policy", sa.Text()),
        _column("tracked", sa.Boolean()),
        _column("version", sa.BigInteger()),
        _column("updated_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["restaurant_id", "item_id"],
            ["catalog.item.restaurant_id", "catalog.item.id"],
            name="stock_item",
        ),
        sa.CheckConstraint("reserved >= 0", name="stock_reserved"),
        sa.CheckConstraint("policy IN ('refuse', 'allow')", name="stock_policy"),
        schema=SCHEMA,
        comment="The level of every item that is or was counted",
    )
    op.create_table(
        "stock_movement",
        _tenant(),
        sa.Column("id", pg.UUID(), primary_key=True),
        _column("item_id", pg.UUID()),
        _column("kind", sa.Text()),
        _column("quantity", sa.BigInteger()),
        _column("on_hand_after", sa.BigInteger()),
        sa.Column("order_id", pg.UUID()),
        sa.Column("line_id", pg.UUID()),
        _column("occurred_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("kind IN ('count', 'sale', 'waste')", name="stock_movement_kind"),
        schema=SCHEMA,
        comment="Every change of goods on hand; their sum is on_hand. A line leaves the shelf once",
    )
    op.create_index(
        "stock_movement_item", "stock_movement", ["restaurant_id", "item_id", "occurred_at"], schema=SCHEMA
    )
    op.create_index(
        "stock_movement_line",
        "stock_movement",
        ["restaurant_id", "order_id", "line_id"],
        unique=True,
        schema=SCHEMA,
        postgresql_where=sa.text("order_id IS NOT NULL"),
    )


def _reservation_table() -> None:
    op.create_table(
        "reservation",
        _tenant(),
        sa.Column("order_id", pg.UUID(), primary_key=True),
        _column("state", sa.Text()),
        _column("order_version", sa.BigInteger()),
        _column("lines", pg.JSONB()),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        _column("updated_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "state IN ('held', 'confirmed', 'released', 'committed', 'cancelled', 'wasted')",
            name="reservation_state",
        ),
        schema=SCHEMA,
        comment="What one order holds: lines as [line_id, item_id, quantity]",
    )
    op.create_index(
        "reservation_expiry",
        "reservation",
        ["expires_at"],
        schema=SCHEMA,
        postgresql_where=sa.text("state = 'held'"),
    )
