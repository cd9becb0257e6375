"""The tables of the schema `orders`. `restaurant_id` leads every key: a restaurant's rows lie together.

Orders are not partitioned by time: they are found by (restaurant, id) and listed newest first through indexes
whose depth, not length, a query pays for; a partition key in every primary key would make ids ambiguous.
"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from services.orders.store import paper_tables as paper_tables
from services.orders.store.columns import at, column, tenant
from services.orders.store.columns import metadata as metadata

restaurant = sa.Table(
    "restaurant",
    metadata,
    tenant(),
    column("settings_version", sa.BigInteger),
    column("settings", sa.LargeBinary, null=True),
    column("menu_version", sa.BigInteger),
    column("menu", sa.LargeBinary, null=True),
    column("menu_wanted", sa.BigInteger),
    column("stations_version", sa.BigInteger),
    sa.Column("auto_complete", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("time_zone", sa.Text, nullable=False, server_default="UTC"),
    sa.Column("day_cutoff_minutes", sa.Integer, nullable=False, server_default="240"),
    column("slot_settings", sa.LargeBinary, null=True),
    sa.Column("fire_together", sa.Boolean, nullable=False, server_default=sa.false()),
)

order_slot = sa.Table(
    "order_slot",
    metadata,
    tenant(),
    column("starts_at", at, key=True),
    column("order_type", sa.Text, key=True),
    column("orders", sa.Integer),
    column("items", sa.Integer),
)

menu_part = sa.Table(
    "menu_part",
    metadata,
    tenant(),
    column("version", sa.BigInteger, key=True),
    column("part", sa.Integer, key=True),
    column("parts", sa.Integer),
    column("previous_version", sa.BigInteger),
    column("payload", sa.LargeBinary),
)

station = sa.Table(
    "station",
    metadata,
    tenant(),
    column("id", pg.UUID(), key=True),
    column("name", sa.Text),
    column("position", sa.Integer),
    column("category_ids", pg.ARRAY(pg.UUID())),
    column("is_default", sa.Boolean),
    column("target_minutes", sa.Integer),
    column("version", sa.BigInteger),
    column("target_seconds", sa.Integer, null=True),
    sa.Column("routes", pg.JSONB, nullable=False, server_default="[]"),
    column("fallback_id", pg.UUID(), null=True),
    sa.Column("is_closed", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("is_removed", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index("station_default", "restaurant_id", unique=True, postgresql_where=sa.text("is_default")),
)

promotion = sa.Table(
    "promotion",
    metadata,
    tenant(),
    column("id", pg.UUID(), key=True),
    column("name", sa.Text),
    column("name_key", sa.Text),
    column("kind", sa.Text),
    column("value", sa.BigInteger),
    column("scope", sa.Text),
    column("item_ids", pg.ARRAY(pg.UUID())),
    column("category_ids", pg.ARRAY(pg.UUID())),
    column("weekdays", pg.ARRAY(sa.Integer)),
    column("from_minutes", sa.Integer),
    column("until_minutes", sa.Integer),
    column("effective_from", sa.Date, null=True),
    column("effective_until", sa.Date, null=True),
    column("active", sa.Boolean),
    column("version", sa.BigInteger),
    sa.Index("promotion_name", "restaurant_id", "name_key", unique=True),
)

station_time = sa.Table(
    "station_time",
    metadata,
    tenant(),
    column("station_id", pg.UUID(), key=True),
    column("span", sa.Text, key=True),
    column("starts_at", at, key=True),
    column("tickets", sa.Integer),
    column("p50_seconds", sa.Integer),
    column("p90_seconds", sa.Integer),
)

unrouted_item = sa.Table(
    "unrouted_item",
    metadata,
    tenant(),
    column("item_id", pg.UUID(), key=True),
    column("name", sa.Text),
    column("order_id", pg.UUID(), null=True),
    column("order_number", sa.Integer),
    column("raised_at", at),
)

floor_section = sa.Table(
    "floor_section",
    metadata,
    tenant(),
    column("id", pg.UUID(), key=True),
    column("name", sa.Text),
    column("name_key", sa.Text),
    column("position", sa.Integer),
    column("version", sa.BigInteger),
    sa.Index("floor_section_name", "restaurant_id", "name_key", unique=True),
)

floor_table = sa.Table(
    "floor_table",
    metadata,
    tenant(),
    column("id", pg.UUID(), key=True),
    column("version", sa.BigInteger),
    column("section_id", pg.UUID()),
    column("name", sa.Text),
    column("name_key", sa.Text),
    column("seats", sa.Integer),
    column("shape", sa.Text),
    column("x", sa.Integer),
    column("y", sa.Integer),
    column("seated", pg.JSONB),
    column("is_dirty", sa.Boolean),
    column("reserved_from", at, null=True),
    column("reserved_minutes", sa.Integer, null=True),
    column("reserved_name", sa.Text, null=True),
    column("reservation_shown", sa.Boolean),
    column("changes_at", at, null=True),
    sa.Index("floor_table_name", "restaurant_id", "name_key", unique=True),
    sa.Index("floor_table_changing", "changes_at", "id", postgresql_where=sa.text("changes_at IS NOT NULL")),
)

orders = sa.Table(
    "orders",
    metadata,
    tenant(),
    column("id", pg.UUID(), key=True),
    column("number", sa.Integer),
    column("state", sa.Text),
    column("lifecycle", sa.Text),
    column("payment_state", sa.Text),
    column("kitchen_state", sa.Text),
    column("service_flow", sa.Text),
    column("table_id", pg.UUID(), null=True),
    column("business_date", sa.Date),
    column("created_at", at),
    column("updated_at", at),
    column("placed_at", at, null=True),
    column("version", sa.BigInteger),
    column("content_hash", sa.LargeBinary),
    column("history_rows", sa.Integer),
    column("cancel_reason", sa.Text),
    column("item_names", sa.Text),
    column("body", sa.LargeBinary),
    column("kitchen_at", at, null=True),
    column("promised_at", at, null=True),
    sa.Index("orders_kitchen_due", "kitchen_at", "id", postgresql_where=sa.text("kitchen_at IS NOT NULL")),
    sa.Index(
        "orders_promised",
        "restaurant_id",
        "promised_at",
        "id",
        postgresql_where=sa.text("promised_at IS NOT NULL"),
    ),
    sa.Index("orders_by_state", "restaurant_id", "state", "created_at", "id"),
    sa.Index("orders_by_day", "restaurant_id", "business_date", "created_at", "id"),
    sa.Index("orders_updated", "restaurant_id", "updated_at", "id"),
    sa.Index(
        "orders_number",
        "restaurant_id",
        "number",
        "business_date",
        unique=True,
        postgresql_where=sa.text("number > 0"),
    ),
    sa.Index(
        "orders_by_table",
        "restaurant_id",
        "table_id",
        "created_at",
        "id",
        postgresql_where=sa.text("table_id IS NOT NULL"),
    ),
    sa.Index("orders_cancelling", "updated_at", postgresql_where=sa.text("lifecycle = 'cancel_pending'")),
    sa.Index(
        "orders_unpaid",
        "updated_at",
        postgresql_where=sa.text(
            "service_flow = 'pay_first' AND payment_state = 'unpaid' AND lifecycle IN ('draft', 'validated')"
        ),
    ),
)

OPEN_TICKETS = "state IN ('queued', 'preparing', 'ready') OR state = 'cancelled' AND acknowledged_at IS NULL"
"""What the kitchen still has to look at."""

ticket = sa.Table(
    "ticket",
    metadata,
    tenant(),
    column("id", pg.UUID(), key=True),
    column("order_id", pg.UUID()),
    column("station_id", pg.UUID()),
    column("revision", sa.Integer),
    column("state", sa.Text),
    column("business_date", sa.Date),
    column("created_at", at),
    column("ready_at", at, null=True),
    column("acknowledged_at", at, null=True),
    column("undelivered_revision", sa.Integer),
    sa.Column("alarm_cause", sa.Text, nullable=False, server_default=""),
    column("alarm_at", at, null=True),
    column("body", sa.LargeBinary),
    sa.Column("late_revision", sa.Integer, nullable=False, server_default="0"),
    sa.Index("ticket_by_order", "restaurant_id", "order_id"),
    sa.Index("ticket_ready", "restaurant_id", "ready_at", postgresql_where=sa.text("state = 'ready'")),
    sa.Index(
        "ticket_unseen",
        "restaurant_id",
        "created_at",
        "id",
        postgresql_where=sa.text("state = 'cancelled' AND acknowledged_at IS NULL"),
    ),
    sa.Index("ticket_in_alarm", "restaurant_id", "alarm_at", postgresql_where=sa.text("alarm_cause <> ''")),
    sa.Index(
        "ticket_past_day",
        "restaurant_id",
        "business_date",
        "order_id",
        postgresql_where=sa.text(OPEN_TICKETS),
    ),
    sa.Index("ticket_by_station", "restaurant_id", "station_id", "state", "created_at", "id"),
)

order_history = sa.Table(
    "order_history",
    metadata,
    tenant(),
    column("order_id", pg.UUID(), key=True),
    column("sequence", sa.Integer, key=True),
    column("moved", pg.JSONB),
    column("command_id", sa.Text),
    column("actor_id", sa.Text),
    column("actor_name", sa.Text),
    column("device_id", sa.Text),
    column("occurred_at", at),
    column("recorded_at", at),
    column("reason", sa.Text),
)

order_payment = sa.Table(
    "order_payment",
    metadata,
    tenant(),
    column("payment_id", pg.UUID(), key=True),
    column("order_id", pg.UUID()),
    column("sequence", sa.BigInteger),
    column("method", sa.Text),
    column("amount_minor", sa.BigInteger),
    column("recorded_at", at),
    sa.Column("tip_minor", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("tendered_minor", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("change_minor", sa.BigInteger, nullable=False, server_default="0"),
    column("check_id", pg.UUID(), null=True),
    sa.Index("order_payment_by_order", "restaurant_id", "order_id"),
)


order_day = sa.Table(
    "order_day",
    metadata,
    tenant(),
    column("business_date", sa.Date, key=True),
    column("last_number", sa.Integer),
    column("placed", sa.BigInteger),
    column("done", sa.BigInteger),
    column("cancelled", sa.BigInteger),
    column("gross_minor", sa.BigInteger),
    column("paid_minor", sa.BigInteger),
    column("tickets_open", sa.BigInteger),
    sa.Column("unpublished", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index("order_day_unpublished", "restaurant_id", postgresql_where=sa.text("unpublished")),
)
